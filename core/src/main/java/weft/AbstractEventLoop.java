package weft;

import java.nio.channels.SelectableChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What all loops have in common. A loop of one's own extends this class and implements the
/// scheduling: a queue, timers, and the `while` that runs them.
///
/// What it queues are opaque [Runnable]s. Each is run once, in order; it handles its own errors,
/// and throws nothing but a [LoopExit], which must end [#runUntilStopped].
@SuppressWarnings("this-escape") // what the parts are given is only stored
public abstract class AbstractEventLoop implements EventLoop {
  private static final long LOOK_AGAIN_NANOS = 20_000;

  private final LoopExecutor executor = new LoopExecutor(this);
  private final LoopErrors errors = new LoopErrors(this);
  private final SignalHandlers signals = new SignalHandlers(this);
  private final Watches watches = new Watches(this);
  private final InterruptWatch interrupts = new InterruptWatch(this);
  private final Context scratch = new Context();
  final BlockedFibers blocked = new BlockedFibers(this);

  /// The failures that nobody has seen yet. Concurrent: the garbage collector's thread takes part.
  final Set<Failure> unretrieved = ConcurrentHashMap.newKeySet();

  /// The generators that were begun and not finished.
  final Set<Generator.Producer<?>> generators = new LinkedHashSet<>();

  /// Threads outside that wait for a promise of this loop.
  final Set<ForeignWait> foreignWaits = ConcurrentHashMap.newKeySet();

  /// Futures of the JDK that wait for an outcome from this loop.
  final Set<LoopFuture<?>> foreignFutures = ConcurrentHashMap.newKeySet();

  /// Debug mode: names this loop until it is closed.
  @Nullable AtomicReference<@Nullable String> closeWatch;

  /// Debug mode: the await cycles that were reported.
  final Set<List<String>> reportedCycles = new HashSet<>();

  /// The thread that runs the loop, while it runs.
  @Nullable Thread carrier;

  boolean debug = Debug.byDefault();
  int nextTimer;

  /// The task that the last run was for: who was told that it did not end needs no report.
  @Nullable Task<?> runsFor;

  private @Nullable Task<?> firstTask;
  private @Nullable Task<?> current;

  /// The context in force while no task's step runs.
  private Context callbackContext = scratch;

  private @Nullable TaskFactory taskFactory;
  private @Nullable Instrument instrument;
  private List<Instrument> instruments = List.of();
  private long slowNanos = 100_000_000;
  private long stepBegan;
  private boolean dismissing;

  /// The thread that runs or closes the loop: only one may.
  private final AtomicReference<@Nullable Thread> holder = new AtomicReference<>();

  private volatile boolean running;
  private volatile boolean closed;

  /// A loop that is open and does not run.
  protected AbstractEventLoop() {
    Debug.watchUnclosed(this);
  }

  static AbstractEventLoop of(EventLoop loop) {
    if (loop instanceof AbstractEventLoop known) {
      return known;
    }
    throw new IllegalArgumentException(
        loop + " cannot run tasks: an event loop has to extend weft.AbstractEventLoop");
  }

  /* ---- What a loop implements ---- */

  /// Puts a step at the end of the ready queue. Called on the loop's thread while the loop runs.
  protected abstract void enqueue(Runnable step);

  /// Puts a step at the end of the ready queue, from any thread, and wakes the loop if it waits;
  /// that the step is queued must be visible before the loop can fall asleep.
  ///
  /// @return false if the loop is closed and the step will never run
  protected abstract boolean enqueueThreadsafe(Runnable step);

  /// Arms a timer: at its deadline it is to be queued, in the order of [TimerHandle#compareTo].
  protected abstract void schedule(TimerHandle timer);

  /// Called when an armed timer was cancelled. It may be dropped or kept: running it does nothing.
  protected void unschedule(TimerHandle timer) {}

  /// The `while`: polls, queues what is due, runs the steps that are then queued, and so on until
  /// [#requestStop] was called; it then finishes the batch and returns. Throws what a step throws.
  protected abstract void runUntilStopped();

  /// Makes [#runUntilStopped] return after the current batch, or after one batch if it is called
  /// before.
  protected abstract void requestStop();

  /// Drops everything that is queued and releases resources; called once.
  protected abstract void dispose();

