package weft;

import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The ways between promises and the JDK's own futures, stages and publishers. Completion on a
/// foreign thread is passed to the loop; cancellation is passed on in both directions.
final class Bridges {
  private Bridges() {}

  /* ---- From the JDK ---- */

  static <T> Promise<T> wrap(CompletionStage<T> stage, AbstractEventLoop loop) {
    Promise<T> promise = new Promise<>(loop);
    CompletableFuture<T> future = asFuture(stage);
    if (future != null) {
      if (future.isDone()) {
        settle(promise, future);
        return promise;
      }
      cancelWith(promise, future);
    }
    stage.whenComplete((value, failure) -> loop.post(() -> complete(promise, value, failure)));
    return promise;
  }

  /// The stage itself, or a copy if it is one of those that can only be completed; null if it
  /// refuses that too.
  private static <T> @Nullable CompletableFuture<T> asFuture(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture();
    } catch (UnsupportedOperationException refused) {
      return null;
    }
  }

  static <T> Promise<T> wrap(Future<T> future, AbstractEventLoop loop) {
    if (future instanceof Promise<T> promise && promise.loop == loop) {
      return promise;
    }
    if (future instanceof Promise<T> foreign) {
      return wrap((CompletionStage<T>) foreign.toCompletableFuture(), loop);
    }
    if (future instanceof CompletionStage<?>) {
      @SuppressWarnings("unchecked")
      CompletionStage<T> stage = (CompletionStage<T>) future;
      return wrap(stage, loop);
    }
    Promise<T> promise = new Promise<>(loop);
    cancelWith(promise, future);
    if (future.isDone()) {
      settle(promise, future);
    } else {
      Thread.ofVirtual()
          .name("weft-future")
          .start(
              () -> {
                awaitOutside(future);
                loop.post(() -> settle(promise, future));
              });
    }
    return promise;
  }

  /// A future that can only be asked is asked on a thread of its own.
  private static void awaitOutside(Future<?> future) {
    try {
      future.get();
    } catch (Throwable seenBySettle) {
      // settle reads the outcome again
    }
  }

  private static void cancelWith(Promise<?> promise, Future<?> source) {
    promise.addInternalCallback(
        p -> {
          if (p.cancelled()) {
            source.cancel(true);
          }
        },
        (Promise<?>) null);
  }

  private static <T> void settle(Promise<T> promise, Future<T> future) {
    try {
      complete(promise, future.get(), null);
    } catch (ExecutionException e) {
      complete(promise, null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      complete(promise, null, e);
    } catch (RuntimeException | Error e) {
      complete(promise, null, e);
    }
  }

  @SuppressWarnings("NullAway") // null only where the stage put it
  private static <T> void complete(
      Promise<T> promise, @Nullable T value, @Nullable Throwable failure) {
    if (promise.done()) {
      return;
    }
    Throwable bare = failure == null ? null : Failures.unwrapJdk(failure);
    if (bare == null) {
      promise.setValue(value);
    } else if (bare instanceof java.util.concurrent.CancellationException
        || bare instanceof CancelledError) {
      promise.setCancelled(bare.getMessage());
    } else {
      promise.fail(bare);
    }
  }

  static <T> Promise<T> first(Flow.Publisher<T> publisher, AbstractEventLoop loop) {
    Promise<T> promise = new Promise<>(loop);
    First<T> subscriber = new First<>(promise);
    promise.addInternalCallback(p -> subscriber.cancel(), (Promise<?>) null);
    publisher.subscribe(subscriber);
    return promise;
  }

  /// Asks for one item and cancels the subscription as soon as it is there, or nobody wants it.
  private static final class First<T> implements Flow.Subscriber<T> {
    private final Promise<T> promise;
    private final AtomicReference<Flow.@Nullable Subscription> subscription =
        new AtomicReference<>();

    First(Promise<T> promise) {
      this.promise = promise;
    }

    void cancel() {
      Flow.Subscription current = subscription.get();
      if (current != null) {
        current.cancel();
      }
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      if (!subscription.compareAndSet(null, given)) {
        given.cancel();
        return;
      }
      if (promise.isDone()) {
        given.cancel(); // nobody wants the item any more
        return;
      }
      given.request(1);
    }

    @Override
    public void onNext(T item) {
      promise.loop.post(() -> complete(promise, item, null));
    }

    @Override
    public void onError(Throwable failure) {
      promise.loop.post(() -> complete(promise, null, failure));
    }

    @Override
    public void onComplete() {
      promise.loop.post(
          () ->
              complete(
                  promise,
                  null,
                  new NoSuchElementException("the publisher completed without an item")));
    }
  }

  /* ---- To the JDK ---- */

  static <T> CompletableFuture<T> toCompletableFuture(Promise<T> promise) {
    LoopFuture<T> future = LoopFuture.of(promise.loop);
    future.source(promise);
    if (promise.isDone()) {
      pass(promise, future);
    } else {
      promise.onDone(done -> pass(done, future));
      if (promise.loop.isClosed()) {
        future.loopClosed();
      }
    }
    return future;
  }

  static <T> void pass(Promise<T> from, CompletableFuture<T> to) {
    if (from.cancelled()) {
      to.cancel(false);
      return;
    }
    Throwable failure = from.exception();
    if (failure == null) {
      to.complete(from.result());
    } else {
      to.completeExceptionally(failure);
    }
  }

  /// Submits to another thread's loop. What goes wrong before the task exists reaches the future
  /// too.
  static <T> CompletableFuture<T> submit(Coroutine<T> coroutine, AbstractEventLoop loop) {
    LoopFuture<T> future = LoopFuture.of(loop);
    future.hand(coroutine);
    boolean passed = false;
    try {
      loop.callSoonThreadsafe(() -> begin(loop, future));
      passed = true;
    } finally {
      if (!passed) {
        future.loopClosed();
      }
    }
    return future;
  }

  private static <T> void begin(AbstractEventLoop loop, LoopFuture<T> future) {
    Coroutine<T> coroutine = future.takeHanded();
    if (coroutine == null) {
      return;
    }
    try {
      Task<T> task = loop.createTask(coroutine);
      future.source(task);
      task.addInternalCallback(done -> pass(done, future), (Promise<?>) null);
    } catch (Throwable t) {
      future.completeExceptionally(t);
      throw t; // those who look after the loop are told, too: its task factory may be broken
    }
  }
}
