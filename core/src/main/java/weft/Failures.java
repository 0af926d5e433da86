package weft;

import java.io.InterruptedIOException;
import java.net.SocketException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// How exceptions travel between tasks: unchecked as they are, checked ones in exactly one
/// [CompletionException].
final class Failures {
  private Failures() {}

  /// Throws the failure of an awaited. Declared to return, so that the caller can write `throw`.
  static RuntimeException rethrow(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    throw new CompletionException(failure);
  }

  /// As [#rethrow], but a failure of the expected type is thrown as it is.
  static <X extends Throwable> RuntimeException rethrow(Throwable failure, Class<X> expected)
      throws X {
    Throwable bare = unwrap(failure);
    if (expected.isInstance(bare)) {
      throw expected.cast(bare);
    }
    throw rethrow(failure);
  }

  /// Takes off the wrapper that [#rethrow] or the JDK has put around a checked exception.
  static Throwable unwrap(Throwable thrown) {
    Throwable cause = thrown.getCause();
    if (thrown.getClass() == CompletionException.class && cause != null && isChecked(cause)) {
      return cause;
    }
    return thrown;
  }

  /// Takes off the wrappers that futures of the JDK put around every exception.
  static Throwable unwrapJdk(Throwable thrown) {
    Throwable cause = thrown.getCause();
    while (cause != null
        && (thrown.getClass() == CompletionException.class
            || thrown.getClass() == ExecutionException.class)) {
      thrown = cause;
      cause = thrown.getCause();
    }
    return thrown;
  }

  private static boolean isChecked(Throwable t) {
    return !(t instanceof RuntimeException) && !(t instanceof Error);
  }

  /// Whether this is how a blocking call of the JDK says that its thread was interrupted.
  static boolean isInterrupt(@Nullable Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof InterruptedException
          || t instanceof ClosedByInterruptException
          || t instanceof InterruptedIOException
          || (t instanceof SocketException && "Closed by interrupt".equals(t.getMessage()))) {
        return true;
      }
    }
    return false;
  }

  /// Throws anything without wrapping it, where the declared type of a lambda is in the way.
  @SuppressWarnings("unchecked")
  static <X extends Throwable> RuntimeException sneaky(Throwable t) throws X {
    throw (X) t;
  }
}
