package weft.nio;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// A TCP connection.
///
/// **Receiving.** While we are not paused one read is under way, and it needs a buffer. That of an
/// idle connection has [Buffers#BRIEF_BYTES]. A read that fills its buffer is followed by one with
/// eight times as much room, up to [Buffers#LARGE_BYTES]; one that does not, by a brief one: so
/// only a message whose length happens to be that of a buffer leaves a larger one waiting. What a
/// read brings while we are paused, be it data, the end or a failure, is held until we are resumed.
///
/// **Sending.** What is written is copied once, into a buffer that leaves by the next poll; the
/// writes of one iteration gather in it. While one write is under way the next buffer fills, and
/// then the backlog. A peer that does not read thus costs two buffers beside the backlog.
///
/// **The end.** A buffer that the system may touch is given back by the operation's outcome and by
/// nothing else; closing the socket brings the outcome about. The JDK cannot set `SO_LINGER` here,
/// so that after [#abort] the peer sees a reset only if it sent what we did not receive, and the
/// end otherwise.
final class ProactorStream extends ProactorChannel implements StreamChannel {
  private static final Outcome<Integer, ProactorStream> RECEIVED =
      new Outcome<>() {
        @Override
        void note(ProactorStream stream, @Nullable Integer bytes, @Nullable IOException failure) {
          stream.noteReceived(bytes, failure);
        }
      };

  private static final Outcome<Integer, ProactorStream> SENT =
      new Outcome<>() {
        @Override
        void note(ProactorStream stream, @Nullable Integer bytes, @Nullable IOException failure) {
          stream.noteSent(bytes, failure);
        }
      };

  /// How many reads, or writes, may follow each other before others have their turn.
  private static final int TIMES_MAX = 16;

  private static final int GROWTH = 8;

  private final AsynchronousSocketChannel socket;
  private final Buffers buffers;
  private @Nullable StreamListener listener;
  private @Nullable IOException failure;
  private boolean failureTold;

  private boolean reading;
  private boolean receiving;

  /// What the read under way fills, or has filled once `received`.
  private Buffers.@Nullable Lent chunk;

  private boolean received;
  private int receivedBytes;
  private @Nullable IOException receiveFailure;
  private int nextBytes = Buffers.BRIEF_BYTES;
  private boolean ended;

  /// What the write under way sends, or the rest of what it has sent.
  private Buffers.@Nullable Lent outgoing;

  private int outgoingBytes;
  private boolean sendUnderWay;
  private boolean sending;

  /// What is sent next.
  private Buffers.@Nullable Lent staged;

  private final Backlog backlog = new Backlog();

  /// What was lost to a failure, and would be backlog without it.
  private long dropped;

  private boolean outputEnding;
  private boolean outputEnded;
  private long drainedAt = -1;

  ProactorStream(ProactorDriver driver, AsynchronousSocketChannel socket) {
    super(driver, socket);
    this.socket = socket;
    this.buffers = driver.buffers;
  }

  @Override
  void begin() {
    if (reading && chunk == null) {
      beginReceive();
    }
    send();
  }

