package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import weft.Promise;
import weft.io.AsyncFile;
import weft.io.ConnectOptions;
import weft.io.ConnectionClosedException;
import weft.io.IncompleteReadException;
import weft.io.Net;
import weft.io.Resolver;
import weft.io.Server;
import weft.io.Streams;

/// What methods throw because of what happened elsewhere: of which class, and that the caller finds
/// his own line in it.
public abstract class IoFailureSuite extends TlsLinks {
  /// For subclasses.
  protected IoFailureSuite() {}

  /// Does something that fails.
  interface Attempt {
    void run() throws IOException;
  }

  /// What an attempt throws, if that bears this method's line.
  private static IOException failing(Attempt attempt) {
    try {
      attempt.run();
    } catch (IOException e) {
      List<String> methods =
          Arrays.stream(e.getStackTrace()).map(StackTraceElement::getMethodName).toList();
      assertTrue(methods.contains("failing"), methods::toString);
      return e;
    }
    throw new AssertionError("nothing was thrown");
  }

  /// Fails unless an exception was made for the caller of another one.
  private static void assertAnew(Throwable failure, IOException thrown) {
    assertNotSame(failure, thrown);
    assertSame(failure, thrown.getCause());
    assertSame(failure.getClass(), thrown.getClass());
    assertEquals(failure.getMessage(), thrown.getMessage());
  }

  private Line reset() throws IOException {
    Line line = line();
    line.peer().reset();
    until(() -> line.reader().exception() != null);
    return line;
  }

  private static int portOfNobody() throws IOException {
    try (var socket = new ServerSocket(0, 50, InetAddress.ofLiteral(HOST))) {
      return socket.getLocalPort();
    }
  }

  /* ---- Streams ---- */

  @Test
  void L72_whatAReadThrowsBearsTheLineOfTheCaller() {
    run(
        () -> {
          Line line = reset();
          Throwable failure = Objects.requireNonNull(line.reader().exception());
          IOException first = failing(line.reader()::readLine);
          assertAnew(failure, first);
          IOException second = failing(line.reader()::read);
          assertAnew(failure, second);
          assertNotSame(first, second);
          assertAnew(failure, failing(line.reader()::readChunk));
          assertAnew(failure, failing(() -> line.reader().readExactly(1)));
        });
  }

