package weft.sync;

/// A semaphore that never has more permits than at the start; asyncio's `BoundedSemaphore`. It
/// turns a release too many, which is nearly always a mistake, into an error.
public final class AsyncBoundedSemaphore extends AsyncSemaphore {
  private final int bound;

  /// A semaphore of one permit.
  public AsyncBoundedSemaphore() {
    this(1);
  }

  /// A semaphore of `value` permits.
  ///
  /// @throws IllegalArgumentException if `value` is negative
  public AsyncBoundedSemaphore(int value) {
    super(value);
    bound = value;
  }

  /// Puts a permit back and hands it to the one who has waited longest. Does not suspend.
  ///
  /// @throws IllegalStateException if all permits are there already
  @Override
  public void release() {
    checkThread();
    if (value() >= bound) {
      throw new IllegalStateException(
          "this AsyncBoundedSemaphore has all its "
              + bound
              + " permits: release it once for each acquire");
    }
    super.release();
  }
}
