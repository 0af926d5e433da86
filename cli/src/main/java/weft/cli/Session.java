package weft.cli;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import weft.CancelledError;
import weft.Context;
import weft.EventLoop;
import weft.KeyboardInterrupt;
import weft.RunOptions;
import weft.Runner;
import weft.SystemExit;
import weft.Task;
import weft.TaskOptions;
import weft.Weft;

/// The event loop behind the prompt, on a thread of its own, from the repl's start to its end.
///
/// Each input runs there as one task; the thread of the prompt waits for that task, while all
/// others go on. All inputs have the same [Context], so a context variable set in one is seen by
/// the next.
final class Session implements AutoCloseable {
  private final CompletableFuture<EventLoop> started = new CompletableFuture<>();
  private final CompletableFuture<Integer> exited = new CompletableFuture<>();
  private final AtomicReference<@Nullable Task<?>> foreground = new AtomicReference<>();
  private final RunOptions options;
  private final Context context = new Context();
  private final Thread thread;
  private final EventLoop loop;
  private volatile @Nullable CompletableFuture<?> waiting;
  private volatile boolean interrupted;

  Session(RunOptions options) {
    this.options = options;
    thread = new Thread(this::runLoop, "weft-loop");
    thread.setDaemon(true);
    thread.start();
    loop = started.join();
  }

  private void runLoop() {
    Runner runner = new Runner(options);
    try (runner) {
      started.complete(runner.loop());
      while (true) {
        try {
          runner.loop().runForever();
          break;
        } catch (KeyboardInterrupt e) {
          System.err.println("KeyboardInterrupt");
        }
      }
    } catch (SystemExit e) {
      exited.complete(e.status());
    } catch (Throwable t) {
      if (!started.completeExceptionally(t)) {
        t.printStackTrace();
      }
    } finally {
      exited.complete(1);
      CompletableFuture<?> last = waiting;
      if (last != null) {
        last.completeExceptionally(new CancelledError("the loop has ended"));
      }
    }
  }

  EventLoop loop() {
    return loop;
  }

  /// Runs the body as a task on the loop and waits for it. What it throws is thrown here.
  <T> T evaluate(Callable<T> body) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    waiting = done;
    if (exited.isDone()) {
      throw new CancelledError("the loop has ended");
    }
    loop.callSoonThreadsafe(() -> start(body, done));
    try {
      return done.get();
    } catch (ExecutionException e) {
      throw Session.<RuntimeException>unchecked(Objects.requireNonNull(e.getCause()));
    } finally {
      waiting = null;
      foreground.set(null);
      StopCheck.clear();
    }
  }

  private <T> void start(Callable<T> body, CompletableFuture<T> done) {
    Task<Void> task =
        loop.createTask(
            Weft.async(
                "input",
                () -> {
                  try {
                    done.complete(body.call());
                  } catch (Throwable t) {
                    done.completeExceptionally(t);
                  }
                }),
            TaskOptions.named("input").context(context));
    task.addDoneCallback(
        t -> {
          if (t.cancelled()) {
            done.completeExceptionally(new CancelledError("interrupted"));
          }
        });
    foreground.set(task);
  }

  /// Cancels the input that is being evaluated, and only that: a sleeping one wakes up with
  /// [CancelledError], a computing one is stopped by [StopCheck]. Any thread.
  void interrupt() {
    Task<?> task = foreground.get();
    if (task != null) {
      interrupted = true;
      StopCheck.stop(task);
      loop.callSoonThreadsafe(() -> task.cancel("interrupted"));
    }
  }

  /// Whether [#takeInterrupted] would say so.
  boolean isInterrupted() {
    return interrupted;
  }

  /// Whether an input has been interrupted since the last call.
  boolean takeInterrupted() {
    boolean was = interrupted;
    interrupted = false;
    return was;
  }

  /// All tasks but the one that asks, one a line.
  List<String> describeTasks() throws Exception {
    return evaluate(
        () ->
            loop.allTasks().stream()
                .filter(task -> task != Task.current())
                .map(Task::toString)
                .sorted()
                .toList());
  }

  /// The exit status, if a task has thrown [SystemExit]; else null.
  @Nullable Integer exitStatus() {
    return exited.getNow(null);
  }

  /// Ends the session: an input has thrown [SystemExit].
  void exit(int status) {
    exited.complete(status);
  }

  /// Cancels all tasks and closes the loop.
  @Override
  public void close() throws InterruptedException {
    if (thread.isAlive()) {
      try {
        loop.callSoonThreadsafe(loop::stop);
      } catch (IllegalStateException e) {
        // closed already
      }
    }
    thread.join();
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> RuntimeException unchecked(Throwable thrown) throws X {
    throw (X) thrown;
  }
}
