package weft.spi;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/// Is told what happens on a [PacketChannel]. Called by [Driver#dispatch] on the loop's thread.
public interface PacketListener {
  /// A datagram has arrived; it may be empty. The buffer is lent for the call.
  void received(ByteBuffer data, SocketAddress sender);

  /// The backlog has fallen to what [PacketChannel#whenBacklogAtMost] asked for.
  void drained();

  /// A datagram could not be sent or received. The socket stays open.
  void failed(IOException failure);
}
