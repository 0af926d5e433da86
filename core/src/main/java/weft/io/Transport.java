package weft.io;

import java.io.IOException;
import java.net.SocketOption;

/// A connection: bytes in both directions.
///
/// @see <a href="https://docs.python.org/3/library/asyncio-protocol.html">asyncio transports</a>
public interface Transport extends ReadTransport, WriteTransport {
  /// Sets an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the connection does not know the option
  <T> void setOption(SocketOption<T> option, T value) throws IOException;

  /// The value of an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the connection does not know the option
  <T> T getOption(SocketOption<T> option) throws IOException;
}
