package weft.nio;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import weft.spi.Chunk;

/// The memory of a driver through which bytes go. What was given back last is lent first, so that
/// one buffer, which the processor has at hand, serves as long as nobody keeps it.
final class Buffers {
  /// Receives and sends in bulk.
  static final int LARGE_BYTES = 128 * 1024;

  /// Collects the small writes of one iteration.
  static final int SMALL_BYTES = 16 * 1024;

  private static final int LARGE_KEPT = 32;
  private static final int SMALL_KEPT = 256;

  private final ArrayDeque<Lent> large = new ArrayDeque<>();
  private final ArrayDeque<ByteBuffer> small = new ArrayDeque<>();

  Lent take() {
    Lent lent = large.poll();
    if (lent == null) {
      lent = new Lent();
    }
    lent.data.clear();
    return lent;
  }

  ByteBuffer takeSmall() {
    ByteBuffer buffer = small.poll();
    return buffer == null ? ByteBuffer.allocateDirect(SMALL_BYTES) : buffer.clear();
  }

  void giveBack(@Nullable ByteBuffer buffer) {
    if (buffer != null && small.size() < SMALL_KEPT) {
      small.push(buffer);
    }
  }

  /// A large buffer, which is a chunk while a listener has it.
  final class Lent implements Chunk {
    final ByteBuffer data = ByteBuffer.allocateDirect(LARGE_BYTES);
    private boolean kept;

    @Override
    public ByteBuffer data() {
      return data;
    }

    @Override
    public void keep() {
      kept = true;
    }

    @Override
    public void release() {
      if (!kept) {
        throw new IllegalStateException("the chunk is not kept, or was released already");
      }
      kept = false;
      giveBack();
    }

    /// Ends the loan, unless the listener has kept the chunk.
    void end() {
      if (!kept) {
        giveBack();
      }
    }

    private void giveBack() {
      if (large.size() < LARGE_KEPT) {
        large.push(this);
      }
    }
  }
}
