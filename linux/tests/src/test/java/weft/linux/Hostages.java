package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import weft.linux.BufferPool.Buffer;

/// Buffers that a test has taken from a driver's pools. Nobody else may write to them, neither the
/// driver nor the kernel: they are filled with a byte, which has to be there when they go back.
final class Hostages {
  private static final byte CANARY = 0x5c;

  private final List<Buffer> taken = new ArrayList<>();
  private final Set<Buffer> known = Collections.newSetFromMap(new IdentityHashMap<>());

  /// Takes up to so many buffers that lie in the pool, and at most `mapped` new ones.
  void take(BufferPool pool, int count, int mapped) {
    int free = Math.min(count, pool.free() + mapped);
    for (int i = 0; i < free; i++) {
      Buffer buffer = pool.take();
      if (!known.add(buffer)) {
        throw new AssertionError("the pool has lent one buffer twice");
      }
      if (buffer.start != 0 || buffer.end != 0) {
        throw new AssertionError("a buffer in the pool is not empty");
      }
      buffer.memory.fill(CANARY);
      taken.add(buffer);
    }
  }

  int count() {
    return taken.size();
  }

  /// How many of them are of one pool.
  int count(BufferPool pool) {
    return (int) taken.stream().filter(buffer -> buffer.pool == pool).count();
  }

  /// Fails if somebody has written to one of them.
  void verify() {
    for (Buffer buffer : taken) {
      long wrong = wrong(buffer);
      if (wrong >= 0) {
        throw new AssertionError("a buffer that nobody else had was written to at " + wrong);
      }
    }
  }

  private static long wrong(Buffer buffer) {
    long bytes = buffer.memory.byteSize();
    if (buffer.memory.get(JAVA_BYTE, 0) != CANARY) {
      return 0;
    }
    // Every byte equals the one before.
    long same = buffer.memory.asSlice(1).mismatch(buffer.memory.asSlice(0, bytes - 1));
    return same < 0 ? -1 : same + 1;
  }

  /// Gives all but the newest back.
  void release(int left) {
    verify();
    while (taken.size() > left) {
      Buffer buffer = taken.removeFirst();
      known.remove(buffer);
      buffer.release();
    }
  }
}
