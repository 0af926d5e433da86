package weft;

/// A [Block] that is given its [Timeout].
///
/// @param <T> the type of the result
/// @param <X> the checked exception the block may throw; inferred
@FunctionalInterface
public interface TimeoutBlock<T, X extends Exception> {
  /// Runs the block.
  T call(Timeout timeout) throws X;
}
