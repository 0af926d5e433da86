package weft;

import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/// Where the errors of a loop go that nobody awaits.
final class LoopErrors {
  private final AbstractEventLoop loop;
  private @Nullable ExceptionHandler handler;

  LoopErrors(AbstractEventLoop loop) {
    this.loop = loop;
  }

  void setHandler(@Nullable ExceptionHandler replacement) {
    handler = replacement;
  }

  @Nullable ExceptionHandler handler() {
    return handler;
  }

  void report(ErrorContext error) {
    ExceptionHandler custom = handler;
    if (custom == null) {
      log(error);
      return;
    }
    Context outer = null; // the context of a callback is in force already
    if (error.promise() instanceof Task<?> task && loop.isRunning() && Fiber.isOn(loop)) {
      outer = loop.enter(task.context());
    }
    try {
      custom.handle(loop, error);
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable thrown) {
      thrown.addSuppressed(new Exception("while handling: " + error.message(), error.exception()));
      log(new ErrorContext("Unhandled error in exception handler", thrown));
    } finally {
      if (outer != null) {
        loop.enter(outer);
      }
    }
  }

  void log(ErrorContext error) {
    StringBuilder text = new StringBuilder(error.message());
    append(text, "promise", error.promise());
    append(text, "handle", error.handle());
    append(text, "source", error.source());
    if (error.created() != null) {
      text.append("\n  created at:");
      for (StackTraceElement frame : Debug.userFrames(error.created().getStackTrace())) {
        text.append("\n    ").append(frame);
      }
    }
    Debug.logger().log(Level.ERROR, text.toString(), error.exception());
  }

  private static void append(StringBuilder text, String what, @Nullable Object value) {
    if (value != null) {
      text.append("\n  ").append(what).append(": ").append(Debug.wholeText(value));
    }
  }
}
