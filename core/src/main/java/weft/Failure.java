package weft;

import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/// The exception of a failed promise, and whether anybody has seen it: if the promise is collected,
/// or the loop closed, before that, the loop reports it.
final class Failure {
  final Throwable exception;
  private final AbstractEventLoop loop;
  private final @Nullable Throwable created;
  private final String kind;
  private volatile boolean retrieved;
  private String text = "";
  private Cleaner.@Nullable Cleanable collected;

  Failure(
      AbstractEventLoop loop, Throwable exception, @Nullable Throwable created, boolean ofTask) {
    this.loop = loop;
    this.exception = exception;
    this.created = created;
    this.kind = ofTask ? "Task" : "Promise";
  }

  Throwable retrieve() {
    if (!retrieved) {
      retrieved = true;
      loop.unretrieved.remove(this);
      if (collected != null) {
        collected.clean();
      }
    }
    return exception;
  }

  /// Starts to watch over a promise that has just failed.
  void watch(Promise<?> promise) {
    if (exception instanceof CancelledError) {
      return; // the outcome of a gather that was cancelled: no failure that anybody must see
    }
    loop.unretrieved.add(this);
    text = promise.toString();
    collected = Debug.CLEANER.register(promise, this::reportIfUnseen);
  }

  /// Runs when the promise was collected, on the cleaner's thread, or when the loop closes. Until
  /// the loop has come to report it, it counts as unseen, so that a loop which closes does.
  void reportIfUnseen() {
    if (!loop.isRunning() || !loop.post(this::report)) {
      report();
    }
  }

  private void report() {
    if (loop.unretrieved.remove(this) && !retrieved) {
      retrieved = true;
      loop.callExceptionHandler(
          new ErrorContext(kind + " exception was never retrieved: " + text, exception)
              .withCreated(created));
    }
  }
}
