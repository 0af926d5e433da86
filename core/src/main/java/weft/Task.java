package weft;

import java.io.PrintStream;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A coroutine that runs on a loop, concurrently with the loop's other tasks; its own outcome is a
/// [Promise].
///
/// Thread: the loop's, except for the methods of [java.util.concurrent.Future].
///
/// @param <T> the type of the result
/// @see <a href="https://docs.python.org/3/library/asyncio-task.html">asyncio tasks</a>
public final class Task<T> extends Promise<T> {
  /* Overview. A task is stepped by its fiber: beforeStep, the stack runs until it suspends or ends,
   * afterStep. Cancellation is asyncio's: cancel() counts the request and passes it to the promise
   * the task waits for; where there is none, or it refuses because it is done, `mustCancel` makes
   * the next suspension throw. The flag throws, the counter only counts. A task that stands in a
   * blocking call of the JDK is interrupted besides.
   */
  private static final AtomicInteger LAST_NUMBER = new AtomicInteger();

  private static final int HIDDEN = -1;

  /// How often a task may wait once more after its loop was closed: enough for any clean-up.
  private static final int DISMISSALS_MAX = 100;

  final Fiber fiber;

  /// The neighbours in the loop's list of tasks. A hidden task is not in the list: its previous one
  /// is the task that waits for it.
  @Nullable Task<?> previousTask;

  @Nullable Task<?> nextTask;

  private final Coroutine<T> coroutine;
  private @Nullable Object body;
  private final Context context;

  /// The context in force while the task runs: its own, or one it has entered.
  Context activeContext;

  private @Nullable String name;

  /// For the name, if none was given; or [#HIDDEN].
  private final int number;

  private @Nullable Promise<?> waitingOn;
  private @Nullable String cancelMessage;

  /// Short, like the next one, because there is no room for more.
  private short cancelRequests;

  /// How many deadlines may still cancel the task.
  private short deadlines;

  private boolean mustCancel;
  private boolean interrupted;
  private byte dismissals;

  /// For [#create] and generators; `hidden` keeps the task out of the list of tasks.
  Task(AbstractEventLoop loop, Coroutine<T> coroutine, TaskOptions options, boolean hidden) {
    super(loop);
    this.coroutine = coroutine;
    this.body = coroutine.claim();
    this.name = options.name();
    this.number = hidden ? HIDDEN : name == null ? nextNumber() : 0;
    Context given = options.context();
    this.context = given != null ? given : Context.copyCurrent();
    this.activeContext = context;
    this.fiber = Fiber.of(this);
    if (!hidden) {
      loop.add(this);
    }
  }

  /// Makes a task and schedules it, or starts it at once if the options say so: what
  /// [EventLoop#createTask] does where no task factory is set, and what a factory calls.
  public static <T> Task<T> create(EventLoop loop, Coroutine<T> coroutine, TaskOptions options) {
    AbstractEventLoop on = AbstractEventLoop.of(loop);
    on.checkOpen();
    on.checkThread();
    Task<T> task = new Task<>(on, coroutine, options, false);
    if (Boolean.TRUE.equals(options.eagerStart()) && Fiber.running() == on) {
      task.startNow();
    } else {
      on.submit(task.fiber);
    }
    return task;
  }

  /// Runs the first step before returning. From a coroutine that means to step aside for it.
  private void startNow() {
    Task<?> creator = loop.currentTask();
    if (creator == null) {
      if (!loop.blocked.lendTo(fiber)) {
        fiber.run();
      }
      return;
    }
    try {
      creator.fiber.lendTo(fiber);
    } catch (IllegalStateException | VirtualMachineError cannotSuspend) {
      loop.submit(fiber);
    }
  }

  /// Never negative, however many there are.
  private static int nextNumber() {
    return LAST_NUMBER.incrementAndGet() & Integer.MAX_VALUE;
  }

  /// Whether this is the body of a generator, which does not count as a task of the loop.
  boolean hidden() {
    return number == HIDDEN;
  }

  /// The task whose coroutine is running on the calling thread; null in a plain callback and on
  /// threads without a loop.
  public static @Nullable Task<?> current() {
    AbstractEventLoop loop = Fiber.running();
    return loop == null ? null : loop.currentTask();
  }

  static Task<?> currentOrThrow() {
    AbstractEventLoop loop = Fiber.running();
    if (loop != null) {
      Task<?> task = loop.currentTask();
      if (task != null) {
        return task;
      }
    } else {
      Task<?> leftBehind = Fiber.elsewhere();
      if (leftBehind != null) {
        leftBehind.throwDismissed();
      }
    }
    throw outsideCoroutine(loop);
  }

  /// As [#currentOrThrow], quicker where the task is probably one of the given loop.
  static Task<?> currentOn(AbstractEventLoop loop) {
    Task<?> task = Fiber.isOn(loop) ? loop.currentTask() : null;
    return task != null ? task : currentOrThrow();
  }

