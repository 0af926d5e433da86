package weft;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// `gather` and `shield`: one promise made of others.
final class Gather<T, R> {
  /// One object, so that a promise shielded several times reports a late failure once.
  private static final Consumer<Promise<?>> REPORT_LATE = Gather::reportLate;

  private final List<Promise<T>> inOrder = new ArrayList<>();
  private final Map<Awaitable<?>, Promise<T>> distinct = new LinkedHashMap<>();
  private final LinkedPromise.Gathering<R> outer;
  private final boolean settle;
  private int finished;

  @SuppressWarnings("unchecked")
  private Gather(
      AbstractEventLoop loop,
      Collection<? extends Awaitable<? extends T>> awaitables,
      boolean settle) {
    this.settle = settle;
    for (Awaitable<? extends T> awaitable : awaitables) {
      Promise<T> child = distinct.get(Objects.requireNonNull(awaitable, "awaitable"));
      if (child == null) {
        child = (Promise<T>) Weft.ensureFuture(awaitable);
        distinct.put(awaitable, child);
      }
      if (child.loop != loop) {
        throw new IllegalArgumentException(
            "gather takes promises of one event loop; " + child + " belongs to another");
      }
      inOrder.add(child);
    }
    outer = new LinkedPromise.Gathering<>(loop, inOrder, distinct.values(), settle);
  }

  static <T> Promise<List<T>> results(Collection<? extends Awaitable<? extends T>> awaitables) {
    return new Gather<T, List<T>>(loopOf(awaitables), awaitables, false).start();
  }

  static <T> Promise<List<Promise<T>>> settled(
      Collection<? extends Awaitable<? extends T>> awaitables) {
    return new Gather<T, List<Promise<T>>>(loopOf(awaitables), awaitables, true).start();
  }

  private static AbstractEventLoop loopOf(Collection<? extends Awaitable<?>> awaitables) {
    for (Awaitable<?> awaitable : awaitables) {
      if (awaitable instanceof Promise<?> promise) {
        return promise.loop;
      }
    }
    return AbstractEventLoop.of(EventLoop.running());
  }

  private Promise<R> start() {
    if (inOrder.isEmpty()) {
      outer.setValue(outcome());
    }
    for (Promise<T> child : List.copyOf(distinct.values())) {
      if (child.done()) {
        childDone(child);
      } else {
        child.addInternalCallback(this::childDone, outer);
      }
    }
    return outer;
  }

  private void childDone(Promise<T> child) {
    finished++;
    if (outer.done()) {
      child.markRetrieved();
      return;
    }
    if (!settle) {
      Throwable failure = failureOf(child);
      if (failure != null) {
        outer.fail(failure);
        return;
      }
    }
    if (finished == distinct.size()) {
      if (outer.cancelRequested()) {
        inOrder.forEach(Promise::markRetrieved);
        outer.fail(
            new CancelledError(child.cancelled() ? child.cancelMessage() : outer.requestMessage()));
      } else {
        outer.setValue(outcome());
      }
    }
  }

  /// A cancelled child counts as one that failed with the cancellation.
  private static @Nullable Throwable failureOf(Promise<?> child) {
    if (child.cancelled()) {
      return new CancelledError(child.cancelMessage());
    }
    return child.exception();
  }

  @SuppressWarnings("unchecked")
  private R outcome() {
    if (settle) {
      inOrder.forEach(Promise::markRetrieved);
      return (R) List.copyOf(inOrder);
    }
    List<T> results = new ArrayList<>(inOrder.size());
    for (Promise<T> child : inOrder) {
      results.add(child.result());
    }
    return (R) results;
  }

  /* ---- shield ---- */

  static <T> Promise<T> shield(Awaitable<T> awaitable) {
    Promise<T> inner = Weft.ensureFuture(awaitable);
    if (inner.done()) {
      return inner;
    }
    LinkedPromise.Shielding<T> outer = new LinkedPromise.Shielding<>(inner);
    Consumer<Promise<T>> pass = done -> copy(done, outer);
    inner.addInternalCallback(pass, outer);
    outer.addInternalCallback(
        p -> {
          if (!inner.done()) {
            inner.removeDoneCallback(pass);
            inner.removeDoneCallback(REPORT_LATE);
            inner.addInternalCallback(REPORT_LATE, (Promise<?>) null);
          }
        },
        (Promise<?>) null);
    return outer;
  }

  private static void reportLate(Promise<?> inner) {
    if (inner.cancelled()) {
      return;
    }
    Throwable failure = inner.exception();
    if (failure != null) {
      inner.loop.callExceptionHandler(
          new ErrorContext(
                  failure.getClass().getSimpleName() + " exception in shielded future", failure)
              .withPromise(inner));
    }
  }

  private static <T> void copy(Promise<T> from, Promise<T> to) {
    if (to.done()) {
      return;
    }
    if (from.cancelled()) {
      to.setCancelled(from.cancelMessage());
      return;
    }
    Throwable failure = from.exception();
    if (failure != null) {
      to.fail(failure);
    } else {
      to.setValue(from.result());
    }
  }
}
