package weft.nio;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import weft.spi.Chunk;

/// The memory of a driver through which bytes go. What was given back last is lent first, so that
/// one buffer, which the processor has at hand, serves as long as nobody keeps it.
final class Buffers {
  /// Waits for the first bytes of a message, where a read has to be given its buffer beforehand.
  static final int BRIEF_BYTES = 2 * 1024;

  /// Collects the small writes of one iteration.
  static final int SMALL_BYTES = 16 * 1024;

  /// Receives and sends in bulk.
  static final int LARGE_BYTES = 128 * 1024;

  private static final int PAGE_BYTES = 4 * 1024;
  private static final int SLAB_BYTES = 64 * 1024;
  private static final int SMALL_KEPT = 1024;
  private static final int LARGE_KEPT = 32;

  private final Shelf large = new Shelf(LARGE_BYTES, LARGE_KEPT);
  private final Shelf medium = new Shelf(SMALL_BYTES, SMALL_KEPT);
  private final Shelf brief = new Shelf(BRIEF_BYTES, Integer.MAX_VALUE);
  private final ArrayDeque<ByteBuffer> small = new ArrayDeque<>();
  private int smallLent;
  private long kept;
  private @Nullable ByteBuffer slab;

  /// A large buffer.
  Lent take() {
    return large.take();
  }

  /// The buffer that fits so many bytes, or the largest. To be used for what may be away for long:
  /// while many large ones are, it is satisfied with less.
  Lent takeFor(long bytes) {
    if (bytes <= BRIEF_BYTES) {
      return brief.take();
    }
    return bytes <= SMALL_BYTES || large.lent >= LARGE_KEPT ? medium.take() : large.take();
  }

  ByteBuffer takeSmall() {
    smallLent++;
    ByteBuffer buffer = small.poll();
    return buffer == null ? ByteBuffer.allocateDirect(SMALL_BYTES) : buffer.clear();
  }

  void giveBack(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return;
    }
    smallLent--;
    if (small.size() < SMALL_KEPT) {
      small.push(buffer);
    }
  }

  /// How many buffers have not been given back.
  int lent() {
    return large.lent + medium.lent + brief.lent + smallLent;
  }

  /// How much memory listeners have kept so far, in bytes of the pages touched.
  long kept() {
    return kept;
  }

  private ByteBuffer allocate(int bytes) {
    if (bytes > BRIEF_BYTES) {
      return ByteBuffer.allocateDirect(bytes);
    }
    ByteBuffer from = slab;
    if (from == null || from.remaining() < bytes) {
      from = ByteBuffer.allocateDirect(SLAB_BYTES);
      slab = from;
    }
    ByteBuffer piece = from.slice(from.position(), bytes);
    from.position(from.position() + bytes);
    return piece;
  }

  /// The buffers of one size.
  private final class Shelf {
    private final int bytes;
    private final int keptMax;
    private final ArrayDeque<Lent> free = new ArrayDeque<>();
    private int lent;

    Shelf(int bytes, int keptMax) {
      this.bytes = bytes;
      this.keptMax = keptMax;
    }

    Lent take() {
      Lent buffer = free.poll();
      if (buffer == null) {
        buffer = new Lent(this, allocate(bytes));
      }
      lent++;
      buffer.begin();
      return buffer;
    }

    void noteKept(int received) {
      kept += Math.ceilDiv(received, PAGE_BYTES) * (long) PAGE_BYTES;
    }

    void giveBack(Lent buffer) {
      lent--;
      if (free.size() < keptMax) {
        free.push(buffer);
      }
    }
  }

  /// A buffer that is lent, which is a chunk while a listener has it.
  static final class Lent implements Chunk {
    final ByteBuffer data;
    private final Shelf home;
    private boolean used;
    private int kept;

    private Lent(Shelf home, ByteBuffer data) {
      this.home = home;
      this.data = data;
    }

    private void begin() {
      used = true;
      data.clear();
    }

    @Override
    public ByteBuffer data() {
      return data;
    }

    @Override
    public void keep() {
      kept++;
    }

    @Override
    public void release() {
      if (kept == 0) {
        throw new IllegalStateException("the chunk is not kept, or was released already");
      }
      kept--;
      giveBackUnlessHeld();
    }

    /// Ends the loan, unless the listener has kept the chunk.
    void end() {
      assert used : "the loan has ended already";
      used = false;
      if (kept > 0) {
        home.noteKept(data.limit());
      }
      giveBackUnlessHeld();
    }

    private void giveBackUnlessHeld() {
      if (!used && kept == 0) {
        home.giveBack(this);
      }
    }
  }
}
