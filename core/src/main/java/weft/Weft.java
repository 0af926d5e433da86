package weft;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The front door, meant for `import static weft.Weft.*`: run a program, make coroutines and tasks,
/// wait.
///
/// A *body* is a lambda; a [Coroutine] is a body that has not begun; a [Task] is a coroutine that
/// runs concurrently on a loop. Most methods that accept a coroutine accept a body, too.
///
/// Thread: [#run] on any thread without a loop, [#async] and [#runCoroutineThreadsafe] anywhere,
/// everything else on the thread of a running loop; what suspends, only in a coroutine.
///
/// @see <a href="https://docs.python.org/3/library/asyncio.html">asyncio</a>
public final class Weft {
  private Weft() {}

  /// How coroutines suspend: `direct` or `portable`.
  public static String engine() {
    return Fiber.engine();
  }

  /* ---- Running a program ---- */

  /// Makes a loop, runs the awaitable to its end, cancels and awaits the tasks that are left,
  /// closes the loop, and returns or throws the outcome as `await` does.
  ///
  /// @throws IllegalStateException inside a running loop
  public static <T> T run(Awaitable<T> main) {
    return run(main, RunOptions.defaults());
  }

  /// Runs an awaitable with wishes.
  public static <T> T run(Awaitable<T> main, RunOptions options) {
    refuseNested(main);
    Runner runner = new Runner(options);
    T result;
    try {
      result = runner.run(main);
    } catch (Throwable thrown) {
      closeAfter(runner, thrown);
      throw thrown;
    }
    runner.close();
    return result;
  }

  private static void closeAfter(Runner runner, Throwable thrown) {
    try {
      runner.close();
    } catch (Throwable again) {
      if (again != thrown) {
        thrown.addSuppressed(again);
      }
    }
  }

  private static void refuseNested(Awaitable<?> main) {
    if (Fiber.running() != null) {
      if (main instanceof Coroutine<?> unused) {
        unused.close();
      }
      throw new IllegalStateException(
          "run inside a running event loop: in a coroutine use await, in a callback createTask");
    }
  }

  /// Runs a body.
  public static <T> T run(Body<T> main) {
    return run(async(main), RunOptions.defaults());
  }

  /// Runs a body with wishes.
  public static <T> T run(Body<T> main, RunOptions options) {
    return run(async(main), options);
  }

  /// Runs a body.
  public static void run(VoidBody main) {
    run(async(main), RunOptions.defaults());
  }

  /// Runs a body with wishes.
  public static void run(VoidBody main, RunOptions options) {
    run(async(main), options);
  }

  /* ---- Coroutines ---- */

  /// Makes a coroutine, named after the method that calls this. Nothing runs until it is awaited or
  /// made a task.
  public static <T> Coroutine<T> async(Body<T> body) {
    return Coroutine.of(CoroutineNames.of(Objects.requireNonNull(body, "body")), body);
  }

  /// Makes a coroutine without a result.
  public static Coroutine<Void> async(VoidBody body) {
    return Coroutine.of(CoroutineNames.of(Objects.requireNonNull(body, "body")), body);
  }

  /// Makes a coroutine of the given name.
  public static <T> Coroutine<T> async(String name, Body<T> body) {
    return Coroutine.of(Objects.requireNonNull(name, "name"), body);
  }

  /// Makes a coroutine of the given name, without a result.
  public static Coroutine<Void> async(String name, VoidBody body) {
    return Coroutine.of(Objects.requireNonNull(name, "name"), body);
  }

  /* ---- Waiting for one thing ---- */

  /// Waits for a coroutine, which runs inline, or a promise; see [Awaitable#await()].
  public static <T> T await(Awaitable<T> awaitable) {
    return awaitable.await();
  }

  /// Waits for a promise or task; see [Awaitable#await()].
  public static <T> T await(Promise<T> promise) {
    return promise.await();
  }

  /// Waits for a stage of the JDK; one that is complete does not suspend. If this task is cancelled
  /// meanwhile, the stage is cancelled.
  public static <T> T await(CompletionStage<T> stage) {
    return wrapFuture(stage).await();
  }

  /// Waits for a completable future; see [#await(CompletionStage)].
  public static <T> T await(CompletableFuture<T> future) {
    return wrapFuture(future).await();
  }

  /// Waits for a future of the JDK; one that is done does not suspend. If this task is cancelled
  /// meanwhile, the future is cancelled.
  public static <T> T await(Future<T> future) {
    return wrapFuture(future).await();
  }

