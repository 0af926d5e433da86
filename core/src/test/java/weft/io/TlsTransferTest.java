package weft.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.Weft;
import weft.spi.Chunk;
import weft.spi.Completion;
import weft.spi.StreamListener;

/// What a TLS connection carries, how much of it waits, and where.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TlsTransferTest {
  private static final int HELD_MAX = 256 << 10;

  @ParameterizedTest
  @Tag("slow")
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void muchInBothDirectionsAtOnce(String version) {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, version);
          pair.exchange(bytes(3_000_000, 1), bytes(2_000_000, 2));
          pair.finish();
        });
  }

  @Test
  @Tag("slow")
  void manyRecordsOneByteAtATime() {
    run(
        () -> {
          TlsPair pair = connected(SINGLE, "TLSv1.3");
          pair.exchange(bytes(20_000, 1), bytes(500, 2));
          pair.finish();
        });
  }

  @Test
  @Tag("slow")
  void writesOfAllSizesKeepTheirOrder() {
    long seed = TlsPair.seed();
    Random random = new Random(seed);
    run(
        () -> {
          TlsPair pair = connected(() -> 1 + random.nextInt(1 << random.nextInt(18)), "TLSv1.3");
          byte[] all = bytes(1_500_000, seed);
          int at = 0;
          while (at < all.length) {
            int count = Math.min(all.length - at, random.nextInt(1 << random.nextInt(17)));
            pair.client.write(Arrays.copyOfRange(all, at, at + count));
            at += count;
            if (random.nextInt(4) == 0) {
              Weft.sleep(Duration.ZERO);
            }
          }
          until(() -> pair.server.bytes.size() >= all.length);
          assertArrayEquals(all, pair.server.bytes.toByteArray());
          pair.finish();
        });
  }

  @Test
  void aLoneSmallWriteIsSentAtOnce() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.settle();
          pair.client.write(new byte[10]);
          assertTrue(pair.clientWire.backlog() > 10);
          assertEquals(pair.clientWire.backlog(), pair.client.tls.backlog());
          pair.finish();
        });
  }

  @Test
  void aBurstOfSmallWritesBecomesFewRecords() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.settle();
          int writes = pair.clientWire.writes;
          int sent = pair.clientWire.sent.size();
          for (int i = 0; i < 10_000; i++) {
            pair.client.write(new byte[] {1, 2, 3});
          }
          assertTrue(pair.client.tls.backlog() >= 30_000);
          until(() -> pair.server.bytes.size() == 30_000);
          assertTrue(pair.clientWire.writes - writes < 60, "few writes");
          assertTrue(pair.clientWire.sent.size() - sent < 33_000, "few records");
          pair.finish();
        });
  }

  @Test
  void aLargeWriteGoesBehindWhatWasGathered() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          for (int i = 0; i < 5; i++) {
            pair.client.write(bytes(900, i));
          }
          pair.client.write(bytes(50_000, 9));
          pair.client.write(bytes(1, 10));
          until(() -> pair.server.bytes.size() == 54_501);
          byte[] got = pair.server.bytes.toByteArray();
          assertArrayEquals(bytes(900, 4), Arrays.copyOfRange(got, 3_600, 4_500));
          assertArrayEquals(bytes(50_000, 9), Arrays.copyOfRange(got, 4_500, 54_500));
          pair.finish();
        });
  }

  @Test
  void manySmallRecordsAreDeliveredTogether() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.serverWire.pauseReading();
          for (int i = 0; i < 100; i++) {
            pair.client.write(bytes(100, i));
            Weft.sleep(Duration.ZERO);
          }
          pair.settle();
          pair.serverWire.resumeReading();
          until(() -> pair.server.bytes.size() == 10_000);
          assertEquals(1, pair.server.chunks);
          pair.finish();
        });
  }

  @Test
  void aPausedReaderHoldsALimitedAmountBack() {
    run(
        () -> {
          TlsPair pair = connected(() -> 50_000, "TLSv1.3");
          pair.server.call(pair.server.tls::pauseReading);
          byte[] all = bytes(2_000_000, 3);
          pair.client.write(all);
          until(() -> !pair.serverWire.isReading());
          pair.settle();
          assertEquals(0, pair.server.bytes.size());
          assertTrue(pair.clientWire.delivered >= HELD_MAX);
          assertTrue(pair.clientWire.delivered < HELD_MAX + 60_000);
          pair.server.call(pair.server.tls::resumeReading);
          assertEquals(0, pair.server.bytes.size(), "never inline");
          until(() -> pair.server.bytes.size() == all.length);
          assertArrayEquals(all, pair.server.bytes.toByteArray());
          pair.finish();
        });
  }

  @Test
  void aReaderMayPauseAtEachChunk() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          TlsSide server = pair.server;
          int[] resumed = {0};
          server.atChunk =
              () -> {
                server.tls.pauseReading();
                pair.loop.callSoon(
                    () -> {
                      resumed[0]++;
                      server.call(server.tls::resumeReading);
                    });
              };
          byte[] all = bytes(1_000_000, 4);
          pair.client.write(all);
          pair.client.shutdown();
          until(() -> server.ends == 1);
          assertArrayEquals(all, server.bytes.toByteArray());
          assertEquals(server.chunks, resumed[0]);
          pair.finish();
        });
  }

  @Test
  void pauseAndResumeWithinACallChangeNothing() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          TlsSide server = pair.server;
          server.atChunk =
              () ->
                  server.call(
                      () -> {
                        server.tls.pauseReading();
                        server.tls.resumeReading();
                      });
          pair.exchange(bytes(200_000, 5), bytes(10, 6));
          pair.finish();
        });
  }

  @Test
  void theBacklogDrains() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.settle();
          pair.clientWire.stuck = true;
          pair.client.write(bytes(100_000, 1));
          for (int i = 0; i < 100; i++) {
            pair.client.write(bytes(100, i));
          }
          assertTrue(pair.client.tls.backlog() >= 110_000);
          pair.client.call(() -> pair.client.tls.whenBacklogAtMost(0));
          pair.settle();
          assertEquals(0, pair.client.drains);
          pair.clientWire.stuck = false;
          pair.client.tls.whenBacklogAtMost(0);
          until(() -> pair.client.drains == 1);
          assertEquals(0, pair.client.tls.backlog());
          until(() -> pair.server.bytes.size() == 110_000);
          pair.client.call(() -> pair.client.tls.whenBacklogAtMost(10));
          until(() -> pair.client.drains == 2);
          pair.finish();
        });
  }

  @Test
  void keptChunksStayAsTheyAreUntilReleased() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          List<Chunk> kept = new ArrayList<>();
          TlsSide server = pair.server;
          server.tls.listener(
              new StreamListener() {
                @Override
                public void received(Chunk chunk) {
                  if (kept.size() % 2 == 0) {
                    chunk.keep();
                    chunk.keep();
                    chunk.release();
                  } else {
                    chunk.keep();
                  }
                  kept.add(chunk);
                }

                @Override
                public void ended() {}

                @Override
                public void drained() {}

                @Override
                public void failed(IOException failure) {}
              });
          byte[] all = bytes(500_000, 7);
          pair.client.write(all);
          until(
              () -> kept.stream().mapToInt(chunk -> chunk.data().remaining()).sum() == all.length);
          assertEquals(kept.size(), TlsBuffers.of(pair.loop).lent());
          pair.server.tls.close(); // Kept chunks outlive the channel.
          ByteBuffer joined = ByteBuffer.allocate(all.length);
          for (Chunk chunk : kept) {
            joined.put(chunk.data());
            chunk.release();
            assertThrows(IllegalStateException.class, chunk::release);
            assertThrows(IllegalStateException.class, chunk::keep);
          }
          assertArrayEquals(all, joined.array());
          pair.finish();
        });
  }

  @Test
  void aRestingConnectionHoldsNoBuffer() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          pair.exchange(bytes(100_000, 1), bytes(100_000, 2));
          pair.settle();
          assertEquals(0, TlsBuffers.of(pair.loop).lent());
          pair.finish();
        });
  }

  @Test
  void anErrorOfTheListenerLosesNothing() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          List<Throwable> seen = new ArrayList<>();
          pair.loop.setExceptionHandler((loop, error) -> seen.add(error.exception()));
          RuntimeException thrown = new RuntimeException("on purpose");
          pair.server.atChunk =
              () -> {
                if (pair.server.chunks == 2) {
                  throw thrown;
                }
              };
          byte[] all = bytes(150_000, 8);
          pair.client.write(all);
          until(() -> !seen.isEmpty());
          assertSame(thrown, seen.getFirst());
          pair.client.write(new byte[1]); // The rest waits for the next chunk to come.
          until(() -> pair.server.bytes.size() == all.length + 1);
          pair.finish();
        });
  }

  @ParameterizedTest
  @Tag("slow")
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void tlsWithinTls(String version) {
    run(
        () -> {
          TlsPair outer = connected(() -> 1_000, "TLSv1.3");
          TlsSide client = new TlsSide();
          TlsSide server = new TlsSide();
          TlsOptions options = clientOptions().protocols(version);
          TlsChannel.client(outer.loop, outer.client.tls, options, "weft.test", 1, null, client);
          TlsChannel.server(outer.loop, outer.server.tls, serverOptions(), null, server);
          until(() -> client.tls != null && server.tls != null);
          byte[] all = bytes(300_000, 9);
          client.write(all);
          server.write(all);
          until(() -> server.bytes.size() == all.length && client.bytes.size() == all.length);
          assertArrayEquals(all, server.bytes.toByteArray());
          assertArrayEquals(all, client.bytes.toByteArray());
          server.atEnd = () -> outer.loop.callSoon(server::shutdown);
          client.shutdown();
          until(() -> client.shutdowns == 1 && server.shutdowns == 1);
          assertNull(client.shutdownReason);
          assertNull(server.shutdownReason);
          assertTrue(outer.clientWire.isClosed());
          assertTrue(outer.serverWire.isClosed());
          outer.finish();
        });
  }

  @Test
  void startTlsOnTopOfDataThatIsAlreadyThere() {
    run(
        () -> {
          TlsPair outer = connected(WHOLE, "TLSv1.3");
          outer.server.tls.pauseReading();
          TlsSide client = new TlsSide();
          TlsSide server = new TlsSide();
          TlsChannel.client(
              outer.loop, outer.client.tls, clientOptions(), "localhost", 1, null, client);
          outer.settle(); // The hello waits below.
          Completion<TlsChannel> completion = server;
          TlsChannel.server(outer.loop, outer.server.tls, serverOptions(), null, completion);
          until(() -> client.tls != null && server.tls != null);
          client.write(bytes(10, 1));
          until(() -> server.bytes.size() == 10);
          outer.finish();
        });
  }

  @Test
  void whatIsNotSupportedSaysSo() {
    run(
        () -> {
          TlsPair pair = connected(WHOLE, "TLSv1.3");
          assertFalse(pair.client.tls.canShutdownOutput());
          assertThrows(UnsupportedOperationException.class, pair.client.tls::shutdownOutput);
          assertInstanceOf(
              UnsupportedOperationException.class,
              assertThrows(
                  RuntimeException.class, () -> pair.client.tls.sendFile(null, 0, 1, () -> {})));
          pair.finish();
        });
  }
}
