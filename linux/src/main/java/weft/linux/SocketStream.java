package weft.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.linux.BufferPool.Buffer;
import weft.linux.BufferPool.Loan;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;
import weft.spi.Transfer;

/// A stream socket, or an end of a pipe.
///
/// **Sending.** A small write is copied to a buffer that is held until the next poll, and leaves
/// with its followers by one `send`. A large one is offered to the system at once, behind what is
/// held, from where it lies. What the system refuses is copied to a queue, and everything after it
/// goes there too, until the system says that it has room. The kernel never has memory of ours
/// after a call has returned.
///
/// **Receiving** comes in two ways. Where the system says that there is something to receive,
/// [#ready] receives it. Where it receives by itself, [#arrived] is given a buffer; one that comes
/// while the stream is paused waits in `stash`, and nothing passes it.
final class SocketStream extends Source implements StreamChannel {
  /// The most that one call sends from the heap, since the garbage collector waits for it.
  private static final int HEAP_BYTES_MAX = 256 * 1024;

  /// How often one dispatch receives before others have their turn.
  private static final int RECEIVES_MAX = 4;

  private static final int NOTHING = Integer.MIN_VALUE;

  final boolean socket;

  /// Whether it is the end of a pipe that can be written to only.
  private final boolean writeOnly;

  private @Nullable StreamListener listener;
  private boolean reading;
  private boolean ended;
  private @Nullable IOException failure;
  private boolean failureTold;
  private long lost;

  private @Nullable ArrayDeque<Buffer> stash;

  /// How receiving has ended, while that is not told: 0, or a negated error.
  private int stashedEnd = NOTHING;

  private @Nullable Buffer held;
  private @Nullable ArrayDeque<Buffer> queue;
  private long queued;
  private boolean flushQueued;
  private boolean outputEnding;
  private long drainedAt = -1;
  private @Nullable FileTransfer transfer;

  private @Nullable SocketAddress remote;
  private @Nullable SocketAddress local;

  private SocketStream(
      LinuxDriver driver, Descriptor descriptor, boolean socket, boolean writeOnly) {
    super(driver, descriptor);
    this.socket = socket;
    this.writeOnly = writeOnly;
  }

  /// Takes over a connected socket.
  static SocketStream socket(LinuxDriver driver, Descriptor descriptor) {
    return new SocketStream(driver, descriptor, true, false);
  }

  /// Takes over an end of a pipe, which does not block.
  static SocketStream pipe(LinuxDriver driver, Descriptor descriptor, boolean writeOnly) {
    return new SocketStream(driver, descriptor, false, writeOnly);
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
    if (failure != null && !failureTold) {
      driver.attend(this);
    }
  }

  @Override
  void ready(int events) {
    if ((events & Linux.IN) != 0 && reading) {
      receive(); // first: sending may find that the peer has gone, which what it sent before is not
    }
    if ((events & Linux.OUT) != 0 && !isClosed()) {
      sendQueue();
    }
  }

  /// Tells what there is to tell. What a listener throws is passed on, and the rest told later.
  @Override
  void attend() {
    boolean all = false;
    try {
      tellReceived();
      FileTransfer file = transfer;
      if (file != null && file.done()) {
        transfer = null;
        file.tell();
      }
      if (!isClosed() && failure == null && drainedAt >= 0 && backlog() <= drainedAt) {
        drainedAt = -1;
        listener().drained();
      }
      if (!isClosed() && failure != null && !failureTold && listener != null) {
        failureTold = true;
        listener().failed(failure);
      }
      all = true;
    } finally {
      if (!all) {
        driver.attend(this);
      }
    }
  }

  /* ---- Receiving ---- */

  @Override
  public void resumeReading() {
    if (reading || isClosed() || ended || failure != null) {
      return;
    }
    reading = true;
    if (hasStash()) {
      driver.attend(this);
    } else {
      driver.receive(this);
    }
  }

  @Override
  public void pauseReading() {
    reading = false;
    wanted &= ~Linux.IN;
  }

