package weft;

/// What the body of a [Generator] gives its items to.
///
/// @param <T> the type of the items
@FunctionalInterface
public interface Emitter<T> {
  /// Hands an item to the consumer and suspends until it asks for the next one.
  ///
  /// @throws GeneratorExit if the generator is closed meanwhile
  /// @throws IllegalStateException if called by another coroutine than the generator's own
  void emit(T item);
}