  private static IllegalStateException outsideCoroutine(@Nullable AbstractEventLoop loop) {
    return new IllegalStateException(
        loop == null
            ? "await outside a coroutine: no event loop runs on this thread; use Weft.run(…), or"
                + " Weft.runCoroutineThreadsafe(…) to reach a loop from another thread"
            : "await outside a coroutine: a callback of the loop cannot suspend; make a task with"
                + " Weft.createTask(…)");
  }

  /// The name: the given one, or `Task-1`, `Task-2`, ….
  public String name() {
    String text = name;
    if (text == null) {
      text = "Task-" + number;
      name = text;
    }
    return text;
  }

  /// Renames the task.
  public void setName(String name) {
    this.name = Objects.requireNonNull(name, "name");
  }

  /// The coroutine this task runs.
  public Coroutine<T> coroutine() {
    return coroutine;
  }

  /// The context this task runs in.
  public Context context() {
    return context;
  }

  /// What the task waits for, or null if it runs, is about to run, or has ended.
  public @Nullable Promise<?> waitingOn() {
    return waitingOn;
  }

  /// Whether the task runs a block that time will end.
  boolean hasDeadline() {
    return deadlines > 0;
  }

  void addDeadlines(int difference) {
    deadlines = (short) (deadlines + difference);
  }

  /* ---- Cancellation ---- */

  /// Asks the task to cancel: a [CancelledError] with this message is thrown in it at its next
  /// suspension, or where it is suspended now. A request, not a change of state: the coroutine may
  /// clean up, take its time, or refuse. Each call counts, see [#cancelling]. Returns false if the
  /// task is done; its failure, if any, is then of no interest any more and not reported.
  @Override
  public boolean cancel(@Nullable String message) {
    loop.checkThread();
    if (done()) {
      markRetrieved();
      return false;
    }
    // Along a chain of tasks that wait for each other, the last one is to be cancelled.
    Task<?> last = this;
    Task<?> behind = this;
    counting().countRequest();
    for (int steps = 1; last.waitingOn instanceof Task<?> next && !next.done(); steps++) {
      last = next;
      if (!last.hidden()) {
        last.countRequest(); // a generator's are its consumer's
      }
      if (steps % 2 == 0 && behind.waitingOn instanceof Task<?> follower) {
        behind = follower; // at half the speed: it is met in a circle only
      }
      if (last == behind) {
        while (last.waitingOn instanceof Task<?> generator && generator.hidden()) {
          last = generator; // has no waiter, but the control
        }
        last.leaveWait(message);
        return true;
      }
    }
    Promise<?> awaited = last.waitingOn;
    if (awaited == null || !awaited.cancel(message)) {
      last.throwAtNextSuspension(message);
    }
    return true;
  }

  private void countRequest() {
    if (cancelRequests < Short.MAX_VALUE) {
      cancelRequests++;
    }
  }

  /// Breaks a circle of tasks that wait for each other, which only a cancellation can.
  private void leaveWait(@Nullable String message) {
    Promise<?> awaited = waitingOn;
    if (awaited != null && !mustCancel) {
      mustCancel = true;
      cancelMessage = message;
      awaited.removeWaiter(this);
      fiber.wake();
    }
  }

  private void throwAtNextSuspension(@Nullable String message) {
    mustCancel = true;
    cancelMessage = message;
    if (loop.currentTask() == this) {
      clearInterrupt(); // of a request before; this one interrupts the next call that blocks
    } else if (fiber.canBlockInJdk()) {
      interrupted = true;
      fiber.interrupt(); // again, if a request before was caught
    }
  }

  /// What runs is not interrupted, since that would reach calls that do not block, too: it is when
  /// it comes to stand in a blocking call of the JDK.
  private void interruptIfBlocked() {
    if (mustCancel && !interrupted && fiber.canBlockInJdk()) {
      interrupted = true;
      fiber.interrupt();
    }
  }

  /// How many times the task was asked to cancel, less the calls of [#uncancel].
  public int cancelling() {
    return counting().cancelRequests;
  }

  /// Whose requests count: those of a generator's body are its consumer's, as if they were one.
  private Task<?> counting() {
    Task<?> task = this;
    for (Task<?> next = task; next != null; next = next.hidden() ? next.previousTask : null) {
      task = next;
    }
    return task;
  }

  /// Takes one request back, for code that has cancelled the task itself to end a block of it;
  /// returns how many are left. With none left, an error that was not thrown yet is not thrown.
  public int uncancel() {
    loop.checkThread();
    Task<?> counting = cancelRequests > 0 ? this : counting(); // made while the body was not asked
    if (counting.cancelRequests > 0) {
      counting.cancelRequests--;
      if (counting.cancelRequests == 0) {
        mustCancel = false;
        clearInterrupt();
        counting.dropCancellation();
      }
    }
    return counting.cancelRequests;
  }