  boolean reading() {
    return reading;
  }

  private boolean hasStash() {
    return stashedEnd != NOTHING || (stash != null && !stash.isEmpty());
  }

  /// Receives what is there.
  private void receive() {
    if (writeOnly) {
      readerGone();
      return;
    }
    for (int times = 0; times < RECEIVES_MAX && reading; times++) {
      Buffer buffer = driver.large.take();
      int bytes = LinuxDriver.LARGE_BYTES;
      int fd = descriptor.fd();
      int received =
          socket
              ? driver.linux.recv(fd, buffer.memory, bytes)
              : driver.linux.read(fd, buffer.memory, bytes);
      if (received > 0) {
        deliver(buffer, received);
      } else {
        buffer.release();
        if (received != -Errno.EAGAIN && received != -Errno.EINTR) {
          receivingEnded(received);
        }
      }
      if (received < bytes) {
        return;
      }
    }
  }

  /// All that the writing end of a pipe can receive is that nobody has the other one.
  private void readerGone() {
    if (backlog() > 0) {
      fail(Errno.exception(Errno.EPIPE));
    } else {
      receivingEnded(0);
    }
  }

  private void deliver(Buffer buffer, int received) {
    Loan chunk = buffer.lend(received);
    try {
      listener().received(chunk);
    } finally {
      chunk.end();
    }
  }

  /// The system has filled a buffer, which belongs to this stream now. Whether more may come.
  boolean arrived(Buffer buffer, int received) {
    if (reading && !hasStash()) {
      deliver(buffer, received);
      return reading;
    }
    if (failure != null || ended) {
      buffer.release();
      return false;
    }
    if (stash == null) {
      stash = new ArrayDeque<>();
    }
    buffer.end = received;
    stash.add(buffer);
    return false;
  }

  /// Receiving has ended, with 0 or a negated error. To be told once reading goes on.
  void receivingEnded(int result) {
    if (failure != null || ended) {
      return;
    }
    stashedEnd = result;
    if (reading) {
      tellReceived();
    }
  }

  private void tellReceived() {
    boolean told = false;
    for (Buffer buffer; reading && stash != null && (buffer = stash.poll()) != null; ) {
      told = true;
      boolean exit = true;
      try {
        deliver(buffer, buffer.end);
        exit = false;
      } finally {
        if (exit && reading && !hasStash() && stashedEnd == NOTHING) {
          driver.receive(this); // nobody else would begin it again
        }
      }
    }
    if (reading && stashedEnd != NOTHING) {
      int result = stashedEnd;
      stashedEnd = NOTHING;
      pauseReading();
      if (result == 0) {
        ended = true;
        listener().ended();
      } else {
        fail(Errno.exception(-result));
      }
    } else if (told && reading) {
      driver.receive(this);
    }
  }

  /* ---- Sending ---- */

  private boolean refusesOutput() {
    return isClosed() || failure != null || outputEnding;
  }

  @Override
  public void write(ByteBuffer data) {
    if (refusesOutput()) {
      lose(data);
      return;
    }
    if (queued == 0 && transfer == null) {
      if (data.remaining() <= LinuxDriver.SMALL_BYTES - heldBytes()) {
        hold(data);
        return;
      }
      sendHeld(Linux.MSG_MORE);
      if (queued == 0) {
        sendNow(data);
      }
    }
    if (failure != null) {
      lose(data);
    } else if (data.hasRemaining()) {
      enqueue(data);
      if (transfer == null) {
        driver.arm(this, Linux.OUT);
      }
    }
  }

  private void lose(ByteBuffer data) {
    if (failure != null) {
      lost += data.remaining();
    }
    data.position(data.limit());
  }

  private int heldBytes() {
    return held == null ? 0 : held.end;
  }

  private void hold(ByteBuffer data) {
    if (!data.hasRemaining()) {
      return;
    }
    Buffer buffer = held;
    if (buffer == null) {
      buffer = driver.small.take();
      held = buffer;
    }
    buffer.append(data);
    if (!flushQueued) {
      flushQueued = true;
      driver.flushLater(this);
    }
  }

