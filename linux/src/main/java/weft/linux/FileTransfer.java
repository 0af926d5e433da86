package weft.linux;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import weft.linux.BufferPool.Buffer;
import weft.spi.Transfer;

/// A part of a file on its way into a socket. Where the JDK tells the file's descriptor, see
/// [JdkChannels], the system copies by `sendfile`; otherwise the bytes go through one buffer.
final class FileTransfer implements Transfer {
  /// How much one dispatch sends before others have their turn.
  private static final long STEP_BYTES_MAX = 1 << 20;

  private final LinuxDriver driver;
  private final FileChannel file;
  private final long position;
  private final long count;
  private final Runnable told;
  private final Runnable detach;
  private @Nullable Descriptor source;
  private @Nullable Buffer buffer;
  private boolean begun;
  private long sent;
  private boolean done;
  private @Nullable IOException failure;
  private boolean fileFailed;

  FileTransfer(
      LinuxDriver driver,
      FileChannel file,
      long position,
      long count,
      Runnable told,
      Runnable detach) {
    this.driver = driver;
    this.file = file;
    this.position = position;
    this.count = count;
    this.told = told;
    this.detach = detach;
  }

  /// Sends what the socket takes. Throws what is wrong with the socket; the file only fails this.
  void pump(int target, boolean socket) throws IOException {
    if (!file.isOpen()) {
      failFile(new ClosedChannelException());
      return;
    }
    if (!begun) {
      begun = true;
      source = copyOfFile();
    }
    for (long left = STEP_BYTES_MAX; left > 0 && sent < count; ) {
      if (source == null && !fillStage(Math.min(left, count - sent))) {
        return;
      }
      long moved = move(target, socket, Math.min(left, count - sent));
      if (moved == -Errno.EAGAIN || moved == -Errno.EINTR) {
        return;
      }
      if (moved < 0) {
        throw Errno.exception((int) -moved);
      }
      if (moved == 0) {
        finish(); // the file is shorter than was asked for
        return;
      }
      sent += moved;
      left -= moved;
    }
    if (sent >= count) {
      finish();
    }
  }

  /// Null if the bytes have to go through a buffer; so they can also without a free descriptor.
  private @Nullable Descriptor copyOfFile() {
    try {
      return JdkChannels.copyOfFile(driver.linux, file);
    } catch (IOException e) {
      return null;
    }
  }

  /// Reads the next bytes, if all before were sent. Returns false if that fails.
  private boolean fillStage(long bytes) {
    Buffer stage = buffer;
    if (stage == null) {
      stage = driver.large.take();
      buffer = stage;
    }
    if (stage.length() > 0) {
      return true;
    }
    stage.start = 0;
    stage.end = 0;
    stage.view.clear().limit((int) Math.min(bytes, stage.view.capacity()));
    try {
      stage.end = Math.max(0, file.read(stage.view, position + sent));
      stage.view.clear();
      return true;
    } catch (IOException e) {
      failFile(e);
    } catch (RuntimeException e) { // of a file that cannot be read
      failFile(new IOException("the file cannot be read", e));
    }
    return false;
  }

  private long move(int target, boolean socket, long bytes) throws IOException {
    Descriptor from = source;
    if (from != null) {
      return driver.linux.sendfile(target, from.fd(), position + sent, bytes);
    }
    Buffer stage = Objects.requireNonNull(buffer);
    int length = stage.length();
    if (length == 0) {
      return 0;
    }
    int moved =
        socket
            ? driver.linux.send(target, stage.rest(), length, 0)
            : driver.linux.write(target, stage.rest(), length);
    stage.start += Math.max(0, moved);
    return moved;
  }

  private void finish() {
    done = true;
    if (source != null) {
      source.close();
    }
    if (buffer != null) {
      buffer.release();
      buffer = null;
    }
  }

  void tell() {
    told.run();
  }

  private void failFile(IOException e) {
    fileFailed = true;
    fail(e);
  }

  void fail(IOException e) {
    if (!done) {
      failure = e;
      finish();
    }
  }

  @Override
  public long sent() {
    return sent;
  }

  @Override
  public boolean done() {
    return done;
  }

  @Override
  public @Nullable IOException failure() {
    return failure;
  }

  @Override
  public boolean fileFailed() {
    return fileFailed;
  }

  @Override
  public void cancel() {
    if (!done) {
      finish();
      detach.run();
    }
  }
}
