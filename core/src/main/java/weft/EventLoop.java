package weft;

import java.nio.channels.SelectableChannel;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import weft.spi.Driver;

/// An event loop: runs callbacks and tasks, one at a time, on one thread.
///
/// Most programs never touch one: [Weft#run] makes a loop, runs everything to the end and closes
/// it. The rules that every loop keeps are numbered in `docs/spec/loop.md`. To write one, extend
/// [AbstractEventLoop].
///
/// Thread: the loop's own while it runs, before that whichever thread sets it up; only
/// [#callSoonThreadsafe], [#execute], [#isRunning], [#isClosed], [#time] and [#timeNanos] may be
/// called from any thread. What schedules, runs or cancels something throws [IllegalStateException]
/// on the wrong thread.
///
/// As an [Executor] it runs tasks like [#callSoonThreadsafe].
///
/// @see <a href="https://docs.python.org/3/library/asyncio-eventloop.html">asyncio event loop</a>
public interface EventLoop extends Executor, AutoCloseable {

  /// Makes a new loop of the kind chosen by `-Dweft.loop`, else by the environment variable
  /// `WEFT_LOOP`, else `selector`. The caller closes it.
  ///
  /// @throws IllegalArgumentException if no such kind exists or it is not available here; the
  ///   message says which are
  static EventLoop create() {
    return EventLoopProvider.chosen(null).create();
  }

  /// Makes a new loop of the named kind; `auto` takes the best available.
  ///
  /// @throws IllegalArgumentException if no such kind exists or it is not available here; the
  ///   message says which are
  static EventLoop create(String name) {
    return EventLoopProvider.chosen(name).create();
  }

  /// Makes a new loop on top of a driver that was made for it, such as one with a clock of its own
  /// for tests. The loop closes the driver, and is named after its class.
  static EventLoop create(Driver driver) {
    return new DriverLoop(driver.getClass().getName(), driver);
  }

  /// The loop that runs on the calling thread.
  ///
  /// @throws IllegalStateException if there is none
  static EventLoop running() {
    AbstractEventLoop loop = Fiber.running();
    if (loop == null) {
      throw new IllegalStateException(
          "no event loop runs on this thread; start one with Weft.run(…)");
    }
    return loop;
  }

  /// The loop that runs on the calling thread, or null.
  static @Nullable EventLoop runningOrNull() {
    return Fiber.running();
  }

  /* ---- Running ---- */

  /// Runs until [#stop]. If `stop` was called before, polls once without waiting, runs what is
  /// ready, and returns.
  ///
  /// @throws IllegalStateException if the loop runs or is closed, or another loop runs on this
  ///   thread
  void runForever();

  /// Runs until the awaitable is done, and returns or throws its outcome as `await` does.
  ///
  /// @throws IllegalStateException if the loop cannot be run, see [#runForever], or was stopped
  ///   before the awaitable was done
  <T> T runUntilComplete(Awaitable<T> awaitable);

  /// Makes the run return at the end of the current batch of callbacks. What these have added stays
  /// queued for the next run.
  void stop();

  /// Whether the loop runs. Any thread.
  boolean isRunning();

  /// Refuses to go on where the loop runs on another thread. For whatever belongs to a loop and is
  /// not safe to use from elsewhere: call it first, before anything is changed. Any thread.
  ///
  /// @throws IllegalStateException if the loop runs, and not on the calling thread
  void checkThread();

  /// Whether the loop is closed. Any thread.
  boolean isClosed();

  /// Closes the loop: drops what is queued, unwinds the tasks that are left, shuts the default
  /// executor down without waiting, and reports failures that nobody has seen. Repeating it does
  /// nothing.
  ///
  /// @throws IllegalStateException if the loop runs
  @Override
  void close();

  /// A coroutine that closes the generators that were begun and not finished.
  Coroutine<Void> shutdownGenerators();

  /// A coroutine that shuts the default executor down and waits for its threads, for at most
  /// `timeout` (null: without limit); afterwards the default executor is refused.
  Coroutine<Void> shutdownDefaultExecutor(@Nullable Duration timeout);

