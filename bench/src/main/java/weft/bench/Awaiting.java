package weft.bench;

import static weft.Weft.await;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;
import weft.Promise;
import weft.sync.AsyncLock;

/// Waiting for what is already there.
///
/// So little work that the compiler sees through it, and would do it once for all iterations. Hence
/// a thousand different promises, and a call between acquire and release that it may not look into.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Awaiting {
  private static final int ROUNDS = 1_000;
  private static final int PROMISES = 1_000;
  private static final int LOCKS = 1_000_000;
  private static final Object TOKEN = new Object();

  private final List<CompletableFuture<Object>> complete =
      Collections.nCopies(PROMISES, TOKEN).stream()
          .map(CompletableFuture::completedFuture)
          .toList();
  private final ReentrantLock reentrant = new ReentrantLock();

  /// A promise that is done is awaited.
  @Benchmark
  @OperationsPerInvocation(ROUNDS * PROMISES)
  public void awaitDone(WarmLoop warm, Blackhole sink) {
    warm.runner.run(
        () -> {
          var done = new ArrayList<Promise<Object>>();
          for (int i = 0; i < PROMISES; i++) {
            var promise = new Promise<Object>();
            promise.setResult(TOKEN);
            done.add(promise);
          }
          for (int round = 0; round < ROUNDS; round++) {
            for (var promise : done) {
              sink.consume(await(promise));
            }
          }
        });
  }

  /// `awaitDone` with `CompletableFuture`s.
  @Benchmark
  @OperationsPerInvocation(ROUNDS * PROMISES)
  public void awaitDoneFuture(Blackhole sink) {
    for (int round = 0; round < ROUNDS; round++) {
      for (var future : complete) {
        sink.consume(future.join());
      }
    }
  }

  /// A free lock is acquired and released.
  @Benchmark
  @OperationsPerInvocation(LOCKS)
  public void lock(WarmLoop warm) {
    warm.runner.run(
        () -> {
          var free = new AsyncLock();
          for (int i = 0; i < LOCKS; i++) {
            try (var held = free.acquire()) {
              unknown(held);
            }
          }
        });
  }

  /// `lock` with a `ReentrantLock`.
  @Benchmark
  @OperationsPerInvocation(LOCKS)
  public void lockReentrant() {
    for (int i = 0; i < LOCKS; i++) {
      reentrant.lock();
      try {
        unknown(reentrant);
      } finally {
        reentrant.unlock();
      }
    }
  }

  /// Might do anything, as far as the compiler knows.
  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  static void unknown(Object held) {}
}
