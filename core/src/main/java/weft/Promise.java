package weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A result that is not there yet, bound to a loop: completed once, with a value, an exception or a
/// cancellation. asyncio calls it a future; here that word belongs to the JDK, whose [Future] it
/// also is.
///
/// Thread: the loop's, except for the methods of [Future], which any thread may call.
///
/// @param <T> the type of the result
/// @see <a href="https://docs.python.org/3/library/asyncio-future.html">asyncio futures</a>
public sealed class Promise<T> implements Awaitable<T>, Future<T> permits Task, LinkedPromise {
  /* Overview. `state` moves once, from PENDING to one of the others; `outcome` then holds the value,
   * a Failure, or for CANCELLED the error or message (or null). Whoever waits stands in `waiters`:
   * null, one waiter, or a list. A waiter is a Task that is suspended in await, or a DoneCallback.
   * Completion queues each waiter by itself, in order of registration, and wakes nobody at once: the
   * waiters run in the next batch. Other threads read `state` with acquire semantics and otherwise
   * go through the loop.
   */
  private static final byte PENDING = 0;
  private static final byte VALUE = 1;
  private static final byte FAILED = 2;
  private static final byte CANCELLED = 3;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Promise.class, "state", byte.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final AbstractEventLoop loop;
  private byte state;

  private @Nullable Object outcome;
  private @Nullable Object waiters;
  private @Nullable Throwable created;

  /// A promise of the running loop.
  ///
  /// @throws IllegalStateException if no loop runs on this thread
  public Promise() {
    this(EventLoop.running());
  }

  /// A promise of the given loop.
  public Promise(EventLoop loop) {
    this.loop = AbstractEventLoop.of(loop);
    if (this.loop.debug) {
      created = Debug.trace("promise made");
    }
  }

  /// The loop this promise belongs to. Any thread.
  public final EventLoop loop() {
    return loop;
  }

  /// Whether the promise has its outcome.
  public final boolean done() {
    return state != PENDING;
  }

  /// Whether the outcome is a cancellation. A task that was asked to cancel is not cancelled before
  /// it has ended so.
  public final boolean cancelled() {
    return state == CANCELLED;
  }

  /// The value, or the exception thrown as by [#await()]. Never waits.
  ///
  /// @throws InvalidStateException if there is no outcome yet
  /// @throws CancelledError if the promise was cancelled
  @SuppressWarnings({"unchecked", "NullAway"}) // null only where the user put it
  public final T result() {
    if (state == VALUE) {
      return (T) outcome;
    }
    throw Failures.rethrow(failureOrPending());
  }

  /// The exception as it was given, or null if the outcome is a value. Never waits.
  ///
  /// @throws InvalidStateException if there is no outcome yet
  /// @throws CancelledError if the promise was cancelled
  public final @Nullable Throwable exception() {
    if (state == VALUE) {
      return null;
    }
    Throwable failure = failureOrPending();
    if (state != FAILED) {
      throw Failures.rethrow(failure);
    }
    return failure;
  }

  private Throwable failureOrPending() {
    return switch (state) {
      case FAILED -> ((Failure) Objects.requireNonNull(outcome)).retrieve();
      case CANCELLED -> takeCancelledError();
      default -> new InvalidStateException("the result of " + this + " is not set yet");
    };
  }

  /// The error with which a task ended goes to the first who asks; later ones get a fresh one with
  /// the same message.
  private CancelledError takeCancelledError() {
    if (outcome instanceof CancelledError error) {
      outcome = error.getMessage();
      return error;
    }
    return new CancelledError((String) outcome);
  }

  /// The message of the cancellation, if there is one.
  @Nullable String cancelMessage() {
    return outcome instanceof CancelledError error ? error.getMessage() : (String) outcome;
  }

  /// Completes the promise with a value.
  ///
  /// @throws InvalidStateException if it is done
  public void setResult(T value) {
    complete(VALUE, value);
  }

  /// Completes the promise with an exception.
  ///
  /// @throws InvalidStateException if it is done
  public void setException(Throwable failure) {
    Objects.requireNonNull(failure, "failure");
    if (failure instanceof CancelledError) {
      throw new IllegalArgumentException("a CancelledError is no exception to set: use cancel()");
    }
    fail(failure);
  }

  /// Completes the promise with a value, unless it is done; returns whether it was this call that
  /// did. For those who may be too late, since somebody has cancelled.
  public final boolean trySetResult(T value) {
    loop.checkThread();
    if (state != PENDING) {
      return false;
    }
    setResult(value);
    return true;
  }

