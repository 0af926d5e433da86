package weft.io;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import weft.spi.StreamChannel;

/// A channel for which something is left to do between the last byte and the close.
interface GracefulChannel extends StreamChannel {
  /// To be called once, when the backlog is 0 and nothing more is written. [#close] and [#abort]
  /// end the waiting.
  ///
  /// @param done is called on the loop when the channel may be closed, with the reason if it did
  ///   not go well
  void shutdown(Consumer<@Nullable IOException> done);
}
