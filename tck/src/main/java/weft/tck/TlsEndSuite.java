package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.Task;
import weft.io.BaseTransport;
import weft.io.ClientAuth;
import weft.io.ConnectOptions;
import weft.io.Net;
import weft.io.Server;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.io.TlsOptions;
import weft.io.Transport;

/// TLS: how connections end, in good order and otherwise.
public abstract class TlsEndSuite extends TlsLinks {
  private static final String NEW = "TLSv1.3";
  private static final String OLD = "TLSv1.2";

  /// For subclasses.
  protected TlsEndSuite() {}

  /* ---- In good order ---- */

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void L114_bothEndsAreToldOfACleanEnd(String version) {
    run(
        () -> {
          Ends ends = ends(Tls.server(), Tls.client().protocols(version));
          ends.client().write(utf8("bye"));
          ends.client().close();
          assertTrue(ends.client().isClosing());
          assertEquals(List.of("made"), ends.toClient().events);
          await(ends.toServer().lost);
          await(ends.toClient().lost);
          assertEquals(List.of("made", "data", "eof", "lost"), ends.toServer().events);
          assertEquals(List.of("made", "lost"), ends.toClient().events);
          assertNull(ends.toServer().reason());
          assertNull(ends.toClient().reason());
        });
  }

  @Test
  void bothEndsMayCloseAtTheSameTime() {
    run(
        () -> {
          Ends ends = ends();
          ends.client().close();
          ends.server().close();
          ends.client().close();
          await(ends.toClient().lost);
          await(ends.toServer().lost);
          turns(5);
          assertEquals(List.of("made", "lost"), ends.toClient().events);
          assertNull(ends.toClient().reason());
          assertNull(ends.toServer().reason());
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void L114_whatWasWrittenIsSentBefore(String version) {
    run(
        () -> {
          Ends ends = ends(Tls.server(), Tls.client().protocols(version));
          byte[] much = pattern(MUCH_BYTES);
          ends.client().write(much);
          ends.client().close();
          await(ends.toServer().lost);
          await(ends.toClient().lost);
          assertArrayEquals(much, ends.toServer().data());
          assertNull(ends.toClient().reason());
        });
  }

  @Test
  void L114_whatWasWrittenIsSentToASlowReader() {
    run(
        () -> {
          Ends ends = ends();
          byte[] much = pattern(MUCH_BYTES);
          ends.server().pauseReading();
          ends.client().write(much);
          ends.client().close();
          for (int seen = 0; seen < much.length; ) {
            ends.server().resumeReading();
            int before = seen;
            until(() -> ends.toServer().received() > before);
            seen = ends.toServer().received();
            ends.server().pauseReading();
            turns(2);
          }
          ends.server().resumeReading();
          await(ends.toServer().lost);
          await(ends.toClient().lost);
          assertArrayEquals(much, ends.toServer().data());
          assertNull(ends.toClient().reason());
        });
  }

  @Test
  void manyShutDownCleanlyAtTheSameTime() {
    run(
        () -> {
          Server server = echoServer();
          TlsOptions client = Tls.client();
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 25; i++) {
            tasks.add(createTask(() -> converse(server, client)));
          }
          for (Task<?> task : tasks) {
            await(task);
          }
          until(() -> server.connections() == 0);
          end(server);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void L115_aClientOfTheJdkThatClosesItsHalfGetsTheRest(String version) {
    run(
        () -> {
          byte[] much = pattern(MUCH_BYTES);
          Promise<String> asked = loop.createPromise();
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    String line = String.valueOf(reader.readLine());
                    writer.transport().write(much);
                    asked.setResult(line);
                    reader.read();
                  },
                  HOST,
                  0,
                  over(Tls.server()));
          SSLSocket client = jdkClient(server, Tls.client().protocols(version));
          var peer = new Peer(this, client);
          peer.write("all of it\n");
          assertEquals("all of it", await(asked));
          if (version.equals(NEW)) { // in the older one the JDK stops reading then
            await(away(() -> halfClosed(client)));
          }
          assertArrayEquals(much, await(peer.reading(much.length)));
          await(away(() -> closed(client)));
          end(server);
        });
  }

  private static boolean halfClosed(SSLSocket socket) throws IOException {
    socket.shutdownOutput();
    return true;
  }

  private static boolean closed(Socket socket) throws IOException {
    socket.close();
    return true;
  }

  @Test
  void L115_dataThatComesAfterOurOwnCloseIsNoError() {
    run(
        () -> {
          Ends ends = ends();
          ends.server().pauseReading();
          ends.server().write(pattern(MUCH_BYTES / 2));
          ends.client().close();
          turns(3);
          ends.server().write(pattern(MUCH_BYTES / 2));
          ends.server().resumeReading();
          await(ends.toClient().lost);
          await(ends.toServer().lost);
          assertNull(ends.toClient().reason());
          assertNull(ends.toServer().reason());
        });
  }

  @Test
  void L115_anEndWithoutGoodbyeIsAnEnd() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server());
          var plain = new Socket(InetAddress.ofLiteral(HOST), port(accepting.server));
          closeLater(plain);
          SSLSocket client = await(away(() -> secured(plain, Tls.client())), IOException.class);
          new Peer(this, client).write("cut off");
          Recorded accepted = accepting.next(0);
          until(() -> accepted.received() == 7);
          plain.shutdownOutput();
          await(accepted.lost);
          assertEquals(List.of("made", "data", "eof", "lost"), accepted.events);
          assertNull(accepted.reason());
          accepting.server.close();
        });
  }

  @Test
  void aStreamEndsWithTheConnection() {
    run(
        () -> {
          Server server =
              Net.startServer(
                  (reader, writer) -> writer.write("last words"), HOST, 0, over(Tls.server()));
          Streams client = open(server, Tls.client());
          assertEquals("last words", text(client.reader().read()));
          assertTrue(client.reader().atEof());
          end(client);
          end(server);
        });
  }

  @Test
  void L114_aPeerThatDoesNotAnswerIsNotWaitedForLong() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server().shutdownTimeout(ms(30)));
          jdkClient(accepting.server, Tls.client());
          Recorded accepted = accepting.next(0);
          accepted.transport().close();
          await(accepted.lost);
          assertInstanceOf(SocketTimeoutException.class, accepted.reason());
          accepting.server.close();
        });
  }

  @Test
  void L114_whatNobodyReadsIsNotWaitedForLong() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server().shutdownTimeout(ms(30)));
          SSLSocket client = jdkClient(accepting.server, Tls.client());
          Recorded accepted = accepting.next(0);
          accepted.transport().write(pattern(MUCH_BYTES));
          accepted.transport().close();
          assertTrue(accepted.transport().writeBufferSize() > 0);
          await(accepted.lost);
          assertInstanceOf(SocketTimeoutException.class, accepted.reason());
          assertEquals("lost", accepted.events.getLast());
          new Peer(this, client).outcome();
          accepting.server.close();
        });
  }

  @Test
  void abortWaitsForNobody() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server());
          SSLSocket client = jdkClient(accepting.server, Tls.client());
          Recorded accepted = accepting.next(0);
          accepted.transport().write(pattern(MUCH_BYTES));
          accepted.transport().abort();
          await(accepted.lost);
          assertNull(accepted.reason());
          new Peer(this, client).outcome();
          accepting.server.close();
        });
  }

  @Test
  void aResetIsAnError() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server());
          var plain = new Socket(InetAddress.ofLiteral(HOST), port(accepting.server));
          closeLater(plain);
          await(away(() -> secured(plain, Tls.client())), IOException.class);
          Recorded accepted = accepting.next(0);
          new Peer(this, plain).reset();
          await(accepted.lost);
          assertInstanceOf(IOException.class, accepted.reason());
          accepting.server.close();
        });
  }

  @Test
  void closingInConnectionMadeIsAnEnd() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server());
          var made =
              Net.createConnection(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionMade(BaseTransport transport) {
                          super.connectionMade(transport);
                          transport.close();
                        }
                      },
                  HOST,
                  port(accepting.server),
                  by(Tls.client()));
          await(made.protocol().lost);
          await(accepting.next(0).lost);
          assertEquals(List.of("made", "lost"), made.protocol().events);
          accepting.server.close();
        });
  }

  @Test
  void garbageInTheMiddleIsAnError() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server());
          var plain = new Socket(InetAddress.ofLiteral(HOST), port(accepting.server));
          closeLater(plain);
          await(away(() -> secured(plain, Tls.client())), IOException.class);
          Recorded accepted = accepting.next(0);
          new Peer(this, plain).write("this is not a record of TLS at all");
          await(accepted.lost);
          assertInstanceOf(SSLException.class, accepted.reason());
          accepting.server.close();
        });
  }

  /* ---- Handshakes that do not succeed ---- */

  @Test
  void L116_aServerGoesOnAfterGarbage() {
    run(
        () -> {
          Server server = echoServer();
          for (String garbage : List.of("GET / HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001", "x")) {
            Peer peer = dial(server);
            peer.write(garbage);
            if (garbage.startsWith("GET")) {
              peer.outcome();
            }
            peer.close();
            converse(server, Tls.client());
          }
          until(() -> server.connections() == 0);
          end(server);
        });
  }

  @Test
  void L116_aServerGoesOnAfterClientsThatLeave() {
    run(
        () -> {
          Server server = echoServer();
          for (int i = 0; i < 5; i++) {
            dial(server).close();
            dial(server).reset();
          }
          converse(server, Tls.client());
          until(() -> server.connections() == 0);
          end(server);
        });
  }

  @Test
  void L116_aSilentClientIsDroppedInTime() {
    run(
        () -> {
          Server server = echoServer(Tls.server().handshakeTimeout(ms(300)));
          Peer silent = dial(server);
          until(() -> server.connections() == 1);
          silent.outcome();
          until(() -> server.connections() == 0);
          end(server);
        });
  }

  @Test
  void L116_closeClientsEndsHandshakesToo() {
    run(
        () -> {
          Server server = echoServer();
          Peer one = dial(server);
          Peer two = dial(server);
          until(() -> server.connections() == 2);
          server.close();
          assertEquals(2, server.connections());
          server.closeClients();
          server.waitClosed();
          one.outcome();
          two.outcome();
        });
  }

  @Test
  void abortClientsEndsHandshakesToo() {
    run(
        () -> {
          Server server = echoServer();
          Peer silent = dial(server);
          until(() -> server.connections() == 1);
          server.close();
          server.abortClients();
          server.waitClosed();
          silent.outcome();
        });
  }

  @Test
  void shutdownEndsHandshakesToo() {
    run(
        () -> {
          Server server = echoServer();
          Peer silent = dial(server);
          until(() -> server.connections() == 1);
          server.shutdown(ms(1));
          silent.outcome();
        });
  }

  @Test
  void inDebugModeAFailedHandshakeIsReported() {
    loop.setDebug(true);
    loop.setSlowCallbackDuration(Duration.ofHours(1));
    run(
        () -> {
          Server server = echoServer();
          Peer peer = dial(server);
          peer.write("GET / HTTP/1.1\r\n\r\n");
          peer.outcome();
          until(() -> server.connections() == 0);
          end(server);
        });
    expectErrors(1);
    assertInstanceOf(SSLException.class, errors().getFirst().exception());
  }

  @Test
  void L112_aServerThatSaysNothingIsNotWaitedForLong() {
    run(
        () -> {
          ServerSocket silent = listen();
          TlsOptions hasty = Tls.client().handshakeTimeout(ms(40));
          assertThrows(
              SocketTimeoutException.class,
              () -> Net.openConnection(HOST, silent.getLocalPort(), by(hasty)));
          accept(silent).outcome();
        });
  }

  @Test
  void theTimeForTheWholeCountsTheHandshakeToo() {
    run(
        () -> {
          ServerSocket silent = listen();
          ConnectOptions hasty = by(Tls.client()).timeout(ms(40));
          assertThrows(
              IOException.class, () -> Net.openConnection(HOST, silent.getLocalPort(), hasty));
          accept(silent).outcome();
        });
  }

  @Test
  void aServerThatHangsUpIsAnError() {
    run(
        () -> {
          ServerSocket listening = listen();
          var connecting =
              createTask(
                  () -> Net.openConnection(HOST, listening.getLocalPort(), by(Tls.client())));
          accept(listening).close();
          assertThrows(IOException.class, () -> await(connecting, IOException.class));
        });
  }

  @Test
  void aServerWithoutTlsIsAnError() {
    run(
        () -> {
          ServerSocket listening = listen();
          var connecting =
              createTask(
                  () -> Net.openConnection(HOST, listening.getLocalPort(), by(Tls.client())));
          Peer peer = accept(listening);
          peer.write("220 ready when you are\r\n");
          assertThrows(SSLException.class, () -> await(connecting, IOException.class));
          peer.close();
        });
  }

  @Test
  void aPlainClientHearsNothingFromAServerWithTls() {
    run(
        () -> {
          Server server = echoServer();
          Streams client = Net.openConnection(HOST, port(server));
          client.writer().write("hello in the clear\n");
          byte[] answer;
          try {
            answer = client.reader().read();
          } catch (IOException e) {
            answer = new byte[0];
          }
          assertFalse(text(answer).contains("hello"));
          client.writer().abort();
          end(server);
        });
  }

  @Test
  void L112_aCancelledHandshakeLeavesNothing() {
    run(
        () -> {
          ServerSocket silent = listen();
          var connecting =
              createTask(() -> Net.openConnection(HOST, silent.getLocalPort(), by(Tls.client())));
          Peer peer = accept(silent);
          peer.read(5); // the ClientHello has begun to come
          connecting.cancel();
          settle(List.of(connecting));
          assertTrue(connecting.cancelled());
          peer.outcome();
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void cancellingAtAnyTurnLeavesNothing(int turns) {
    run(
        () -> {
          Server server = echoServer();
          var connecting = createTask(() -> open(server, Tls.client()));
          for (int i = 0; i < turns; i++) {
            sleep(ms(i % 2));
          }
          connecting.cancel();
          settle(List.of(connecting));
          if (!connecting.cancelled()) {
            end(connecting.result());
          }
          until(() -> server.connections() == 0);
          end(server);
        });
  }

  @Test
  void L112_aRefusedPeerIsToldWhy() {
    run(
        () -> {
          var listening =
              (SSLServerSocket)
                  Tls.server("other").context().getServerSocketFactory().createServerSocket(0);
          closeLater(listening);
          var served =
              away(
                  () -> {
                    try (var socket = (SSLSocket) listening.accept()) {
                      socket.startHandshake();
                      return socket.getInputStream().read();
                    }
                  });
          assertThrows(
              SSLException.class,
              () -> Net.openConnection(HOST, listening.getLocalPort(), by(Tls.client())));
          var thrown =
              assertThrows(SSLHandshakeException.class, () -> await(served, IOException.class));
          assertTrue(String.valueOf(thrown.getMessage()).contains("alert"), thrown.getMessage());
        });
  }

  @Test
  void L116_aRefusedClientIsToldWhy() {
    run(
        () -> {
          TlsOptions strict = Tls.server().trusting(Tls.authority()).clientAuth(ClientAuth.NEED);
          Server server = echoServer(strict.protocols(NEW));
          SSLSocket client = jdkClient(server, Tls.client());
          var thrown =
              assertThrows(
                  SSLException.class,
                  () -> await(new Peer(this, client).readingAll(), IOException.class));
          assertTrue(String.valueOf(thrown.getMessage()).contains("alert"), thrown.getMessage());
          end(server);
        });
  }

  /* ---- Whatever the wire does ---- */

  /// Passes bytes on in pieces of that size.
  private static void shred(StreamReader source, StreamWriter target, int bytes)
      throws IOException {
    byte[] data = source.read(bytes);
    while (data.length > 0) {
      target.write(data);
      sleep(Duration.ZERO);
      data = source.read(bytes);
    }
    target.close();
  }

  private Server proxy(Server server, int bytes) throws IOException {
    return Net.startServer(
        (reader, writer) -> {
          Streams beyond = Net.openConnection(HOST, port(server));
          var back = createTask(() -> shred(beyond.reader(), writer, bytes));
          shred(reader, beyond.writer(), bytes);
          settle(List.of(back));
        },
        HOST,
        0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000})
  void L117_howTheWireCutsTheBytesMeansNothing(int bytes) {
    run(
        () -> {
          Server server = echoServer();
          Server proxy = proxy(server, bytes);
          Streams client = Net.openConnection(HOST, port(proxy), by(Tls.client()));
          byte[] data = pattern(bytes * 1500);
          client.writer().write(data);
          assertArrayEquals(data, client.reader().readExactly(data.length));
          end(client);
          proxy.close();
          proxy.closeClients();
          proxy.waitClosed();
          end(server);
        });
  }

  @Test
  void manyConnectionsAtTheSameTime() {
    run(
        () -> {
          Server server = echoServer();
          TlsOptions options = Tls.client();
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 20; i++) {
            byte[] data = pattern(50_000 + i);
            tasks.add(
                createTask(
                    () -> {
                      Streams client = open(server, options);
                      var hearing = createTask(() -> client.reader().readExactly(data.length));
                      client.writer().write(data);
                      assertArrayEquals(data, await(hearing));
                      end(client);
                    }));
          }
          for (Task<?> task : tasks) {
            await(task);
          }
          end(server);
        });
  }

  @Test
  void aConnectionThatIsLeftOpenEndsWithTheLoop() {
    run(
        () -> {
          Ends ends = ends();
          Transport client = ends.client();
          client.write(utf8("x"));
          until(() -> ends.toServer().received() == 1);
        });
  }

  @Test
  void L16_dataThatFollowsAnExitIsToldInTheNextRun() {
    var made = new ArrayList<Ends>();
    run(
        () -> {
          Ends ends = ends();
          var exits = new ExitsOnce();
          exits.connectionMade(ends.server());
          ends.server().setProtocol(exits);
          ends.server().pauseReading();
          ends.client().write(pattern(100_000));
          turns(20);
          made.add(new Ends(ends.client(), ends.toClient(), ends.server(), exits));
        });
    Ends ends = made.getFirst();
    ends.server().resumeReading();
    assertThrows(KeyboardInterrupt.class, loop::runForever);
    run(
        () -> {
          until(() -> ends.toServer().received() == 100_000);
          ends.client().close();
          await(ends.toServer().lost);
          await(ends.toClient().lost);
        });
  }
}
