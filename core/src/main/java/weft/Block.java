package weft;

/// A block of code that the called method runs inline, so that the exceptions it throws pass
/// through as if the block were in braces.
///
/// @param <T> the type of the result
/// @param <X> the checked exception the block may throw; inferred
@FunctionalInterface
public interface Block<T, X extends Exception> {
  /// Runs the block.
  T call() throws X;
}