  /// Completes the promise with an exception, unless it is done; returns whether it was this call
  /// that did.
  public final boolean trySetException(Throwable failure) {
    loop.checkThread();
    if (state != PENDING) {
      return false;
    }
    setException(failure);
    return true;
  }

  final void fail(Throwable exception) {
    Failure failure = new Failure(loop, exception, created, this instanceof Task);
    complete(FAILED, failure);
    failure.watch(this);
  }

  final void setValue(@Nullable T value) {
    complete(VALUE, value);
  }

  /// Completes the promise without a value, if nobody has: it only served to wait.
  final void release() {
    if (state == PENDING) {
      complete(VALUE, null);
    }
  }

  final void setCancelled(@Nullable Object errorOrMessage) {
    complete(CANCELLED, errorOrMessage);
  }

  private void complete(byte newState, @Nullable Object newOutcome) {
    loop.checkThread();
    if (state != PENDING) {
      throw new InvalidStateException(this + " has its outcome already");
    }
    outcome = newOutcome;
    STATE.setRelease(this, newState);
    Object waiting = waiters;
    if (waiting == null) {
      return;
    }
    waiters = null;
    if (waiting instanceof Waiters several) {
      for (Object waiter : several) {
        queue(waiter);
      }
    } else {
      queue(waiting);
    }
  }

  private void queue(Object waiter) {
    if (waiter instanceof Task<?> task) {
      task.fiber.wake();
    } else {
      loop.submit((DoneCallback<?>) waiter);
    }
  }

  /// Cancels without a message; see [#cancel(String)].
  public final boolean cancel() {
    return cancel(null);
  }

  /// Cancels the promise: whoever awaits it gets a [CancelledError] with this message. For a [Task]
  /// this is a request instead. Returns false if the promise is done; its failure, if any, is then
  /// of no interest any more and not reported.
  public boolean cancel(@Nullable String message) {
    if (state != PENDING) {
      markRetrieved();
      return false;
    }
    setCancelled(message);
    return true;
  }

  /// Registers a callback for the time when the promise is done: queued like [EventLoop#callSoon],
  /// also if it is done already, in a copy of the current context.
  public final void addDoneCallback(Consumer<? super Promise<T>> callback) {
    addDoneCallback(callback, null);
  }

  /// Registers a callback that runs in the given context.
  public final void addDoneCallback(
      Consumer<? super Promise<T>> callback, @Nullable Context context) {
    Object captured = loop.captured(loop.checkCaller(), context);
    addWaiter(new DoneCallback<>(this, Objects.requireNonNull(callback, "callback"), captured));
  }

  /// Takes back all registrations of an equal callback that have not been queued yet; returns how
  /// many there were.
  public final int removeDoneCallback(Consumer<? super Promise<T>> callback) {
    loop.checkThread();
    if (waiters instanceof DoneCallback<?> single) {
      if (single.consumer.equals(callback)) {
        waiters = null;
        return 1;
      }
      return 0;
    }
    if (waiters instanceof Waiters several) {
      int before = several.size();
      several.removeIf(w -> w instanceof DoneCallback<?> c && c.consumer.equals(callback));
      return before - several.size();
    }
    return 0;
  }

  /// Registers a callback of Weft's own, by which `owner` is said to wait for this promise.
  final void addInternalCallback(
      Consumer<? super Promise<T>> callback, @Nullable Promise<?> owner) {
    loop.checkThread();
    addWaiter(new DoneCallback<>(this, callback, owner));
  }

  final void addWaiter(Object waiter) {
    if (state != PENDING) {
      queue(waiter);
    } else if (waiters == null) {
      waiters = waiter;
    } else if (waiters instanceof Waiters several) {
      several.add(waiter);
    } else {
      Waiters several = new Waiters();
      several.add(waiters);
      several.add(waiter);
      waiters = several;
    }
  }

  final void removeWaiter(Object waiter) {
    if (waiters == waiter) {
      waiters = null;
    } else if (waiters instanceof Waiters several) {
      several.remove(waiter);
    }
  }

  /// The tasks that wait for this promise, directly or through `gather`, `shield` and their like.
  public final Set<Task<?>> awaitedBy() {
    loop.checkThread();
    Set<Task<?>> tasks = new LinkedHashSet<>();
    for (Promise<?> waiter : directlyAwaitedBy()) {
      if (waiter instanceof Task<?> task) {
        tasks.add(task);
      } else {
        tasks.addAll(waiter.awaitedBy());
      }
    }
    return tasks;
  }

