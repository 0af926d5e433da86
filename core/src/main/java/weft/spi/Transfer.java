package weft.spi;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A part of a file on its way into a channel.
public interface Transfer {
  /// How many bytes the system has taken so far.
  long sent();

  /// Whether the transfer has ended: everything is sent, the file was shorter, it failed, or was
  /// cancelled.
  boolean done();

  /// Why it failed, or null.
  @Nullable IOException failure();

  /// Whether it failed because of the file, so that the channel goes on. Otherwise the channel has
  /// failed, and its listener is told so, too.
  default boolean fileFailed() {
    return false;
  }

  /// Stops the transfer where it is. It is done afterwards, and is not told to be.
  void cancel();
}
