package weft.io;

import java.nio.ByteBuffer;

/// A transport that sends.
public interface WriteTransport extends BaseTransport {
  /// Sends bytes, or keeps what the system does not take and sends it when it can. The array is the
  /// caller's again when this returns.
  ///
  /// After the connection was lost the bytes are dropped; who does not notice is warned.
  ///
  /// @throws IllegalStateException after [#writeEof], and while a file is sent
  default void write(byte[] data) {
    write(ByteBuffer.wrap(data));
  }

  /// As [#write(byte[])]. The buffer has nothing remaining when this returns.
  void write(ByteBuffer data);

  /// Sends several pieces, in order.
  default void writeLines(Iterable<ByteBuffer> pieces) {
    pieces.forEach(this::write);
  }

  /// Whether [#writeEof] is supported: not by TLS.
  boolean canWriteEof();

  /// Ends the output once everything is sent; the peer can still send. Does nothing when the
  /// transport is closing. For a pipe this is the same as closing.
  ///
  /// @throws UnsupportedOperationException if [#canWriteEof] is false
  void writeEof();

  /// Closes at once: drops what was not sent; the peer of a TCP connection sees a reset. The
  /// protocol's `connectionLost` is called with null.
  void abort();

  /// How many bytes were written and not yet taken by the system.
  long writeBufferSize();

  /// When the protocol is paused and resumed.
  WaterMarks writeBufferLimits();

  /// Sets when the protocol is paused and resumed; takes effect at once.
  void setWriteBufferLimits(WaterMarks limits);
}