  final List<Promise<?>> directlyAwaitedBy() {
    if (this instanceof Task<T> task && task.hidden() && task.previousTask != null) {
      return List.of(task.previousTask);
    }
    Object waiting = waiters;
    if (waiting == null) {
      return List.of();
    }
    List<Promise<?>> found = new ArrayList<>();
    for (Object waiter : waiting instanceof Waiters several ? several : List.of(waiting)) {
      Promise<?> owner = waiter instanceof Task<?> task ? task : ((DoneCallback<?>) waiter).owner;
      if (owner != null) {
        found.add(owner);
      }
    }
    return found;
  }

  @Override
  public final T await() {
    Task<?> task = Task.currentOn(loop);
    if (state == PENDING) {
      task.awaitPromise(this);
    }
    return result();
  }

  @Override
  public final <X extends Throwable> T await(Class<X> expected) throws X {
    Task<?> task = Task.currentOn(loop);
    if (state == PENDING) {
      task.awaitPromise(this);
    }
    if (state == FAILED) {
      throw Failures.rethrow(failureOrPending(), expected);
    }
    return result();
  }

  /* ---- java.util.concurrent.Future: any thread ---- */

  /// As [#cancel()], from any thread. Returns false if the promise is done, or its loop closed.
  /// Another thread than the loop's passes the request to the loop, which acts on it at once, or in
  /// its next run if it does not run; true then means only that it was passed on.
  @Override
  public final boolean cancel(boolean mayInterruptIfRunning) {
    if (isDone()) {
      markRetrieved();
      return false;
    }
    return Fiber.running() == loop ? cancel(null) : loop.post(() -> cancel(null));
  }

  /// Whether the promise is done. Any thread.
  @Override
  public final boolean isDone() {
    return (byte) STATE.getAcquire(this) != PENDING;
  }

  /// Whether the promise was cancelled. Any thread.
  @Override
  public final boolean isCancelled() {
    return (byte) STATE.getAcquire(this) == CANCELLED;
  }