  /// To be called by the `while` before each wait that can take time. It calls hooks, which may
  /// schedule something or stop the loop: look after it whether there is still a reason to wait,
  /// and for how long.
  protected final void beforePoll(long timeoutNanos) {
    if (timeoutNanos == Long.MAX_VALUE && debug) {
      runCallback(() -> Debug.reportCycles(this));
    }
    interrupts.renew(); // a callback may have used a channel
    if (instrument != null) {
      instrument.beforePoll(timeoutNanos);
    }
  }

  /// To be called by the `while` after each such wait.
  protected final void afterPoll() {
    interrupts.renew(); // the wait may have been a selector's
    if (instrument != null) {
      instrument.afterPoll();
    }
  }

  /// Queues a step for a caller that was checked. Before the run that goes the way of other
  /// threads' steps, so that all that one thread queues stays in order.
  final void submit(Runnable step) {
    if (running) {
      enqueue(step);
    } else {
      enqueueThreadsafe(step);
    }
  }

  /// Queues a step of Weft's own from any thread. Returns false if the loop is closed.
  final boolean enqueueFromOutside(Runnable step) {
    return enqueueThreadsafe(step);
  }

  /// Queues an action of Weft's own from any thread. What it throws is reported. Returns false if
  /// the loop is closed.
  final boolean post(Runnable action) {
    return enqueueThreadsafe(new Handle(this, action, Map.of()));
  }

  /* ---- Running ---- */

  @Override
  public final void runForever() {
    checkOpen();
    AbstractEventLoop other = Fiber.running();
    if (other != null && other != this) {
      throw new IllegalStateException(
          "another event loop runs on this thread; in a coroutine use await or createTask, and to"
              + " run a second loop give it a thread of its own");
    }
    take();
    try {
      runTaken();
    } finally {
      giveBack();
    }
  }

  /// Keeps other threads from running or closing the loop, until [#giveBack]. Waits for one that is
  /// about to begin or to end with it.
  ///
  /// @throws IllegalStateException if the loop runs
  final void take() {
    Thread here = Thread.currentThread();
    while (!holder.compareAndSet(null, here)) {
      if (running || holder.get() == here) {
        throw new IllegalStateException("this event loop is running already");
      }
      LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
    }
  }

  final void giveBack() {
    holder.set(null);
  }

  final void runTaken() {
    checkOpen();
    Engines.announce();
    running = true;
    try {
      Fiber.carry(this, () -> interrupts.during(this::runUntilStopped));
    } finally {
      running = false;
      current = null;
      callbackContext = scratch;
    }
  }

  @Override
  public final <T> T runUntilComplete(Awaitable<T> awaitable) {
    return RunUntilComplete.run(this, awaitable);
  }

  @Override
  public final void stop() {
    checkCaller();
    requestStop();
  }

  @Override
  public final boolean isRunning() {
    return running;
  }

  @Override
  public final boolean isClosed() {
    return closed;
  }

  @Override
  public final void close() {
    if (running) {
      throw new IllegalStateException(
          "a running event loop cannot be closed; stop it first, and close it after the run");
    }
    if (closed || dismissing) {
      return;
    }
    take();
    try {
      closeTaken();
    } finally {
      giveBack();
    }
  }

  private void closeTaken() {
    if (closed) {
      return; // another thread was faster
    }
    completeFutures(LoopFuture::passIfDone);
    List<Task<?>> left = tasks();
    for (Generator.Producer<?> open : generators) {
      left.add(open.task());
    }
    LoopExit exit = left.isEmpty() ? null : dismiss(left);
    closed = true;
    watches.clear();
    interrupts.during(this::dispose);
    left.forEach(Task::abandon);
    blocked.clear();
    for (ForeignWait wait : foreignWaits) {
      wait.loopClosed();
    }
    completeFutures(LoopFuture::loopClosed);
    signals.close();
    executor.close();
    for (Failure failure : List.copyOf(unretrieved)) {
      failure.reportIfUnseen();
    }
    Debug.closed(this);
    if (exit != null) {
      throw exit;
    }
  }

