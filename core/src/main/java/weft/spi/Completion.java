package weft.spi;

import java.io.IOException;

/// Is told the outcome of an operation, or of each of a series. Called by [Driver#dispatch] on the
/// loop's thread.
///
/// @param <T> what the operation yields
public interface Completion<T> {
  /// It has succeeded. The value belongs to the one who is called.
  void completed(T value);

  /// It has failed.
  void failed(IOException failure);
}