  /// Waits for the first item of a publisher, and cancels the subscription.
  ///
  /// @throws java.util.NoSuchElementException if the publisher completes without an item
  public static <T> T await(Flow.Publisher<T> publisher) {
    Task<?> task = Task.currentOrThrow();
    return Bridges.first(publisher, task.loop).await();
  }

  /// As [#await(Awaitable)], but throws an exception of the given type as it is.
  public static <T, X extends Throwable> T await(Awaitable<T> awaitable, Class<X> expected)
      throws X {
    return awaitable.await(expected);
  }

  /// As [#await(Promise)], but throws an exception of the given type as it is.
  public static <T, X extends Throwable> T await(Promise<T> promise, Class<X> expected) throws X {
    return promise.await(expected);
  }

  /// As [#await(CompletionStage)], but throws an exception of the given type as it is.
  public static <T, X extends Throwable> T await(CompletionStage<T> stage, Class<X> expected)
      throws X {
    return wrapFuture(stage).await(expected);
  }

  /// As [#await(CompletableFuture)], but throws an exception of the given type as it is.
  public static <T, X extends Throwable> T await(CompletableFuture<T> future, Class<X> expected)
      throws X {
    return wrapFuture(future).await(expected);
  }

  /// As [#await(Future)], but throws an exception of the given type as it is.
  public static <T, X extends Throwable> T await(Future<T> future, Class<X> expected) throws X {
    return wrapFuture(future).await(expected);
  }

  /// As [#await(Flow.Publisher)], but throws an exception of the given type as it is.
  public static <T, X extends Throwable> T await(Flow.Publisher<T> publisher, Class<X> expected)
      throws X {
    return Bridges.first(publisher, Task.currentOrThrow().loop).await(expected);
  }

  /// Suspends for a time. A duration that is not positive suspends for exactly one turn of the
  /// loop. A cancellation point.
  public static void sleep(Duration duration) {
    Task<?> task = Task.currentOrThrow();
    if (!duration.isPositive()) {
      task.yieldTurn();
      return;
    }
    sleepFor(task, duration);
  }

  /// Suspends for a time and returns the given result.
  public static <T> T sleep(Duration duration, T result) {
    Task<?> task = Task.currentOrThrow();
    if (!duration.isPositive()) {
      task.yieldTurn();
    } else {
      sleepFor(task, duration);
    }
    return result;
  }

  private static void sleepFor(Task<?> task, Duration duration) {
    Promise<Void> promise = new Promise<>(task.loop);
    TimerHandle timer = task.loop.wakeAfter(Durations.nanos(duration), promise);
    try {
      task.awaitPromise(promise);
    } finally {
      timer.cancel();
    }
    promise.result();
  }

  /// Waits for an awaitable, for a limited time (null: without limit). When the time is up, it is
  /// cancelled and waited for, so that the whole can take longer.
  ///
  /// @throws TimeoutException if the time was up and it then ended cancelled; a result or another
  ///   exception with which it ended after all is returned or thrown
  public static <T> T waitFor(Awaitable<T> awaitable, @Nullable Duration timeout)
      throws TimeoutException {
    return Waits.waitFor(awaitable, timeout);
  }

  /// Runs a body for a limited time; see [#waitFor(Awaitable, Duration)].
  public static <T> T waitFor(Body<T> body, @Nullable Duration timeout) throws TimeoutException {
    return Waits.waitFor(async(body), timeout);
  }

  /// Runs a body for a limited time; see [#waitFor(Awaitable, Duration)].
  public static void waitFor(VoidBody body, @Nullable Duration timeout) throws TimeoutException {
    Waits.waitFor(async(body), timeout);
  }

  /// Runs a block, and cancels it when the time is up (null: never).
  ///
  /// @throws TimeoutException if the time was up and the block ended with that cancellation. If it
  ///   ended with another exception, that one is thrown, the timeout among its suppressed ones.
  public static <T, X extends Exception> T timeout(@Nullable Duration delay, Block<T, X> block)
      throws TimeoutException, X {
    return Timeout.<T, X>after(delay, timeout -> block.call());
  }

  /// Runs a block, and cancels it when the time is up (null: never).
  public static <X extends Exception> void timeout(@Nullable Duration delay, VoidBlock<X> block)
      throws TimeoutException, X {
    Timeout.<@Nullable Void, X>after(delay, voidly(block));
  }