  /// What was asked of a consumer may have been handed to the body of its generator.
  private void dropCancellation() {
    for (Task<?> task = this; task != null; ) {
      task.mustCancel = false;
      task.clearInterrupt();
      task = task.waitingOn instanceof Task<?> next && next.hidden() ? next : null;
    }
  }

  /// What has left a block of code: an interrupt, by which a cancellation reaches blocking calls of
  /// the JDK, is turned back into the cancellation.
  Throwable withoutInterrupt(Throwable thrown) {
    if (!mustCancel || !Failures.isInterrupt(thrown)) {
      return thrown;
    }
    mustCancel = false;
    clearInterrupt();
    CancelledError cancelled = new CancelledError(cancelMessage);
    cancelled.initCause(thrown);
    return cancelled;
  }

  /// Whether something that was thrown in this task stands for its cancellation: a
  /// [CancelledError], or what a blocking call of the JDK throws when the cancellation interrupts
  /// it. For code that catches everything, and has to let this through.
  public boolean isCancellation(Throwable thrown) {
    return thrown instanceof CancelledError || (mustCancel && Failures.isInterrupt(thrown));
  }

  /// Hands a cancellation that was not delivered yet to another task.
  void moveCancellationTo(Task<?> other) {
    if (mustCancel) {
      mustCancel = false;
      other.mustCancel = true;
      other.cancelMessage = cancelMessage;
    }
  }

  boolean mustCancel() {
    return mustCancel;
  }

  /// The consumer of a generator got the cancellation instead: the body is not to be interrupted.
  void dropInterruptOfOther() {
    if (!mustCancel) {
      clearInterrupt();
    }
  }

  private void clearInterrupt() {
    if (interrupted) {
      interrupted = false;
      if (loop.currentTask() == this) {
        Thread.interrupted();
      }
    }
  }

  private void throwIfCancelled() {
    if (mustCancel) {
      mustCancel = false;
      clearInterrupt();
      throw new CancelledError(cancelMessage);
    }
  }

  /* ---- Suspension, on the task's own stack ---- */

  /// Refuses to wait for what another loop completes.
  void checkOwn(Promise<?> promise) {
    if (promise.loop != loop) {
      throw new IllegalStateException(
          name()
              + " awaits "
              + promise
              + " of another loop; pass the result on with"
              + " callSoonThreadsafe, or await toCompletableFuture()");
    }
  }

  /// Suspends until the promise is done.
  void awaitPromise(Promise<?> promise) {
    loop.throwIfDismissed(this);
    checkOwn(promise);
    AwaitGraph.checkCycle(this, promise);
    waitingOn = promise;
    promise.addWaiter(this);
    boolean wasPending = mustCancel;
    if (mustCancel) {
      mustCancel = false;
      if (!promise.cancel(cancelMessage)) {
        mustCancel = true;
      }
    }
    try {
      fiber.suspend();
    } catch (IllegalStateException | VirtualMachineError cannotSuspend) {
      promise.removeWaiter(this);
      mustCancel |= wasPending; // it was not thrown here
      throw cannotSuspend;
    } finally {
      waitingOn = null;
    }
    if (mustCancel) {
      promise.markRetrieved(); // a failure of the same turn gives way to the cancellation
      if (promise.cancelled()) { // as the promise's own, with the first message
        mustCancel = false;
        clearInterrupt();
      }
    }
    throwIfCancelled();
    loop.throwIfDismissed(this);
  }

  /// Suspends for exactly one turn of the loop.
  void yieldTurn() {
    loop.throwIfDismissed(this);
    fiber.wake();
    fiber.suspend();
    throwIfCancelled();
    loop.throwIfDismissed(this);
  }

  /// Runs another stack until it hands back; meanwhile a cancellation of this task goes to the task
  /// of that stack.
  void awaitHandOver(Task<?> other) {
    moveCancellationTo(other);
    waitingOn = other;
    other.previousTask = this;
    try {
      fiber.handOverTo(other.fiber);
    } finally {
      waitingOn = null;
      other.previousTask = null;
    }
    other.moveCancellationTo(this);
    loop.throwIfDismissed(this);
  }

  /* ---- Steps, called by the fiber ---- */

  /// Makes this the current task. Returns false if the task was cancelled before it began: its body
  /// never runs.
  boolean beforeStep() {
    if (mustCancel && !fiber.started() && !hidden()) {
      body = null;
      mustCancel = false;
      end(null, new CancelledError(cancelMessage));
      loop.remove(this);
      return false;
    }
    loop.enterStep(this);
    return true;
  }

  void afterStep() {
    loop.leaveStep(this);
    interruptIfBlocked();
  }

