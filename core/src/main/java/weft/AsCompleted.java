package weft;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Several awaitables in the order of their completion, made by [Weft#asCompleted]. A `for` loop
/// over it gives the promises themselves, each done; it can be left and taken up again. Whoever
/// wants only results takes [#nextAwaitable].
///
/// When the time is up, each further item is a [TimeoutException], wrapped in a
/// [CompletionException] where it comes out of the iterator; the tasks themselves go on.
///
/// Thread: the loop's.
///
/// @param <T> the type of the results
public final class AsCompleted<T> implements Iterator<Promise<T>>, Iterable<Promise<T>> {
  private final AbstractEventLoop loop;
  private final ArrayDeque<Promise<T>> done = new ArrayDeque<>();
  private final ArrayDeque<Promise<Void>> waiters = new ArrayDeque<>();
  private final Map<Promise<T>, Boolean> pending = new LinkedHashMap<>();
  private final Consumer<Promise<T>> onDone = this::completed;
  private final @Nullable TimerHandle timer;
  private int left;
  private boolean timedOut;

  @SuppressWarnings("unchecked")
  AsCompleted(Collection<? extends Awaitable<? extends T>> awaitables, @Nullable Duration timeout) {
    loop = AbstractEventLoop.of(EventLoop.running());
    Set<Awaitable<?>> seen = new HashSet<>();
    for (Awaitable<? extends T> awaitable : awaitables) {
      if (seen.add(awaitable)) {
        Promise<T> promise = (Promise<T>) Weft.ensureFuture(awaitable);
        if (promise.loop != loop) {
          throw new IllegalStateException(
              "asCompleted takes promises of the running loop; " + promise + " is another's");
        }
        pending.put(promise, true);
      }
    }
    left = pending.size();
    Task<?> owner = loop.currentTask();
    for (Promise<T> promise : pending.keySet()) {
      promise.addInternalCallback(onDone, owner);
    }
    timer = timeout == null || left == 0 ? null : loop.callLater(timeout, this::timeUp);
  }

  private void completed(Promise<T> promise) {
    if (pending.remove(promise) == null) {
      return;
    }
    done.add(promise);
    wakeNext();
    if (pending.isEmpty() && timer != null) {
      timer.cancel();
    }
  }

  private void timeUp() {
    timedOut = true;
    pending.keySet().forEach(promise -> promise.removeDoneCallback(onDone));
    pending.clear();
    while (!waiters.isEmpty()) {
      wakeNext();
    }
  }

  private void wakeNext() {
    for (Promise<Void> waiter; (waiter = waiters.poll()) != null; ) {
      if (!waiter.done()) {
        waiter.release();
        return;
      }
    }
  }

  /// This object: taking up the iteration goes on where it was left.
  @Override
  public Iterator<Promise<T>> iterator() {
    return this;
  }

  /// Whether there are items that nobody has taken. Never waits.
  @Override
  public boolean hasNext() {
    return left > 0;
  }

  /// Waits for the next promise to be done, and returns it.
  ///
  /// @throws CompletionException around a [TimeoutException] if the time is up
  @Override
  public Promise<T> next() {
    takeOne();
    try {
      return awaitOne();
    } catch (TimeoutException e) {
      throw new CompletionException(e);
    }
  }

  /// A coroutine that waits for the next promise to be done, and returns or throws its outcome.
  ///
  /// @throws NoSuchElementException if there is one for each promise already
  public Coroutine<T> nextAwaitable() {
    takeOne();
    return Weft.async("asCompleted", () -> awaitOne().result());
  }

  private void takeOne() {
    if (left == 0) {
      throw new NoSuchElementException("all have completed");
    }
    left--;
  }

  private Promise<T> awaitOne() throws TimeoutException {
    while (done.isEmpty()) {
      if (timedOut) {
        throw new TimeoutException();
      }
      Promise<Void> waiter = new Promise<>(loop);
      waiters.add(waiter);
      try {
        waiter.await();
      } catch (Throwable thrown) {
        if (!waiters.remove(waiter) && !done.isEmpty()) {
          wakeNext(); // an item was announced to this waiter, and is for the next one now
        }
        left++;
        throw thrown;
      }
    }
    return done.remove();
  }
}
