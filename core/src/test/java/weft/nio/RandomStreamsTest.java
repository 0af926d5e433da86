package weft.nio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import weft.spi.Chunk;
import weft.spi.StreamChannel;

/// Connections on which everything is done in any order. What is heard is always a beginning of
/// what was said, and all of it once nobody closes early.
abstract class RandomStreamsTest extends DriverTest {
  private static final int PAIRS = 6;
  private static final int STEPS = 400;
  private static final byte[] BYTES = pattern(64 << 20);

  private final long seed = Long.getLong("weft.test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  /// One end, which checks what it is told.
  private final class Peer extends Ear {
    private int said;
    private boolean paused = true;
    private boolean finished;
    private boolean over;
    private final List<Chunk> kept = new ArrayList<>();

    Peer(StreamChannel channel) {
      super(channel);
    }

    @Override
    public void received(Chunk chunk) {
      told();
      assertFalse(paused, "data while paused");
      assertTrue(chunk.data().hasRemaining(), "an empty chunk");
      super.received(chunk);
      if (random.nextInt(8) == 0) {
        chunk.keep();
        kept.add(chunk);
      }
      sometimes();
    }

    @Override
    public void ended() {
      told();
      assertFalse(paused, "the end while paused");
      assertEquals(0, ends);
      super.ended();
      sometimes();
    }

    @Override
    public void drained() {
      told();
      super.drained();
      sometimes();
    }

    @Override
    public void failed(IOException e) {
      told();
      super.failed(e);
    }

    private void told() {
      assertFalse(over, "told something after closing");
      assertEquals(0, failures, "told something after the failure");
    }

    private void sometimes() {
      if (random.nextInt(10) == 0) {
        act(false);
      }
    }

    void act(boolean mayClose) {
      switch (random.nextInt(12)) {
        case 0, 1 -> pause();
        case 2, 3, 4 -> resume();
        case 5, 6 -> speak(random.nextInt(200));
        case 7 -> speak(random.nextInt(40_000));
        case 8 -> speak(random.nextInt(600_000));
        case 9 -> channel.whenBacklogAtMost(random.nextInt(100_000));
        case 10 -> releaseKept();
        default -> {
          if (mayClose) {
            finishOrClose();
          }
        }
      }
    }

    private void pause() {
      paused = true;
      channel.pauseReading();
    }

    private void resume() {
      paused = false;
      channel.resumeReading();
    }

    private void speak(int bytes) {
      if (!finished && !over && failures == 0) {
        ByteBuffer data = ByteBuffer.wrap(BYTES, said, Math.min(bytes, BYTES.length - said));
        said += data.remaining();
        channel.write(data);
      }
    }

    private void finishOrClose() {
      if (random.nextBoolean()) {
        finish();
      } else {
        over = true;
        channel.close();
      }
    }

    private void finish() {
      finished = true;
      channel.shutdownOutput();
    }

    private void releaseKept() {
      kept.forEach(Chunk::release);
      kept.clear();
    }

    private void check(Peer other) {
      byte[] bytes = heard.toByteArray();
      assertArrayEquals(Arrays.copyOf(BYTES, bytes.length), bytes);
      assertTrue(bytes.length <= other.said);
    }
  }

  private record Pair(Peer left, Peer right) {}

  private List<Pair> play(boolean mayClose) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      Ends ends = connection(anyPort(), Peer::new);
      pairs.add(new Pair((Peer) ends.client(), (Peer) ends.server()));
    }
    for (int i = 0; i < STEPS; i++) {
      Pair pair = pairs.get(random.nextInt(PAIRS));
      Peer peer = random.nextBoolean() ? pair.left : pair.right;
      peer.act(mayClose && random.nextInt(4) == 0);
      if (random.nextInt(3) == 0) {
        driver.poll(random.nextInt(100_000));
        driver.dispatch();
      }
    }
    return pairs;
  }

  @RepeatedTest(5)
  void everythingThatIsSaidIsHeard() {
    System.out.println("-Dweft.test.seed=" + seed);
    List<Pair> pairs = play(false);
    for (Pair pair : pairs) {
      pair.left.finish();
      pair.right.finish();
    }
    until(() -> pairs.stream().allMatch(pair -> heardAll(pair.left) && heardAll(pair.right)));
    for (Pair pair : pairs) {
      pair.left.check(pair.right);
      pair.right.check(pair.left);
      assertEquals(pair.left.said, pair.right.heard.size());
      assertEquals(pair.right.said, pair.left.heard.size());
      assertEquals(0, pair.left.failures + pair.right.failures);
      pair.left.releaseKept();
      pair.right.releaseKept();
    }
  }

  private boolean heardAll(Peer peer) {
    peer.resume();
    return peer.ends == 1;
  }

  @RepeatedTest(5)
  void nothingIsToldAfterwardsAndNothingIsLost() {
    System.out.println("-Dweft.test.seed=" + seed);
    List<Pair> pairs = play(true);
    for (Pair pair : pairs) {
      pair.left.check(pair.right);
      pair.right.check(pair.left);
      pair.left.over = true;
      pair.left.channel.close();
      pair.right.resume();
    }
    until(() -> pairs.stream().allMatch(pair -> isOver(pair.right)));
    for (Pair pair : pairs) {
      pair.right.check(pair.left);
      pair.right.over = true;
      pair.right.channel.abort();
      pair.left.releaseKept();
      pair.right.releaseKept();
    }
    until(() -> buffers(driver).lent() == 0);
  }

  private static boolean isOver(Peer peer) {
    if (!peer.over) {
      peer.resume();
    }
    return peer.over || peer.ends + peer.failures > 0;
  }
}
