package weft.bench;

import static weft.Weft.sleep;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import weft.EventLoop;

/// Timers that are armed and cancelled while many others wait, as timeouts are.
///
/// The loop turns once every thousand timers, so that a loop that clears cancelled timers up later
/// pays for it within the figure.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Arming {
  private static final int ROUNDS = 100;
  private static final int DELAYS = 1_000;
  private static final long HOUR_NANOS = Duration.ofHours(1).toNanos();

  /// A timer of the loop is armed and cancelled.
  @Benchmark
  @OperationsPerInvocation(ROUNDS * DELAYS)
  public void timer(WarmLoop warm, LoopTimers armed, Deadlines deadlines) {
    warm.runner.run(
        () -> {
          var loop = EventLoop.running();
          for (int round = 0; round < ROUNDS; round++) {
            for (var delay : deadlines.delays) {
              loop.callLater(delay, Arming::nothing).cancel();
            }
            sleep(Duration.ZERO);
          }
        });
  }

  /// The same with the JDK's scheduled executor, told to remove what is cancelled.
  @Benchmark
  @OperationsPerInvocation(ROUNDS * DELAYS)
  public void timerExecutor(ExecutorTimers timers, Deadlines deadlines) {
    for (int round = 0; round < ROUNDS; round++) {
      for (var delay : deadlines.delays) {
        timers
            .executor
            .schedule(Arming::nothing, delay.toNanos(), TimeUnit.NANOSECONDS)
            .cancel(false);
      }
    }
  }

  private static void nothing() {}

  /// How many timers wait, and how the deadlines of the measured ones lie to theirs.
  @State(Scope.Thread)
  public static class Deadlines {
    @Param({"1000", "100000", "1000000"})
    public int armed;

    /// `random`: anywhere among the waiting ones. `earliest`: before all of them.
    @Param({"random", "earliest"})
    public String order = "random";

    private final Random random = new Random(7);
    private final Duration[] delays = new Duration[DELAYS];

    @Setup
    public void choose() {
      for (int i = 0; i < DELAYS; i++) {
        delays[i] = order.equals("earliest") ? Duration.ofMinutes(30) : anywhere();
      }
    }

    private Duration anywhere() {
      return Duration.ofNanos(HOUR_NANOS + random.nextLong(HOUR_NANOS));
    }
  }

  /// The waiting ones, on the loop.
  @State(Scope.Thread)
  public static class LoopTimers {
    @Setup
    public void arm(WarmLoop warm, Deadlines deadlines) {
      warm.runner.run(
          () -> {
            var loop = EventLoop.running();
            for (int i = 0; i < deadlines.armed; i++) {
              loop.callLater(deadlines.anywhere(), Arming::nothing);
            }
          });
    }
  }

  /// The waiting ones, on an executor.
  @State(Scope.Thread)
  public static class ExecutorTimers {
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);

    @Setup
    public void arm(Deadlines deadlines) {
      executor.setRemoveOnCancelPolicy(true);
      for (int i = 0; i < deadlines.armed; i++) {
        var _ =
            executor.schedule(
                Arming::nothing, deadlines.anywhere().toNanos(), TimeUnit.NANOSECONDS);
      }
    }

    @TearDown
    public void close() {
      executor.shutdownNow();
    }
  }
}
