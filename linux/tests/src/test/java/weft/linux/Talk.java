package weft.linux;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import weft.spi.Chunk;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// A connection between a channel of a driver, `near`, and a socket of the JDK, `far`, on which
/// each side sends a pattern of its own. Each byte that arrives is compared, and so are those of
/// the chunks that are kept for a while.
///
/// The far end may be used by any thread, the rest by the loop's.
final class Talk implements StreamListener {
  /// What a listener may do while it is called.
  interface Whim {
    void during(Talk talk);
  }

  private static final int FAR_BYTES = 256 * 1024;

  /// A chunk that was kept, and where its bytes belong.
  private record Kept(Chunk chunk, long position, int bytes) {}

  final StreamChannel near;
  private final SocketChannel far;
  private final Pattern inward;
  private final Pattern outward;
  private final Random random;
  private final Whim whim;
  private final ByteBuffer farBuffer = ByteBuffer.allocateDirect(FAR_BYTES);
  private final List<Kept> kept = new ArrayList<>();
  private long received;
  private long written;
  private long farSent;
  private long farReceived;
  private boolean over;

  /// Set by another thread, which cannot throw.
  volatile @Nullable Throwable wrong;

  Talk(StreamChannel near, SocketChannel far, long seed, Random random, Whim whim)
      throws IOException {
    this.near = near;
    this.far = far;
    this.inward = new Pattern(2 * seed);
    this.outward = new Pattern(2 * seed + 1);
    this.random = random;
    this.whim = whim;
    far.configureBlocking(false);
    near.listener(this);
  }

  long received() {
    return received;
  }

  /* ---- The far end ---- */

  /// Sends up to so many bytes; whether there is anybody left to send to.
  synchronized boolean farSend(int bytes) {
    try {
      for (int left = bytes; left > 0 && far.isOpen(); ) {
        int sent = far.write(inward.from(farSent, left));
        if (sent == 0) {
          break;
        }
        farSent += sent;
        left -= sent;
      }
      return far.isOpen();
    } catch (IOException e) {
      return false; // closed or reset by us
    }
  }

  synchronized void farReceive() {
    if (!far.isOpen()) {
      return;
    }
    try {
      if (far.read(farBuffer.clear()) > 0) {
        outward.verify(farReceived, farBuffer.flip());
        farReceived += farBuffer.limit();
      }
    } catch (IOException e) {
      // Reset by us.
    } catch (AssertionError e) {
      wrong = e;
    }
  }

  synchronized void farClose(boolean reset) {
    try {
      if (reset
          && far.isOpen()
          && far.supportedOptions().contains(StandardSocketOptions.SO_LINGER)) {
        far.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
      far.close();
    } catch (IOException e) {
      // It is closed in any case.
    }
  }

  /* ---- The near end ---- */

  void write(int bytes) {
    boolean dropped = near.isClosed() || over;
    near.write(outward.copy(written, bytes, random.nextBoolean()));
    written += dropped ? 0 : bytes;
  }

  /// Nothing is written any more: what was refused must not be counted.
  void shutdown() {
    over = true;
    near.shutdownOutput();
  }

  @Override
  public void received(Chunk chunk) {
    if (near.isClosed()) {
      throw new AssertionError("data after close");
    }
    ByteBuffer data = chunk.data();
    int bytes = data.remaining();
    inward.verify(received, data);
    long position = received;
    received += bytes;
    if (random.nextInt(8) == 0) {
      chunk.keep();
      kept.add(new Kept(chunk, position, bytes));
      whim.during(this);
    } else {
      whim.during(this);
      // The same bytes still, whatever was closed or written meanwhile.
      inward.verify(position, data);
    }
  }

  @Override
  public void ended() {
    if (near.isClosed()) {
      throw new AssertionError("an end after close");
    }
    whim.during(this);
  }

  @Override
  public void drained() {
    whim.during(this);
  }

  @Override
  public void failed(IOException failure) {
    over = true;
    if (near.isClosed()) {
      throw new AssertionError("a failure after close", failure);
    }
    whim.during(this);
  }

  /// Fails if what was kept has changed, and releases all but the newest.
  void release(int left) {
    for (Kept one : kept) {
      ByteBuffer data = one.chunk.data();
      if (data.remaining() != one.bytes) {
        throw new AssertionError("a kept chunk has changed its size");
      }
      inward.verify(one.position, data);
    }
    while (kept.size() > left) {
      kept.removeFirst().chunk.release();
    }
  }
}
