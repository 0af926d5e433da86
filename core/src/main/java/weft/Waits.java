package weft;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Future.State;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Waiting for several promises without a say in what becomes of them, and for one with a limit.
final class Waits {
  enum Until {
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION
  }

  private Waits() {}

  @SuppressWarnings("unchecked")
  static <T> Waited<T> waitUntil(
      Collection<? extends Promise<? extends T>> promises,
      Until until,
      @Nullable Duration timeout) {
    Task<?> task = Task.currentOrThrow();
    List<Promise<T>> distinct =
        (List<Promise<T>>) (List<?>) List.copyOf(new LinkedHashSet<>(promises));
    if (distinct.isEmpty()) {
      throw new IllegalArgumentException("there is nothing to wait for: the collection is empty");
    }
    distinct.forEach(task::checkOwn);
    Promise<Void> waiter =
        new LinkedPromise.Waiting(
            task.loop,
            distinct,
            timeout == null && (until == Until.ALL_COMPLETED || distinct.size() == 1));
    int[] missing = {distinct.size()};
    Consumer<Promise<T>> onDone =
        promise -> {
          missing[0]--;
          boolean enough =
              missing[0] <= 0
                  || until == Until.FIRST_COMPLETED
                  || (until == Until.FIRST_EXCEPTION && promise.state() == State.FAILED);
          if (enough) {
            waiter.release();
          }
        };
    TimerHandle timer =
        timeout == null ? null : task.loop.wakeAfter(Durations.nanos(timeout), waiter);
    for (Promise<T> promise : distinct) {
      promise.addInternalCallback(onDone, task);
    }
    try {
      waiter.await();
    } finally {
      if (timer != null) {
        timer.cancel();
      }
      distinct.forEach(p -> p.removeDoneCallback(onDone));
    }
    Set<Promise<T>> done = new LinkedHashSet<>();
    Set<Promise<T>> pending = new LinkedHashSet<>();
    for (Promise<T> promise : distinct) {
      (promise.done() ? done : pending).add(promise);
    }
    return new Waited<>(done, pending);
  }

  static <T> T waitFor(Awaitable<T> awaitable, @Nullable Duration timeout) throws TimeoutException {
    Task<?> task = Task.currentOrThrow();
    Objects.requireNonNull(awaitable, "awaitable");
    if (timeout == null || timeout.isPositive()) {
      return Weft.timeout(timeout, () -> awaitable.await());
    }
    if (awaitable instanceof Coroutine<T> unstarted) {
      unstarted.claim();
      task.yieldTurn(); // who asks again and again must not keep the loop from what is asked for
      throw new TimeoutException();
    }
    Promise<T> promise = (Promise<T>) awaitable;
    if (promise.done()) {
      return promise.result();
    }
    cancelAndWait(task, promise);
    try {
      return promise.result();
    } catch (CancelledError cancelled) {
      throw withCause(cancelled);
    }
  }

  private static <T> void cancelAndWait(Task<?> task, Promise<T> promise) {
    task.checkOwn(promise);
    Promise<Void> waiter = new LinkedPromise.Waiting(task.loop, List.of(promise), true);
    Consumer<Promise<T>> release = p -> waiter.release();
    promise.addInternalCallback(release, task);
    promise.cancel();
    try {
      waiter.await();
    } finally {
      promise.removeDoneCallback(release);
    }
  }

  static TimeoutException withCause(CancelledError cancelled) {
    TimeoutException timeout = new TimeoutException();
    timeout.initCause(cancelled);
    return timeout;
  }
}
