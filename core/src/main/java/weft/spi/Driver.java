package weft.spi;

/// The part of an event loop that waits for the outside world: it sleeps, is woken, and tells the
/// time. One driver belongs to one loop.
///
/// Thread: every method is called on the loop's thread, except [#wakeup] and [#nanoTime], which any
/// thread may call. A driver knows nothing of coroutines, tasks or callbacks.
public interface Driver extends AutoCloseable {
  /// Waits for at most `timeoutNanos` and returns; 0 returns at once, [Long#MAX_VALUE] waits
  /// without limit. Returns early after [#wakeup] and may return early for no reason. It never
  /// returns so early over and over that the loop would spin: what the system cannot time exactly
  /// is rounded up.
  void poll(long timeoutNanos);

  /// Makes a running [#poll], or else the next one, return at once. Any thread; never blocks; does
  /// nothing after [#close].
  void wakeup();

  /// The driver's monotonic clock, in nanoseconds from an arbitrary origin. Any thread.
  long nanoTime();

  /// Releases what the system lent. Repeating it does nothing.
  @Override
  void close();
}
