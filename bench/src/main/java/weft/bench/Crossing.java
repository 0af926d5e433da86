package weft.bench;

import static weft.Weft.await;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import weft.EventLoop;
import weft.Promise;

/// Callbacks handed over by four other threads.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Crossing {
  private static final int PRODUCERS = 4;
  private static final int CALLS = 400_000;
  private static final Object TOKEN = new Object();

  private final ExecutorService single =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

  /// Four threads call `callSoonThreadsafe`; over when the loop has run the last callback.
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public Object threadsafe(WarmLoop warm) {
    return warm.runner.run(
        () -> {
          var loop = EventLoop.running();
          var done = new Promise<Object>();
          produce(loop::callSoonThreadsafe, new Countdown(() -> done.setResult(TOKEN)));
          return await(done);
        });
  }

  /// The floor of `threadsafe`: a lock-free queue and a consumer that never sleeps.
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public int threadsafeQueue() {
    var queue = new ConcurrentLinkedQueue<Runnable>();
    var countdown = new Countdown(() -> {});
    produce(queue::add, countdown);
    while (countdown.left > 0) {
      var next = queue.poll();
      if (next != null) {
        next.run();
      } else {
        Thread.onSpinWait();
      }
    }
    return countdown.left;
  }

  /// The same with the JDK's executor of one thread.
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void threadsafeExecutor() throws InterruptedException {
    var done = new CountDownLatch(1);
    produce(single::execute, new Countdown(done::countDown));
    done.await();
  }

  @TearDown
  public void close() {
    single.shutdown();
  }

  private static void produce(Consumer<Runnable> target, Runnable callback) {
    for (int producer = 0; producer < PRODUCERS; producer++) {
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                for (int i = 0; i < CALLS / PRODUCERS; i++) {
                  target.accept(callback);
                }
              });
    }
  }

  /// Runs on the consumer's thread only: a plain field.
  private static final class Countdown implements Runnable {
    private final Runnable last;
    private int left = CALLS;

    Countdown(Runnable last) {
      this.last = last;
    }

    @Override
    public void run() {
      if (--left == 0) {
        last.run();
      }
    }
  }
}
