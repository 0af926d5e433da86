package weft.linux;

import java.nio.ByteBuffer;
import java.util.Random;

/// An endless row of bytes in which nearly every stretch tells whose it is and where it lies.
final class Pattern {
  private static final int PERIOD = 65_521;

  private final byte[] bytes = new byte[PERIOD];

  /// Rows of different seeds have nothing in common.
  Pattern(long seed) {
    new Random(seed).nextBytes(bytes);
  }

  /// The bytes from a position on: so many, or fewer.
  ByteBuffer from(long position, int count) {
    int at = (int) (position % PERIOD);
    return ByteBuffer.wrap(bytes, at, Math.min(count, PERIOD - at));
  }

  /// All the bytes from a position on.
  ByteBuffer copy(long position, int count, boolean direct) {
    ByteBuffer copy = direct ? ByteBuffer.allocateDirect(count) : ByteBuffer.allocate(count);
    while (copy.hasRemaining()) {
      copy.put(from(position + copy.position(), copy.remaining()));
    }
    return copy.flip();
  }

  /// Fails unless the data are those from the position on; consumes nothing.
  void verify(long position, ByteBuffer data) {
    ByteBuffer left = data.duplicate();
    long at = position;
    while (left.hasRemaining()) {
      ByteBuffer expected = from(at, left.remaining());
      ByteBuffer actual = left.slice(left.position(), expected.remaining());
      int wrong = expected.mismatch(actual);
      if (wrong >= 0) {
        throw new AssertionError("a foreign byte at " + (at + wrong) + ": " + actual.get(wrong));
      }
      left.position(left.position() + actual.capacity());
      at += actual.capacity();
    }
  }
}
