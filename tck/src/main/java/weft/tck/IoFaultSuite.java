package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.timeout;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.Promise;
import weft.io.ConnectOptions;
import weft.io.Net;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.Streams;
import weft.io.TlsOptions;
import weft.io.Transport;

/// What goes wrong in code that a connection calls, and what is asked of a connection at awkward
/// moments.
public abstract class IoFaultSuite extends TlsLinks {
  private static final int MOMENTS = 25;

  /// For subclasses.
  protected IoFaultSuite() {}

  private static TlsOptions client() {
    return Tls.client().serverHostname("weft.test");
  }

  @Test
  void anyBacklogIsTaken() {
    run(
        () -> {
          var options = ServerOptions.defaults().backlog(Integer.MAX_VALUE);
          Server server = Net.startServer(TlsLinks::echo, HOST, 0, options);
          Streams streams = Net.openConnection(HOST, port(server));
          streams.writer().write("hello\n");
          assertEquals("hello", streams.reader().readLine());
          end(streams);
          end(server);
        });
  }

  @Test
  void theWildcardAsADestinationIsThisMachine() {
    run(
        () -> {
          Server server = Net.startServer(TlsLinks::echo, "0.0.0.0", 0);
          Streams streams = Net.openConnection("0.0.0.0", port(server));
          streams.writer().write("hello\n");
          assertEquals("hello", streams.reader().readLine());
          end(streams);
          end(server);
        });
  }

  @Test
  void smallPiecesAreSentAtOnceOnSocketsFromElsewhere() {
    run(
        () -> {
          try (ServerSocket listening = listen();
              SocketChannel socket = SocketChannel.open(listening.getLocalSocketAddress())) {
            var options = ConnectOptions.defaults();
            var made = Net.createConnection(Recorded::new, socket, options);
            assertTrue(made.transport().getOption(StandardSocketOptions.TCP_NODELAY));
            made.transport().close();
            await(made.protocol().lost);
          }
        });
  }

  /* ---- Readers ---- */

  @Test
  void L84_aReaderThatFailsBreaksOnlyItsConnection() {
    expectErrors(1);
    run(
        () -> {
          Line line = line();
          line.reader().feedEof();
          line.peer().write("nobody wants this");
          until(() -> line.writer().isClosing());
          var lost = assertThrows(IOException.class, () -> line.writer().waitClosed());
          assertInstanceOf(IllegalStateException.class, lost.getCause());
          Line other = line();
          other.peer().write("x");
          assertEquals(1, other.reader().read(10).length);
          end(other);
        });
  }

  @Test
  void aBufferIsNotTakenFromTheTaskThatHasIt() {
    run(
        () -> {
          Line line = line();
          Line other = line();
          Promise<Boolean> read = loop.createPromise();
          Promise<Boolean> gate = loop.createPromise();
          var holding =
              createTask(
                  () -> {
                    ByteBuffer data = Objects.requireNonNull(line.reader().readChunk());
                    read.setResult(true);
                    await(gate);
                    byte[] copy = new byte[data.remaining()];
                    data.get(copy);
                    return text(copy);
                  });
          line.peer().write("ours");
          await(read);
          line.writer().close();
          for (int i = 0; i < 3; i++) {
            other.peer().write("other people's");
            assertEquals("other people's", text(other.reader().readExactly(14)));
          }
          gate.setResult(true);
          assertEquals("ours", await(holding));
          line.writer().waitClosed();
          end(other);
        });
  }

  /* ---- TLS ---- */

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void L111_closingAtAnyMomentOfStartTlsCloses(boolean abort) {
    run(
        () -> {
          for (int moment = 0; moment < MOMENTS; moment++) {
            Server server =
                Net.startServer(
                    (reader, writer) -> {
                      writer.startTls(Tls.server());
                      echo(reader, writer);
                    },
                    HOST,
                    0);
            Streams streams = Net.openConnection(HOST, port(server));
            Transport plain = streams.writer().transport();
            var starting = createTask(() -> streams.writer().startTls(client()));
            after(moment, abort ? plain::abort : plain::close);
            settle(List.of(starting));
            timeout(ms(10_000), () -> ended(streams));
            assertTrue(streams.writer().isClosing());
            until(() -> server.connections() == 0);
            end(server);
          }
        });
  }

  private void after(int turns, Runnable action) {
    loop.callSoon(turns == 0 ? action : () -> after(turns - 1, action));
  }

  private static void ended(Streams streams) {
    try {
      streams.writer().waitClosed();
    } catch (IOException e) {
      // It may have been in the middle of anything.
    }
  }

  @Test
  void L111_toGiveStartTlsUpIsNoFailure() {
    run(
        () -> {
          Line line = line();
          assertThrows(
              TimeoutException.class,
              () -> timeout(ms(20), () -> line.writer().startTls(client())));
          line.writer().waitClosed();
          assertEquals(0, line.reader().read().length);
          line.peer().outcome();

          Link<Recorded> link = link(Recorded::new);
          var starting =
              createTask(() -> Net.startTls(link.transport(), link.protocol(), client(), false));
          link.peer().read(5);
          link.transport().close();
          await(link.protocol().lost);
          assertNull(link.protocol().reason());
          assertThrows(IOException.class, () -> await(starting, IOException.class));
          link.peer().outcome();
        });
  }

  @Test
  void anEngineThatCannotBeReleasedIsReported() {
    expectErrors(2);
    run(
        () -> {
          TlsOptions base = Tls.server();
          TlsOptions options =
              base.engineFactory(
                  (host, port) -> base.context().createSSLEngine(),
                  engine -> {
                    throw new IllegalStateException("on purpose");
                  });
          Server server = echoServer(options);
          converse(server, Tls.client());
          converse(server, Tls.client());
          until(() -> server.connections() == 0);
          end(server);
        });
  }
}
