package weft;

/// The body of a [Generator].
///
/// @param <T> the type of the items
@FunctionalInterface
public interface GeneratorBody<T> {
  /// Emits the items.
  ///
  /// @throws Exception whatever the body throws; the consumer gets it
  void run(Emitter<T> emitter) throws Exception;
}
