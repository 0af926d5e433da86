package weft.io;

import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.spi.Driver;

/// The driver of a loop, for what can also be done without one.
final class Drivers {
  private Drivers() {}

  /// The driver; null if the loop has none.
  static @Nullable Driver of(EventLoop loop) {
    try {
      return loop.driver();
    } catch (UnsupportedOperationException e) {
      return null;
    }
  }
}
