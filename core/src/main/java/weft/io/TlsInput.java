package weft.io;

import java.nio.ByteBuffer;

/// Ciphertext that has arrived and cannot be decrypted yet: the beginning of a record, or all there
/// is while the reader pauses. Holds no more memory than it has bytes, give or take the doubling of
/// an array that grows.
final class TlsInput {
  /// A buffer without room.
  static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private static final int HEADER_BYTES = 5;
  private static final int RECORD_BYTES_MAX = HEADER_BYTES + (16 << 10) + (2 << 10);
  private static final int TYPE_MIN = 20;
  private static final int TYPE_MAX = 24;

  /// The bytes, from position to limit.
  private ByteBuffer held = NOTHING;

  /// How many bytes at least are missing to the end of the first record; 0 if it is complete. Also
  /// 0 for what is no record of TLS: it is for the engine to say so.
  static int missing(ByteBuffer in) {
    int size = in.remaining();
    if (size == 0) {
      return HEADER_BYTES;
    }
    int start = in.position();
    int type = in.get(start);
    if (type < TYPE_MIN || type > TYPE_MAX) {
      return 0;
    }
    if (size < HEADER_BYTES) {
      return HEADER_BYTES - size;
    }
    int record = HEADER_BYTES + Short.toUnsignedInt(in.getShort(start + 3));
    return record > RECORD_BYTES_MAX ? 0 : Math.max(0, record - size);
  }

  int size() {
    return held.remaining();
  }

  /// How many bytes at least must come before the record that was begun can be decrypted; 0 if none
  /// was.
  int missing() {
    return held.hasRemaining() ? missing(held) : 0;
  }

  /// The bytes, to be consumed in place; followed by [#trim].
  ByteBuffer buffer() {
    return held;
  }

  /// Takes all of the data in.
  void append(ByteBuffer data) {
    int count = data.remaining();
    int end = held.limit();
    if (held.capacity() - end < count) {
      int size = held.remaining() + count;
      ByteBuffer larger =
          ByteBuffer.allocate(held.hasRemaining() ? Math.max(size, growth()) : size);
      held = larger.put(held).flip();
      end = held.limit();
    }
    held.limit(end + count);
    held.put(end, data, data.position(), count);
    data.position(data.limit());
  }

  private int growth() {
    return 2 * held.remaining();
  }

  /// Moves what is held, followed by the data, into a borrowed buffer.
  ByteBuffer join(ByteBuffer data, TlsBuffers buffers) {
    ByteBuffer joined = buffers.packet(held.remaining() + data.remaining());
    joined.put(held).put(data).flip();
    held = NOTHING;
    return joined;
  }

  /// Gives up what was consumed of [#buffer], and the memory with it.
  void trim() {
    if (!held.hasRemaining()) {
      held = NOTHING;
    } else if (held.remaining() < held.capacity() / 4) {
      held = ByteBuffer.allocate(held.remaining()).put(held).flip();
    }
  }

  void clear() {
    held = NOTHING;
  }
}
