package weft.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;

/// The sending end of a pipe.
///
/// What is written is collected; a thread takes all there is, sends it, and ends when there is
/// nothing left. So what the loop writes in one go leaves together.
final class OutputPipe extends PipeChannel implements GracefulChannel {
  private static final int SENT_AT_ONCE_BYTES_MAX = 64 * 1024;
  private static final byte[] EMPTY = {};

  private final OutputStream stream;

  /// Whether the end waits until the stream is closed, and how that went. That of a process does
  /// not: its exit tells more.
  private final boolean endsClosed;

  /* Guarded by `this`: shared with the thread. Nothing suspends while it is held. */

  private byte[] collected = EMPTY;
  private int collectedBytes;

  /// How much of what the thread has taken is not sent.
  private int underWayBytes;

  /// Whether there is a thread that sends, or there was one that failed. It closes the stream.
  private boolean sending;

  /// Whether the thread has to say, when it has sent everything, that nobody reads any more.
  private boolean peerGone;

  private long drainedAt = -1;

  /* On the loop. */

  private boolean failed;

  OutputPipe(EventLoop loop, OutputStream stream, boolean endsClosed) {
    super(loop);
    this.stream = stream;
    this.endsClosed = endsClosed;
  }

  /// Closes the stream: some hold something back until then.
  @Override
  public void shutdown(Consumer<@Nullable IOException> done) {
    if (!endsClosed) {
      done.accept(null);
      return;
    }
    THREADS.execute(
        () -> {
          IOException failure = null;
          try {
            stream.close();
          } catch (IOException e) {
            failure = e;
          } catch (RuntimeException e) {
            failure = new IOException("the stream failed", e);
          }
          IOException told = failure;
          post(() -> done.accept(told));
        });
  }

  @Override
  public void write(ByteBuffer data) {
    synchronized (this) {
      int count = data.remaining();
      if (isClosed() || failed || count == 0) {
        data.position(data.limit());
        return;
      }
      int needed = Math.addExact(collectedBytes, count);
      if (needed > collected.length) {
        byte[] larger = new byte[(int) Math.min(needed + needed / 2L, Integer.MAX_VALUE - 8)];
        System.arraycopy(collected, 0, larger, 0, collectedBytes);
        collected = larger;
      }
      data.get(collected, collectedBytes, count);
      collectedBytes = needed;
      if (sending) {
        return;
      }
      sending = true;
    }
    THREADS.execute(this::sendAll);
  }

  @Override
  public synchronized long backlog() {
    return (long) collectedBytes + underWayBytes;
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    synchronized (this) {
      drainedAt = bytes;
    }
    if (backlog() <= bytes) {
      loop.callSoon(this::tellDrained);
    }
  }

  private void tellDrained() {
    synchronized (this) {
      if (isClosed() || failed || drainedAt < 0 || backlog() > drainedAt) {
        return;
      }
      drainedAt = -1;
    }
    listener().drained();
  }

  /// Called when it is known that nobody reads the pipe any more. Whether what is being sent was
  /// read before, the thread will know.
  void peerGone() {
    synchronized (this) {
      if (sending) {
        peerGone = true;
        return;
      }
    }
    if (backlog() > 0) {
      fail(new IOException("Broken pipe"));
    } else if (!isClosed() && !failed) {
      listener().ended();
    }
  }

  /// Until this is called after a failure, what is written still counts as backlog; so whoever
  /// writes on and on comes to wait for it.
  private void fail(IOException thrown) {
    if (isClosed() || failed) {
      return;
    }
    failed = true;
    synchronized (this) {
      drop();
    }
    listener().failed(thrown);
  }

  private void drop() {
    collected = EMPTY;
    collectedBytes = 0;
    underWayBytes = 0;
  }

  @Override
  void release() {
    synchronized (this) {
      drop();
      if (sending) {
        return; // the thread closes the stream when it sees this
      }
    }
    THREADS.execute(() -> closeQuietly(stream));
  }

  /* ---- On the thread ---- */

  private void sendAll() {
    try {
      byte[] taken = EMPTY;
      while (true) {
        int count;
        synchronized (this) {
          if (collectedBytes == 0 || isClosed()) {
            sending = isClosed();
            if (peerGone) {
              post(this::peerGone);
            }
            break;
          }
          byte[] emptied = taken;
          taken = collected;
          count = collectedBytes;
          collected = emptied.length > SENT_AT_ONCE_BYTES_MAX ? EMPTY : emptied;
          collectedBytes = 0;
          underWayBytes = count;
        }
        send(taken, count);
      }
      if (!isClosed()) {
        return;
      }
    } catch (IOException e) {
      post(() -> fail(e));
    } catch (RuntimeException e) {
      post(() -> fail(new IOException("the stream failed", e)));
    }
    closeQuietly(stream);
  }

  private void send(byte[] bytes, int count) throws IOException {
    for (int sent = 0; sent < count && !isClosed(); ) {
      int size = Math.min(count - sent, SENT_AT_ONCE_BYTES_MAX);
      stream.write(bytes, sent, size);
      stream.flush();
      sent += size;
      boolean drained;
      synchronized (this) {
        underWayBytes = Math.max(0, underWayBytes - size);
        long left = (long) collectedBytes + underWayBytes;
        drained = left <= drainedAt && left + size > drainedAt;
      }
      if (drained && !post(this::tellDrained)) {
        return;
      }
    }
  }
}
