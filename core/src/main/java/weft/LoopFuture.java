package weft;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A future of the JDK whose outcome comes from a loop: cancelling it cancels the source, and
/// waiting for it on that loop's own thread is refused in a callback and suspends in a coroutine.
///
/// @param <T> the type of the result
final class LoopFuture<T> extends CompletableFuture<T> {
  private final AbstractEventLoop loop;
  private volatile @Nullable Promise<T> source;

  /// What is to become a task on the loop's thread. Whoever takes it out owns it.
  private final AtomicReference<@Nullable Coroutine<T>> handed = new AtomicReference<>();

  /// The coroutines of the loop that wait. Made on the loop's thread.
  private volatile @Nullable Set<Promise<Void>> waiters;

  private LoopFuture(AbstractEventLoop loop) {
    this.loop = loop;
  }

  static <T> LoopFuture<T> of(AbstractEventLoop loop) {
    LoopFuture<T> future = new LoopFuture<>(loop);
    loop.foreignFutures.add(future);
    future.whenComplete((value, failure) -> future.completed());
    return future;
  }

  private void completed() {
    loop.foreignFutures.remove(this);
    Coroutine<T> neverBegun = takeHanded();
    if (neverBegun != null) {
      neverBegun.close();
    }
    Set<Promise<Void>> waiting = waiters;
    if (waiting != null) {
      waiting.forEach(waiter -> loop.post(waiter::release));
    }
  }

  /// Takes a coroutine along that is closed if this future is completed before [#takeHanded].
  void hand(Coroutine<T> coroutine) {
    handed.set(coroutine);
  }

  /// What was handed over; null if the future was completed before.
  @Nullable Coroutine<T> takeHanded() {
    return handed.getAndSet(null);
  }

  /// Passes the source's outcome on, if there is one. What would do so in its turn is dropped when
  /// the loop closes.
  boolean passIfDone() {
    Promise<T> promise = source;
    if (promise == null || !promise.isDone()) {
      return false;
    }
    Bridges.pass(promise, this);
    return true;
  }

  /// The loop is closed, and has cancelled what it had left.
  void loopClosed() {
    Promise<T> promise = source;
    if (promise == null || promise.isCancelled() || !passIfDone()) {
      completeExceptionally(
          new IllegalStateException("the event loop was closed before this future was completed"));
    }
  }

  /// Says whose outcome this future gets. If it was cancelled before, the source is cancelled now.
  void source(Promise<T> promise) {
    source = promise;
    if (isCancelled()) {
      promise.cancel(true);
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    Promise<T> promise = source;
    if (cancelled && promise != null) {
      promise.cancel(mayInterruptIfRunning);
    }
    return cancelled;
  }

  @Override
  public T get() throws InterruptedException, ExecutionException {
    waitOnLoop(Long.MAX_VALUE);
    return super.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (waitOnLoop(unit.toNanos(timeout))) {
      return super.get(0, TimeUnit.NANOSECONDS);
    }
    return super.get(timeout, unit);
  }

  @Override
  public T join() {
    waitOnLoop(Long.MAX_VALUE);
    return super.join();
  }

  /// Returns whether it was for this method to wait.
  private boolean waitOnLoop(long timeoutNanos) {
    if (isDone() || Fiber.running() != loop) {
      return false;
    }
    Task<?> task = loop.currentTask();
    if (task == null) {
      throw new IllegalStateException(
          "waiting in a callback for a future that this callback's own event loop has to complete"
              + " would last for ever: await it in a coroutine, or use whenComplete");
    }
    Promise<Void> waiter = new Promise<>(loop);
    Set<Promise<Void>> waiting = waiters;
    if (waiting == null) {
      waiting = ConcurrentHashMap.newKeySet();
      waiters = waiting;
    }
    waiting.add(waiter);
    TimerHandle timer =
        timeoutNanos == Long.MAX_VALUE ? null : loop.wakeAfter(timeoutNanos, waiter);
    try {
      if (!isDone()) { // after the waiter can be seen: who completes looks for it afterwards
        waiter.await();
      }
    } finally {
      waiting.remove(waiter);
      if (timer != null) {
        timer.cancel();
      }
    }
    return true;
  }
}
