package weft;

import org.jspecify.annotations.Nullable;

/// Thrown in a coroutine at the point where it is cancelled, and out of an await of something that
/// was cancelled.
///
/// An [Error], so that `catch (Exception e)` does not swallow it. Code that catches it to clean up
/// rethrows it.
///
/// @see <a href="https://docs.python.org/3/library/asyncio-exceptions.html">asyncio exceptions</a>
public final class CancelledError extends Error {
  /// A cancellation without a message.
  public CancelledError() {
    this(null);
  }

  /// A cancellation with the message given to [Task#cancel(String)].
  public CancelledError(@Nullable String message) {
    super(message);
  }
}
