package weft;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The way of jobs to other threads and of their results back.
final class LoopExecutor {
  private static final AtomicInteger POOLS = new AtomicInteger();

  private final AbstractEventLoop loop;
  private @Nullable ExecutorService pool;
  private boolean shutDown;

  /// How many jobs of the default executor have not ended, and who waits until none is left.
  private int jobs;

  private final List<Promise<Void>> idle = new ArrayList<>();

  LoopExecutor(AbstractEventLoop loop) {
    this.loop = loop;
  }

  void replace(ExecutorService replacement) {
    pool = replacement;
  }

  <T> Promise<T> run(@Nullable Executor on, Body<T> body) {
    Executor executor = on == null ? pool() : on;
    Promise<T> promise = new Promise<>(loop);
    AtomicBoolean taken = new AtomicBoolean();
    Runnable ended = on == null ? this::jobEnded : () -> {};
    promise.addInternalCallback(
        p -> {
          if (p.cancelled() && taken.compareAndSet(false, true)) {
            ended.run();
          }
        },
        null);
    executor.execute(
        () -> {
          if (taken.compareAndSet(false, true)) {
            call(body, promise, ended);
          }
        });
    if (on == null) {
      jobs++;
    }
    return promise;
  }

  /// Runs on the executor's thread. A result that comes too late for a cancelled promise or a
  /// closed loop is dropped.
  @SuppressWarnings("NullAway") // null only where the user put it
  private <T> void call(Body<T> body, Promise<T> promise, Runnable ended) {
    T value = null;
    Throwable thrown = null;
    try {
      value = body.call();
    } catch (Throwable t) {
      thrown = t;
    }
    T result = value;
    Throwable failure = thrown;
    loop.post(
        () -> {
          ended.run();
          if (promise.done()) {
            return;
          }
          if (failure == null) {
            promise.setValue(result);
          } else if (failure instanceof CancelledError) {
            promise.setCancelled(failure);
          } else {
            promise.fail(failure);
          }
        });
  }

  private void jobEnded() {
    if (--jobs == 0) {
      idle.forEach(Promise::release);
      idle.clear();
    }
  }

  private Executor pool() {
    if (shutDown) {
      throw new IllegalStateException("the default executor of this event loop was shut down");
    }
    ExecutorService existing = pool;
    if (existing == null) {
      existing = newPool();
      pool = existing;
    }
    return existing;
  }

  /// As many threads as asyncio's: enough for blocking calls, few enough to be cheap. Idle ones
  /// end.
  private static ExecutorService newPool() {
    int threadsMax = Math.min(32, Runtime.getRuntime().availableProcessors() + 4);
    String prefix = "weft-" + POOLS.incrementAndGet() + "-";
    AtomicInteger made = new AtomicInteger();
    ThreadFactory threads =
        job -> {
          Thread thread = new Thread(job, prefix + made.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        };
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threadsMax, threadsMax, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /// The body of [EventLoop#shutdownDefaultExecutor].
  void shutdown(@Nullable Duration timeout) {
    shutDown = true;
    ExecutorService existing = pool;
    if (existing == null) {
      return;
    }
    boolean ours = requestShutdown(existing);
    if (ours && existing.isTerminated()) {
      return;
    }
    long timeoutNanos = timeout == null ? Long.MAX_VALUE : Durations.nanos(timeout);
    if (!(ours ? ends(existing, timeoutNanos) : jobsEnd(timeoutNanos))) {
      Debug.logger()
          .log(
              Level.WARNING,
              "the default executor did not end within "
                  + timeout
                  + "; its threads are left alone");
    }
  }

  /// Waits on a thread of its own.
  private boolean ends(ExecutorService existing, long timeoutNanos) {
    return run(
            job -> Thread.ofPlatform().daemon().name("weft-join").start(job),
            () -> existing.awaitTermination(timeoutNanos, TimeUnit.NANOSECONDS))
        .await();
  }

  /// Of an executor that cannot be shut down, such as the common pool, only the loop's own jobs are
  /// waited for.
  private boolean jobsEnd(long timeoutNanos) {
    if (jobs == 0) {
      return true;
    }
    Promise<Void> ended = new Promise<>(loop);
    idle.add(ended);
    TimerHandle timer = timeoutNanos == Long.MAX_VALUE ? null : loop.wakeAfter(timeoutNanos, ended);
    try {
      ended.await();
    } finally {
      idle.remove(ended);
      if (timer != null) {
        timer.cancel();
      }
    }
    return jobs == 0;
  }

  /// When the loop closes: no new jobs, no waiting.
  void close() {
    shutDown = true;
    ExecutorService existing = pool;
    if (existing != null) {
      requestShutdown(existing);
    }
  }

  /// Returns false if the executor is not for us to shut down: some ignore it, some throw.
  private static boolean requestShutdown(ExecutorService pool) {
    try {
      pool.shutdown();
      return pool.isShutdown();
    } catch (RuntimeException refused) {
      return false;
    }
  }
}
