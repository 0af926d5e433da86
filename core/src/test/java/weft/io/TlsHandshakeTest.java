package weft.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.io.TlsPair.SINGLE;
import static weft.io.TlsPair.WHOLE;
import static weft.io.TlsPair.clientOptions;
import static weft.io.TlsPair.file;
import static weft.io.TlsPair.run;
import static weft.io.TlsPair.serverOptions;
import static weft.io.TlsPair.until;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import weft.spi.Completion;

/// How a TLS connection begins, or does not.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TlsHandshakeTest {
  private static final byte[] PING = {1, 2, 3, 4};
  private static final byte[] PONG = {5, 6, 7, 8, 9};

  @ParameterizedTest
  @CsvSource({"TLSv1.3,0", "TLSv1.3,1", "TLSv1.3,7", "TLSv1.2,0", "TLSv1.2,1", "TLSv1.2,7"})
  void bothVersionsInChunksOfAnySize(String version, int chunk) {
    run(
        () -> {
          TlsPair pair = TlsPair.connected(chunk == 0 ? WHOLE : () -> chunk, version);
          assertEquals(version, pair.client.tls.session().getProtocol());
          assertEquals(version, pair.server.tls.session().getProtocol());
          pair.exchange(PING, PONG);
          pair.finish();
        });
  }

  @Test
  @Tag("slow")
  void randomChunks() {
    long seed = TlsPair.seed();
    Random random = new Random(seed);
    run(
        () -> {
          for (int round = 0; round < 20; round++) {
            TlsPair pair =
                TlsPair.connected(
                    () -> 1 + random.nextInt(1 << random.nextInt(12)),
                    random.nextBoolean() ? "TLSv1.3" : "TLSv1.2");
            pair.exchange(
                TlsPair.bytes(random.nextInt(50_000) + 1, seed),
                TlsPair.bytes(random.nextInt(50_000) + 1, seed));
            pair.finish();
          }
        });
  }

  @Test
  void theServerIsWhoItSays() {
    run(
        () -> {
          TlsPair pair = TlsPair.connected(WHOLE, "TLSv1.3");
          var certificate = (X509Certificate) pair.client.tls.session().getPeerCertificates()[0];
          assertEquals("CN=weft.test", certificate.getSubjectX500Principal().getName());
          assertThrows(
              SSLPeerUnverifiedException.class,
              () -> pair.server.tls.session().getPeerCertificates());
          pair.finish();
        });
  }

  @Test
  void namesAndAddressesOfTheCertificateAreGood() {
    run(
        () -> {
          for (String host :
              new String[] {"localhost", "weft.test.", "127.0.0.1", "::1", "[::1]"}) {
            TlsPair pair = new TlsPair(WHOLE);
            pair.startClient(clientOptions(), host, 443);
            pair.startServer(serverOptions());
            pair.handshake().finish();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void aWrongNameIsRefusedAndTheServerIsToldWhy(String version) {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.startClient(clientOptions(), "example.org", 443);
          pair.startServer(serverOptions().protocols(version));
          assertRefused(pair, "example.org");
          assertTrue(pair.server.refused.getMessage().contains("certificate_unknown"));
        });
  }

  @Test
  void aWrongAddressIsRefused() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.startClient(clientOptions(), "127.0.0.2", 443);
          pair.startServer(serverOptions());
          assertRefused(pair, "127.0.0.2");
        });
  }

  @Test
  void theNameToVerifyMayBeAnotherOneOrNone() {
    run(
        () -> {
          for (TlsOptions options :
              new TlsOptions[] {
                clientOptions().serverHostname("weft.test"),
                clientOptions().serverHostname(""),
                clientOptions().verifyHostname(false)
              }) {
            TlsPair pair = new TlsPair(WHOLE);
            pair.startClient(options, "example.org", 443);
            pair.startServer(serverOptions());
            pair.handshake().finish();
          }
        });
  }

  @Test
  void aClientWithoutANameMustSaySo() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          var e =
              assertThrows(
                  IllegalArgumentException.class,
                  () -> pair.startClient(clientOptions(), null, -1));
          assertTrue(e.getMessage().contains("serverHostname"));
          pair.startClient(clientOptions().serverHostname("weft.test"), null, -1);
          pair.startServer(serverOptions());
          pair.handshake().finish();
        });
  }

  @Test
  void anUnknownAuthorityIsRefused() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(
              clientOptions(), TlsOptions.server(file("stranger.pem"), file("stranger.key")));
          assertRefused(pair, "PKIX path building failed");
        });
  }

  @Test
  void trustingAnyoneTrustsAnyone() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.startClient(TlsOptions.client().trustingAnyone(), "example.org", 443);
          pair.startServer(TlsOptions.server(file("stranger.pem"), file("stranger.key")));
          pair.handshake().finish();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"rsa", "ed25519", "stranger"})
  void keysOfAllKinds(String name) {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(
              TlsOptions.client().trusting(file(name + ".pem")),
              TlsOptions.server(file(name + ".pem"), file(name + ".key")));
          pair.handshake().exchange(PING, PONG);
          pair.finish();
        });
  }

  @Test
  void aClientShowsItsCertificate() {
    run(
        () -> {
          for (ClientAuth auth : new ClientAuth[] {ClientAuth.WANT, ClientAuth.NEED}) {
            TlsPair pair = new TlsPair(WHOLE);
            pair.start(
                clientOptions().identity(file("client.pem"), file("client.key")),
                serverOptions().trusting(file("ca.pem")).clientAuth(auth));
            pair.handshake();
            var certificate = (X509Certificate) pair.server.tls.session().getPeerCertificates()[0];
            assertEquals("CN=client", certificate.getSubjectX500Principal().getName());
            pair.finish();
          }
        });
  }

  @Test
  void aClientWithoutCertificateIsServedOnlyIfItMay() {
    run(
        () -> {
          TlsOptions options = serverOptions().trusting(file("ca.pem"));
          TlsPair wanted = new TlsPair(WHOLE);
          wanted.start(clientOptions(), options.clientAuth(ClientAuth.WANT)).handshake().finish();

          TlsPair needed = new TlsPair(WHOLE);
          needed.start(clientOptions(), options.clientAuth(ClientAuth.NEED));
          until(() -> needed.server.refused != null && needed.client.failure != null);
          assertInstanceOf(SSLException.class, needed.server.refused);
          // In TLS 1.3 the client is done before the server has looked.
          assertTrue(needed.client.failure.getMessage().contains("certificate_required"));
          needed.finish();

          TlsPair older = new TlsPair(WHOLE);
          older.start(clientOptions().protocols("TLSv1.2"), options.clientAuth(ClientAuth.NEED));
          until(() -> older.server.refused != null && older.client.refused != null);
          older.finish();
        });
  }

  @Test
  void theFirstProtocolOfTheServerThatTheClientOffersIsChosen() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(
              clientOptions().alpn("http/1.1", "h2"), serverOptions().alpn("h2", "http/1.1"));
          pair.handshake();
          assertEquals("h2", pair.client.tls.applicationProtocol());
          assertEquals("h2", pair.server.tls.applicationProtocol());
          pair.finish();

          TlsPair none = TlsPair.connected(WHOLE, "TLSv1.3");
          assertNull(none.client.tls.applicationProtocol());
          none.finish();

          TlsPair apart = new TlsPair(WHOLE);
          apart.start(clientOptions().alpn("h3"), serverOptions().alpn("h2"));
          until(() -> apart.client.refused != null && apart.server.refused != null);
          assertTrue(apart.client.refused.getMessage().contains("no_application_protocol"));
          apart.finish();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void aSecondConnectionResumesTheSession(String version) {
    run(
        () -> {
          TlsOptions client = clientOptions().protocols(version);
          TlsOptions server = serverOptions();
          TlsPair first = new TlsPair(WHOLE);
          first.start(client, server).handshake();
          first.exchange(PING, PONG);
          long before = first.client.tls.session().getCreationTime();
          int full = first.serverWire.sent.size();
          first.finish();
          TlsPair second = new TlsPair(WHOLE);
          second.start(client, server).handshake();
          second.exchange(PING, PONG);
          assertEquals(before, second.client.tls.session().getCreationTime());
          assertTrue(second.serverWire.sent.size() < full - 500, "no certificate is sent again");
          second.finish();
        });
  }

  @Test
  void versionsWithNothingInCommon() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(clientOptions().protocols("TLSv1.2"), serverOptions().protocols("TLSv1.3"));
          assertRefused(pair, "protocol_version");
        });
  }

  @Test
  void aCipherIsChosenAmongThoseAllowed() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(clientOptions().ciphers("TLS_CHACHA20_POLY1305_SHA256"), serverOptions());
          pair.handshake();
          assertEquals("TLS_CHACHA20_POLY1305_SHA256", pair.server.tls.session().getCipherSuite());
          pair.finish();

          TlsPair odd = new TlsPair(WHOLE);
          var e =
              assertThrows(
                  IllegalArgumentException.class,
                  () -> odd.startClient(clientOptions().ciphers("ROT13"), "localhost", 1));
          assertTrue(e.getMessage().contains("ROT13"), e.getMessage());
        });
  }

  @Test
  void anEngineThatCannotEvenBeginFailsLater() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.startClient(
              clientOptions().protocols("TLSv1.3").ciphers("TLS_RSA_WITH_AES_128_CBC_SHA"),
              "localhost",
              1);
          assertFalse(pair.client.handshakeOver());
          until(pair.client::handshakeOver);
          assertInstanceOf(SSLHandshakeException.class, pair.client.refused);
          pair.finish();
          assertTrue(pair.clientWire.isClosed());
        });
  }

  @Test
  void aPeerThatSaysNothingRunsIntoTheTimeout() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.startClient(
              clientOptions().handshakeTimeout(Duration.ofMillis(20)), "localhost", 443);
          until(pair.client::handshakeOver);
          assertInstanceOf(SocketTimeoutException.class, pair.client.refused);
          assertEquals("TLS handshake took longer than 20 ms", pair.client.refused.getMessage());
          assertTrue(pair.clientWire.aborted);
          pair.finish();
        });
  }

  @Test
  void anEndInTheMiddleIsLikeAReset() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(clientOptions(), serverOptions());
          pair.serverWire.endAfter = 100;
          until(pair.client::handshakeOver);
          assertInstanceOf(SocketException.class, pair.client.refused);
          assertTrue(pair.client.refused.getMessage().startsWith("Connection reset"));
          pair.finish();
        });
  }

  @Test
  void aCancelledHandshakeIsNotHeardOfAgain() {
    run(
        () -> {
          for (int turns = 0; turns < 6; turns++) {
            TlsPair pair = new TlsPair(WHOLE);
            pair.start(clientOptions(), serverOptions());
            for (int i = 0; i < turns; i++) {
              weft.Weft.sleep(Duration.ZERO);
            }
            if (pair.client.handshakeOver()) {
              pair.finish();
              continue;
            }
            pair.client.call(pair.client.begun::cancelHandshake);
            pair.client.call(pair.client.begun::cancelHandshake);
            pair.settle();
            assertFalse(pair.client.handshakeOver());
            assertTrue(pair.clientWire.isClosed());
            assertNotNull(pair.server.refused);
            pair.finish();
          }
        });
  }

  @Test
  void cancellingAHandshakeThatIsDoneDoesNothing() {
    run(
        () -> {
          TlsPair pair = TlsPair.connected(WHOLE, "TLSv1.3");
          pair.client.tls.cancelHandshake();
          pair.exchange(PING, PONG);
          pair.finish();
        });
  }

  @Test
  void whatWasReceivedBeforeBelongsToTheHandshake() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.startClient(clientOptions(), "localhost", 443);
          TlsSide early = new TlsSide();
          early.tls = pair.client.begun; // Only so that it takes what it gets for data.
          pair.serverWire.listener(early);
          pair.serverWire.resumeReading();
          until(() -> early.bytes.size() > 0);
          pair.serverWire.pauseReading();
          byte[] hello = early.bytes.toByteArray();
          ByteBuffer buffer = ByteBuffer.wrap(hello);
          pair.server.begun =
              TlsChannel.server(pair.loop, pair.serverWire, serverOptions(), buffer, pair.server);
          assertFalse(buffer.hasRemaining());
          buffer.clear().put(new byte[hello.length]);
          pair.handshake().exchange(PING, PONG);
          pair.finish();
        });
  }

  @Test
  void dataBehindTheHandshakeWaitsForTheReader() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.server.readAtOnce = false;
          pair.start(clientOptions(), serverOptions());
          until(() -> pair.client.tls != null);
          pair.client.write(PING); // Leaves together with the client's last flight.
          until(() -> pair.server.tls != null);
          pair.settle();
          assertEquals(0, pair.server.bytes.size());
          pair.server.call(pair.server.tls::resumeReading);
          until(() -> pair.server.bytes.size() > 0);
          assertArrayEquals(PING, pair.server.bytes.toByteArray());
          pair.finish();
        });
  }

  @Test
  void garbageIsRefused() {
    run(
        () -> {
          for (String garbage :
              new String[] {
                "GET / HTTP/1.1\r\n\r\n",
                "\u0016\u0003\u0001\u00ff\u00ff garbage",
                "\0\0\0\0\0\0\0\0"
              }) {
            for (boolean single : new boolean[] {false, true}) {
              TlsPair pair = new TlsPair(single ? SINGLE : WHOLE);
              pair.startServer(serverOptions());
              pair.clientWire.write(ByteBuffer.wrap(garbage.getBytes(StandardCharsets.ISO_8859_1)));
              until(pair.server::handshakeOver);
              assertInstanceOf(SSLException.class, pair.server.refused);
              pair.settle();
              assertTrue(pair.serverWire.isClosed());
              pair.finish();
            }
          }
        });
  }

  /// Whoever names his authority means that certificates count again, with the names in them.
  @Test
  void trustingSomebodyIsNotTrustingAnyoneAnyMore() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          TlsOptions client = TlsOptions.client().trustingAnyone().trusting(file("ca.pem"));
          pair.startClient(client, "example.org", 443);
          pair.startServer(serverOptions());
          until(() -> pair.client.handshakeOver() && pair.server.handshakeOver());
          assertInstanceOf(SSLException.class, pair.client.refused);
          pair.finish();
        });
  }

  @Test
  void anEngineNeedNotKnowApplicationProtocols() {
    run(
        () -> {
          TlsOptions base = serverOptions();
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(
              clientOptions(),
              base.engineFactory((host, port) -> new BareEngine(base.context().createSSLEngine())));
          pair.handshake();
          assertNull(pair.server.tls.applicationProtocol());
          pair.exchange(new byte[100], new byte[1000]);
          pair.finish();
        });
  }

  /// The transport is made by the task that asked for the handshake, when it has its turn.
  @Test
  void aFailureBeforeThereIsAListenerIsToldToIt() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          TlsSide client = pair.client;
          Completion<TlsChannel> done =
              new Completion<>() {
                @Override
                public void completed(TlsChannel ready) {
                  client.tls = ready;
                }

                @Override
                public void failed(IOException failure) {
                  throw new AssertionError(failure);
                }
              };
          client.begun =
              TlsChannel.client(
                  pair.loop, pair.clientWire, clientOptions(), "localhost", 443, null, done);
          pair.startServer(serverOptions());
          until(() -> client.tls != null && pair.server.handshakeOver());
          pair.serverWire.abort();
          pair.settle();
          assertNull(client.failure);
          client.call(() -> client.tls.listener(client));
          pair.settle();
          assertInstanceOf(SocketException.class, client.failure);
          pair.finish();
        });
  }

  /// The client refuses with this text; the server hears of it.
  private static void assertRefused(TlsPair pair, String text) {
    until(() -> pair.client.handshakeOver() && pair.server.handshakeOver());
    assertInstanceOf(SSLException.class, pair.client.refused);
    assertTrue(pair.client.refused.getMessage().contains(text), pair.client.refused.toString());
    assertInstanceOf(SSLException.class, pair.server.refused);
    pair.settle();
    assertTrue(pair.clientWire.isClosed());
    assertTrue(pair.serverWire.isClosed());
    pair.assertClean();
  }
}