  /* ---- Scheduling ---- */

  /// Runs a callback in the next batch, after those queued before it, in a copy of the current
  /// context. Never inline.
  default Handle callSoon(Runnable callback) {
    return callSoon(callback, null);
  }

  /// Runs a callback in the next batch, in the given context.
  Handle callSoon(Runnable callback, @Nullable Context context);

  /// Runs a callback in a coming batch and wakes the loop if it waits. Any thread.
  ///
  /// @throws IllegalStateException if the loop is closed
  default Handle callSoonThreadsafe(Runnable callback) {
    return callSoonThreadsafe(callback, null);
  }

  /// Runs a callback in a coming batch, in the given context. Any thread.
  Handle callSoonThreadsafe(Runnable callback, @Nullable Context context);

  /// A callback in a copy of the current context that is not queued. Calling its `run` on the
  /// loop's thread runs it, any number of times, and what it throws goes to the exception handler.
  /// For those who extend Weft downwards: a driver's listener runs the user's code so.
  Handle createHandle(Runnable callback);

  /// Runs a callback after a delay; one that is not positive means: due at once.
  default TimerHandle callLater(Duration delay, Runnable callback) {
    return callLater(delay, callback, null);
  }

  /// Runs a callback after a delay, in the given context.
  TimerHandle callLater(Duration delay, Runnable callback, @Nullable Context context);

  /// Runs a callback at a time on the clock of [#time]. Callbacks with the same deadline run in the
  /// order of these calls.
  default TimerHandle callAt(Duration when, Runnable callback) {
    return callAt(when, callback, null);
  }

  /// Runs a callback at a time on the clock of [#time], in the given context.
  TimerHandle callAt(Duration when, Runnable callback, @Nullable Context context);

  /// The loop's clock: monotonic, from an arbitrary origin. Any thread.
  default Duration time() {
    return Duration.ofNanos(timeNanos());
  }

  /// The loop's clock in nanoseconds. Any thread.
  long timeNanos();

  /// As [#callSoonThreadsafe].
  @Override
  default void execute(Runnable command) {
    callSoonThreadsafe(command);
  }

  /* ---- Promises and tasks ---- */

  /// A new promise of this loop.
  <T> Promise<T> createPromise();

  /// Makes a task of a coroutine; see [Weft#createTask].
  default <T> Task<T> createTask(Coroutine<T> coroutine) {
    return createTask(coroutine, TaskOptions.defaults());
  }

  /// Makes a task of a coroutine, through the loop's task factory if it has one. If that fails, the
  /// coroutine is closed.
  <T> Task<T> createTask(Coroutine<T> coroutine, TaskOptions options);

  /// Makes a task of a body; see [Weft#createTask].
  default <T> Task<T> createTask(Body<T> body) {
    return createTask(Weft.async(body));
  }

  /// Makes a task of a body, with wishes.
  default <T> Task<T> createTask(Body<T> body, TaskOptions options) {
    return createTask(Weft.async(body), options);
  }

  /// Makes a task of a body; see [Weft#createTask].
  default Task<Void> createTask(VoidBody body) {
    return createTask(Weft.async(body));
  }

  /// Makes a task of a body, with wishes.
  default Task<Void> createTask(VoidBody body, TaskOptions options) {
    return createTask(Weft.async(body), options);
  }

  /// Replaces the way tasks are made; null restores it.
  void setTaskFactory(@Nullable TaskFactory factory);

  /// The task factory, or null if none was set.
  @Nullable TaskFactory taskFactory();

  /// The tasks of this loop that have not ended.
  Set<Task<?>> allTasks();

  /// The task whose step is running; null in a plain callback and while the loop does not run.
  @Nullable Task<?> currentTask();

  /* ---- Threads ---- */

  /// Runs a body on an executor; null is the loop's default executor. The context is not passed on;
  /// [Weft#toThread] does that. Cancelling the promise cancels the job only if it has not begun.
  <T> Promise<T> runInExecutor(@Nullable Executor executor, Body<T> body);

