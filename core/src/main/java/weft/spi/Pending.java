package weft.spi;

/// An operation that has begun.
@FunctionalInterface
public interface Pending {
  /// Gives the operation up and releases what it holds: its completion is not called afterwards.
  /// Does nothing if it was called already.
  void cancel();
}
