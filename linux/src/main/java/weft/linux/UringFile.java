package weft.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.linux.BufferPool.Buffer;
import weft.spi.Completion;
import weft.spi.DiskFile;

/// A regular file that io_uring reads and writes, from and to the driver's buffers.
final class UringFile implements DiskFile {
  private static final int DATA_ONLY = 1;

  private final UringFiles files;
  private final UringDriver driver;
  private final int fd;
  private final Set<OpenOption> options = new HashSet<>();
  private int underWay;
  private boolean closing;
  private boolean closed;

  /// Takes over the descriptor.
  UringFile(UringFiles files, int fd, boolean readable, boolean writable) {
    this.files = files;
    this.driver = files.driver();
    this.fd = fd;
    if (readable) {
      options.add(StandardOpenOption.READ);
    }
    if (writable) {
      options.add(StandardOpenOption.WRITE);
    }
    files.files().add(this);
  }

  private void checkOpen() {
    if (closing || files.isSilent()) {
      throw new IllegalStateException("the file is closed");
    }
  }

  private void begin(UringFiles.Operation operation) {
    underWay++;
    files.begin(operation);
  }

  private void ended() {
    underWay--;
    if (closing && underWay == 0) {
      closeNow();
    }
  }

  @Override
  public void read(long position, int max, Completion<ByteBuffer> told) {
    checkOpen();
    begin(new Reading(position, Math.min(max, LinuxDriver.LARGE_BYTES), told));
  }

  @Override
  public void write(long position, ByteBuffer data, Completion<Integer> told) {
    checkOpen();
    Buffer buffer = driver.large.take();
    buffer.append(data);
    begin(new Writing(position, buffer, told));
  }

  @Override
  public void force(boolean metaData, Completion<Integer> told) {
    checkOpen();
    begin(new Forcing(metaData ? 0 : DATA_ONLY, told));
  }

  @Override
  public synchronized FileChannel channel() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    return FileChannel.open(Path.of("/proc/self/fd/" + fd), options);
  }

  @Override
  public void close() {
    if (!closing) {
      closing = true;
      if (underWay == 0) {
        closeNow();
      }
    }
  }

  synchronized void closeNow() {
    closing = true;
    if (!closed) {
      closed = true;
      files.files().remove(this);
      driver.linux.close(fd);
    }
  }

  private abstract class Working<T> extends UringFiles.Operation {
    private @Nullable Completion<T> told;

    Working(Completion<T> told) {
      this.told = told;
    }

    @Override
    final void fallSilent() {
      told = null;
    }

    @Override
    final void failed(IOException failure) {
      ended();
      if (told != null) {
        told.failed(failure);
      }
    }

    final void succeeded(T value) {
      ended();
      if (told != null) {
        told.completed(value);
      }
    }
  }

  private final class Reading extends Working<ByteBuffer> {
    private final long position;
    private final int max;
    private final Buffer buffer = driver.large.take();

    Reading(long position, int max, Completion<ByteBuffer> told) {
      super(told);
      this.position = position;
      this.max = max;
    }

    @Override
    void begin() {
      long address = buffer.memory.address();
      driver.beginOnFile(Ring.OP_READ, fd, position, address, max, 0, number);
    }

    @Override
    boolean completed(int result) {
      try {
        if (result < 0) {
          failed(new IOException(Linux.strerror(-result)));
        } else {
          succeeded(buffer.view.limit(result).position(0));
        }
      } finally {
        buffer.release();
      }
      return true;
    }
  }

  private final class Writing extends Working<Integer> {
    private final long position;
    private final Buffer buffer;

    Writing(long position, Buffer buffer, Completion<Integer> told) {
      super(told);
      this.position = position;
      this.buffer = buffer;
    }

    @Override
    void begin() {
      long address = buffer.memory.address() + buffer.start;
      driver.beginOnFile(
          Ring.OP_WRITE, fd, position + buffer.start, address, buffer.length(), 0, number);
    }

    @Override
    boolean completed(int result) {
      if (result > 0 && result < buffer.length() && !files.isSilent()) {
        buffer.start += result;
        return false;
      }
      int all = buffer.end;
      buffer.release();
      if (result < 0) {
        failed(new IOException(Linux.strerror(-result)));
      } else {
        succeeded(all);
      }
      return true;
    }
  }

  private final class Forcing extends Working<Integer> {
    private final int flags;

    Forcing(int flags, Completion<Integer> told) {
      super(told);
      this.flags = flags;
    }

    @Override
    void begin() {
      driver.beginOnFile(Ring.OP_FSYNC, fd, 0, 0, 0, flags, number);
    }

    @Override
    boolean completed(int result) {
      if (result < 0) {
        failed(new IOException(Linux.strerror(-result)));
      } else {
        succeeded(0);
      }
      return true;
    }
  }
}