  /// Runs a block that can look at its deadline and move it.
  public static <T, X extends Exception> T timeout(
      @Nullable Duration delay, TimeoutBlock<T, X> block) throws TimeoutException, X {
    return Timeout.after(delay, block);
  }

  /// Runs a block that can look at its deadline and move it.
  public static <X extends Exception> void timeout(
      @Nullable Duration delay, VoidTimeoutBlock<X> block) throws TimeoutException, X {
    Timeout.<@Nullable Void, X>after(delay, voidly(block));
  }

  /// Runs a block, and cancels it at a time on the clock of [EventLoop#time] (null: never).
  public static <T, X extends Exception> T timeoutAt(@Nullable Duration when, Block<T, X> block)
      throws TimeoutException, X {
    return Timeout.<T, X>at(when, timeout -> block.call());
  }

  /// Runs a block, and cancels it at a time on the clock of [EventLoop#time] (null: never).
  public static <X extends Exception> void timeoutAt(@Nullable Duration when, VoidBlock<X> block)
      throws TimeoutException, X {
    Timeout.<@Nullable Void, X>at(when, voidly(block));
  }

  /// Runs a block that can look at its deadline and move it.
  public static <T, X extends Exception> T timeoutAt(
      @Nullable Duration when, TimeoutBlock<T, X> block) throws TimeoutException, X {
    return Timeout.at(when, block);
  }

  /// Runs a block that can look at its deadline and move it.
  public static <X extends Exception> void timeoutAt(
      @Nullable Duration when, VoidTimeoutBlock<X> block) throws TimeoutException, X {
    Timeout.<@Nullable Void, X>at(when, voidly(block));
  }

  @SuppressWarnings("NullAway") // Void has no other value
  private static <X extends Exception> TimeoutBlock<@Nullable Void, X> voidly(VoidBlock<X> block) {
    return timeout -> {
      block.run();
      return null;
    };
  }

  @SuppressWarnings("NullAway") // Void has no other value
  private static <X extends Exception> TimeoutBlock<@Nullable Void, X> voidly(
      VoidTimeoutBlock<X> block) {
    return timeout -> {
      block.run(timeout);
      return null;
    };
  }

  /* ---- Tasks ---- */

  /// Schedules a coroutine to run concurrently on the running loop. It begins in the next batch, or
  /// at once if the options or the loop's task factory say so.
  public static <T> Task<T> createTask(Coroutine<T> coroutine) {
    return createTask(coroutine, TaskOptions.defaults());
  }

  /// Schedules a coroutine with wishes.
  public static <T> Task<T> createTask(Coroutine<T> coroutine, TaskOptions options) {
    AbstractEventLoop loop = Fiber.running();
    if (loop == null) {
      coroutine.close();
      throw new IllegalStateException(
          "no event loop runs on this thread: call createTask in a coroutine or a callback, or use"
              + " runCoroutineThreadsafe");
    }
    return loop.createTask(coroutine, options);
  }

  /// Schedules a body.
  public static <T> Task<T> createTask(Body<T> body) {
    return createTask(async(body), TaskOptions.defaults());
  }

  /// Schedules a body with wishes.
  public static <T> Task<T> createTask(Body<T> body, TaskOptions options) {
    return createTask(async(body), options);
  }

  /// Schedules a body.
  public static Task<Void> createTask(VoidBody body) {
    return createTask(async(body), TaskOptions.defaults());
  }

  /// Schedules a body with wishes.
  public static Task<Void> createTask(VoidBody body, TaskOptions options) {
    return createTask(async(body), options);
  }

  /// A promise as it is, or a task made of a coroutine.
  @SuppressWarnings("unchecked")
  public static <T> Promise<T> ensureFuture(Awaitable<? extends T> awaitable) {
    return awaitable instanceof Coroutine<? extends T> coroutine
        ? (Promise<T>) createTask(coroutine)
        : (Promise<T>) awaitable;
  }

  /// A promise of the running loop that gets the outcome of a stage. Cancelling it cancels the
  /// stage, if it is a future.
  public static <T> Promise<T> wrapFuture(CompletionStage<T> stage) {
    return Bridges.wrap(stage, AbstractEventLoop.of(EventLoop.running()));
  }

  /// A promise of the running loop that gets the outcome of a completable future.
  public static <T> Promise<T> wrapFuture(CompletableFuture<T> future) {
    return Bridges.wrap((CompletionStage<T>) future, AbstractEventLoop.of(EventLoop.running()));
  }