  /// Sends what is held. Called by the poll.
  void flush() {
    flushQueued = false;
    sendHeld(0);
    afterSending(); // also if it has left already, with what was written after it
  }

  /// Gives up what is held to the driver, which sends it in this very poll and calls [#heldSent].
  /// Null if there is nothing, or somebody waits for it to have left.
  @Nullable Buffer takeHeld() {
    Buffer buffer = held;
    if (buffer == null || !socket || outputEnding || drainedAt >= 0) {
      return null;
    }
    held = null;
    flushQueued = false;
    return buffer;
  }

  /// How sending what was held went, if it was not sent as a whole.
  ///
  /// @param result how much the system has taken, or a negated error
  void heldSent(Buffer buffer, int result) {
    settle(buffer, taken(result));
    afterSending();
  }

  /// Sends what is held; what the system refuses begins the queue.
  private void sendHeld(int flags) {
    Buffer buffer = held;
    if (buffer != null) {
      held = null;
      settle(buffer, send(buffer.memory, buffer.end, flags));
    }
  }

  private void settle(Buffer buffer, int sent) {
    if (sent == buffer.end || failure != null) {
      buffer.release();
      return;
    }
    buffer.start = sent;
    queue().add(buffer);
    queued += buffer.length();
    driver.arm(this, Linux.OUT);
  }

  /// Sends from where the data lie, until the system refuses.
  private void sendNow(ByteBuffer data) {
    MemorySegment source = MemorySegment.ofBuffer(data);
    int length = data.remaining();
    int done = 0;
    while (done < length && failure == null) {
      int step = Math.min(length - done, HEAP_BYTES_MAX);
      int sent = send(done == 0 ? source : source.asSlice(done), step, 0);
      done += sent;
      if (sent < step) {
        break;
      }
    }
    data.position(data.position() + done);
  }

  /// How much the system has taken; 0 too if sending has failed.
  private int send(MemorySegment source, int length, int flags) {
    int fd = descriptor.fd();
    int sent =
        socket
            ? driver.linux.send(fd, source, length, flags)
            : driver.linux.write(fd, source, length);
    return taken(sent);
  }

  private int taken(int sent) {
    if (sent >= 0) {
      return sent;
    }
    if (sent != -Errno.EAGAIN && sent != -Errno.EINTR) {
      fail(Errno.exception(-sent));
    }
    return 0;
  }

  private ArrayDeque<Buffer> queue() {
    if (queue == null) {
      queue = new ArrayDeque<>(4);
    }
    return queue;
  }

  private void enqueue(ByteBuffer data) {
    queued += data.remaining();
    Buffer last = queue().peekLast();
    if (last != null) {
      last.append(data);
    }
    while (data.hasRemaining()) {
      boolean little = data.remaining() <= LinuxDriver.SMALL_BYTES;
      Buffer buffer = (little ? driver.small : driver.large).take();
      buffer.append(data);
      queue().add(buffer);
    }
  }

  /// The system has room again.
  private void sendQueue() {
    ArrayDeque<Buffer> waiting = queue;
    if (waiting != null) {
      for (Buffer first; (first = waiting.peek()) != null; ) {
        int length = first.length();
        int sent = send(first.rest(), length, waiting.size() > 1 ? Linux.MSG_MORE : 0);
        if (failure != null) {
          return;
        }
        queued -= sent;
        first.start += sent;
        if (sent < length) {
          break;
        }
        waiting.remove().release();
      }
    }
    FileTransfer file = transfer;
    if (queued == 0 && file != null && !file.done()) {
      try {
        file.pump(descriptor.fd(), socket);
      } catch (IOException e) {
        file.fail(e);
        fail(e);
      }
    }
    afterSending();
  }

