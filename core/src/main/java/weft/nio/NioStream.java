package weft.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;
import weft.spi.Transfer;

/// A socket, or an end of a pipe.
///
/// What is written goes one of three ways. A small piece is copied into a buffer that is held until
/// the next poll, and leaves with its followers. A large one is offered to the system at once,
/// behind what is held. What the system refuses is copied into the backlog, and everything after it
/// queues there, until the system has room again.
final class NioStream extends Selected implements StreamChannel {
  /// Pieces up to this size are held.
  private static final int HELD_BYTES_MAX = 4 * 1024;

  /// How often one dispatch receives before others have their turn.
  private static final int RECEIVES_MAX = 16;

  /// After how many receives of little the buffers become small again.
  private static final int LITTLE_UNTIL_SMALL = 4;

  private @Nullable StreamListener listener;
  private boolean reading;
  private boolean ended;
  private boolean closed;
  private @Nullable IOException failure;
  private boolean failureTold;
  private int expected = Buffers.SMALL_BYTES;
  private byte littleInARow;

  private @Nullable ByteBuffer held;

  /// Made when there is one for the first time: most connections never have any.
  private @Nullable Backlog backlog;

  private boolean flushQueued;
  private boolean outputEnding;
  private long drainedAt = -1;
  private long dropped;
  private @Nullable NioTransfer transfer;

  NioStream(SelectorDriver driver, SelectableChannel channel) throws IOException {
    super(driver, channel);
  }

  NioStream(NioConnect connected) {
    super(connected);
  }

  /// The channel, if it is more than the end of a pipe.
  private @Nullable SocketChannel socket() {
    return channel instanceof SocketChannel network ? network : null;
  }

  /// The channel, unless it can only be read.
  private @Nullable GatheringByteChannel sink() {
    return channel instanceof GatheringByteChannel writable ? writable : null;
  }

  @Override
  void complete(int ready) {
    if ((ready & OP_READ) != 0 && reading && failure == null) {
      receive();
    }
    if (!closed && (ready & OP_WRITE) != 0 && failure == null) {
      sendBacklog();
    }
    NioTransfer file = transfer;
    if (!closed && file != null && file.done()) {
      transfer = null;
      file.tell();
    }
    if (!closed && drainedAt >= 0 && backlog() <= drainedAt && failure == null) {
      drainedAt = -1;
      listener().drained();
    }
    if (!closed && failure != null && !failureTold) {
      failureTold = true;
      interest(0);
      listener().failed(failure);
    }
  }

  private StreamListener listener() {
    StreamListener told = listener;
    if (told == null) {
      throw new IllegalStateException("this channel has no listener; set it before reading");
    }
    return told;
  }

  @Override
  public void listener(StreamListener replacement) {
    listener = replacement;
  }

  /* ---- Receiving ---- */

  @Override
  public void resumeReading() {
    if (closed || ended || failure != null || !(channel instanceof ReadableByteChannel)) {
      return;
    }
    reading = true;
    interest(OP_READ, true);
  }

  @Override
  public void pauseReading() {
    if (reading) {
      reading = false;
      if (!closed) {
        interest(OP_READ, false);
      }
    }
  }

  private void receive() {
    for (int times = 0; times < RECEIVES_MAX && reading; times++) {
      Buffers.Lent chunk = driver.buffers.takeFor(expected);
      try {
        int received = receiveInto(chunk.data);
        expect(received, chunk.data.capacity());
        if (received < 0) {
          ended = true;
          pauseReading();
          listener().ended();
        } else if (received > 0) {
          listener().received(chunk);
        }
        if (received < chunk.data.capacity()) {
          return;
        }
      } finally {
        chunk.end();
      }
    }
  }

  /// Chooses the size of the next buffer: large while much arrives.
  private void expect(int received, int capacity) {
    if (received == capacity) {
      expected = Buffers.LARGE_BYTES;
      littleInARow = 0;
    } else if (received > Buffers.SMALL_BYTES) {
      littleInARow = 0;
    } else if (++littleInARow >= LITTLE_UNTIL_SMALL) {
      littleInARow = 0;
      expected = Buffers.SMALL_BYTES;
    }
  }

  private int receiveInto(ByteBuffer target) {
    try {
      int received = channel instanceof ReadableByteChannel from ? from.read(target) : -1;
      target.flip();
      return received;
    } catch (IOException e) {
      fail(e);
      return 0;
    }
  }

  /* ---- Sending ---- */

  @Override
  public void write(ByteBuffer data) {
    GatheringByteChannel sink = sink();
    if (closed || failure != null || outputEnding || sink == null) {
      dropped += data.remaining();
      data.position(data.limit());
    } else if (hasBacklog() || transfer != null) {
      addToBacklog(data);
    } else if (data.remaining() <= HELD_BYTES_MAX) {
      hold(data);
    } else {
      try {
        sendNow(sink, data);
      } catch (IOException e) {
        data.position(data.limit());
        fail(e);
      }
    }
  }

  private void hold(ByteBuffer data) {
    ByteBuffer buffer = held;
    if (buffer != null && buffer.remaining() < data.remaining()) {
      flushHeld();
      if (hasBacklog() || failure != null) {
        write(data);
        return;
      }
      buffer = null;
    }
    if (buffer == null) {
      buffer = driver.buffers.takeSmall();
      held = buffer;
    }
    buffer.put(data);
    if (!flushQueued) {
      flushQueued = true;
      driver.flushLater(this);
    }
  }

  /// Called by the poll.
  void flush() {
    flushQueued = false;
    flushHeld();
    if (!closed && drainedAt >= 0 && backlog() <= drainedAt) {
      completeLater();
    }
  }