  /// A promise of the running loop that gets the outcome of a future; a promise of this loop is
  /// returned as it is. Cancelling it cancels the future.
  public static <T> Promise<T> wrapFuture(Future<T> future) {
    return Bridges.wrap(future, AbstractEventLoop.of(EventLoop.running()));
  }

  /// Runs a body that makes tasks, and returns when it and all of them have ended. If one fails,
  /// the others are cancelled. After [TaskGroup#cancel] the result is null unless the body ended
  /// before.
  ///
  /// @throws ExceptionGroup with all failures, including that of the body
  /// @throws BaseExceptionGroup likewise, if an [Error] is among them
  public static <T> T taskGroup(GroupBody<T> body) {
    return TaskGroup.run(body);
  }

  /// Runs a body that makes tasks, and returns when it and all of them have ended.
  @SuppressWarnings("NullAway") // Void has no other value
  public static void taskGroup(VoidGroupBody body) {
    TaskGroup.<@Nullable Void>run(
        group -> {
          body.run(group);
          return null;
        });
  }

  /* ---- Waiting for several things ---- */

  /// Runs awaitables concurrently and collects their results in the order of the arguments; one
  /// that is given twice runs once. The first failure, or cancellation, completes the returned
  /// promise; the others go on. Cancelling the returned promise cancels all that have not ended.
  @SafeVarargs
  @SuppressWarnings("varargs")
  public static <T> Promise<List<T>> gather(Awaitable<? extends T>... awaitables) {
    return Gather.results(Arrays.asList(awaitables));
  }

  /// See [#gather(Awaitable...)].
  public static <T> Promise<List<T>> gather(
      Collection<? extends Awaitable<? extends T>> awaitables) {
    return Gather.results(awaitables);
  }

  /// Nothing to wait for: done at once, with an empty list.
  public static <T> Promise<List<T>> gather() {
    return Gather.results(List.of());
  }

  /// Runs bodies concurrently; see [#gather(Awaitable...)].
  @SafeVarargs
  @SuppressWarnings("varargs")
  public static <T> Promise<List<T>> gather(Body<? extends T>... bodies) {
    return Gather.results(Arrays.stream(bodies).<Coroutine<? extends T>>map(Weft::async).toList());
  }

  /// Runs bodies concurrently; see [#gather(Awaitable...)].
  public static Promise<List<Void>> gather(VoidBody... bodies) {
    return Gather.results(Arrays.stream(bodies).map(Weft::async).toList());
  }

  /// As [#gather], but waits for all, whatever their outcome: the result is the promises, done, in
  /// the order of the arguments. asyncio's `gather(…, return_exceptions=True)`.
  @SafeVarargs
  @SuppressWarnings("varargs")
  public static <T> Promise<List<Promise<T>>> gatherSettled(Awaitable<? extends T>... awaitables) {
    return Gather.settled(Arrays.asList(awaitables));
  }

  /// See [#gatherSettled(Awaitable...)].
  public static <T> Promise<List<Promise<T>>> gatherSettled(
      Collection<? extends Awaitable<? extends T>> awaitables) {
    return Gather.settled(awaitables);
  }

  /// Nothing to wait for: done at once, with an empty list.
  public static <T> Promise<List<Promise<T>>> gatherSettled() {
    return Gather.settled(List.of());
  }

  /// Runs bodies concurrently; see [#gatherSettled(Awaitable...)].
  @SafeVarargs
  @SuppressWarnings("varargs")
  public static <T> Promise<List<Promise<T>>> gatherSettled(Body<? extends T>... bodies) {
    return Gather.settled(Arrays.stream(bodies).<Coroutine<? extends T>>map(Weft::async).toList());
  }

  /// Runs bodies concurrently; see [#gatherSettled(Awaitable...)].
  public static Promise<List<Promise<Void>>> gatherSettled(VoidBody... bodies) {
    return Gather.settled(Arrays.stream(bodies).map(Weft::async).toList());
  }

  /// A promise with the outcome of the given awaitable that can be cancelled without cancelling it.
  /// A failure of the inner one after that is reported to the exception handler.
  public static <T> Promise<T> shield(Awaitable<T> awaitable) {
    return Gather.shield(awaitable);
  }

