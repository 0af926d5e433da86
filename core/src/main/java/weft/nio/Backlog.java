package weft.nio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Bytes that the system did not take yet: copies, since what is written belongs to the caller.
/// Small pieces share an array.
final class Backlog {
  private static final int ARRAY_BYTES_MIN = 8 * 1024;

  /// Arrays with the bytes to send between position and limit, and room after the limit. Made when
  /// needed: most connections never have a backlog.
  private @Nullable ArrayDeque<ByteBuffer> pieces;

  private long size;

  long size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  void add(ByteBuffer data) {
    int bytes = data.remaining();
    if (bytes == 0) {
      return;
    }
    size += bytes;
    if (pieces == null) {
      pieces = new ArrayDeque<>(1);
    }
    ByteBuffer last = pieces.peekLast();
    if (last == null || last.capacity() - last.limit() < bytes) {
      last = ByteBuffer.allocate(Math.max(bytes, ARRAY_BYTES_MIN)).limit(0);
      pieces.add(last);
    }
    int end = last.limit();
    last.limit(end + bytes);
    last.put(end, data, data.position(), bytes);
    data.position(data.limit());
  }

  /// Sends what the channel takes, many pieces at a time.
  void send(WritableByteChannel channel, Buffers buffers) throws IOException {
    Buffers.Lent stage = buffers.take();
    try {
      while (size > 0) {
        int staged = stage(stage.data.clear());
        int sent = channel.write(stage.data.flip());
        drop(sent);
        if (sent < staged) {
          return;
        }
      }
    } finally {
      stage.end();
    }
  }

  /// Moves as many bytes as there is room for.
  void moveTo(ByteBuffer target) {
    int before = target.position();
    drop(stage(target) - before);
  }

  private int stage(ByteBuffer stage) {
    if (pieces == null) {
      return stage.position();
    }
    for (ByteBuffer piece : pieces) {
      int bytes = Math.min(piece.remaining(), stage.remaining());
      stage.put(stage.position(), piece, piece.position(), bytes);
      stage.position(stage.position() + bytes);
      if (!stage.hasRemaining()) {
        break;
      }
    }
    return stage.position();
  }

  private void drop(int sent) {
    if (pieces == null) {
      return;
    }
    size -= sent;
    int left = sent;
    for (ByteBuffer first; (first = pieces.peek()) != null && left >= first.remaining(); ) {
      left -= first.remaining();
      pieces.remove();
    }
    if (left > 0) {
      ByteBuffer first = pieces.element();
      first.position(first.position() + left);
    }
  }

  void clear() {
    pieces = null;
    size = 0;
  }
}
