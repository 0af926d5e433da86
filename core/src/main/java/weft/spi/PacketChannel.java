package weft.spi;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A datagram socket. It is born paused and without a listener.
public interface PacketChannel {
  /// Sets who is told what happens.
  void listener(PacketListener listener);

  /// Begins to receive, or goes on.
  void resumeReading();

  /// Stops receiving.
  void pauseReading();

  /// Sends one datagram, which may be empty. If the system does not take it at once it is copied
  /// and sent later, in order. The buffer has nothing remaining when this returns. What goes wrong
  /// is told to the listener.
  ///
  /// @param target where to; null on a connected socket
  void send(ByteBuffer data, @Nullable SocketAddress target);

  /// How many bytes wait to be sent, with 8 added for each datagram.
  long backlog();

  /// Asks for one call of [PacketListener#drained] as soon as the backlog is at most `bytes`.
  void whenBacklogAtMost(long bytes);

  /// Joins a multicast group. Leaving is a matter of closing.
  ///
  /// @param source the only sender to hear; null for all
  default void join(InetAddress group, NetworkInterface network, @Nullable InetAddress source)
      throws IOException {
    throw new UnsupportedOperationException("this driver has no multicast");
  }

  /// Closes the socket and drops what was not sent. Repeating it does nothing.
  void close();

  /// Whether it was closed.
  boolean isClosed();

  /// The address it is bound to.
  @Nullable SocketAddress localAddress();

  /// The only peer, or null.
  @Nullable SocketAddress remoteAddress();

  /// Sets an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the channel does not know it
  <T> void setOption(SocketOption<T> option, T value) throws IOException;

  /// The value of an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the channel does not know it
  <T> T getOption(SocketOption<T> option) throws IOException;

  /// The options that the channel knows.
  Set<SocketOption<?>> supportedOptions();
}
