package weft;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A callback that is due to run on a loop, returned by [EventLoop#callSoon] and its siblings so
/// that it can be cancelled.
///
/// Thread: the loop's, except for handles from [EventLoop#callSoonThreadsafe], which may be
/// cancelled from anywhere.
public class Handle implements Runnable {
  final AbstractEventLoop loop;
  private @Nullable Runnable callback;

  /// The captured bindings, or the [Context] to run in.
  private Object context;

  private @Nullable Throwable created;

  Handle(AbstractEventLoop loop, Runnable callback, Object captured) {
    this.loop = loop;
    this.callback = callback;
    this.context = captured;
    if (loop.debug) {
      created = Debug.trace("callback scheduled");
    }
  }

  /// A handle of Weft's own, which needs no context.
  Handle(AbstractEventLoop loop) {
    this.loop = loop;
    this.context = Map.of();
  }

  /// Makes sure that the callback does not run any more. Does nothing if it has run.
  public void cancel() {
    callback = null;
    created = null;
  }

  /// Whether the callback was cancelled.
  public boolean cancelled() {
    return callback == null;
  }

  /// The context in which the callback runs.
  public Context context() {
    if (context instanceof Context explicit) {
      return explicit;
    }
    @SuppressWarnings("unchecked")
    Context own = new Context((Map<ContextVar<?>, @Nullable Object>) context);
    context = own;
    return own;
  }

  /// Called by the loop when the callback's turn has come; not for anybody else.
  @Override
  public void run() {
    Runnable due = callback;
    if (due == null) {
      return;
    }
    if (loop.blocked.none()) {
      run(due);
    } else {
      loop.runCallback(() -> run(due));
    }
  }

  @SuppressWarnings("unchecked")
  private void run(Runnable due) {
    if (context instanceof Context explicit) {
      loop.enter(explicit);
    } else {
      loop.enterCopy((Map<ContextVar<?>, @Nullable Object>) context);
    }
    long began = loop.debug ? loop.timeNanos() : 0;
    try {
      due.run();
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable t) {
      report(due, t);
    } finally {
      if (loop.debug && began != 0) {
        Debug.reportSlow(loop, this, loop.timeNanos() - began);
      }
    }
  }

  private void report(Runnable due, Throwable thrown) {
    loop.callExceptionHandler(
        new ErrorContext("Exception in callback " + Debug.describe(due), thrown)
            .withHandle(this)
            .withCreated(created));
  }

  @Nullable Throwable created() {
    return created;
  }

  @Override
  public String toString() {
    Runnable due = callback;
    return "<Handle " + (due == null ? "cancelled" : Debug.describe(due)) + ">";
  }
}
