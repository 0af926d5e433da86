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
    try {
      custom.handle(loop, error);
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable failed) {
      failed.addSuppressed(new Exception("while handling: " + error.message(), error.exception()));
      log(new ErrorContext("Unhandled error in exception handler", failed));
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
      text.append("\n  ").append(what).append(": ").append(value);
    }
  }
}