  /// Waits until all promises are done. Always suspends; cancels nothing; throws none of their
  /// exceptions.
  ///
  /// @throws IllegalArgumentException if the collection is empty
  public static <T> Waited<T> waitAll(Collection<? extends Promise<? extends T>> promises) {
    return Waits.waitUntil(promises, Waits.Until.ALL_COMPLETED, null);
  }

  /// Waits until all promises are done or the time is up (null: without limit).
  public static <T> Waited<T> waitAll(
      Collection<? extends Promise<? extends T>> promises, @Nullable Duration timeout) {
    return Waits.waitUntil(promises, Waits.Until.ALL_COMPLETED, timeout);
  }

  /// Waits until at least one promise is done; see [#waitAll(Collection)].
  public static <T> Waited<T> waitFirstCompleted(
      Collection<? extends Promise<? extends T>> promises) {
    return Waits.waitUntil(promises, Waits.Until.FIRST_COMPLETED, null);
  }

  /// Waits until at least one promise is done or the time is up.
  public static <T> Waited<T> waitFirstCompleted(
      Collection<? extends Promise<? extends T>> promises, @Nullable Duration timeout) {
    return Waits.waitUntil(promises, Waits.Until.FIRST_COMPLETED, timeout);
  }

  /// Waits until one promise has failed, or all are done; a cancelled one does not count as failed.
  public static <T> Waited<T> waitFirstException(
      Collection<? extends Promise<? extends T>> promises) {
    return Waits.waitUntil(promises, Waits.Until.FIRST_EXCEPTION, null);
  }

  /// Waits until one promise has failed, all are done, or the time is up.
  public static <T> Waited<T> waitFirstException(
      Collection<? extends Promise<? extends T>> promises, @Nullable Duration timeout) {
    return Waits.waitUntil(promises, Waits.Until.FIRST_EXCEPTION, timeout);
  }

  /// Runs awaitables concurrently, for iteration in the order of their completion.
  public static <T> AsCompleted<T> asCompleted(
      Collection<? extends Awaitable<? extends T>> awaitables) {
    return new AsCompleted<>(awaitables, null);
  }

  /// Runs awaitables concurrently, for iteration in the order of their completion, for a limited
  /// time (null: without limit).
  public static <T> AsCompleted<T> asCompleted(
      Collection<? extends Awaitable<? extends T>> awaitables, @Nullable Duration timeout) {
    return new AsCompleted<>(awaitables, timeout);
  }

  /// Makes an iterator whose items are emitted by a coroutine.
  public static <T> Generator<T> generator(GeneratorBody<T> body) {
    return new Generator<>(Objects.requireNonNull(body, "body"));
  }

  /* ---- Threads ---- */

  /// A coroutine that runs a body on the loop's default executor, in a copy of the current context.
  /// Cancelling it gives up waiting; the thread goes on.
  public static <T> Coroutine<T> toThread(Body<T> body) {
    Objects.requireNonNull(body, "body");
    return async(
        "toThread",
        () -> {
          Context context = Context.copyCurrent();
          return EventLoop.running()
              .runInExecutor(null, () -> context.<T, Exception>run(body::call))
              .await();
        });
  }

  /// A coroutine that runs a body on the loop's default executor; see [#toThread(Body)].
  @SuppressWarnings("NullAway") // Void has no other value
  public static Coroutine<Void> toThread(VoidBody body) {
    Objects.requireNonNull(body, "body");
    return toThread(
        () -> {
          body.run();
          return null;
        });
  }

  /// Runs a coroutine on a loop of another thread. Cancelling the future cancels the task. Any
  /// thread. To wait for the future suspends in a coroutine of that loop, and is refused in a
  /// callback of it.
  public static <T> CompletableFuture<T> runCoroutineThreadsafe(
      Coroutine<T> coroutine, EventLoop loop) {
    return Bridges.submit(coroutine, AbstractEventLoop.of(loop));
  }

  /// Runs a body on a loop of another thread; see [#runCoroutineThreadsafe(Coroutine, EventLoop)].
  public static <T> CompletableFuture<T> runCoroutineThreadsafe(Body<T> body, EventLoop loop) {
    return Bridges.submit(async(body), AbstractEventLoop.of(loop));
  }

  /// Runs a body on a loop of another thread; see [#runCoroutineThreadsafe(Coroutine, EventLoop)].
  public static CompletableFuture<Void> runCoroutineThreadsafe(VoidBody body, EventLoop loop) {
    return Bridges.submit(async(body), AbstractEventLoop.of(loop));
  }
}
