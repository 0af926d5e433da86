package weft;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Runs several programs one after the other on one loop and in one context, and cleans up at the
/// end. [Weft#run] is a runner for one program.
///
/// Nothing exists until the first use. [#close] cancels the tasks that are left and waits for them,
/// closes the generators, joins the default executor and closes the loop.
///
/// During a run SIGINT cancels the main task, and the run then throws [KeyboardInterrupt]; a second
/// one ends the run at once, a third the JVM. SIGTERM does the same with [SystemExit] of status
/// 143, and when the runner has cleaned up, the JVM shuts down as it would have done without Weft;
/// it does so too if the loop is blocked and does not notice the signal within five seconds. A
/// program that handles these signals itself is left alone.
///
/// Thread: one at a time.
public final class Runner implements AutoCloseable {
  private enum State {
    CREATED,
    INITIALIZED,
    CLOSED
  }

  private static final Duration EXECUTOR_JOIN_MAX = Duration.ofMinutes(5);

  private final RunOptions options;
  private State state = State.CREATED;
  private @Nullable AbstractEventLoop loop;
  private @Nullable Context context;
  private boolean terminated;

  /// A runner of a loop of the chosen kind.
  public Runner() {
    this(RunOptions.defaults());
  }

  /// A runner with wishes.
  public Runner(RunOptions options) {
    this.options = Objects.requireNonNull(options, "options");
  }

  /// The loop; made now if this is the first use.
  ///
  /// @throws IllegalStateException if the runner is closed
  public EventLoop loop() {
    return initialized();
  }

  private AbstractEventLoop initialized() {
    if (state == State.CLOSED) {
      throw new IllegalStateException("the runner is closed");
    }
    AbstractEventLoop made = loop;
    if (made == null) {
      var factory = options.loopFactory();
      made = AbstractEventLoop.of(factory == null ? EventLoop.create() : factory.get());
      if (options.debug() != null) {
        made.setDebug(options.debug());
      }
      loop = made;
      context = Context.copyCurrent();
      state = State.INITIALIZED;
    }
    return made;
  }

  /// Runs an awaitable to its end in the runner's context, and returns or throws its outcome as
  /// `await` does.
  ///
  /// @throws IllegalStateException if a loop runs on this thread, or the runner is closed
  public <T> T run(Awaitable<T> main) {
    return run(main, null);
  }

  /// Runs a body to its end in the runner's context.
  public <T> T run(Body<T> main) {
    return run(Weft.async(main), null);
  }

  /// Runs a body to its end in the runner's context.
  public void run(VoidBody main) {
    run(Weft.async(main), null);
  }

  /// Runs an awaitable to its end in the given context.
  public <T> T run(Awaitable<T> main, @Nullable Context in) {
    Objects.requireNonNull(main, "main");
    if (Fiber.running() != null) {
      if (main instanceof Coroutine<T> unused) {
        unused.close();
      }
      throw new IllegalStateException(
          "run inside a running event loop: in a coroutine use await, in a callback createTask");
    }
    AbstractEventLoop on = initialized();
    Coroutine<T> coroutine =
        main instanceof Coroutine<T> given ? given : Weft.async("main", () -> main.await());
    Task<T> task =
        on.createTask(coroutine, TaskOptions.defaults().context(in == null ? context : in));
    Interrupts interrupts = Interrupts.install(on, task);
    try {
      return on.runUntilComplete(task);
    } catch (CancelledError cancelled) {
      if (interrupts.happened() && task.uncancel() == 0) {
        throw interrupts.exit();
      }
      throw cancelled;
    } finally {
      interrupts.uninstall();
      terminated |= interrupts.terminated();
    }
  }

  /// Cleans up and closes the loop. Repeating it does nothing.
  @Override
  public void close() {
    if (state != State.INITIALIZED) {
      state = State.CLOSED;
      return;
    }
    AbstractEventLoop closing = initialized();
    if (closing.isRunning()) {
      throw new IllegalStateException("a runner cannot be closed within its own run");
    }
    state = State.CLOSED;
    try {
      cancelAllTasks(closing);
      closing.runUntilComplete(closing.shutdownGenerators());
      closing.runUntilComplete(closing.shutdownDefaultExecutor(EXECUTOR_JOIN_MAX));
    } finally {
      closing.close();
      if (terminated) {
        Interrupts.raiseDefault("TERM"); // what the signal is for: the process ends
      }
    }
  }

  private static void cancelAllTasks(AbstractEventLoop loop) {
    List<Task<?>> left = new ArrayList<>(loop.allTasks());
    if (left.isEmpty()) {
      return;
    }
    left.forEach(Task::cancel);
    loop.runUntilComplete(Weft.async("cancel all tasks", () -> Weft.gatherSettled(left).await()));
    for (Task<?> task : left) {
      Throwable failure = task.cancelled() ? null : task.exception();
      if (failure != null) {
        loop.callExceptionHandler(
            new ErrorContext("unhandled exception during Weft.run() shutdown", failure)
                .withPromise(task));
      }
    }
  }
}
