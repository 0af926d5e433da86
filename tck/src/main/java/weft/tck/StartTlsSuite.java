package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.timeout;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.Promise;
import weft.io.BaseTransport;
import weft.io.BufferedProtocol;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.io.Protocol;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.io.TlsOptions;
import weft.io.Transport;

/// TLS on connections that are in use: `startTls`.
public abstract class StartTlsSuite extends TlsLinks {
  private static final int MOMENTS = 25;

  /// For subclasses.
  protected StartTlsSuite() {}

  private static TlsOptions client() {
    return Tls.client().serverHostname("weft.test");
  }

  /// A server that answers each line, and begins TLS when it is asked to.
  private static void serve(StreamReader reader, StreamWriter writer) throws IOException {
    for (String line; (line = reader.readLine()) != null; ) {
      if (line.equals("STARTTLS")) {
        writer.write("go ahead\n");
        writer.startTls(Tls.server());
      } else if (line.equals("STARTTLS AT ONCE")) {
        writer.startTls(Tls.server());
      } else {
        boolean secure = writer.extraInfo(ExtraInfo.TLS_SESSION) != null;
        writer.write((secure ? "secure " : "plain ") + line + "\n");
      }
    }
  }

  private static Server server() throws IOException {
    return Net.startServer(StartTlsSuite::serve, HOST, 0);
  }

  private static Streams connect(Server server) throws IOException {
    return Net.openConnection(HOST, port(server));
  }

  private static String ask(Streams client, String line) throws IOException {
    client.writer().write(line + "\n");
    return String.valueOf(client.reader().readLine());
  }

  /* ---- Streams ---- */

  @Test
  void streamsGoOnWithTls() {
    run(
        () -> {
          Server server = server();
          Streams client = connect(server);
          assertEquals("plain one", ask(client, "one"));
          assertNull(client.writer().extraInfo(ExtraInfo.TLS_SESSION));
          assertEquals("go ahead", ask(client, "STARTTLS"));
          client.writer().startTls(client());
          assertNotNull(client.writer().extraInfo(ExtraInfo.TLS_SESSION));
          assertFalse(client.writer().canWriteEof());
          assertEquals("secure two", ask(client, "two"));
          String large = "x".repeat(60_000);
          assertEquals("secure " + large, ask(client, large));
          end(client);
          end(server);
        });
  }

