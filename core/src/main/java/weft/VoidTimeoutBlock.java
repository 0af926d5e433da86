package weft;

/// A [VoidBlock] that is given its [Timeout].
///
/// @param <X> the checked exception the block may throw; inferred
@FunctionalInterface
public interface VoidTimeoutBlock<X extends Exception> {
  /// Runs the block.
  void run(Timeout timeout) throws X;
}
