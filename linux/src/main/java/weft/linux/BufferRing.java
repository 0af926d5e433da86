package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import weft.linux.BufferPool.Buffer;

/// The buffers that the kernel may receive into.
///
/// They come from the driver's pool, and leave the ring for good when the kernel has filled them:
/// the pool gets them back when their readers are done, and the ring is filled up from the pool
/// before each call. So a buffer that is kept is simply replaced by another. How many lie in the
/// ring follows the need: few, that they be warm; more whenever the kernel found none; half as many
/// when for long not a quarter was used.
///
/// ```text
/// io_uring_buf  u64 addr; u32 len; u16 bid; u16 (of the first entry: the tail)
/// ```
final class BufferRing {
  private static final int COUNT_MIN = 8;

  /// Streams in full flow get no more: what was copied into these is read while it is in the
  /// processor's cache, and asking again costs less than a copy from memory.
  private static final int COUNT_BULK = 8;

  private static final int ENTRY_BYTES = 16;
  private static final int TAIL = 14;
  private static final int FILLS_TO_SHRINK = 4096;
  private static final VarHandle SHORT = JAVA_SHORT.varHandle();

  private final BufferPool pool;
  private final MemorySegment entries;
  private final @Nullable Buffer[] buffers;
  private final int[] freeNumbers;
  private int free;
  private int target;
  private short tail;
  private int fills;
  private int usedMax;
  private int starved;
  private long received;
  private long receivedLately;
  private long usedLately;

  /// Makes a ring of at most so many buffers, a power of two. If that fails, the io_uring is
  /// closed.
  BufferRing(Linux linux, Ring ring, BufferPool pool, int entriesMax) throws Ring.RefusedException {
    this.pool = pool;
    int flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS;
    MemorySegment mapped =
        linux.mmap(Arena.ofAuto(), (long) entriesMax * ENTRY_BYTES, flags, -1, 0);
    if (mapped == null) {
      ring.close();
      throw new Ring.RefusedException("mmap of a ring of buffers", linux.mmapErrno());
    }
    entries = mapped;
    ring.register(entries, entriesMax);
    buffers = new Buffer[entriesMax];
    freeNumbers = new int[entriesMax];
    free = entriesMax;
    for (int i = 0; i < entriesMax; i++) {
      freeNumbers[i] = i;
    }
    target = Math.min(COUNT_MIN, entriesMax);
  }

  /// Fills the ring up. To be called before the kernel is.
  void fill() {
    int inRing = buffers.length - free;
    int used = target - inRing;
    if (starved > 0) {
      grow(used);
      used = target - inRing;
    }
    receivedLately += received;
    received = 0;
    if (used <= 0) {
      return;
    }
    usedLately += used;
    usedMax = Math.max(usedMax, used);
    for (int i = 0; i < used; i++) {
      add(pool.take());
    }
    SHORT.setRelease(entries, (long) TAIL, tail);
    if (++fills >= FILLS_TO_SHRINK) {
      shrink();
    }
  }

  private void shrink() {
    boolean bulk = receivedLately > usedLately * pool.bytes() / 4;
    if (bulk || usedMax < target / 4) {
      target = Math.max(target / 2, Math.min(COUNT_MIN, buffers.length));
    }
    fills = 0;
    usedMax = 0;
    usedLately = 0;
    receivedLately = 0;
  }

  /// Few buffers that came full need no company: there will be as much again next time. Many with
  /// little in them do.
  private void grow(int used) {
    boolean bulk = received > (long) used * pool.bytes() / 4;
    int wanted = 2 * Integer.highestOneBit(target + starved - 1);
    target = Math.max(target, Math.min(wanted, bulk ? COUNT_BULK : buffers.length));
    target = Math.min(target, buffers.length);
    starved = 0;
  }

  private void add(Buffer buffer) {
    int number = freeNumbers[--free];
    buffers[number] = buffer;
    long at = (long) (tail & (buffers.length - 1)) * ENTRY_BYTES;
    entries.set(JAVA_LONG, at, buffer.memory.address());
    entries.set(JAVA_INT, at + 8, buffer.view.capacity());
    entries.set(JAVA_SHORT, at + 12, (short) number);
    tail++;
  }

  /// The buffer that the kernel has filled and that the caller has now.
  Buffer take(int number, int bytes) {
    received += Math.max(0, bytes);
    Buffer buffer = buffers[number];
    if (buffer == null) {
      throw new IllegalStateException("the kernel has used a buffer twice");
    }
    buffers[number] = null;
    freeNumbers[free++] = number;
    return buffer;
  }

  /// Takes back what the kernel has not used, so that it finds nothing to receive into.
  void withdraw() {
    tail -= (short) (buffers.length - free);
    SHORT.setRelease(entries, (long) TAIL, tail);
  }

  /// The kernel has found the ring empty.
  void starved() {
    starved++;
  }

  int target() {
    return target;
  }
}
