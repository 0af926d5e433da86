package weft.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.FileSystems;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Promise;
import weft.Weft;
import weft.spi.Completion;
import weft.spi.DiskFile;
import weft.spi.Driver;

/// What an [AsyncFile] does where the loop's driver reads and writes files by itself. The driver
/// knows no position, so it is kept here; and an operation that was abandoned still moves it.
final class DiskAccess {
  private static final int PIECE_BYTES_MAX = 128 * 1024;

  private final EventLoop loop;
  private final DiskFile file;
  private final boolean readable;
  private final boolean writable;

  /// Where reads and writes without a position go on.
  long position;

  private boolean closed;

  /// Has the position from when on it has taken over.
  private @Nullable FileChannel successor;

  private DiskAccess(EventLoop loop, DiskFile file, List<OpenOption> options) {
    this.loop = loop;
    this.file = file;
    this.writable = options.contains(StandardOpenOption.WRITE);
    this.readable = !writable || options.contains(StandardOpenOption.READ);
  }

  /// Opens a file by the driver; null if that cannot.
  static @Nullable DiskAccess open(EventLoop loop, Path path, List<OpenOption> options) {
    Driver driver = Drivers.of(loop);
    if (driver == null || path.getFileSystem() != FileSystems.getDefault()) {
      return null;
    }
    Promise<List<DiskFile>> opened = loop.createPromise();
    boolean begun =
        driver.openFile(
            path,
            options,
            new Completion<>() {
              @Override
              public void completed(DiskFile value) {
                if (opened.done()) {
                  value.close();
                } else {
                  opened.setResult(List.of(value));
                }
              }

              @Override
              public void failed(IOException failure) {
                if (!opened.done()) {
                  opened.setResult(List.of());
                }
              }
            });
    if (!begun) {
      return null;
    }
    try {
      List<DiskFile> file = Weft.await(opened);
      return file.isEmpty() ? null : new DiskAccess(loop, file.getFirst(), options);
    } catch (Throwable t) {
      if (opened.done() && !opened.cancelled()) {
        opened.result().forEach(DiskFile::close);
      }
      throw t;
    }
  }

  /// Passes an outcome on, while the promise waits for it, as the number that it comes to.
  private <T> Completion<T> telling(Promise<Integer> promise, ToIntFunction<T> outcome) {
    return new Completion<>() {
      @Override
      public void completed(T value) {
        int result;
        try {
          result = outcome.applyAsInt(value);
        } catch (RuntimeException e) { // the caller's buffer does not do
          if (!promise.done()) {
            promise.setException(e);
          }
          return;
        }
        if (!promise.done()) {
          promise.setResult(result);
        }
      }

      @Override
      public void failed(IOException failure) {
        if (!promise.done()) {
          promise.setException(failure);
        }
      }
    };
  }

  private void move(long bytes) {
    position += bytes;
    FileChannel channel = successor;
    if (channel != null) {
      try {
        channel.position(position);
      } catch (IOException e) {
        return; // it is closed
      }
    }
  }

  /* ---- Reading ---- */

  /// As [AsyncFile#read(ByteBuffer, long)]; a negative position is the current one.
  int read(AsyncFile.Turn turn, ByteBuffer target, int max, long start) throws IOException {
    checkReadable();
    int done = 0;
    while (done < max) {
      int wanted = Math.min(max - done, PIECE_BYTES_MAX);
      int read = readOnce(turn, target, wanted, start < 0 ? -1 : start + done);
      done += read;
      if (read < wanted) {
        break;
      }
    }
    return done == 0 && max > 0 ? -1 : done;
  }

  private int readOnce(AsyncFile.Turn turn, ByteBuffer target, int max, long start)
      throws IOException {
    checkOpen();
    Promise<Integer> promise = loop.createPromise();
    file.read(
        start < 0 ? position : start,
        max,
        telling(
            promise,
            (ByteBuffer data) -> {
              int read = data.remaining();
              if (!turn.isLeft()) {
                target.put(data);
              }
              if (start < 0) {
                move(read);
              }
              return read;
            }));
    return turn.run(promise);
  }

  /// As [AsyncFile#read(int, long)]; a negative position is the current one.
  byte[] readUpTo(AsyncFile.Turn turn, int max, long start) throws IOException {
    checkReadable();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer piece = ByteBuffer.allocate(Math.min(max, PIECE_BYTES_MAX));
    while (all.size() < max) {
      int wanted = Math.min(max - all.size(), PIECE_BYTES_MAX);
      int read = readOnce(turn, piece.clear(), wanted, start < 0 ? -1 : start + all.size());
      all.write(piece.array(), 0, read);
      if (read < wanted) {
        break;
      }
    }
    return all.toByteArray();
  }

  /// It may be closed between two pieces.
  private void checkOpen() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  private void checkReadable() {
    if (!readable) {
      throw new NonReadableChannelException();
    }
  }

  /* ---- Writing ---- */

  /// Writes everything; a negative position is the current one.
  void write(AsyncFile.Turn turn, ByteBuffer source, long start) throws IOException {
    if (!writable) {
      throw new NonWritableChannelException();
    }
    long next = start;
    while (source.hasRemaining()) {
      checkOpen();
      Promise<Integer> promise = loop.createPromise();
      file.write(
          start < 0 ? position : next,
          source,
          telling(
              promise,
              (Integer count) -> {
                if (start < 0) {
                  move(count);
                }
                return count;
              }));
      next += turn.run(promise);
    }
  }

  void force(AsyncFile.Turn turn, boolean metaData) throws IOException {
    checkOpen();
    Promise<Integer> promise = loop.createPromise();
    file.force(metaData, telling(promise, (Integer nothing) -> 0));
    turn.run(promise);
  }

  /* ---- The end ---- */

  /// A channel to the same file. Any thread.
  FileChannel channel() throws IOException {
    return file.channel();
  }

  /// A channel goes on in its place, after the operation that may be under way.
  void handOver(FileChannel channel) throws IOException {
    channel.position(position);
    successor = channel;
  }

  /// Closes it when what is under way is done.
  void close() {
    closed = true;
    file.close();
  }
}
