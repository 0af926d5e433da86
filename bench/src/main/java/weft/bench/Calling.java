package weft.bench;

import static weft.Weft.await;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

/// Callbacks that schedule the next one, each in a turn of the loop of its own.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Calling {
  private static final int CALLS = 1_000_000;
  private static final Object TOKEN = new Object();

  private final ExecutorService single =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

  /// A callback schedules the next by `callSoon`.
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public Object callSoon(WarmLoop warm) {
    return warm.runner.run(
        () -> {
          var loop = EventLoop.running();
          var done = new Promise<Object>();
          loop.callSoon(new Step(loop, done));
          return await(done);
        });
  }

  /// The floor of `callSoon`: an array deque, drained by a `while`.
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public int callSoonDeque() {
    var ready = new ArrayDeque<Runnable>();
    var link = new Link(ready::add, new CompletableFuture<>());
    ready.add(link);
    for (Runnable next; (next = ready.poll()) != null; ) {
      next.run();
    }
    return link.left;
  }

  /// The same chain on the JDK's executor of one thread.
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public @Nullable Object callSoonExecutor() {
    var done = new CompletableFuture<@Nullable Object>();
    single.execute(new Link(single, done));
    return done.join();
  }

  @TearDown
  public void close() {
    single.shutdown();
  }

  private static final class Step implements Runnable {
    private final EventLoop loop;
    private final Promise<Object> done;
    private int left = CALLS;

    Step(EventLoop loop, Promise<Object> done) {
      this.loop = loop;
      this.done = done;
    }

    @Override
    public void run() {
      if (--left > 0) {
        loop.callSoon(this);
      } else {
        done.setResult(TOKEN);
      }
    }
  }

  private static final class Link implements Runnable {
    private final Executor executor;
    private final CompletableFuture<@Nullable Object> done;
    private int left = CALLS;

    Link(Executor executor, CompletableFuture<@Nullable Object> done) {
      this.executor = executor;
      this.done = done;
    }

    @Override
    public void run() {
      if (--left > 0) {
        executor.execute(this);
      } else {
        done.complete(TOKEN);
      }
    }
  }
}