  /// Unwinds the tasks that are still suspended, so that their `finally` blocks run and their
  /// stacks are freed. They can wait for nothing any more. Returns the first exit that one of them,
  /// or the exception handler, asks for: it has to wait until the loop is closed.
  private @Nullable LoopExit dismiss(List<Task<?>> left) {
    dismissing = true; // for good: the loop is closed next
    List<LoopExit> exits = new ArrayList<>();
    Runnable unwind =
        () -> {
          left.forEach(task -> exitLater(exits, () -> reportDestroyed(task)));
          left.forEach(task -> exitLater(exits, task::dismiss));
        };
    Fiber.carry(this, () -> interrupts.during(unwind));
    current = null;
    return exits.isEmpty() ? null : exits.getFirst();
  }

  /// Completes the futures of others, whose dependents count as the loop's callbacks: one that
  /// would wait there for another of these futures is refused.
  private void completeFutures(Consumer<LoopFuture<?>> action) {
    List<LoopFuture<?>> futures = List.copyOf(foreignFutures);
    if (!futures.isEmpty()) {
      Fiber.carry(this, () -> futures.forEach(action));
    }
  }

  private void reportDestroyed(Task<?> task) {
    if (task.fiber.started() && !task.done() && !task.hidden() && task != runsFor) {
      callExceptionHandler(
          new ErrorContext("Task was destroyed but it is pending", null)
              .withPromise(task)
              .withCreated(task.created()));
    }
  }

  private static void exitLater(List<LoopExit> exits, Runnable action) {
    try {
      action.run();
    } catch (LoopExit exit) {
      exits.add(exit);
    }
  }

  final void throwIfDismissed(Task<?> task) {
    if (dismissing) {
      task.throwDismissed();
    }
  }

  final void checkOpen() {
    if (dismissing) {
      throw new IllegalStateException("the event loop is closing");
    }
    if (closed) {
      throw new IllegalStateException("the event loop is closed");
    }
  }

  @Override
  public final void checkThread() {
    if (running && !Fiber.isOn(this)) {
      throw wrongThread();
    }
  }

  private static IllegalStateException wrongThread() {
    return new IllegalStateException(
        "called from "
            + Thread.currentThread()
            + ", which is not the thread of this running event"
            + " loop; use callSoonThreadsafe");
  }

  /// Refuses calls from a thread that is not the loop's, and any once it is closed. Returns whether
  /// the loop runs.
  final boolean checkCaller() {
    if (Fiber.isOn(this)) {
      return true;
    }
    checkOpen();
    if (running) {
      throw wrongThread();
    }
    return false;
  }

  /* ---- Scheduling ---- */

  @Override
  public final Handle callSoon(Runnable callback, @Nullable Context context) {
    Objects.requireNonNull(callback, "callback");
    boolean onLoop = checkCaller();
    Handle handle = new Handle(this, callback, captured(onLoop, context));
    if (onLoop) {
      enqueue(handle);
    } else {
      enqueueThreadsafe(handle);
    }
    return handle;
  }

  /// What a callback remembers of the context: the one it is given, or the bindings in force.
  final Object captured(boolean onLoop, @Nullable Context explicit) {
    if (explicit != null) {
      return explicit;
    }
    return (onLoop ? context() : Context.current()).bindings();
  }

  @Override
  public final Handle callSoonThreadsafe(Runnable callback, @Nullable Context context) {
    Objects.requireNonNull(callback, "callback");
    checkOpen();
    boolean onLoop = Fiber.isOn(this);
    Handle handle = new ThreadsafeHandle(this, callback, captured(onLoop, context));
    if (onLoop) {
      enqueue(handle);
    } else if (!enqueueThreadsafe(handle)) {
      checkOpen();
    }
    return handle;
  }

  @Override
  public final TimerHandle callLater(Duration delay, Runnable callback, @Nullable Context context) {
    long delayNanos = Durations.nanos(Objects.requireNonNull(delay, "delay"));
    return callAtNanos(Durations.deadline(timeNanos(), delayNanos), callback, context);
  }

  @Override
  public final TimerHandle callAt(Duration when, Runnable callback, @Nullable Context context) {
    return callAtNanos(Durations.nanos(Objects.requireNonNull(when, "when")), callback, context);
  }

  final TimerHandle callAtNanos(long whenNanos, Runnable callback, @Nullable Context context) {
    Objects.requireNonNull(callback, "callback");
    boolean onLoop = checkCaller();
    TimerHandle timer = new TimerHandle(this, whenNanos, callback, captured(onLoop, context));
    schedule(timer);
    return timer;
  }

