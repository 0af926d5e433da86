package weft.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import weft.spi.Chunk;

/// The memory of a driver through which bytes go, of one size.
///
/// The buffer that came back last is lent first: it is the one that the processor has at hand, and
/// one serves where nobody keeps any. Memory is mapped when it is needed, page by page as it is
/// touched. What a burst has left over is given back to the system by [#trim], which takes from the
/// buffers the pages, but not the addresses: a buffer is unmapped by the garbage collector, when
/// nobody can reach it. So nothing that anybody does with an old buffer can harm the process.
///
/// Thread: the loop's.
final class BufferPool {
  private static final int FREE_MAX = 4096;
  private static final int PAGE_BYTES = 4096;

  private final Linux linux;
  private final int bytes;
  private Buffer[] free = new Buffer[16];
  private int count;

  /// The buffers from here on were used lately; the fewest free ones since the last trim.
  private int idle;

  /// The buffers below have no pages any more.
  private int cold;

  /// How many buffers there are, here and lent.
  private int made;

  private long kept;

  BufferPool(Linux linux, int bytes) {
    this.linux = linux;
    this.bytes = bytes;
  }

  Buffer take() {
    if (count == 0) {
      idle = 0;
      return map();
    }
    Buffer buffer = free[--count];
    idle = Math.min(idle, count);
    cold = Math.min(cold, count);
    return buffer;
  }

  private Buffer map() {
    MemorySegment memory =
        linux.mmap(Arena.ofAuto(), bytes, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS, -1, 0);
    if (memory == null) {
      throw new OutOfMemoryError("no memory for buffers: " + Linux.strerror(linux.mmapErrno()));
    }
    made++;
    return new Buffer(this, memory);
  }

  private void give(Buffer buffer) {
    buffer.start = 0;
    buffer.end = 0;
    buffer.view.clear().order(ByteOrder.BIG_ENDIAN);
    if (count == FREE_MAX) {
      made--;
      return;
    }
    if (count == free.length) {
      free = Arrays.copyOf(free, 2 * count);
    }
    free[count++] = buffer;
  }

  /// Whether [#trim] would find something.
  boolean surplus() {
    return count > cold + 1;
  }

  /// Gives back the memory of the buffers that nobody took since the last trim.
  void trim() {
    for (int i = cold; i < idle; i++) {
      linux.dontNeed(free[i].memory);
    }
    cold = Math.max(cold, idle);
    idle = count;
  }

  /// How much memory listeners have kept so far, in bytes of the pages touched.
  long kept() {
    return kept;
  }

  int bytes() {
    return bytes;
  }

  /// How many buffers are waiting to be taken.
  int free() {
    return count;
  }

  /// How many buffers were taken and have not come back.
  int lent() {
    return made - count;
  }

  /// A piece of native memory, and who has it. Its bytes lie from `start` to `end`.
  static final class Buffer {
    final MemorySegment memory;
    final ByteBuffer view;
    final BufferPool pool;
    int start;
    int end;
    private @Nullable Loan loan;

    private Buffer(BufferPool pool, MemorySegment memory) {
      this.pool = pool;
      this.memory = memory;
      this.view = memory.asByteBuffer();
    }

    int room() {
      return view.capacity() - end;
    }

    int length() {
      return end - start;
    }

    /// The bytes from `start` on, as memory.
    MemorySegment rest() {
      return start == 0 ? memory : memory.asSlice(start);
    }

    /// Copies as much of the data as there is room for.
    void append(ByteBuffer data) {
      int copied = Math.min(room(), data.remaining());
      view.put(end, data, data.position(), copied);
      data.position(data.position() + copied);
      end += copied;
    }

    /// Lends the bytes received to a listener. [Loan#end] must follow.
    Loan lend(int received) {
      Loan lent = loan;
      if (lent == null) {
        lent = new Loan(this);
        loan = lent;
      }
      lent.state = Loan.LENT;
      view.limit(received).position(0);
      return lent;
    }

    void release() {
      pool.give(this);
    }
  }

  /// A buffer that a listener has. One object serves for a buffer's every loan until it is kept:
  /// then it goes with the loan, so that releasing that loan twice cannot end somebody else's.
  static final class Loan implements Chunk {
    private static final int OVER = 0;
    private static final int LENT = 1;
    private static final int KEPT = 2;

    private final Buffer buffer;
    private int state;

    private Loan(Buffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public ByteBuffer data() {
      if (state == OVER) {
        throw new IllegalStateException("the chunk went back; keep it to use it longer");
      }
      return buffer.view;
    }

    @Override
    public void keep() {
      if (state != LENT) {
        throw new IllegalStateException("a chunk is kept once, while it is being received");
      }
      state = KEPT;
    }

    @Override
    public void release() {
      if (state != KEPT) {
        throw new IllegalStateException("the chunk is not kept, or was released already");
      }
      state = OVER;
      buffer.release();
    }

    /// Ends the loan, unless the listener has kept the chunk.
    void end() {
      if (state == LENT) {
        state = OVER;
        buffer.release();
      } else {
        buffer.loan = null;
        buffer.pool.kept += Math.ceilDiv(buffer.view.limit(), PAGE_BYTES) * (long) PAGE_BYTES;
      }
    }
  }
}
