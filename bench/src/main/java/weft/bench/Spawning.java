package weft.bench;

import static weft.Weft.await;
import static weft.Weft.createTask;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/// Tasks that are born and die.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Spawning {
  private static final int TASKS = 100_000;
  private static final Object TOKEN = new Object();

  /// A task is created and awaited.
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public void createAwait(WarmLoop warm, Blackhole sink) {
    warm.runner.run(
        () -> {
          for (int i = 0; i < TASKS; i++) {
            sink.consume(await(createTask(() -> TOKEN)));
          }
        });
  }

  /// The floor of `createAwait`: a bare continuation makes another and leaves; the new one runs to
  /// its end; the first is entered again.
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public void createAwaitRaw(Blackhole sink) {
    var next = new ArrayDeque<RawContinuation>();
    var creator =
        new RawContinuation(
            () -> {
              for (int i = 0; i < TASKS; i++) {
                next.add(new RawContinuation(() -> sink.consume(TOKEN)));
                RawContinuation.leave();
              }
            });
    for (int i = 0; i < TASKS; i++) {
      creator.run();
      next.remove().run();
    }
  }

  /// A virtual thread of the JDK's own scheduler starts and joins another.
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public void createAwaitThreads(Blackhole sink) throws InterruptedException {
    Thread.ofVirtual()
        .start(
            () -> {
              for (int i = 0; i < TASKS; i++) {
                join(Thread.startVirtualThread(() -> sink.consume(TOKEN)));
              }
            })
        .join();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
