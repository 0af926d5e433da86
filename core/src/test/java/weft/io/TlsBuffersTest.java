package weft.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class TlsBuffersTest {
  private final TlsBuffers buffers = new TlsBuffers();

  /// As many as connections keep that got a message in the same iteration.
  private List<TlsBuffers.Plain> lend(int count, int bytes) {
    List<TlsBuffers.Plain> lent = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lent.add(buffers.plain(bytes));
    }
    return lent;
  }

  @Test
  void chunksForMessagesAreLentAgain() {
    List<TlsBuffers.Plain> first = lend(200, 1000);
    assertEquals(200, buffers.lent());
    first.forEach(TlsBuffers.Plain::release);
    assertEquals(new HashSet<>(first), new HashSet<>(lend(200, 1000)));
  }

  @Test
  void aChunkHasRoomForWhatItIsLentFor() {
    for (int bytes : new int[] {0, 1, 1000, 4096, 4097, 16_500, 32_768}) {
      TlsBuffers.Plain chunk = buffers.plain(bytes);
      assertTrue(chunk.data().remaining() >= bytes, () -> "of " + bytes);
      chunk.release();
    }
  }

  @Test
  void aLargeChunkIsNotLentForAMessage() {
    TlsBuffers.Plain large = buffers.plain(10_000);
    large.release();
    assertNotSame(large, buffers.plain(1000));
    assertSame(large, buffers.plain(10_000));
  }

  @Test
  void aChunkThatHasGrownIsNotLentAgain() {
    TlsBuffers.Plain chunk = buffers.plain(1000);
    chunk.grow(100_000);
    chunk.release();
    assertNotSame(chunk, buffers.plain(100_000));
  }
}
