package weft;

/// A [Block] without a result.
///
/// @param <X> the checked exception the block may throw; inferred
@FunctionalInterface
public interface VoidBlock<X extends Exception> {
  /// Runs the block.
  void run() throws X;
}
