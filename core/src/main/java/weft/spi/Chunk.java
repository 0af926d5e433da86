package weft.spi;

import java.nio.ByteBuffer;

/// Bytes that were received, in a buffer that is lent to the listener.
///
/// Without [#keep] the buffer goes back to its owner when [StreamListener#received] returns. Kept
/// chunks hold memory that is meant for reading: keep them shortly, and few.
///
/// Thread: the loop's.
public interface Chunk {
  /// The bytes, from position to limit. The same buffer at each call, for the listener to consume;
  /// not to be touched once the chunk went back.
  ByteBuffer data();

  /// Keeps the buffer beyond the call; [#release] must follow. To be called during
  /// [StreamListener#received] only.
  void keep();

  /// Gives a kept buffer back. To be called once for each [#keep]; it may be called after the
  /// channel or the driver was closed.
  void release();
}
