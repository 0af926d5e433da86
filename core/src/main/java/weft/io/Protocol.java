package weft.io;

import java.nio.ByteBuffer;

/// Is told what arrives on a stream.
///
/// An exception from its methods ends the connection and goes to the loop's exception handler.
public interface Protocol extends BaseProtocol {
  /// Bytes have arrived; never none. How they are cut into pieces means nothing. The buffer is lent
  /// for the call.
  default void dataReceived(ByteBuffer data) {}

  /// The peer has ended its direction. Called at most once.
  ///
  /// @return true to go on writing; false closes the transport. TLS and pipes close in any case.
  default boolean eofReceived() {
    return false;
  }
}