  /// The whole life of the stack.
  @SuppressWarnings("unchecked") // the body is one of this type
  void main() {
    T value = null;
    Throwable thrown = null;
    try {
      value = (T) Coroutine.call(Objects.requireNonNull(body));
    } catch (Throwable t) {
      thrown = t;
    }
    body = null;
    try {
      end(value, thrown);
    } finally {
      loop.remove(this);
      fiber.finish();
    }
  }

  @SuppressWarnings("NullAway") // null only where the user put it
  private void end(@Nullable T value, @Nullable Throwable left) {
    Throwable thrown = left == null ? null : withoutInterrupt(left);
    clearInterrupt();
    if (value instanceof Coroutine<?> returned && returned.isUnused()) {
      Debug.returnedUnawaited(this, returned);
    }
    if (thrown == null && (!mustCancel || hidden())) {
      setValue(value); // and a generator's consumer gets the cancellation
    } else if (thrown == null) {
      mustCancel = false;
      setCancelled(new CancelledError(cancelMessage));
    } else if (thrown instanceof CancelledError) {
      setCancelled(thrown);
    } else {
      fail(Failures.unwrap(thrown));
    }
  }

  /// What has to end the run of the loop, once the task has ended with it. Out of a generator it
  /// goes through the consumer first.
  @Nullable LoopExit exit() {
    if (!hidden() && failure() instanceof LoopExit exit) {
      markRetrieved();
      return exit;
    }
    return null;
  }

  /* ---- Looking at a task ---- */

  /// The frames of the coroutine's stack, innermost first, without Weft's and the JDK's machinery
  /// beneath; those of its exception if it has failed; otherwise empty before the first step and
  /// after the end. On the loop's thread.
  public StackTraceElement[] stack() {
    loop.checkThread();
    Throwable failure = failure();
    if (failure != null) {
      return Debug.userFrames(failure.getStackTrace());
    }
    return Debug.userFrames(fiber.stack());
  }

  /// Prints the stack, or, for a task that has failed, its exception.
  public void printStack(PrintStream out) {
    out.println("Stack for " + this);
    if (done()) {
      if (!cancelled()) {
        Throwable failure = failure(); // to look is not to retrieve
        if (failure != null) {
          failure.printStackTrace(out);
        }
      }
      return;
    }
    for (StackTraceElement frame : stack()) {
      out.println("\tat " + frame);
    }
  }

  /// Not for tasks: the coroutine decides on the outcome.
  ///
  /// @throws UnsupportedOperationException always
  @Override
  public void setResult(T value) {
    throw new UnsupportedOperationException("a task's result is what its coroutine returns");
  }

  /// Not for tasks: the coroutine decides on the outcome.
  ///
  /// @throws UnsupportedOperationException always
  @Override
  public void setException(Throwable failure) {
    throw new UnsupportedOperationException("a task's exception is what its coroutine throws");
  }

  /// For example `<Task pending name='Task-1' coroutine=<coroutine hello at 0x1027a6150> at
  /// Hello.java:12>`. The line where the task stands is shown on the loop's thread, while that
  /// runs.
  @Override
  public String toString() {
    Promise<?> awaited = waitingOn;
    return "<Task "
        + (cancelRequests > 0 && !done() ? "cancelling" : stateText())
        + " name='"
        + name()
        + "' coroutine="
        + coroutine
        + placeText()
        + (awaited == null ? "" : " wait_for=" + AwaitGraph.brief(awaited))
        + waitersText()
        + ">";
  }

  private String placeText() {
    return Fiber.isOn(loop) && fiber.started() && !done() ? Debug.place(fiber.stack()) : "";
  }

  /// Throws in a task whose loop was closed; one that goes on and on is left suspended for good.
  void throwDismissed() {
    dismissals++;
    if (dismissals > DISMISSALS_MAX) {
      loop.callExceptionHandler(
          new ErrorContext("coroutine ignored that its event loop was closed", null)
              .withPromise(this));
      fiber.suspend();
    }
    throw new CancelledError("the event loop of " + name() + " was closed");
  }

  /// Ends a task whose loop closes under it: the suspended stack is unwound.
  void dismiss() {
    if (!fiber.started()) {
      body = null;
      setCancelled("the event loop was closed");
      fiber.finish();
      loop.remove(this);
      return;
    }
    if (!fiber.canBlockInJdk()) {
      fiber.woken = true;
      fiber.run();
    }
  }

  /// After [#dismiss]: a stack in a blocking call of the JDK, or one whose call has just ended, is
  /// interrupted and unwinds elsewhere.
  void abandon() {
    if (fiber.canBlockInJdk()) {
      mustCancel = true;
      cancelMessage = "the event loop was closed";
      fiber.interrupt();
      fiber.goOnElsewhere();
    }
  }
}
