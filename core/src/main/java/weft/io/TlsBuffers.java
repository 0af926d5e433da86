package weft.io;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import weft.EventLoop;
import weft.spi.Chunk;

/// The buffers that the TLS channels of one loop share: they are borrowed while bytes are turned
/// over, so that a channel at rest holds none. Of those that came back 5 MiB at most are kept.
///
/// All are on the heap: the JDK's ciphers work on arrays, and copy what is not one.
///
/// Thread: the loop's, except [#of].
final class TlsBuffers {
  /// Room for the largest chunk that a driver is likely to hand over, behind a record that was
  /// begun before; and for a write of 100 KiB with what TLS adds to it.
  private static final int LARGE_BYTES = 160 << 10;

  /// Room for a full record, and for many small ones to be delivered together.
  static final int PLAIN_BYTES = 32 << 10;

  /// Room for a message. All connections that something came for in an iteration may keep a chunk
  /// until their coroutines have run, so of these there are many.
  private static final int SMALL_BYTES = 4 << 10;

  private static final int PACKETS_MAX = 4;

  private static final Map<EventLoop, TlsBuffers> OF_LOOPS =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final ArrayDeque<ByteBuffer> packets = new ArrayDeque<>();
  private final Pool smalls = new Pool(SMALL_BYTES, 256);
  private final Pool plains = new Pool(PLAIN_BYTES, 32);

  /// What a large message becomes in one piece, a reader takes without a copy.
  private final Pool larges = new Pool(LARGE_BYTES, 16);

  private int lent;

  /// The buffers of a loop.
  static TlsBuffers of(EventLoop loop) {
    return OF_LOOPS.computeIfAbsent(loop, key -> new TlsBuffers());
  }

  /// How many buffers are lent out.
  int lent() {
    return lent;
  }

  /// Lends an empty buffer for ciphertext, with room for at least so many bytes.
  ByteBuffer packet(int bytes) {
    lent++;
    if (bytes > LARGE_BYTES) {
      return ByteBuffer.allocate(bytes);
    }
    ByteBuffer packet = packets.pollLast();
    return packet == null ? ByteBuffer.allocate(LARGE_BYTES) : packet.clear();
  }

  /// Takes a buffer of [#packet] back.
  void giveBack(ByteBuffer packet) {
    lent--;
    if (packet.capacity() == LARGE_BYTES && packets.size() < PACKETS_MAX) {
      packets.addLast(packet);
    }
  }

  /// Lends an empty chunk for the plaintext of so many bytes, or for as much of it as is delivered
  /// at once; [Plain#release] gives it back.
  Plain plain(int bytes) {
    lent++;
    Pool pool = bytes <= SMALL_BYTES ? smalls : bytes <= PLAIN_BYTES ? plains : larges;
    Plain plain = pool.take();
    plain.data.clear();
    plain.holders = 1;
    return plain;
  }

  /// Chunks of one size that are not lent out.
  private final class Pool {
    private final ArrayDeque<Plain> chunks = new ArrayDeque<>();
    private final int bytes;
    private final int max;

    Pool(int bytes, int max) {
      this.bytes = bytes;
      this.max = max;
    }

    Plain take() {
      Plain chunk = chunks.pollLast();
      return chunk == null ? new Plain(this) : chunk;
    }

    void giveBack(Plain chunk) {
      if (chunk.data.capacity() == bytes && chunks.size() < max) {
        chunks.addLast(chunk);
      }
    }
  }

  /// Plaintext on its way to a listener.
  final class Plain implements Chunk {
    private final Pool pool;
    private ByteBuffer data;
    private int holders;

    private Plain(Pool pool) {
      this.pool = pool;
      data = ByteBuffer.allocate(pool.bytes);
    }

    @Override
    public ByteBuffer data() {
      return data;
    }

    /// Makes an empty chunk large enough for an engine that wants more room than usual.
    void grow(int bytes) {
      data = ByteBuffer.allocate(Math.max(bytes, 2 * data.capacity()));
    }

    @Override
    public void keep() {
      if (holders == 0) {
        throw new IllegalStateException("the chunk went back; keep it while it is received");
      }
      holders++;
    }

    @Override
    public void release() {
      if (holders == 0) {
        throw new IllegalStateException("the chunk was released once too often");
      }
      if (--holders == 0) {
        lent--;
        pool.giveBack(this);
      }
    }
  }
}