  @Override
  void complete() {
    receive();
    if (!isClosed() && drainedAt >= 0 && backlog() <= drainedAt && failure == null) {
      drainedAt = -1;
      listener().drained();
    }
    if (!isClosed() && failure != null && !failureTold) {
      failureTold = true;
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
    if (isClosed() || ended || failure != null || reading) {
      return;
    }
    reading = true;
    if (received) {
      completeLater();
    } else {
      beginLater();
    }
  }

  @Override
  public void pauseReading() {
    reading = false;
  }

  private void receive() {
    for (int times = 0; reading; times++) {
      if (times == TIMES_MAX) {
        completeLater();
        return;
      }
      if (chunk == null) {
        receiving = true;
        beginReceive();
        receiving = false;
      }
      if (!received) {
        return;
      }
      tellReceived();
    }
  }

  private void beginReceive() {
    Buffers.Lent target = buffers.takeFor(nextBytes);
    chunk = target;
    driver.operationBegins();
    socket.read(target.data, this, RECEIVED);
  }

  private void noteReceived(@Nullable Integer bytes, @Nullable IOException problem) {
    received = true;
    receivedBytes = bytes == null ? 0 : bytes;
    receiveFailure = problem;
    if (isClosed() || failure != null) {
      dropReceived();
    } else if (reading && !receiving) {
      completeLater();
    }
  }

  private void dropReceived() {
    Buffers.Lent dropped = chunk;
    chunk = null;
    received = false;
    if (dropped != null) {
      dropped.end();
    }
  }

  private void tellReceived() {
    Buffers.Lent told = chunk;
    if (told == null) {
      return;
    }
    chunk = null;
    received = false;
    try {
      if (receiveFailure != null) {
        fail(receiveFailure);
      } else if (receivedBytes < 0) {
        ended = true;
        reading = false;
        listener().ended();
      } else {
        boolean filled = !told.data.hasRemaining();
        nextBytes = filled ? told.data.capacity() * GROWTH : Buffers.BRIEF_BYTES;
        told.data.flip();
        listener().received(told);
      }
    } finally {
      told.end();
    }
  }

  /* ---- Sending ---- */

  @Override
  public void write(ByteBuffer data) {
    if (isClosed() || failure != null || outputEnding) {
      dropped += data.remaining();
      data.position(data.limit());
      return;
    }
    if (!data.hasRemaining()) {
      return;
    }
    if (backlog.isEmpty()) {
      stage(data);
    }
    backlog.add(data);
    if (!sendUnderWay) {
      beginLater();
    }
  }

  /// Copies into the buffer that is sent next what it has room for.
  private void stage(ByteBuffer data) {
    Buffers.Lent stage = staged;
    if (stage == null || stage.data.remaining() < data.remaining()) {
      stage = restage(data.remaining());
    }
    ByteBuffer target = stage.data;
    int bytes = Math.min(target.remaining(), data.remaining());
    target.put(target.position(), data, data.position(), bytes);
    target.position(target.position() + bytes);
    data.position(data.position() + bytes);
  }

  /// Takes the first buffer, or a larger one.
  private Buffers.Lent restage(int more) {
    Buffers.Lent former = staged;
    int bytes = former == null ? 0 : former.data.position();
    if (former != null && former.data.capacity() > Buffers.SMALL_BYTES) {
      return former;
    }
    Buffers.Lent stage = buffers.takeFor(Math.max(Buffers.SMALL_BYTES, (long) bytes + more));
    if (former != null) {
      stage.data.put(former.data.flip());
      former.end();
    }
    staged = stage;
    return stage;
  }

  /// Sends until the system has no room, or there is nothing left.
  private void send() {
    if (sending) {
      return; // the caller of the caller goes on
    }
    sending = true;
    for (int times = 0; !sendUnderWay && failure == null && nextOutgoing(); times++) {
      if (times == TIMES_MAX) {
        beginLater();
        break;
      }
      beginSend();
    }
    sending = false;
    if (outputEnding && !outputEnded && failure == null && backlog() == 0) {
      outputEnded = true;
      try {
        socket.shutdownOutput();
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  /// Whether there is something to send, which is outgoing now.
  private boolean nextOutgoing() {
    if (outgoing != null) {
      return true;
    }
    Buffers.Lent next = staged;
    staged = null;
    if (next == null && !backlog.isEmpty()) {
      next = buffers.takeFor(backlog.size());
    }
    if (next == null) {
      return false;
    }
    backlog.moveTo(next.data);
    outgoing = next;
    outgoingBytes = next.data.flip().remaining();
    return true;
  }

  private void beginSend() {
    Buffers.Lent source = outgoing;
    if (source != null) {
      sendUnderWay = true;
      driver.operationBegins();
      socket.write(source.data, this, SENT);
    }
  }

  private void noteSent(@Nullable Integer bytes, @Nullable IOException problem) {
    sendUnderWay = false;
    outgoingBytes -= bytes == null ? 0 : bytes;
    if (problem != null) {
      fail(problem);
    }
    if (isClosed() || failure != null || outgoingBytes == 0) {
      dropOutgoing();
    }
    if (isClosed() || failure != null) {
      return;
    }
    if (drainedAt >= 0 && backlog() <= drainedAt) {
      completeLater();
    }
    send();
  }

  private void dropOutgoing() {
    Buffers.Lent dropped = outgoing;
    outgoing = null;
    outgoingBytes = 0;
    if (dropped != null) {
      dropped.end();
    }
  }

  /// Until a failure is told, what it has cost counts too: who writes more and more must come to
  /// wait, or the loop never gets to tell.
  @Override
  public long backlog() {
    if (isClosed() || failure != null) {
      return isClosed() || failureTold ? 0 : dropped;
    }
    return outgoingBytes + (staged == null ? 0 : staged.data.position()) + backlog.size();
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
    return true;
  }

  @Override
  public void shutdownOutput() {
    if (!outputEnding && !isClosed()) {
      outputEnding = true;
      beginLater();
    }
  }

  /* ---- The end ---- */

  private void fail(IOException e) {
    if (failure == null) {
      dropped = backlog();
      failure = e;
      drop();
      completeLater();
    }
  }

  /// Gives back what the system does not touch any more.
  private void drop() {
    reading = false;
    backlog.clear();
    if (staged != null) {
      staged.end();
      staged = null;
    }
    if (received) {
      dropReceived();
    }
    if (!sendUnderWay) {
      dropOutgoing();
    }
  }

  @Override
  public void close() {
    if (!isClosed()) {
      drop();
      end();
    }
  }

  @Override
  public void abort() {
    close();
  }

  /* ---- Facts ---- */

  @Override
  public @Nullable SocketAddress localAddress() {
    try {
      return socket.getLocalAddress();
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    try {
      return socket.getRemoteAddress();
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    socket.setOption(option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return socket.getOption(option);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return socket.supportedOptions();
  }
}