  private void flushHeld() {
    ByteBuffer buffer = held;
    GatheringByteChannel sink = sink();
    if (buffer == null || sink == null) {
      return;
    }
    held = null;
    buffer.flip();
    try {
      if (!hasBacklog() && transfer == null) {
        sink.write(buffer);
      }
      keep(buffer);
    } catch (IOException e) {
      fail(e);
    }
    driver.buffers.giveBack(buffer);
    afterSending();
  }

  private void sendNow(GatheringByteChannel to, ByteBuffer data) throws IOException {
    if (!data.isDirect()) {
      sendStaged(to, data);
    } else if (held == null) {
      to.write(data);
    } else {
      ByteBuffer before = held.flip();
      held = null;
      to.write(new ByteBuffer[] {before, data});
      keep(before);
      driver.buffers.giveBack(before);
    }
    keep(data);
  }

  /// Sends from the heap, by way of a buffer the system can read.
  private void sendStaged(GatheringByteChannel to, ByteBuffer data) throws IOException {
    Buffers.Lent lent = driver.buffers.take();
    try {
      ByteBuffer stage = lent.data;
      if (held != null) {
        stage.put(held.flip());
        driver.buffers.giveBack(held);
        held = null;
      }
      while (true) {
        int bytes = Math.min(stage.remaining(), data.remaining());
        stage.put(stage.position(), data, data.position(), bytes);
        stage.position(stage.position() + bytes).flip();
        data.position(data.position() + bytes);
        to.write(stage);
        if (stage.hasRemaining()) {
          keep(stage);
          return;
        }
        if (!data.hasRemaining()) {
          return;
        }
        stage.clear();
      }
    } finally {
      lent.end();
    }
  }

  /// Adds to the backlog what the system has left over.
  private void keep(ByteBuffer left) {
    if (left.hasRemaining()) {
      addToBacklog(left);
      interest(OP_WRITE, true);
    }
  }

  private boolean hasBacklog() {
    return backlog != null && !backlog.isEmpty();
  }

  private void addToBacklog(ByteBuffer data) {
    if (backlog == null) {
      backlog = new Backlog();
    }
    backlog.add(data);
  }

  private void sendBacklog() {
    GatheringByteChannel sink = sink();
    if (sink == null) {
      return;
    }
    try {
      if (backlog != null && !backlog.isEmpty()) {
        backlog.send(sink, driver.buffers);
      }
      NioTransfer file = transfer;
      if (file != null && !hasBacklog()) {
        file.send(sink);
      }
    } catch (IOException e) {
      fail(e);
    }
    afterSending();
  }

  /// To be called when the backlog may have become empty.
  private void afterSending() {
    if (closed || failure != null) {
      return;
    }
    boolean busy = hasBacklog() || (transfer != null && !transfer.done());
    interest(OP_WRITE, busy);
    SocketChannel socket = socket();
    if (outputEnding && !busy && held == null && socket != null) {
      try {
        socket.shutdownOutput();
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  @Override
  public long backlog() {
    if (failure != null && !failureTold) {
      return dropped; // or a writer that never pauses would never learn of it
    }
    return (backlog == null ? 0 : backlog.size()) + (held == null ? 0 : held.position());
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    drainedAt = bytes;
    if (backlog() <= bytes) {
      completeLater();
    }
  }

  @Override
  public boolean canShutdownOutput() {
    return socket() != null;
  }

  @Override
  public void shutdownOutput() {
    if (socket() == null) {
      throw new UnsupportedOperationException("the end of a pipe cannot be half closed");
    }
    if (!outputEnding) {
      outputEnding = true;
      flushHeld();
      afterSending();
    }
  }

  @Override
  public Transfer sendFile(FileChannel file, long position, long count, Runnable done) {
    if (transfer != null) {
      throw new IllegalStateException("a file is being sent already");
    }
    if (sink() == null) {
      throw new UnsupportedOperationException("this end of a pipe cannot be written to");
    }
    flushHeld();
    NioTransfer begun = new NioTransfer(file, position, count, done, () -> transfer = null);
    if (failure != null || closed || outputEnding) {
      begun.fail(failure != null ? failure : new ClosedChannelException());
      return begun;
    }
    transfer = begun;
    sendBacklog();
    if (begun.done()) {
      transfer = null;
    }
    return begun;
  }

  /* ---- The end ---- */

  private void fail(IOException e) {
    if (failure != null) {
      return;
    }
    failure = e;
    reading = false;
    drop();
    completeLater();
  }

  private void drop() {
    backlog = null;
    driver.buffers.giveBack(held == null ? null : held.clear());
    held = null;
    NioTransfer file = transfer;
    if (file != null) {
      file.fail(failure != null ? failure : new ClosedChannelException());
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      reading = false;
      drop();
      closeChannel();
    }
  }

  @Override
  public void abort() {
    SocketChannel socket = socket();
    if (!closed && socket != null && supportedOptions().contains(StandardSocketOptions.SO_LINGER)) {
      try {
        socket.setOption(StandardSocketOptions.SO_LINGER, 0);
      } catch (IOException e) {
        // Then the peer sees an end where it should see a reset; it is closed all the same.
      }
    }
    close();
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  /* ---- Facts ---- */

  @Override
  public @Nullable SocketAddress localAddress() {
    SocketChannel socket = socket();
    try {
      return socket == null ? null : socket.getLocalAddress();
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    SocketChannel socket = socket();
    try {
      return socket == null ? null : socket.getRemoteAddress();
    } catch (IOException e) {
      return null;
    }
  }

  private NetworkChannel network() {
    SocketChannel socket = socket();
    if (socket == null) {
      throw new UnsupportedOperationException("a pipe has no socket options");
    }
    return socket;
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    network().setOption(option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return network().getOption(option);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    SocketChannel socket = socket();
    return socket == null ? Set.of() : socket.supportedOptions();
  }
}