  @Test
  void L111_whatHasArrivedBelongsToTls() {
    run(
        () -> {
          Promise<Boolean> gate = loop.createPromise();
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    await(gate);
                    serve(reader, writer);
                  },
                  HOST,
                  0);
          Streams client = connect(server);
          client.writer().write("STARTTLS AT ONCE\n");
          var starting = createTask(() -> client.writer().startTls(client()));
          for (int i = 0; i < 20; i++) {
            sleep(ms(1)); // the ClientHello comes right behind the line
          }
          gate.setResult(true);
          await(starting);
          assertEquals("secure hello", ask(client, "hello"));
          end(client);
          end(server);
        });
  }

  @Test
  void L111_whatWasWrittenIsSentBefore() {
    run(
        () -> {
          byte[] much = pattern(2 << 20);
          Promise<byte[]> heard = loop.createPromise();
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    heard.setResult(reader.readExactly(much.length));
                    writer.startTls(Tls.server());
                    writer.write("secure\n");
                  },
                  HOST,
                  0);
          Streams client = connect(server);
          client.writer().transport().write(much);
          client.writer().startTls(client());
          assertArrayEquals(much, await(heard));
          assertEquals("secure", client.reader().readLine());
          end(client);
          end(server);
        });
  }

  @Test
  void L111_aFailureClosesTheConnection() {
    run(
        () -> {
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    reader.readLine();
                    writer.write("this is not TLS, and will never be\n");
                    reader.read();
                  },
                  HOST,
                  0);
          Streams client = connect(server);
          client.writer().write("STARTTLS\n");
          assertThrows(SSLException.class, () -> client.writer().startTls(client()));
          assertTrue(client.writer().isClosing());
          assertThrows(IOException.class, () -> client.writer().write("x"));
          assertThrows(IOException.class, () -> client.writer().waitClosed());
          end(server);
        });
  }

  @Test
  void aNameThatDoesNotFitClosesTheConnection() {
    expectErrors(1); // of the server's handler, whose handshake has failed
    run(
        () -> {
          Server server = server();
          Streams client = connect(server);
          assertEquals("go ahead", ask(client, "STARTTLS"));
          assertThrows(
              SSLException.class,
              () -> client.writer().startTls(Tls.client().serverHostname("wrong.test")));
          assertTrue(client.writer().isClosing());
          end(server);
        });
  }

  @Test
  void optionsThatDoNotDoCloseTheConnection() {
    run(
        () -> {
          Server server = server();
          Streams client = connect(server);
          assertThrows(
              IllegalArgumentException.class,
              () -> client.writer().startTls(client().protocols("TLSv9")));
          client.writer().abort();
          end(server);
        });
  }

  @Test
  void L111_optionsThatCannotDoLeaveTheConnection() {
    run(
        () -> {
          Server server = server();
          Streams client = connect(server);
          assertThrows(
              IllegalArgumentException.class, () -> client.writer().startTls(Tls.client()));
          var transport = client.writer().transport();
          assertThrows( // a server without a certificate
              IllegalArgumentException.class,
              () -> Net.startTls(transport, transport.protocol(), Tls.client(), true));
          assertEquals("go ahead", ask(client, "STARTTLS"));
          client.writer().startTls(client());
          assertEquals("secure echo", ask(client, "echo"));
          client.writer().abort();
          end(server);
        });
  }

  @Test
  void L111_aCancelledAttemptClosesTheConnection() {
    run(
        () -> {
          Line line = line();
          var starting = createTask(() -> line.writer().startTls(client()));
          line.peer().read(5); // the ClientHello has begun to come
          starting.cancel();
          settle(List.of(starting));
          assertTrue(starting.cancelled());
          assertTrue(line.writer().isClosing());
          line.peer().outcome();
        });
  }

  @Test
  void aSilentPeerIsNotWaitedForLong() {
    run(
        () -> {
          Line line = line();
          assertThrows(
              SocketTimeoutException.class,
              () -> line.writer().startTls(client().handshakeTimeout(ms(40))));
          assertTrue(line.writer().isClosing());
          line.peer().outcome();
        });
  }

  @Test
  void aPeerThatHangsUpIsAnError() {
    run(
        () -> {
          Line line = line();
          var starting = createTask(() -> line.writer().startTls(client()));
          line.peer().read(5);
          line.peer().close();
          assertThrows(IOException.class, () -> await(starting, IOException.class));
          assertTrue(line.writer().isClosing());
        });
  }

  @Test
  void aClosedConnectionIsRefused() {
    run(
        () -> {
          Line line = line();
          end(line);
          assertThrows(IOException.class, () -> line.writer().startTls(client()));
        });
  }

  @Test
  void closingInTheMiddleOfItEndsIt() {
    run(
        () -> {
          Line line = line();
          var starting = createTask(() -> line.writer().startTls(client()));
          line.peer().read(5);
          line.writer().close();
          assertThrows(IOException.class, () -> await(starting, IOException.class));
          line.peer().outcome();
        });
  }

  @Test
  void aServerThatIsClosedInTheMiddleOfItEndsIt() {
    run(
        () -> {
          Promise<Throwable> outcome = loop.createPromise();
          Server server =
              Net.startServer(
                  (reader, writer) ->
                      outcome.setResult(
                          assertThrows(IOException.class, () -> writer.startTls(Tls.server()))),
                  HOST,
                  0);
          Peer silent = dial(server);
          until(() -> server.connections() == 1);
          turns(3);
          server.close();
          server.closeClients();
          server.waitClosed();
          assertInstanceOf(IOException.class, await(outcome));
          silent.outcome();
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void L111_tlsGoesOverTls(int layers) {
    run(
        () -> {
          Server server = server();
          Streams client = connect(server);
          for (int i = 0; i < layers; i++) {
            assertEquals("go ahead", ask(client, "STARTTLS"));
            client.writer().startTls(client());
            assertEquals("secure layer " + i, ask(client, "layer " + i));
          }
          String large = "x".repeat(60_000);
          assertEquals("secure " + large, ask(client, large));
          end(client);
          end(server);
        });
  }

  @Test
  void tlsGoesOverAConnectionThatBeganWithIt() {
    run(
        () -> {
          Server server =
              Net.startServer(
                  StartTlsSuite::serve, HOST, 0, ServerOptions.defaults().tls(Tls.server()));
          Streams client = open(server, Tls.client());
          assertEquals("go ahead", ask(client, "STARTTLS"));
          client.writer().startTls(client());
          assertEquals("secure inner", ask(client, "inner"));
          end(client);
          end(server);
        });
  }

  @Test
  void aServerIsAskedAgainAndAgain() {
    run(
        () -> {
          Server server = server();
          for (int i = 0; i < 10; i++) {
            Streams client = connect(server);
            assertEquals("go ahead", ask(client, "STARTTLS"));
            if (i % 2 == 0) {
              client.writer().abort();
            } else {
              client.writer().startTls(client());
              assertEquals("secure " + i, ask(client, "" + i));
              end(client);
            }
          }
          until(() -> server.connections() == 0);
          end(server);
        });
  }

  /* ---- Transports ---- */

  /// Notes what it is told, whichever transport it comes from.
  private final class Heard implements Protocol {
    final List<String> events = new ArrayList<>();
    final Promise<Boolean> lost = loop.createPromise();
    @Nullable Transport first;

    @Override
    public void connectionMade(BaseTransport made) {
      events.add("made");
      first = (Transport) made;
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      byte[] copy = new byte[data.remaining()];
      data.get(copy);
      events.add(text(copy));
    }

    @Override
    public void connectionLost(@Nullable Throwable why) {
      events.add("lost " + why);
      lost.setResult(true);
    }

    Transport transport() {
      Transport made = first;
      if (made == null) {
        throw new AssertionError("connectionMade was not called");
      }
      return made;
    }
  }

  @Test
  void L111_theProtocolIsNotToldAgain() {
    run(
        () -> {
          var accepted = new ArrayList<Heard>();
          Server server =
              Net.createServer(
                  () -> {
                    var protocol = new Heard();
                    accepted.add(protocol);
                    return protocol;
                  },
                  HOST,
                  0);
          var made = Net.createConnection(Heard::new, HOST, port(server));
          until(() -> server.connections() == 1 && !accepted.getFirst().events.isEmpty());
          Heard serverSide = accepted.getFirst();
          var securing =
              createTask(
                  () -> Net.startTls(serverSide.transport(), serverSide, Tls.server(), true));
          Transport secure = Net.startTls(made.transport(), made.protocol(), client(), false);
          Transport secureServer = await(securing);
          assertEquals(List.of("made"), made.protocol().events);
          assertSame(made.protocol(), secure.protocol());
          assertNotNull(secure.extraInfo(ExtraInfo.TLS_SESSION));
          secure.write(utf8("to the server"));
          until(() -> serverSide.events.contains("to the server"));
          secureServer.write(utf8("to the client"));
          until(() -> made.protocol().events.contains("to the client"));
          secure.close();
          await(made.protocol().lost);
          await(serverSide.lost);
          assertEquals(List.of("made", "to the client", "lost null"), made.protocol().events);
          assertEquals(List.of("made", "to the server", "lost null"), serverSide.events);
          assertTrue(secure.isClosing());
          end(server);
        });
  }

  @Test
  void theFormerTransportGivesWay() {
    run(
        () -> {
          Server server = server();
          Streams client = connect(server);
          Transport former = client.writer().transport();
          assertEquals("go ahead", ask(client, "STARTTLS"));
          client.writer().startTls(client());
          assertTrue(former.isClosing());
          former.close(); // closes what has taken its place
          client.writer().waitClosed();
          assertTrue(client.writer().isClosing());
          end(server);
        });
  }

  @Test
  void aClosingTransportIsRefused() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          link.transport().close();
          assertThrows(
              IOException.class,
              () -> Net.startTls(link.transport(), link.protocol(), client(), false));
          await(link.protocol().lost);
        });
  }

  /// Takes five bytes, pauses, and takes all that comes afterwards.
  private static final class PausesAfterFive implements BufferedProtocol {
    private final ByteBuffer first = ByteBuffer.allocate(5);
    private final ByteBuffer rest = ByteBuffer.allocate(1000);
    private @Nullable Transport transport;

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (Transport) made;
      transport.pauseReading();
    }

    @Override
    public ByteBuffer getBuffer(int sizeHint) {
      return first.hasRemaining() ? first.slice() : rest.slice();
    }

    @Override
    public void bufferUpdated(int bytes) {
      if (first.hasRemaining()) {
        first.position(first.position() + bytes);
        if (!first.hasRemaining()) {
          transport().pauseReading();
        }
      } else {
        rest.position(rest.position() + bytes);
      }
    }

    Transport transport() {
      return Objects.requireNonNull(transport);
    }
  }

  @Test
  void L111_whatABufferedProtocolHasNotReadBelongsToTheHandshake() {
    run(
        () -> {
          Promise<PausesAfterFive> made = loop.createPromise();
          Server server =
              Net.createServer(
                  () -> {
                    var protocol = new PausesAfterFive();
                    made.setResult(protocol);
                    return protocol;
                  },
                  HOST,
                  0);
          var plain = Net.createConnection(Recorded::new, HOST, port(server));
          PausesAfterFive protocol = await(made);
          until(() -> protocol.transport != null);
          plain.transport().write(ByteBuffer.wrap(utf8("HELLO")));
          var hello =
              createTask(() -> Net.startTls(plain.transport(), plain.protocol(), client(), false));
          sleep(ms(30)); // both wait in the system, and come as one
          protocol.transport().resumeReading();
          until(() -> !protocol.first.hasRemaining());
          turns(3);
          Transport secure = Net.startTls(protocol.transport(), protocol, Tls.server(), true);
          await(hello, IOException.class).write(utf8("secret"));
          secure.resumeReading();
          until(() -> protocol.rest.position() == 6);
          secure.abort();
          await(plain.protocol().lost);
          end(server);
        });
  }

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
}