  /// Releases a promise after a time, unless the handle is cancelled before.
  final TimerHandle wakeAfter(long delayNanos, Promise<Void> promise) {
    TimerHandle timer =
        new TimerHandle.Waking(this, Durations.deadline(timeNanos(), delayNanos), promise);
    schedule(timer);
    return timer;
  }

  /* ---- Promises and tasks ---- */

  @Override
  public final <T> Promise<T> createPromise() {
    return new Promise<>(this);
  }

  @Override
  @SuppressWarnings("unchecked")
  public final <T> Task<T> createTask(Coroutine<T> coroutine, TaskOptions options) {
    boolean made = false;
    try {
      checkCaller();
      TaskFactory factory = taskFactory;
      Task<T> task =
          factory == null
              ? Task.create(this, coroutine, options)
              : (Task<T>) factory.create(this, coroutine, options);
      made = true;
      return Objects.requireNonNull(task, "the task factory returned null");
    } finally {
      if (!made) {
        coroutine.close();
      }
    }
  }

  @Override
  public final void setTaskFactory(@Nullable TaskFactory factory) {
    checkThread();
    taskFactory = factory;
  }

  @Override
  public final @Nullable TaskFactory taskFactory() {
    return taskFactory;
  }

  @Override
  public final Set<Task<?>> allTasks() {
    checkThread();
    return new LinkedHashSet<>(tasks().reversed());
  }

  /// The tasks that have not ended, the newest first.
  private List<Task<?>> tasks() {
    List<Task<?>> tasks = new ArrayList<>();
    for (Task<?> task = firstTask; task != null; task = task.nextTask) {
      tasks.add(task);
    }
    return tasks;
  }

  final void add(Task<?> task) {
    Task<?> first = firstTask;
    task.nextTask = first;
    if (first != null) {
      first.previousTask = task;
    }
    firstTask = task;
    if (instrument != null) {
      instrument.taskCreated(task);
    }
  }

  final void remove(Task<?> task) {
    if (task.hidden()) {
      return;
    }
    Task<?> previous = task.previousTask;
    Task<?> next = task.nextTask;
    if (previous != null) {
      previous.nextTask = next;
    } else if (firstTask == task) {
      firstTask = next;
    }
    if (next != null) {
      next.previousTask = previous;
    }
    task.previousTask = null;
    task.nextTask = null;
    if (instrument != null) {
      instrument.taskDone(task);
    }
  }

  @Override
  public final @Nullable Task<?> currentTask() {
    return current;
  }

  /* ---- The context and the step in force ---- */

  final Context context() {
    Task<?> task = current;
    return task != null ? task.activeContext : callbackContext;
  }

  /// The same, where callbacks share the object, made the running callback's own.
  final Context ownContext() {
    if (current == null && callbackContext == scratch) {
      callbackContext = scratch.copy();
    }
    return context();
  }

  /// Puts a context in force and returns the one before.
  final Context enter(Context entered) {
    Context outer = context();
    Task<?> task = current;
    if (task != null) {
      task.activeContext = entered;
    } else {
      callbackContext = entered;
    }
    return outer;
  }

  /// Puts a copy of captured bindings in force, for one callback. Stores only what differs: this is
  /// on the path of every callback, and a store of a reference costs more than a comparison.
  final void enterCopy(Map<ContextVar<?>, @Nullable Object> bindings) {
    if (scratch.bindings() != bindings) {
      scratch.bindings(bindings);
    }
    if (callbackContext != scratch) {
      callbackContext = scratch;
    }
  }

  /// Runs a callback on the loop's thread, wherever that stands, so that it can wait for locks.
  final void runCallback(Runnable callback) {
    if (blocked.none() || Thread.currentThread() != carrier || blocked.inCallback()) {
      callback.run();
    } else {
      blocked.run(callback);
    }
  }

  final boolean isInterrupted() {
    return interrupts.isPending();
  }

  /// Runs a step in the middle of a callback, for which the context in force remains what it was.
  final void runWithin(Runnable step) {
    Context context = callbackContext;
    Map<ContextVar<?>, @Nullable Object> bindings = scratch.bindings();
    Task<?> task = current;
    long began = stepBegan;
    current = null;
    try {
      step.run();
    } finally {
      current = task;
      stepBegan = began;
      scratch.bindings(bindings);
      callbackContext = context;
    }
  }

