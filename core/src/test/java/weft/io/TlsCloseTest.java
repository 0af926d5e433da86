package weft.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.io.TlsPair.SINGLE;
import static weft.io.TlsPair.WHOLE;
import static weft.io.TlsPair.bytes;
import static weft.io.TlsPair.clientOptions;
import static weft.io.TlsPair.connected;
import static weft.io.TlsPair.run;
import static weft.io.TlsPair.serverOptions;
import static weft.io.TlsPair.until;

import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How a TLS connection ends.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TlsCloseTest {
  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};
  private static final TlsOptions CLIENT = clientOptions();
  private static final TlsOptions SERVER = serverOptions();

  @ParameterizedTest
  @CsvSource({"TLSv1.3,0", "TLSv1.3,1", "TLSv1.2,0", "TLSv1.2,1"})
  void oneSideClosesAndTheOtherAnswers(String version, int chunk) {
    run(
        () -> {
          TlsPair pair = connected(chunk == 0 ? WHOLE : SINGLE, version);
          pair.server.atEnd = () -> pair.loop.callSoon(pair.server::shutdown);
          pair.client.write(bytes(1_000, 1));
          pair.client.shutdown();
          until(() -> pair.client.shutdowns == 1 && pair.server.shutdowns == 1);
          assertClosedWell(pair);
          assertEquals(1_000, pair.server.bytes.size());
          assertEquals(1, pair.server.ends);
          assertEquals(0, pair.client.ends);
          pair.assertClean();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void theAnswerMayComeFromWithinEnded(String version) {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, version);
          pair.server.atEnd = pair.server::shutdown;
          pair.client.shutdown();
          until(() -> pair.client.shutdowns == 1 && pair.server.shutdowns == 1);
          assertClosedWell(pair);
          pair.assertClean();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void bothCloseAtOnce(String version) {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, version);
          pair.client.shutdown();
          pair.server.shutdown();
          until(() -> pair.client.shutdowns == 1 && pair.server.shutdowns == 1);
          assertClosedWell(pair);
          pair.assertClean();
        });
  }

  @Test
  @Tag("slow")
  void whatWasWrittenBeforeTheEndArrives() {
    run(
        () -> {
          for (String version : VERSIONS) {
            TlsPair pair = connected(() -> 3_000, version);
            pair.server.atEnd = pair.server::shutdown;
            byte[] all = bytes(4 << 20, 2);
            pair.client.write(all);
            pair.client.write(bytes(1, 2)); // Gathered.
            until(() -> pair.client.tls.backlog() == 0);
            pair.client.shutdown();
            until(() -> pair.client.shutdowns == 1 && pair.server.shutdowns == 1);
            assertArrayEquals(all, Arrays.copyOf(pair.server.bytes.toByteArray(), all.length));
            assertClosedWell(pair);
            pair.assertClean();
          }
        });
  }

  @Test
  void aPeersCloseNotifyDoesNotStopTheBacklog() {
    run(
        () -> {
          for (String version : VERSIONS) {
            TlsPair pair = connected(() -> 20_000, version);
            byte[] all = bytes(1_000_000, 3);
            for (int i = 0; i < 5; i++) {
              pair.server.write(bytes(900, i)); // Some of it is gathered.
            }
            pair.server.write(all);
            for (int i = 0; i < 5; i++) {
              pair.server.write(bytes(900, i));
            }
            pair.client.shutdown(); // It still reads, and drops what it gets.
            until(() -> pair.server.ends == 1);
            until(() -> pair.serverWire.backlog() == 0 && pair.server.tls.backlog() == 0);
            pair.server.shutdown();
            until(() -> pair.client.shutdowns == 1 && pair.server.shutdowns == 1);
            assertTrue(pair.serverWire.delivered > all.length + 9_000);
            assertClosedWell(pair);
            pair.assertClean();
          }
        });
  }

  @Test
  void halfClosedTheOtherDirectionGoesOnInTls13() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.client.shutdown();
          until(() -> pair.server.ends == 1);
          pair.server.write(bytes(100_000, 1)); // Is dropped over there, and no error.
          pair.settle();
          assertNull(pair.server.failure);
          assertEquals(0, pair.client.shutdowns);
          pair.server.shutdown();
          until(() -> pair.client.shutdowns == 1 && pair.server.shutdowns == 1);
          assertClosedWell(pair);
          pair.assertClean();
        });
  }

  @Test
  void writesAfterThePeersEndAreDroppedInTls12() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.2");
          pair.client.shutdown();
          until(() -> pair.server.ends == 1);
          pair.server.write(bytes(100_000, 1));
          pair.server.write(bytes(10, 1));
          pair.server.shutdown();
          until(() -> pair.server.shutdowns == 1);
          assertNull(pair.server.failure);
          pair.finish();
        });
  }

  /// Whoever does not read is not told of the end, which in this version is that of both
  /// directions.
  @Test
  void whoOnlyWritesIsStoppedByThePeersEndInTls12() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.2");
          pair.server.atChunk = () -> pair.server.tls.pauseReading();
          pair.client.write(bytes(100, 1));
          pair.client.shutdown();
          pair.settle();
          assertEquals(0, pair.server.ends);
          for (int i = 0; i < 100; i++) {
            pair.server.write(bytes(16 << 10, i));
          }
          assertTrue(pair.server.tls.backlog() > 64 << 10, "nobody would come to wait");
          until(() -> pair.server.failure != null);
          assertInstanceOf(SocketException.class, pair.server.failure);
          until(() -> pair.server.tls.backlog() == 0);
          pair.finish();
        });
  }

  @Test
  void whoAsksForNewKeysWithoutReadingTheAnswersIsPutOut() {
    run(
        () -> {
          SSLEngine[] engine = new SSLEngine[1];
          TlsOptions client =
              CLIENT.engineFactory(
                  (host, port) -> {
                    engine[0] = CLIENT.context().createSSLEngine(host, port);
                    return engine[0];
                  });
          TlsPair pair = new TlsPair(WHOLE).start(client, SERVER).handshake();
          pair.serverWire.stuck = true;
          for (int i = 0; i < 20_000 && pair.server.failure == null; i++) {
            engine[0].beginHandshake();
            pair.client.write(bytes(1, i));
            if (i % 100 == 0) {
              pair.settle();
            }
          }
          assertInstanceOf(SSLException.class, pair.server.failure);
          assertTrue(pair.serverWire.backlog() < 300_000, "so much was kept for it");
          pair.serverWire.stuck = false;
          pair.finish();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void anEndWithoutCloseNotifyIsAnEnd(String version) {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, version);
          pair.client.write(bytes(10, 1));
          pair.settle();
          pair.clientWire.close();
          until(() -> pair.server.ends == 1);
          assertEquals(10, pair.server.bytes.size());
          pair.server.shutdown();
          until(() -> pair.server.shutdowns == 1);
          assertNull(pair.server.shutdownReason);
          pair.finish();
        });
  }

  @Test
  @Tag("slow")
  void anEndAtEachByteOfARecordIsAnEnd() {
    run(
        () -> {
          for (int at = 1; at < 120; at++) {
            TlsPair pair = connected(WHOLE, "TLSv1.3");
            pair.settle();
            pair.clientWire.endAfter = pair.clientWire.delivered + at;
            pair.client.write(bytes(100, 1));
            until(() -> pair.server.ends == 1);
            assertNull(pair.server.failure);
            assertEquals(0, pair.server.bytes.size());
            pair.finish();
          }
        });
  }

  @Test
  void aPausedReaderHearsOfTheEndInItsOrder() {
    run(
        () -> {
          for (boolean graceful : new boolean[] {true, false}) {
            TlsPair pair = connected(WHOLE, "TLSv1.3");
            pair.server.tls.pauseReading();
            pair.client.write(bytes(100, 1));
            pair.settle();
            if (graceful) {
              pair.client.shutdown();
            } else {
              pair.clientWire.close();
            }
            pair.settle();
            assertEquals(0, pair.server.ends);
            assertEquals(0, pair.server.bytes.size());
            pair.server.call(pair.server.tls::resumeReading);
            until(() -> pair.server.ends == 1);
            assertEquals(100, pair.server.bytes.size());
            pair.finish();
          }
        });
  }

  @Test
  void aReaderThatPausesAtTheLastChunkIsToldTheEndLater() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.server.atChunk = () -> pair.server.tls.pauseReading();
          pair.client.write(bytes(100, 1));
          pair.client.shutdown();
          pair.settle();
          assertEquals(100, pair.server.bytes.size());
          assertEquals(0, pair.server.ends);
          pair.server.call(pair.server.tls::resumeReading);
          until(() -> pair.server.ends == 1);
          pair.finish();
        });
  }

  @Test
  void aPeerThatNeverAnswersIsGivenUp() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(clientOptions().shutdownTimeout(Duration.ofMillis(20)), serverOptions());
          pair.handshake();
          pair.client.shutdown();
          until(() -> pair.client.shutdowns == 1);
          assertInstanceOf(SocketTimeoutException.class, pair.client.shutdownReason);
          assertEquals(
              "TLS shutdown took longer than 20 ms", pair.client.shutdownReason.getMessage());
          assertTrue(pair.clientWire.aborted);
          pair.finish();
        });
  }

  @Test
  void aPeerThatGoesOnTalkingIsGivenUp() {
    run(
        () -> {
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(clientOptions().shutdownTimeout(Duration.ofMillis(20)), serverOptions());
          pair.handshake();
          pair.client.shutdown();
          until(
              () -> {
                if (pair.server.failure == null && pair.serverWire.backlog() == 0) {
                  pair.server.write(bytes(10_000, 1));
                }
                return pair.client.shutdowns == 1;
              });
          assertInstanceOf(SocketTimeoutException.class, pair.client.shutdownReason);
          pair.finish();
        });
  }

  @Test
  void whatComesAfterTheOwnEndIsNoError() {
    run(
        () -> {
          TlsPair data = connected(WHOLE, "TLSv1.3");
          data.server.write(bytes(500_000, 1));
          data.client.tls.pauseReading();
          data.client.shutdown();
          data.server.atEnd = data.server::shutdown;
          until(() -> data.client.shutdowns == 1);
          assertNull(data.client.shutdownReason);
          data.finish();

          TlsPair garbage = connected(WHOLE, "TLSv1.3");
          garbage.settle();
          garbage.client.shutdown();
          garbage.serverWire.write(ByteBuffer.wrap("nonsense".getBytes()));
          until(() -> garbage.client.shutdowns == 1);
          assertNull(garbage.client.shutdownReason);
          garbage.finish();

          TlsPair reset = connected(WHOLE, "TLSv1.3");
          reset.settle();
          reset.client.shutdown();
          reset.serverWire.abort();
          until(() -> reset.client.shutdowns == 1);
          assertNull(reset.client.shutdownReason);
          reset.finish();
        });
  }

  @Test
  void closingEndsAShutdownUnheard() {
    run(
        () -> {
          for (boolean abort : new boolean[] {true, false}) {
            TlsPair pair = connected(WHOLE, "TLSv1.3");
            pair.client.shutdown();
            assertThrows(IllegalStateException.class, pair.client::shutdown);
            pair.client.call(abort ? pair.client.tls::abort : pair.client.tls::close);
            pair.settle();
            assertEquals(0, pair.client.shutdowns);
            pair.client.shutdown(); // Of a closed one: nothing.
            pair.finish();
            assertEquals(0, pair.client.shutdowns);
          }
        });
  }

  @Test
  void afterCloseNothingIsHeardOrSaid() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.server.write(bytes(100_000, 1));
          pair.client.atChunk =
              () -> {
                pair.client.call(pair.client.tls::close);
                assertTrue(pair.client.tls.isClosed());
              };
          until(() -> pair.client.chunks == 1);
          pair.client.write(bytes(10, 1));
          pair.client.tls.resumeReading();
          pair.client.tls.whenBacklogAtMost(0);
          assertEquals(0, pair.client.tls.backlog());
          pair.settle();
          assertEquals(1, pair.client.chunks);
          assertNotNull(pair.client.tls.session().getPeerCertificates());
          pair.finish();
        });
  }

  /// At each byte in the course of some runs: a run takes every so many, from where the dice say.
  @Test
  @Tag("slow")
  void aResetAtAnyByteOfTheHandshakeFailsIt() {
    Random random = new Random(TlsPair.seed());
    run(
        () -> {
          for (String version : VERSIONS) {
            resetHandshakes(version, true, random);
            resetHandshakes(version, false, random);
          }
        });
  }

  private static void resetHandshakes(String version, boolean byServer, Random random)
      throws Exception {
    int at = 1;
    for (boolean refused = true; refused; at += 1 + random.nextInt(20)) {
      TlsPair pair = new TlsPair(WHOLE);
      TlsWire wire = byServer ? pair.serverWire : pair.clientWire;
      wire.resetAfter = at;
      pair.start(CLIENT.protocols(version), SERVER);
      until(() -> pair.client.handshakeOver() && pair.server.handshakeOver());
      refused = pair.client.refused != null || pair.server.refused != null;
      TlsSide victim = byServer ? pair.client : pair.server;
      if (victim.refused != null) {
        assertInstanceOf(SocketException.class, victim.refused);
      } else {
        pair.settle();
        assertEquals(wire.delivered >= at, victim.failure != null);
      }
      pair.finish();
    }
    assertTrue(at > 200, "the whole of a handshake");
  }

  @Test
  @Tag("slow")
  void aResetAtEachByteOfARecordIsAFailure() {
    run(
        () -> {
          for (int at = 1; at < 120; at++) {
            TlsPair pair = connected(WHOLE, "TLSv1.3");
            pair.settle();
            pair.clientWire.resetAfter = pair.clientWire.delivered + at;
            pair.client.write(bytes(80, 1));
            pair.client.shutdown();
            until(() -> pair.server.failure != null);
            assertInstanceOf(SocketException.class, pair.server.failure);
            until(() -> pair.client.shutdowns == 1);
            pair.finish();
          }
        });
  }

  @Test
  void aDamagedRecordIsAFailureAfterTheGoodOnes() {
    run(
        () -> {
          for (boolean paused : new boolean[] {false, true}) {
            TlsPair pair = connected(WHOLE, "TLSv1.3");
            pair.settle();
            if (paused) {
              pair.server.tls.pauseReading();
            }
            pair.client.write(bytes(100, 1));
            pair.clientWire.write(ByteBuffer.wrap(new byte[] {23, 3, 3, 0, 30}));
            pair.clientWire.write(ByteBuffer.allocate(30));
            pair.settle();
            if (paused) {
              pair.server.call(pair.server.tls::resumeReading);
            }
            until(() -> pair.server.failure != null);
            assertInstanceOf(SSLException.class, pair.server.failure);
            assertEquals(100, pair.server.bytes.size());
            until(() -> pair.client.failure != null);
            assertTrue(pair.client.failure.getMessage().contains("bad_record_mac"));
            pair.server.shutdown(); // Has nothing to wait for.
            until(() -> pair.server.shutdowns == 1);
            pair.finish();
          }
        });
  }

  @Test
  void renegotiationIsRefused() {
    run(
        () -> {
          for (boolean byClient : new boolean[] {true, false}) {
            SSLEngine[] engines = new SSLEngine[1];
            TlsPair pair = new TlsPair(WHOLE);
            TlsOptions client = clientOptions().protocols("TLSv1.2");
            TlsOptions server = serverOptions();
            SSLContext context = byClient ? client.context() : server.context();
            TlsOptions.EngineFactory factory =
                (host, port) ->
                    engines[0] =
                        host == null
                            ? context.createSSLEngine()
                            : context.createSSLEngine(host, port);
            pair.start(
                byClient ? client.engineFactory(factory) : client,
                byClient ? server : server.engineFactory(factory));
            pair.handshake();
            engines[0].beginHandshake();
            TlsSide asking = byClient ? pair.client : pair.server;
            TlsSide asked = byClient ? pair.server : pair.client;
            asking.write(bytes(100, 1));
            until(() -> asked.failure != null);
            assertTrue(
                asked.failure.getMessage().contains("renegotiate"), asked.failure.toString());
            pair.finish();
          }
        });
  }

  @Test
  void foreignEnginesAreReleasedOnce() {
    run(
        () -> {
          int[] released = {0};
          TlsOptions base = clientOptions();
          TlsOptions options =
              base.engineFactory(
                  (host, port) -> base.context().createSSLEngine(host, port),
                  engine -> released[0]++);
          TlsPair pair = new TlsPair(WHOLE);
          pair.start(options, serverOptions()).handshake();
          pair.server.atEnd = pair.server::shutdown;
          pair.client.shutdown();
          until(() -> pair.client.shutdowns == 1);
          pair.finish();
          assertEquals(1, released[0]);

          TlsPair refused = new TlsPair(WHOLE);
          refused.startClient(options, "example.org", 1);
          refused.startServer(serverOptions());
          until(refused.client::handshakeOver);
          refused.finish();
          assertEquals(2, released[0]);
        });
  }

  private static void assertClosedWell(TlsPair pair) {
    for (TlsSide side : new TlsSide[] {pair.client, pair.server}) {
      assertNull(side.shutdownReason, () -> String.valueOf(side.shutdownReason));
      assertNull(side.failure, () -> String.valueOf(side.failure));
      assertEquals(1, side.shutdowns);
    }
    assertTrue(pair.clientWire.isClosed());
    assertTrue(pair.serverWire.isClosed());
  }
}
