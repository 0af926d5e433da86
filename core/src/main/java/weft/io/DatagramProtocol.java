package weft.io;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/// Is told which datagrams arrive.
public interface DatagramProtocol extends BaseProtocol {
  /// A datagram has arrived; it may be empty. The buffer is lent for the call.
  default void datagramReceived(ByteBuffer data, SocketAddress sender) {}

  /// A datagram could not be sent or received; the transport stays open.
  default void errorReceived(IOException failure) {}
}
