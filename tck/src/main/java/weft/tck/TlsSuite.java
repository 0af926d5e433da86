package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.waitAll;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import weft.Task;
import weft.io.BaseTransport;
import weft.io.ClientAuth;
import weft.io.ConnectOptions;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.io.Server;
import weft.io.Streams;
import weft.io.TlsOptions;
import weft.io.Transport;
import weft.io.WaterMarks;

/// TLS: who talks to whom, and how.
public abstract class TlsSuite extends TlsLinks {
  private static final String NEW = "TLSv1.3";
  private static final String OLD = "TLSv1.2";

  /// For subclasses.
  protected TlsSuite() {}

  private static SSLSession session(BaseTransport transport) {
    SSLSession session = transport.extraInfo(ExtraInfo.TLS_SESSION);
    assertNotNull(session);
    return session;
  }

  /* ---- Data ---- */

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void bytesGoBothWays(String version) {
    run(
        () -> {
          Server server = echoServer();
          Streams client = open(server, Tls.client().protocols(version));
          byte[] much = pattern(MUCH_BYTES);
          Task<byte[]> hearing = createTask(() -> client.reader().readExactly(much.length));
          client.writer().write(much);
          assertArrayEquals(much, await(hearing, IOException.class));
          assertEquals(version, session(client.writer().transport()).getProtocol());
          end(client);
          end(server);
        });
  }

  @Test
  void manySmallWritesArriveInOrder() {
    run(
        () -> {
          Ends ends = ends();
          var expected = new StringBuilder();
          for (int i = 0; i < 3000; i++) {
            String text = i + " ";
            expected.append(text);
            ends.client().write(utf8(text));
            if (i % 100 == 0) {
              turns(1);
            }
          }
          until(() -> ends.toServer().received() == expected.length());
          assertEquals(expected.toString(), ends.toServer().text());
          ends.end();
        });
  }

  @Test
  void theWrittenBufferIsTheCallersAgain() {
    run(
        () -> {
          Ends ends = ends();
          var buffer = ByteBuffer.wrap(utf8("xoneyy"), 1, 3);
          ends.client().write(buffer);
          assertFalse(buffer.hasRemaining());
          buffer.array()[1] = 'X';
          ends.client().writeLines(List.of(ByteBuffer.wrap(utf8("two")), ByteBuffer.allocate(0)));
          ends.client().write(new byte[0]);
          until(() -> ends.toServer().received() == 6);
          assertEquals("onetwo", ends.toServer().text());
          ends.end();
        });
  }

  @Test
  void aPausedReaderIsToldNothing() {
    run(
        () -> {
          Ends ends = ends();
          ends.server().pauseReading();
          ends.client().write(pattern(MUCH_BYTES));
          turns(30);
          assertEquals(0, ends.toServer().received());
          ends.server().resumeReading();
          until(() -> ends.toServer().received() == MUCH_BYTES);
          assertArrayEquals(pattern(MUCH_BYTES), ends.toServer().data());
          ends.end();
        });
  }