  final void enterStep(Task<?> task) {
    current = task;
    if (instrument != null && !task.hidden()) {
      instrument.beforeStep(task);
    }
    if (debug) {
      stepBegan = timeNanos();
    }
  }

  final void leaveStep(Task<?> task) {
    current = null;
    if (debug) {
      long took = timeNanos() - stepBegan;
      runCallback(() -> Debug.reportSlow(this, task, took));
    }
    if (instrument != null && !task.hidden()) {
      instrument.afterStep(task);
    }
  }

  /* ---- Threads ---- */

  @Override
  public final <T> Promise<T> runInExecutor(@Nullable Executor on, Body<T> body) {
    checkCaller();
    return executor.run(on, body);
  }

  @Override
  public final void setDefaultExecutor(ExecutorService replacement) {
    executor.replace(Objects.requireNonNull(replacement, "executor"));
  }

  @Override
  public final Coroutine<Void> shutdownDefaultExecutor(@Nullable Duration timeout) {
    return Weft.async("shutdownDefaultExecutor", () -> executor.shutdown(timeout));
  }

  @Override
  public final Coroutine<Void> shutdownGenerators() {
    return Weft.async("shutdownGenerators", () -> Generator.closeAll(this));
  }

  /* ---- Input and output ---- */

  @Override
  public final Handle createHandle(Runnable callback) {
    return new Handle(
        this, Objects.requireNonNull(callback, "callback"), captured(checkCaller(), null));
  }

  @Override
  public final Handle addReader(SelectableChannel channel, Runnable callback) {
    checkCaller();
    return watches.add(channel, true, callback);
  }

  @Override
  public final Handle addWriter(SelectableChannel channel, Runnable callback) {
    checkCaller();
    return watches.add(channel, false, callback);
  }

  @Override
  public final boolean removeReader(SelectableChannel channel) {
    checkCaller();
    return watches.remove(channel, true);
  }

  @Override
  public final boolean removeWriter(SelectableChannel channel) {
    checkCaller();
    return watches.remove(channel, false);
  }

  /* ---- Signals ---- */

  @Override
  public final void addSignalHandler(String signal, Runnable callback) {
    signals.add(signal, callback, captured(checkCaller(), null));
  }

  @Override
  public final boolean removeSignalHandler(String signal) {
    checkCaller();
    return signals.remove(signal);
  }

  /* ---- Errors, debugging, tools ---- */

  @Override
  public final void setExceptionHandler(@Nullable ExceptionHandler handler) {
    errors.setHandler(handler);
  }

  @Override
  public final @Nullable ExceptionHandler exceptionHandler() {
    return errors.handler();
  }

  @Override
  public final void defaultExceptionHandler(ErrorContext error) {
    errors.log(error);
  }

  @Override
  public final void callExceptionHandler(ErrorContext error) {
    runCallback(() -> errors.report(error));
  }

  /// Reports an error in a step of its own if the loop runs, otherwise here. For where a handler
  /// that throws would do harm.
  final void reportLater(ErrorContext error) {
    if (!running || !post(() -> errors.report(error))) {
      errors.report(error);
    }
  }

  @Override
  public final boolean debug() {
    return debug;
  }

  @Override
  public final void setDebug(boolean debug) {
    this.debug = debug;
    Debug.watchUnclosed(this);
    stepBegan = timeNanos(); // the step that is running counts from here
  }

  @Override
  public final Duration slowCallbackDuration() {
    return Duration.ofNanos(slowNanos);
  }

  @Override
  public final void setSlowCallbackDuration(Duration duration) {
    slowNanos = Durations.nanos(duration);
  }

  @Override
  public final void addInstrument(Instrument added) {
    List<Instrument> all = new ArrayList<>(instruments);
    all.add(Objects.requireNonNull(added, "instrument"));
    setInstruments(all);
  }

  @Override
  public final void removeInstrument(Instrument removed) {
    List<Instrument> all = new ArrayList<>(instruments);
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i) == removed) {
        all.remove(i);
        break;
      }
    }
    setInstruments(all);
  }

  private void setInstruments(List<Instrument> all) {
    checkThread();
    instruments = all;
    instrument = all.isEmpty() ? null : new InstrumentFan(this, List.copyOf(all));
  }

  @Override
  public String toString() {
    return "<EventLoop "
        + name()
        + (closed ? " closed" : running ? " running" : "")
        + (debug ? " debug" : "")
        + ">";
  }
}
