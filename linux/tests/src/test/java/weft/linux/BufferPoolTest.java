package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.linux.BufferPool.Buffer;

/// What a burst has left over goes back to the system.
class BufferPoolTest {
  private static final int BYTES = 128 * 1024;
  private static final int COUNT = 400;

  @Test
  void idleBuffersHaveNoMemory() throws IOException {
    BufferPool pool = new BufferPool(new Linux(), BYTES);
    fill(pool);
    long full = resident();
    pool.trim(); // notes which were used lately
    pool.trim();
    long trimmed = resident();
    assertTrue(full - trimmed > COUNT * BYTES * 3L / 4, () -> full + " and then " + trimmed);
    assertEquals(COUNT, pool.free());
    fill(pool); // they can be used again
  }

  @Test
  void buffersInUseKeepTheirMemory() {
    BufferPool pool = new BufferPool(new Linux(), BYTES);
    fill(pool);
    Buffer used = pool.take();
    used.memory.fill((byte) 7);
    pool.trim();
    pool.trim();
    assertTrue(used.memory.asByteBuffer().get(BYTES - 1) == 7);
    used.release();
  }

  private static void fill(BufferPool pool) {
    List<Buffer> taken = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      Buffer buffer = pool.take();
      buffer.memory.fill((byte) 1);
      taken.add(buffer);
    }
    taken.forEach(Buffer::release);
  }

  private static long resident() throws IOException {
    String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
    return Long.parseLong(pages[1]) * 4096;
  }
}
