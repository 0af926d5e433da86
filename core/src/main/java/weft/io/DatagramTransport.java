package weft.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A datagram socket.
public interface DatagramTransport extends ReadTransport {
  /// Sends one datagram, which may be empty. The array is the caller's again when this returns.
  ///
  /// @param target where to; null on a connected socket
  /// @throws IllegalArgumentException if the socket is connected to somebody else, or is not
  ///   connected and there is no target
  default void sendTo(byte[] data, @Nullable SocketAddress target) {
    sendTo(ByteBuffer.wrap(data), target);
  }

  /// As [#sendTo(byte[], SocketAddress)]. The buffer has nothing remaining when this returns.
  void sendTo(ByteBuffer data, @Nullable SocketAddress target);

  /// Closes at once and drops what was not sent.
  void abort();

  /// How many bytes wait to be sent, with 8 added for each datagram.
  long writeBufferSize();

  /// When the protocol is paused and resumed.
  WaterMarks writeBufferLimits();

  /// Sets when the protocol is paused and resumed; takes effect at once.
  void setWriteBufferLimits(WaterMarks limits);

  /// Joins a multicast group until the transport is closed.
  ///
  /// @param source the only sender to hear; null for all
  void join(InetAddress group, NetworkInterface network, @Nullable InetAddress source)
      throws IOException;

  /// Sets an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the socket does not know the option
  <T> void setOption(SocketOption<T> option, T value) throws IOException;

  /// The value of an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the socket does not know the option
  <T> T getOption(SocketOption<T> option) throws IOException;
}