  @Test
  void L72_soDoesWhatEndsAReadThatWaits() {
    run(
        () -> {
          Line line = line();
          Promise<Boolean> later = away(() -> true);
          later.addDoneCallback(
              done -> {
                try {
                  line.peer().reset();
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
          IOException thrown = failing(line.reader()::readLine);
          assertAnew(Objects.requireNonNull(line.reader().exception()), thrown);
        });
  }

  @Test
  void L77_whatAWriterThrowsBearsTheLineOfTheCaller() {
    run(
        () -> {
          Line line = reset();
          Throwable failure = Objects.requireNonNull(line.reader().exception());
          assertAnew(failure, failing(() -> line.writer().write("x")));
          assertAnew(failure, failing(line.writer()::drain));
          assertAnew(failure, failing(line.writer()::waitClosed));
          assertAnew(failure, failing(() -> line.writer().startTls(Tls.client())));
        });
  }

  @Test
  void L77_soDoesWhatAFileThrows() throws IOException {
    Path path = Files.write(Files.createTempFile("weft-tck", ".file"), new byte[10_000_000]);
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.DELETE_ON_CLOSE)) {
      run(
          () -> {
            Line line = narrowLine(ConnectOptions.defaults());
            Promise<Boolean> later = away(() -> true);
            later.addDoneCallback(done -> line.writer().abort());
            failing(() -> Net.sendFile(line.writer(), file));
          });
    }
  }

  @Test
  void L77_whatIsClosedHereHasANameOfItsOwn() {
    run(
        () -> {
          Line line = line();
          line.writer().close();
          var first =
              assertInstanceOf(
                  ConnectionClosedException.class, failing(() -> line.writer().write("x")));
          assertEquals("the connection is closed", first.getMessage());
          assertNull(first.getCause());
          line.writer().waitClosed();
          var second =
              assertInstanceOf(
                  ConnectionClosedException.class, failing(() -> line.writer().write("x")));
          assertNotSame(first, second);
          assertThrows(
              ConnectionClosedException.class,
              () -> line.writer().startTls(Tls.client().serverHostname("weft.test")));
        });
  }

  @Test
  void L77_aTransportThatIsClosedTakesNoTls() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().close();
          assertThrows(
              ConnectionClosedException.class,
              () -> Net.startTls(link.transport(), link.protocol(), Tls.client(), false));
          await(link.protocol().lost);
        });
  }

  /* ---- Connecting ---- */

  @Test
  void L95_aRefusalBearsTheLineOfTheCaller() {
    run(
        () -> {
          int port = portOfNobody();
          IOException thrown = failing(() -> Net.openConnection(HOST, port));
          assertSame(ConnectException.class, thrown.getClass());
          assertTrue(thrown.toString().endsWith(HOST + ":" + port), thrown::toString);
        });
  }

  @Test
  void L95_soDoesThatOfSeveralAddresses() {
    run(
        () -> {
          int port = portOfNobody();
          Resolver names =
              name -> List.of(InetAddress.ofLiteral(HOST), InetAddress.ofLiteral(HOST));
          var options =
              ConnectOptions.defaults().resolver(names).happyEyeballsDelay(Duration.ofMillis(1));
          IOException thrown = failing(() -> Net.openConnection("two.test", port, options));
          assertSame(ConnectException.class, thrown.getClass());
          assertTrue(thrown.toString().endsWith(HOST + ":" + port), thrown::toString);
        });
  }

  @Test
  void L118_soDoesAnUnknownName() {
    run(
        () -> {
          IOException thrown = failing(() -> Net.openConnection("nowhere.invalid", 1));
          assertSame(UnknownHostException.class, thrown.getClass());
        });
  }

  @Test
  void L112_soDoesAFailedHandshake() {
    run(
        () -> {
          Server server = echoServer();
          IOException thrown = failing(() -> open(server, Tls.client().serverHostname("no.test")));
          assertAnew(Objects.requireNonNull(thrown.getCause()), thrown);
          assertInstanceOf(SSLException.class, thrown);
          end(server);
        });
  }

  @Test
  void L111_soDoesOneInTheMiddle() {
    run(
        () -> {
          Server server = serve((reader, writer) -> writer.write(reader.read(1)));
          Streams client = Net.openConnection(HOST, port(server));
          IOException thrown =
              failing(() -> client.writer().startTls(Tls.client().serverHostname("weft.test")));
          assertAnew(Objects.requireNonNull(thrown.getCause()), thrown);
          end(server);
        });
  }

  /* ---- Files ---- */

  @Test
  void whatAFileThrowsBearsTheLineOfTheCaller() {
    run(
        () -> {
          IOException thrown = failing(() -> AsyncFile.open(Path.of("/nowhere/at all")));
          assertTrue(
              thrown instanceof NoSuchFileException || thrown instanceof FileNotFoundException,
              thrown::toString);
        });
  }

  /* ---- Handlers over TLS ---- */

  @Test
  void L79_anEndOverTlsInTheMiddleOfAMessageIsReported() {
    expectErrors(1);
    run(
        () -> {
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    while (true) {
                      writer.write(reader.readExactly(2));
                    }
                  },
                  HOST,
                  0,
                  over(Tls.server()));
          for (String sent : List.of("ab", "abc")) {
            Streams client = open(server, Tls.client());
            client.writer().write(sent);
            assertEquals("ab", text(client.reader().readExactly(2)));
            end(client);
          }
          end(server);
          until(() -> !errors().isEmpty());
        });
    var thrown = assertInstanceOf(IncompleteReadException.class, errors().getFirst().exception());
    assertEquals("c", text(thrown.partial()));
  }
}
