package weft;

/// The body of a coroutine that returns a value. It may call anything, and anything it calls may
/// suspend.
///
/// @param <T> the type of the result
@FunctionalInterface
public interface Body<T> {
  /// Runs the body.
  ///
  /// @throws Exception whatever the body throws; it becomes the outcome of the coroutine
  T call() throws Exception;
}
