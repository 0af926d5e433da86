package weft;

/// The body of a coroutine that returns nothing.
@FunctionalInterface
public interface VoidBody {
  /// Runs the body.
  ///
  /// @throws Exception whatever the body throws; it becomes the outcome of the coroutine
  void run() throws Exception;
}