  /// Waits for the outcome: in a coroutine of this loop it suspends, on any other thread it blocks.
  ///
  /// @throws ExecutionException if the outcome is an exception
  /// @throws CancellationException if the promise was cancelled
  /// @throws IllegalStateException if called in a callback of the loop that has to complete it, or
  ///   if the loop is closed
  @Override
  public final T get() throws InterruptedException, ExecutionException {
    try {
      return get(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /// Waits for the outcome for a limited time; see [#get()].
  @Override
  public final T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (!isDone()) {
      if (Fiber.running() == loop) {
        waitOnLoop(unit.toNanos(timeout));
      } else {
        ForeignWait.await(this, unit.toNanos(timeout));
      }
    }
    return switch ((byte) STATE.getAcquire(this)) {
      case VALUE -> resultNow();
      case FAILED ->
          throw new ExecutionException(((Failure) Objects.requireNonNull(outcome)).retrieve());
      default -> throw new CancellationException(cancelMessage());
    };
  }

  private void waitOnLoop(long timeoutNanos) throws TimeoutException {
    Task<?> task = loop.currentTask();
    if (task == null) {
      throw new IllegalStateException(
          "get() in a callback of the loop that has to complete "
              + this
              + " would wait for ever: await it in a coroutine, or add a done callback");
    }
    if (timeoutNanos == Long.MAX_VALUE) {
      task.awaitPromise(this);
      throwIfCancelledWith(this);
    } else {
      Promise<Void> timer = new Promise<>(loop);
      Consumer<Promise<T>> done = p -> timer.release();
      addInternalCallback(done, task);
      TimerHandle handle = loop.wakeAfter(timeoutNanos, timer);
      try {
        task.awaitPromise(timer);
        throwIfCancelledWith(timer);
      } finally {
        handle.cancel();
        removeDoneCallback(done);
      }
    }
    if (state == PENDING) {
      throw new TimeoutException();
    }
  }

  /// In a coroutine the cancellation of what it waits for is its own.
  private static void throwIfCancelledWith(Promise<?> awaited) {
    if (awaited.state == CANCELLED) {
      throw awaited.takeCancelledError();
    }
    if (awaited.failure() instanceof CancelledError) { // of what a gather waits for
      awaited.result();
    }
  }

  @Override
  @SuppressWarnings({"unchecked", "NullAway"}) // null only where the user put it
  public final T resultNow() {
    if ((byte) STATE.getAcquire(this) != VALUE) {
      throw new IllegalStateException(this + " has no value");
    }
    return (T) outcome;
  }

  @Override
  public final Throwable exceptionNow() {
    if ((byte) STATE.getAcquire(this) != FAILED) {
      throw new IllegalStateException(this + " has no exception");
    }
    return ((Failure) Objects.requireNonNull(outcome)).retrieve();
  }

  @Override
  public final State state() {
    return switch ((byte) STATE.getAcquire(this)) {
      case PENDING -> State.RUNNING;
      case VALUE -> State.SUCCESS;
      case FAILED -> State.FAILED;
      default -> State.CANCELLED;
    };
  }

  /// A new future of the JDK that gets this outcome; cancelling it cancels the promise. Any thread.
  public final CompletableFuture<T> toCompletableFuture() {
    return Bridges.toCompletableFuture(this);
  }

  /// Hands the outcome to a callback on whichever thread completes the promise; any thread.
  final void onDone(Consumer<? super Promise<T>> callback) {
    if (Fiber.running() == loop) {
      addInternalCallback(callback, (Promise<?>) null);
    } else {
      loop.post(() -> addInternalCallback(callback, (Promise<?>) null));
    }
  }

  /// The exception of a failed promise, without counting as having seen it; null otherwise.
  final @Nullable Throwable failure() {
    return outcome instanceof Failure failure && isDone() ? failure.exception : null;
  }

  final @Nullable Throwable created() {
    return created;
  }

  final void created(@Nullable Throwable where) {
    created = where;
  }

  /// Says that the failure, if any, needs no report: somebody has seen it or does not want to.
  final void markRetrieved() {
    if (outcome instanceof Failure failure && state == FAILED) {
      failure.retrieve();
    }
  }

  final String stateText() {
    return switch ((byte) STATE.getAcquire(this)) {
      case PENDING -> "pending";
      case VALUE -> "finished result=" + Debug.text(outcome);
      case FAILED ->
          "finished exception=" + Debug.text(((Failure) Objects.requireNonNull(outcome)).exception);
      default -> "cancelled";
    };
  }

  final String waitersText() {
    Object waiting = waiters;
    if (waiting == null) {
      return "";
    }
    List<?> all = waiting instanceof Waiters several ? several : List.of(waiting);
    StringBuilder text = new StringBuilder(" cb=[");
    for (int i = 0; i < Math.min(2, all.size()); i++) {
      Object waiter = all.get(i);
      text.append(i == 0 ? "" : ", ")
          .append(
              waiter instanceof Task<?> task
                  ? "wake " + task.name()
                  : Debug.describe(((DoneCallback<?>) waiter).consumer));
    }
    if (all.size() > 2) {
      text.append(", and ").append(all.size() - 2).append(" more");
    }
    return text.append("]").toString();
  }

  /// For example `<Promise pending cb=[wake Task-1]>`.
  @Override
  public String toString() {
    return "<Promise " + stateText() + waitersText() + ">";
  }

  /// More than one waiter; a type of its own, so that a user's list is never mistaken for it.
  private static final class Waiters extends ArrayList<Object> {
    private static final long serialVersionUID = 1;

    Waiters() {
      super(4);
    }
  }

  /// A done callback: once queued, it runs as a handle with the promise as its argument.
  static final class DoneCallback<T> extends Handle {
    private final Promise<T> promise;
    final Consumer<? super Promise<T>> consumer;
    final @Nullable Promise<?> owner;

    DoneCallback(Promise<T> promise, Consumer<? super Promise<T>> consumer, Object captured) {
      super(promise.loop, () -> consumer.accept(promise), captured);
      this.promise = promise;
      this.consumer = consumer;
      this.owner = null;
    }

    DoneCallback(
        Promise<T> promise, Consumer<? super Promise<T>> consumer, @Nullable Promise<?> owner) {
      super(promise.loop);
      this.promise = promise;
      this.consumer = consumer;
      this.owner = owner;
    }

    @Override
    public void run() {
      if (cancelled()) {
        runInternal(); // there is no callback in the handle, and no context
      } else {
        super.run();
      }
    }

    private void runInternal() {
      if (loop.blocked.none()) {
        accept();
      } else {
        loop.runCallback(this::accept); // dependents of a CompletableFuture are a user's code
      }
    }

    private void accept() {
      try {
        consumer.accept(promise);
      } catch (LoopExit exit) {
        throw exit;
      } catch (Throwable t) {
        loop.callExceptionHandler(
            new ErrorContext("Exception in done callback", t).withPromise(promise));
      }
    }
  }
}
