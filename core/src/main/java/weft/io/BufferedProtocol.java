package weft.io;

import java.nio.ByteBuffer;

/// Is told what arrives on a stream, in buffers of its own.
///
/// An exception from its methods ends the connection and goes to the loop's exception handler.
public interface BufferedProtocol extends BaseProtocol {
  /// A buffer to receive into, between its position and limit; what it has room for is up to the
  /// protocol, but not nothing.
  ///
  /// @param sizeHint how many bytes are there; -1 if that is not known
  ByteBuffer getBuffer(int sizeHint);

  /// Bytes were put into the buffer that [#getBuffer] gave last, whose position has moved.
  void bufferUpdated(int bytes);

  /// As [Protocol#eofReceived].
  default boolean eofReceived() {
    return false;
  }
}
