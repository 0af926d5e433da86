package weft.bench;

import static weft.Weft.await;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;
import weft.Promise;
import weft.sync.AsyncLock;

/// Waiting for what is already there.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Awaiting {
  private static final int WAITS = 1_000_000;
  private static final Object TOKEN = new Object();

  private final CompletableFuture<Object> complete = CompletableFuture.completedFuture(TOKEN);
  private final ReentrantLock reentrant = new ReentrantLock();

  /// A promise that is done is awaited.
  @Benchmark
  @OperationsPerInvocation(WAITS)
  public void awaitDone(WarmLoop warm, Blackhole sink) {
    warm.runner.run(
        () -> {
          var done = new Promise<Object>();
          done.setResult(TOKEN);
          for (int i = 0; i < WAITS; i++) {
            sink.consume(await(done));
          }
        });
  }

  /// `awaitDone` with a `CompletableFuture`.
  @Benchmark
  @OperationsPerInvocation(WAITS)
  public void awaitDoneFuture(Blackhole sink) {
    for (int i = 0; i < WAITS; i++) {
      sink.consume(complete.join());
    }
  }

  /// A free lock is acquired and released.
  @Benchmark
  @OperationsPerInvocation(WAITS)
  public void lock(WarmLoop warm, Blackhole sink) {
    warm.runner.run(
        () -> {
          var free = new AsyncLock();
          for (int i = 0; i < WAITS; i++) {
            try (var hold = free.acquire()) {
              sink.consume(hold); // Else the compiler sees that nothing happens in between.
            }
          }
        });
  }

  /// `lock` with a `ReentrantLock`.
  @Benchmark
  @OperationsPerInvocation(WAITS)
  public void lockReentrant(Blackhole sink) {
    for (int i = 0; i < WAITS; i++) {
      reentrant.lock();
      try {
        sink.consume(reentrant);
      } finally {
        reentrant.unlock();
      }
    }
  }
}