  @Test
  void aReaderMayPauseAfterEachPiece() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server());
          var made =
              Net.createConnection(Recorded::new, HOST, port(accepting.server), by(Tls.client()));
          Recorded accepted = accepting.next(0);
          Recorded pausing =
              new Recorded() {
                @Override
                public void dataReceived(ByteBuffer data) {
                  super.dataReceived(data);
                  transport().pauseReading();
                  loop.callSoon(transport()::resumeReading);
                }
              };
          pausing.connectionMade(accepted.transport());
          accepted.transport().setProtocol(pausing);
          made.transport().write(pattern(500_000));
          until(() -> pausing.received() == 500_000);
          assertArrayEquals(pattern(500_000), pausing.data());
          made.transport().close();
          await(pausing.lost);
          await(made.protocol().lost);
          accepting.server.close();
        });
  }

  @Test
  void writingIsPausedWhileThePeerDoesNotRead() {
    run(
        () -> {
          Ends ends = ends();
          ends.client().setWriteBufferLimits(new WaterMarks(100_000, 10_000));
          ends.server().pauseReading();
          long written = 0;
          while (!ends.toClient().events.contains("pause")) {
            ends.client().write(new byte[50_000]);
            written += 50_000;
            turns(1);
          }
          assertTrue(ends.client().writeBufferSize() > 100_000);
          assertFalse(ends.toClient().events.contains("resume"));
          ends.server().resumeReading();
          until(() -> ends.toClient().events.contains("resume"));
          long all = written;
          until(() -> ends.toServer().received() == all);
          ends.end();
        });
  }

  @Test
  void oneDirectionCannotBeClosed() {
    run(
        () -> {
          Ends ends = ends();
          assertFalse(ends.client().canWriteEof());
          assertThrows(UnsupportedOperationException.class, ends.client()::writeEof);
          ends.client().write(utf8("still"));
          until(() -> ends.toServer().received() == 5);
          ends.end();
        });
  }

  /* ---- The handshake ---- */

  @Test
  void L112_theProtocolIsToldAfterTheHandshake() {
    run(
        () -> {
          var seen = new ArrayList<String>();
          Server server = echoServer();
          var made =
              Net.createConnection(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionMade(BaseTransport transport) {
                          super.connectionMade(transport);
                          seen.add(session(transport).getProtocol());
                          transport().write(utf8("at once"));
                        }
                      },
                  HOST,
                  port(server),
                  by(Tls.client().protocols(NEW)));
          assertEquals(List.of(NEW), seen);
          until(() -> made.protocol().received() == 7);
          assertEquals("at once", made.protocol().text());
          made.transport().close();
          await(made.protocol().lost);
          end(server);
        });
  }

  @Test
  void theFactsAreKnown() {
    run(
        () -> {
          Ends ends = ends();
          SSLSession session = session(ends.client());
          assertTrue(session.isValid());
          assertTrue(session.getCipherSuite().startsWith("TLS_"));
          var certificate = (X509Certificate) session.getPeerCertificates()[0];
          assertEquals("CN=weft.test", certificate.getSubjectX500Principal().getName());
          assertThrows(
              SSLPeerUnverifiedException.class, () -> session(ends.server()).getPeerCertificates());
          assertEquals(
              ends.server().extraInfo(ExtraInfo.SOCKNAME),
              ends.client().extraInfo(ExtraInfo.PEERNAME));
          assertNull(ends.client().extraInfo(ExtraInfo.SUBPROCESS));
          ends.end();
          assertNotNull(ends.client().extraInfo(ExtraInfo.TLS_SESSION));
        });
  }

  @Test
  void theServerLearnsWhichNameTheClientMeans() {
    run(
        () -> {
          var accepting = new Accepting(Tls.server());
          Streams client = open(accepting.server, Tls.client().serverHostname("localhost"));
          SSLSession session = session(accepting.next(0).transport());
          var names = assertInstanceOf(ExtendedSSLSession.class, session).getRequestedServerNames();
          assertEquals(List.of(new SNIHostName("localhost")), names);
          client.writer().transport().abort();
          end(accepting.server);
        });
  }

  @Test
  void aPlainConnectionHasNoSession() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          assertNull(link.transport().extraInfo(ExtraInfo.TLS_SESSION));
          assertNull(link.transport().extraInfo(ExtraInfo.ALPN));
          end(link);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void L113_anotherNameIsRefused(String version) {
    run(
        () -> {
          Server server = echoServer(Tls.server("other").protocols(version));
          refused(SSLException.class, server, Tls.client());
          refused(SSLException.class, server, Tls.client().serverHostname("weft.test"));
          converse(server, Tls.client().serverHostname("other.test"));
          end(server);
        });
  }

  @Test
  void L113_withoutAHostThereIsNoNameToCheck() {
    run(
        () -> {
          Server server = echoServer(Tls.server("other"));
          var options = ConnectOptions.defaults().tls(Tls.client());
          assertThrows(
              IllegalArgumentException.class, () -> Net.openConnection("", server.port(), options));
          end(server);
        });
  }

  @Test
  void L113_theNameNeedNotBeChecked() {
    run(
        () -> {
          Server server = echoServer(Tls.server("other"));
          converse(server, Tls.client().verifyHostname(false));
          converse(server, Tls.client().serverHostname(""));
          end(server);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void L113_anUnknownAuthorityIsRefused(String version) {
    run(
        () -> {
          Server server = echoServer(Tls.server("stranger").protocols(version));
          refused(SSLException.class, server, Tls.client());
          refused(SSLException.class, server, TlsOptions.client());
          converse(server, TlsOptions.client().trustingAnyone());
          end(server);
        });
  }

  @Test
  void theLoopbackNamesAreInTheCertificate() {
    run(
        () -> {
          Server server = Net.startServer(TlsLinks::echo, "localhost", 0, over(Tls.server()));
          Streams client = Net.openConnection("localhost", port(server), by(Tls.client()));
          client.writer().write("x\n");
          assertEquals("x", client.reader().readLine());
          end(client);
          end(server);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void L113_aClientShowsItsCertificate(String version) {
    run(
        () -> {
          for (ClientAuth wish : List.of(ClientAuth.WANT, ClientAuth.NEED)) {
            Ends ends =
                ends(
                    Tls.server().trusting(Tls.authority()).clientAuth(wish).protocols(version),
                    Tls.client().identity(Tls.keys("client"), Tls.PASSWORD));
            ends.client().write(utf8("x"));
            until(() -> ends.toServer().received() == 1);
            var shown = (X509Certificate) session(ends.server()).getPeerCertificates()[0];
            assertEquals("CN=client", shown.getSubjectX500Principal().getName());
            ends.end();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void L113_aClientWithoutTheCertificateThatIsNeededIsRefused(String version) {
    run(
        () -> {
          TlsOptions strict = Tls.server().trusting(Tls.authority()).clientAuth(ClientAuth.NEED);
          Server server = echoServer(strict.protocols(version));
          refused(IOException.class, server, Tls.client());
          refused(
              IOException.class, server, Tls.client().identity(Tls.keys("stranger"), Tls.PASSWORD));
          converse(server, Tls.client().identity(Tls.keys("client"), Tls.PASSWORD));
          end(server);
        });
  }

  @Test
  void aClientNeedNotShowTheCertificateThatIsWanted() {
    run(
        () -> {
          Server server =
              echoServer(Tls.server().trusting(Tls.authority()).clientAuth(ClientAuth.WANT));
          converse(server, Tls.client());
          end(server);
        });
  }

  static Stream<Arguments> protocols() {
    return Stream.of(
        arguments(List.of("h2", "http/1.1"), List.of("http/1.1", "h2"), "h2"),
        arguments(List.of("h2", "http/1.1"), List.of("http/1.1"), "http/1.1"),
        arguments(List.of("echo"), List.of("echo"), "echo"));
  }

  @ParameterizedTest
  @MethodSource("protocols")
  void anApplicationProtocolIsAgreedUpon(
      List<String> serverOffers, List<String> clientOffers, String agreed) {
    run(
        () -> {
          Ends ends =
              ends(
                  Tls.server().alpn(serverOffers.toArray(String[]::new)),
                  Tls.client().alpn(clientOffers.toArray(String[]::new)));
          assertEquals(agreed, ends.client().extraInfo(ExtraInfo.ALPN));
          assertEquals(agreed, ends.server().extraInfo(ExtraInfo.ALPN));
          ends.end();
        });
  }

  @Test
  void withoutAnOfferNoApplicationProtocolIsAgreedUpon() {
    run(
        () -> {
          Ends ends = ends(Tls.server().alpn("h2"), Tls.client());
          assertNull(ends.client().extraInfo(ExtraInfo.ALPN));
          assertNull(ends.server().extraInfo(ExtraInfo.ALPN));
          ends.end();
        });
  }

  @Test
  void withoutACommonApplicationProtocolTheHandshakeFails() {
    run(
        () -> {
          Server server = echoServer(Tls.server().alpn("h2"));
          refused(SSLException.class, server, Tls.client().alpn("gopher"));
          converse(server, Tls.client().alpn("h2"));
          end(server);
        });
  }

  @Test
  void withoutACommonVersionTheHandshakeFails() {
    run(
        () -> {
          Server server = echoServer(Tls.server().protocols(NEW));
          refused(SSLException.class, server, Tls.client().protocols(OLD));
          converse(server, Tls.client().protocols(OLD, NEW));
          end(server);
        });
  }

  @Test
  void theCipherSuiteCanBeChosen() {
    run(
        () -> {
          String suite = "TLS_AES_128_GCM_SHA256";
          Ends ends = ends(Tls.server(), Tls.client().ciphers(suite));
          assertEquals(suite, session(ends.client()).getCipherSuite());
          assertEquals(suite, session(ends.server()).getCipherSuite());
          ends.end();
        });
  }

  @Test
  void aVersionThatTheEngineDoesNotKnowIsSaid() {
    run(
        () -> {
          Server server = echoServer();
          var thrown =
              assertThrows(
                  IllegalArgumentException.class,
                  () -> converse(server, Tls.client().protocols("TLSv9")));
          assertTrue(String.valueOf(thrown.getMessage()).contains("TLSv1.3"));
          end(server);
        });
  }

  @Test
  void aServerWhoseOptionsTheEngineRefusesReportsIt() {
    run(
        () -> {
          Server server = echoServer(Tls.server().ciphers("TLS_OF_NOBODY"));
          refused(IOException.class, server, Tls.client());
          assertEquals(0, server.connections());
          end(server);
        });
    expectErrors(1);
  }

  @Test
  void L91_waitClosedEndsThoughTheLastProtocolCannotBeMade() {
    run(
        () -> {
          Server server =
              Net.createServer(
                  () -> {
                    throw new ArithmeticException("on purpose");
                  },
                  HOST,
                  0,
                  over(Tls.server()));
          Streams plain = Net.openConnection(HOST, port(server));
          until(() -> server.connections() == 1);
          server.close();
          Task<?> waiter = createTask(server::waitClosed);
          TlsOptions tls = Tls.client().serverHostname("localhost");
          Task<?> client = createTask(() -> plain.writer().startTls(tls));
          await(waiter);
          waitAll(List.of(client));
          plain.writer().close();
        });
  }

  @Test
  void aServerWithoutACertificateIsRefused() {
    run(
        () ->
            assertThrows(
                IllegalArgumentException.class, () -> echoServer(TlsOptions.client()).close()));
  }

  @Test
  void timesThatAreNotPositiveAreRefused() {
    for (long millis : new long[] {0, -1}) {
      assertThrows(IllegalArgumentException.class, () -> Tls.client().handshakeTimeout(ms(millis)));
      assertThrows(IllegalArgumentException.class, () -> Tls.client().shutdownTimeout(ms(millis)));
    }
  }

  @Test
  void aSessionIsResumed() {
    run(
        () -> {
          TlsOptions client = Tls.client().protocols(OLD);
          var accepting = new Accepting(Tls.server().protocols(OLD));
          var ids = new ArrayList<Long>();
          for (int i = 0; i < 3; i++) {
            var made =
                Net.createConnection(Recorded::new, HOST, port(accepting.server), by(client));
            Recorded accepted = accepting.next(i);
            made.transport().write(utf8("x"));
            until(() -> accepted.received() == 1);
            ids.add(session(made.transport()).getCreationTime());
            made.transport().close();
            await(made.protocol().lost);
            await(accepted.lost);
            sleepUntilTheClockMoves();
          }
          assertEquals(ids.get(0), ids.get(1));
          assertEquals(ids.get(0), ids.get(2));
          accepting.server.close();
        });
  }

  private void sleepUntilTheClockMoves() {
    sleep(ms(3));
  }

  /* ---- Others ---- */

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void aClientOfTheJdkIsServed(String version) {
    run(
        () -> {
          Server server = echoServer(Tls.server().protocols(version));
          SSLSocket client = jdkClient(server, Tls.client());
          var peer = new Peer(this, client);
          var hearing = peer.reading(MUCH_BYTES);
          peer.write(pattern(MUCH_BYTES));
          assertArrayEquals(pattern(MUCH_BYTES), await(hearing));
          assertEquals(version, client.getSession().getProtocol());
          await(away(() -> closed(client)));
          end(server);
        });
  }

  private static boolean closed(SSLSocket socket) throws IOException {
    socket.close();
    return socket.isClosed();
  }

  @ParameterizedTest
  @ValueSource(strings = {NEW, OLD})
  void aServerOfTheJdkIsUnderstood(String version) {
    run(
        () -> {
          var context = Tls.server().context();
          var listening = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0);
          closeLater(listening);
          listening.setEnabledProtocols(new String[] {version});
          var served =
              away(
                  () -> {
                    try (var socket = listening.accept()) {
                      byte[] heard = socket.getInputStream().readNBytes(100_000);
                      socket.getOutputStream().write(heard);
                      return socket.getInputStream().read();
                    }
                  });
          Streams client = Net.openConnection(HOST, listening.getLocalPort(), by(Tls.client()));
          client.writer().write(pattern(100_000));
          assertArrayEquals(pattern(100_000), client.reader().readExactly(100_000));
          end(client);
          assertEquals(-1, await(served));
        });
  }

  @Test
  void aSocketThatWasAcceptedElsewhereCanBeSecured() {
    run(
        () -> {
          try (var listening = ServerSocketChannel.open()) {
            listening.bind(new InetSocketAddress(InetAddress.ofLiteral(HOST), 0));
            int port = listening.socket().getLocalPort();
            var connecting =
                createTask(() -> Net.createConnection(Recorded::new, HOST, port, by(Tls.client())));
            var socket = await(away(listening::accept));
            var accepted = Net.connectAcceptedSocket(Recorded::new, socket, over(Tls.server()));
            var made = await(connecting);
            Transport transport = made.transport();
            transport.write(utf8("x"));
            until(() -> accepted.protocol().received() == 1);
            transport.close();
            await(made.protocol().lost);
            await(accepted.protocol().lost);
          }
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
