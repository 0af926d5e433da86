package weft.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.spi.Chunk;

/// The receiving end of a pipe.
///
/// From the first [#resumeReading] on a thread reads. It hands each piece over and goes on when the
/// listener has had it; so a channel that is paused reads one piece ahead, and then the other end
/// has to wait.
final class InputPipe extends PipeChannel {
  private static final int SMALL_BYTES = 8 * 1024;
  private static final int LARGE_BYTES = 64 * 1024;

  private final InputStream stream;

  /// Released when the piece under way was taken, or never will be.
  private final Semaphore taken = new Semaphore(0);

  private boolean started;
  private boolean reading;

  /// What has arrived and was not told yet: one of them.
  private @Nullable Piece piece;

  private boolean ended;
  private @Nullable IOException failure;

  private volatile boolean finished;

  /// A channel that finds a thread when it is first wanted.
  InputPipe(EventLoop loop, InputStream stream) {
    this(loop, stream, false);
  }

  /// @param started whether somebody else sees to it that a thread [reads][#readAll]
  InputPipe(EventLoop loop, InputStream stream, boolean started) {
    super(loop);
    this.stream = stream;
    this.started = started;
  }

  /* ---- On the thread ---- */

  /// Reads to the end on the calling thread, if need be one piece before anybody wants it.
  void readAll() {
    byte[] buffer = new byte[SMALL_BYTES];
    try {
      while (!isClosed()) {
        int count = stream.read(buffer);
        if (count < 0) {
          post(() -> arrived(null, true, null));
          return;
        }
        Piece read = new Piece(ByteBuffer.wrap(buffer, 0, count));
        if (count > 0 && (!post(() -> arrived(read, false, null)) || !untilTaken())) {
          return;
        }
        if (count == buffer.length && count < LARGE_BYTES) {
          buffer = new byte[LARGE_BYTES];
        } else if (read.kept) {
          buffer = new byte[buffer.length];
        }
      }
    } catch (IOException e) {
      post(() -> arrived(null, false, e));
    } catch (RuntimeException e) {
      post(() -> arrived(null, false, new IOException("the stream failed", e)));
    } finally {
      finished = true;
      closeQuietly(stream);
    }
  }

  /// Returns false if the piece will never be taken.
  private boolean untilTaken() {
    try {
      while (!taken.tryAcquire(1, TimeUnit.SECONDS)) {
        if (loop.isClosed()) {
          return false; // which nobody has told this channel
        }
      }
      return true;
    } catch (InterruptedException e) {
      return false; // by whom ever: nobody has a reason to
    }
  }

  /* ---- On the loop ---- */

  private void arrived(@Nullable Piece read, boolean end, @Nullable IOException thrown) {
    piece = read;
    ended = end;
    failure = thrown;
    tell();
  }

  private void tell() {
    if (!reading || isClosed()) {
      return;
    }
    Piece told = piece;
    if (told != null) {
      piece = null;
      try {
        listener().received(told);
      } finally {
        taken.release();
      }
    } else if (ended) {
      reading = false;
      listener().ended();
    } else if (failure != null) {
      reading = false;
      listener().failed(failure);
    }
  }

  @Override
  public void resumeReading() {
    if (reading || isClosed()) {
      return;
    }
    reading = true;
    if (!started) {
      started = true;
      THREADS.execute(this::readAll);
    } else if (piece != null || ended || failure != null) {
      loop.callSoon(this::tell);
    }
  }

  @Override
  public void pauseReading() {
    reading = false;
  }

  @Override
  void release() {
    piece = null;
    taken.release();
    if (!finished) {
      THREADS.execute(() -> closeQuietly(stream));
    }
  }

  /// A buffer of the thread's, which is not used again if the listener keeps it.
  private static final class Piece implements Chunk {
    private final ByteBuffer data;
    private volatile boolean kept;

    Piece(ByteBuffer data) {
      this.data = data;
    }

    @Override
    public ByteBuffer data() {
      return data;
    }

    @Override
    public void keep() {
      kept = true;
    }

    @Override
    public void release() {}
  }
}
