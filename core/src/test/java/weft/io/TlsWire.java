package weft.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.spi.Chunk;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// One end of a connection within memory, for a test to look into and to damage. It is driven by
/// callbacks of the loop: each moves what was written into a "kernel", and hands one chunk of what
/// the kernel has to the other end.
final class TlsWire implements StreamChannel {
  private static final int KERNEL_BYTES = 100_000;
  private static final byte SCRAMBLED =
      0x16; // Would look like the beginning of a handshake record.

  private final EventLoop loop;
  private final IntSupplier chunkBytes;
  private TlsWire peer = this;
  private @Nullable StreamListener listener;
  private boolean reading;
  private boolean closed;
  private boolean endTold;
  private boolean broken;
  private boolean stirred;
  private long drainWanted = -1;
  private final Queue backlog = new Queue();
  private final Queue kernel = new Queue();

  /// All that was ever sent from this end.
  final ByteArrayOutputStream sent = new ByteArrayOutputStream();

  int writes;

  /// How many bytes the other end has received.
  long delivered;

  /* What a test may damage. */
  long resetAfter = Long.MAX_VALUE;
  long endAfter = Long.MAX_VALUE;
  boolean stuck;

  boolean aborted;

  private TlsWire(EventLoop loop, IntSupplier chunkBytes) {
    this.loop = loop;
    this.chunkBytes = chunkBytes;
  }

  static TlsWire[] pair(EventLoop loop, IntSupplier chunkBytes) {
    TlsWire a = new TlsWire(loop, chunkBytes);
    TlsWire b = new TlsWire(loop, chunkBytes);
    a.peer = b;
    b.peer = a;
    return new TlsWire[] {a, b};
  }

  boolean isReading() {
    return reading;
  }

  boolean isIdle() {
    return !stirred && !peer.stirred;
  }

  private void stir() {
    if (!stirred) {
      stirred = true;
      loop.callSoon(this::step);
    }
  }

  private void step() {
    stirred = false;
    int room = stuck ? 0 : Math.min(backlog.size(), KERNEL_BYTES - kernel.size());
    if (room > 0) {
      kernel.add(backlog.take(room));
    }
    if (!closed && !broken && drainWanted >= 0 && backlog.size() <= drainWanted) {
      drainWanted = -1;
      listener.drained();
    }
    deliver();
    boolean more = kernel.size() > 0 && peer.reading && !peer.closed && !broken && !endReached();
    if (more || !stuck && backlog.size() > 0 && kernel.size() < KERNEL_BYTES) {
      stir();
    }
  }

  private boolean endReached() {
    return delivered >= endAfter || delivered >= resetAfter;
  }

  private void deliver() {
    if (peer.closed || peer.broken || peer.endTold || peer.listener == null) {
      return;
    }
    if (delivered >= resetAfter || aborted) {
      broken = true;
      peer.broken = true;
      peer.listener.failed(new SocketException("Connection reset"));
      if (!closed && listener != null) {
        listener.failed(new SocketException("Connection reset"));
      }
      return;
    }
    if (!peer.reading) {
      return;
    }
    long limit = Math.min(endAfter, resetAfter) - delivered;
    int count = (int) Math.min(limit, Math.min(kernel.size(), chunkBytes.getAsInt()));
    if (count > 0) {
      ByteBuffer data = ByteBuffer.allocate(count).put(kernel.take(count)).flip();
      delivered += count;
      peer.listener.received(new Lent(data));
      for (int i = 0; i < count; i++) {
        data.put(i, SCRAMBLED);
      }
      peer.stir(); // What it wrote meanwhile.
      if (endReached()) {
        stir();
      }
    } else if (delivered >= endAfter || closed && kernel.size() == 0) {
      peer.endTold = true;
      peer.listener.ended();
    }
  }

  private record Lent(ByteBuffer data) implements Chunk {
    @Override
    public void keep() {
      throw new AssertionError("a TLS channel has no need to keep ciphertext");
    }

    @Override
    public void release() {
      throw new AssertionError("was not kept");
    }
  }

  /// Bytes that wait.
  private static final class Queue {
    private byte[] bytes = new byte[1 << 10];
    private int from;
    private int to;

    int size() {
      return to - from;
    }

    void add(byte[] more) {
      if (bytes.length - to < more.length) {
        bytes = Arrays.copyOfRange(bytes, from, from + 2 * (size() + more.length));
        to -= from;
        from = 0;
      }
      System.arraycopy(more, 0, bytes, to, more.length);
      to += more.length;
    }

    byte[] take(int count) {
      byte[] taken = Arrays.copyOfRange(bytes, from, from + count);
      from += count;
      return taken;
    }

    void clear() {
      from = to;
    }
  }

  @Override
  public void listener(StreamListener listener) {
    this.listener = listener;
    peer.stir();
  }

  @Override
  public void resumeReading() {
    reading = true;
    peer.stir();
  }

  @Override
  public void pauseReading() {
    reading = false;
  }

  @Override
  public void write(ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    writes++;
    if (!closed && !broken) {
      sent.writeBytes(bytes);
      backlog.add(bytes);
      stir();
    }
  }

  @Override
  public long backlog() {
    return backlog.size();
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    drainWanted = bytes;
    stir();
  }

  @Override
  public void shutdownOutput() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean canShutdownOutput() {
    return false;
  }

  @Override
  public void close() {
    closed = true;
    backlog.clear();
    stir();
  }

  @Override
  public void abort() {
    if (!closed) {
      aborted = true;
      kernel.clear();
      close();
    }
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public @Nullable SocketAddress localAddress() {
    return null;
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    return null;
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return Set.of();
  }
}
