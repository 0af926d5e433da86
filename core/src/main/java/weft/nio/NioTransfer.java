package weft.nio;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;
import weft.spi.Transfer;

/// A part of a file on its way into a socket. The JDK lets the system copy where it can.
final class NioTransfer implements Transfer {
  /// How much one dispatch sends before others have their turn.
  private static final long STEP_BYTES_MAX = 1 << 20;

  private final FileChannel file;
  private final long position;
  private final long count;
  private final Runnable told;
  private final Runnable detach;
  private long sent;
  private boolean done;
  private @Nullable IOException failure;
  private boolean fileFailed;

  NioTransfer(FileChannel file, long position, long count, Runnable told, Runnable detach) {
    this.file = file;
    this.position = position;
    this.count = count;
    this.told = told;
    this.detach = detach;
  }

  /// Sends what the channel takes. Throws what is wrong with the channel; the file only fails this.
  void send(WritableByteChannel to) throws IOException {
    if (sent < count) {
      long step = Math.min(count - sent, STEP_BYTES_MAX);
      long moved;
      try {
        moved = file.transferTo(position + sent, step, to);
      } catch (IOException e) {
        if (file.isOpen()) {
          throw e;
        }
        failFile(e);
        return;
      } catch (RuntimeException e) { // of a file that cannot be read
        failFile(new IOException("the file cannot be read", e));
        return;
      }
      sent += moved;
      if (moved < step && position + sent >= file.size()) {
        done = true; // the file is shorter than was asked for
      }
    }
    if (sent >= count) {
      done = true;
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
      done = true;
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
      done = true;
      detach.run();
    }
  }
}
