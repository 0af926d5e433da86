package weft.tck;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import weft.EventLoop;

/// Thousands of random programs. One that fails names its seed; `-Dweft.seed=…` runs it alone.
@Tag("slow")
@Tag("optimised") // for the build: runs with the whole of the JIT
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RandomProgramsTest {
  private static final Long SEED = Long.getLong("weft.seed");

  @Test
  void onVirtualTime() {
    runMany(VirtualLoop::new, 100, 10_000, 2);
  }

  @Test
  void onTheSelectorLoop() {
    runMany(() -> EventLoop.create("selector"), 20, 1_000, 1);
  }

  /// @param programsMin which have to run however long they take
  private static void runMany(
      Supplier<EventLoop> loops, int programsMin, int programsMax, int secondsMax) {
    if (SEED != null) {
      RandomProgram.run(loops.get(), SEED);
      return;
    }
    Random seeds = new Random();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(secondsMax);
    int i = 0;
    for (; i < programsMin || (i < programsMax && System.nanoTime() < end); i++) {
      long seed = seeds.nextLong();
      try {
        RandomProgram.run(loops.get(), seed);
      } catch (Throwable failure) {
        throw new AssertionError(
            "program " + i + " failed; run it alone with -Dweft.seed=" + seed, failure);
      }
    }
    System.out.println(i + " random programs");
  }
}