  /// Replaces the default executor, which is otherwise a pool of platform threads made on first
  /// use. The loop shuts it down when it closes. One that cannot be shut down, such as the common
  /// pool of the JDK, goes on; of that [#shutdownDefaultExecutor] awaits this loop's jobs only.
  void setDefaultExecutor(ExecutorService executor);

  /* ---- Input and output ---- */

  /// What waits and moves bytes for this loop. Package `weft.io` has transports and streams on top
  /// of it, which are what programs use.
  ///
  /// @throws UnsupportedOperationException if this kind of loop has none
  default Driver driver() {
    throw new UnsupportedOperationException(
        "the loop " + name() + " has no driver, and so no input and output");
  }

  /// Runs a callback in each turn in which something can be read from a channel, or accepted from
  /// it, until [#removeReader]. The channel is the caller's and becomes non-blocking. A second
  /// callback replaces the first.
  ///
  /// @throws IllegalArgumentException if the channel belongs to a transport
  /// @throws UnsupportedOperationException if this kind of loop cannot watch channels
  Handle addReader(SelectableChannel channel, Runnable callback);

  /// As [#addReader], for writing and for the end of a connect.
  Handle addWriter(SelectableChannel channel, Runnable callback);

  /// Ends what [#addReader] began. Returns whether there was anything to end.
  boolean removeReader(SelectableChannel channel);

  /// Ends what [#addWriter] began. Returns whether there was anything to end.
  boolean removeWriter(SelectableChannel channel);

  /* ---- Signals ---- */

  /// Runs a callback of the loop each time the process gets a signal, in a copy of the current
  /// context; it may do what callbacks may. Replaces the handler that this loop has for the signal.
  ///
  /// A signal belongs to the process: every loop that has a handler for it is told, and what the
  /// process would do otherwise is not done, neither the JVM's default nor what a [Runner] does at
  /// SIGINT and SIGTERM. Signals that come faster than the process takes them may be told once. The
  /// loop may run on any thread, where asyncio wants the main one. What the process was started to
  /// ignore of HUP, INT and TERM, as by `nohup` or by `&` in a script, stays ignored: the JVM sees
  /// to that, and tells nobody.
  ///
  /// @param signal such as `TERM` or `SIGTERM`
  /// @throws IllegalArgumentException if there is no such signal, if no program can catch it, as
  ///   `KILL` and `STOP`, or if the JVM keeps it to itself, as `QUIT` and `SEGV`
  void addSignalHandler(String signal, Runnable callback);

  /// Removes the handler for a signal; closing the loop removes all. When no loop has one any more,
  /// what stood there before is put back. A signal that has arrived and was not told yet is
  /// dropped.
  ///
  /// @return whether there was a handler
  /// @throws IllegalArgumentException if there is no such signal
  boolean removeSignalHandler(String signal);

  /* ---- Errors, debugging, tools ---- */

  /// Replaces the handler of errors that nobody awaits; null restores the default, which logs.
  void setExceptionHandler(@Nullable ExceptionHandler handler);

  /// The handler that was set, or null.
  @Nullable ExceptionHandler exceptionHandler();

  /// Logs an error: what is done where no handler is set.
  void defaultExceptionHandler(ErrorContext error);

  /// Passes an error to the handler.
  void callExceptionHandler(ErrorContext error);

  /// Whether the loop is in debug mode.
  boolean debug();

  /// Switches debug mode: where things were made is remembered, slow callbacks are reported.
  void setDebug(boolean debug);

  /// From which duration on debug mode reports a callback or a step as slow; 100 ms at first.
  Duration slowCallbackDuration();

  /// Sets the duration from which on debug mode reports a callback or a step.
  void setSlowCallbackDuration(Duration duration);

  /// Adds a watcher; watchers are called in the order of their adding.
  void addInstrument(Instrument instrument);

  /// Removes a watcher, this very one; does nothing if it is not there.
  void removeInstrument(Instrument instrument);

  /// The kind of the loop, such as `selector`.
  String name();
}