  /// To be called when something was sent.
  private void afterSending() {
    if (refusesCare()) {
      return;
    }
    FileTransfer file = transfer;
    boolean sending = file != null && !file.done();
    if (queued > 0 || sending) {
      driver.arm(this, Linux.OUT);
    } else {
      if ((wanted & Linux.OUT) != 0) {
        driver.disarm(this, Linux.OUT);
      }
      if (outputEnding && held == null) {
        driver.linux.shutdown(descriptor.fd(), Linux.SHUT_WR);
      }
    }
    boolean drained = drainedAt >= 0 && backlog() <= drainedAt;
    if (drained || (file != null && file.done())) {
      driver.attend(this);
    }
  }

  private boolean refusesCare() {
    return isClosed() || failure != null;
  }

  /// Until a failure is told, what it has cost counts too: who writes more and more must come to
  /// wait, or the loop never gets to tell.
  @Override
  public long backlog() {
    return failure != null && !failureTold ? lost : queued + heldBytes();
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    drainedAt = bytes;
    if (backlog() <= bytes) {
      driver.attend(this);
    }
  }

  @Override
  public boolean canShutdownOutput() {
    return socket;
  }

  @Override
  public void shutdownOutput() {
    if (!socket) {
      throw new UnsupportedOperationException("the end of a pipe cannot be half closed");
    }
    if (!refusesOutput()) {
      outputEnding = true;
      sendHeld(0);
      afterSending();
    }
  }

  @Override
  public Transfer sendFile(FileChannel file, long position, long count, Runnable done) {
    if (transfer != null) {
      throw new IllegalStateException("a file is being sent already");
    }
    FileTransfer begun = new FileTransfer(driver, file, position, count, done, this::transferOver);
    if (refusesOutput()) {
      begun.fail(failure != null ? failure : new ClosedChannelException());
      return begun;
    }
    transfer = begun;
    sendHeld(count > 0 ? Linux.MSG_MORE : 0);
    if (failure == null) {
      sendQueue();
    }
    if (begun.done()) {
      transfer = null;
    }
    return begun;
  }

  /// The transfer was cancelled.
  private void transferOver() {
    transfer = null;
    afterSending();
  }

  /* ---- The end ---- */

  private void fail(IOException e) {
    if (failure == null) {
      lost = backlog();
      failure = e;
      pauseReading();
      if (wanted != 0) {
        driver.disarm(this, wanted);
      }
      drop(e);
      driver.attend(this);
    }
  }

  /// Gives up what was not sent and what was not told.
  private void drop(IOException why) {
    if (held != null) {
      held.release();
      held = null;
    }
    for (Buffer buffer; queue != null && (buffer = queue.poll()) != null; ) {
      buffer.release();
    }
    queued = 0;
    for (Buffer buffer; stash != null && (buffer = stash.poll()) != null; ) {
      buffer.release();
    }
    stashedEnd = NOTHING;
    FileTransfer file = transfer;
    if (file != null && !file.done()) {
      file.fail(why);
    }
  }

  @Override
  public void close() {
    if (!isClosed() && socket && driver.holds(this)) {
      driver.linux.shutdown(descriptor.fd(), Linux.SHUT_RDWR);
    }
    closeNow();
  }

  private void closeNow() {
    if (!isClosed()) {
      reading = false;
      end();
      drop(new ClosedChannelException());
      if (transfer != null) {
        driver.attend(this);
      }
    }
  }

  @Override
  public void abort() {
    if (!isClosed() && socket) {
      driver.linux.linger(descriptor.fd(), true, 0);
    }
    closeNow();
  }

  /* ---- Facts ---- */

  @Override
  public @Nullable SocketAddress localAddress() {
    if (local == null && socket && !isClosed()) {
      local = driver.name(descriptor, false);
    }
    return local;
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    if (remote == null && socket && !isClosed()) {
      remote = driver.name(descriptor, true);
    }
    return remote;
  }

  private Descriptor network() {
    if (!socket) {
      throw new UnsupportedOperationException("a pipe has no socket options");
    }
    return descriptor;
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    SocketOptions.STREAM.set(driver.linux, network(), option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return SocketOptions.STREAM.get(driver.linux, network(), option);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return socket ? SocketOptions.STREAM.supported() : Set.of();
  }
}
