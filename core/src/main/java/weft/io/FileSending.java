package weft.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.spi.StreamChannel;
import weft.spi.Transfer;

/// A file on its way into a transport, on which nothing else may be written meanwhile.
///
/// The driver sends it without moving it through the program where it can; otherwise it is read in
/// pieces, off the loop's thread, and written.
final class FileSending {
  private static final int PIECE_BYTES = 64 * 1024;

  private final ChannelTransport transport;
  private final EventLoop loop;
  private @Nullable Latch waiting;
  private @Nullable Throwable reason;

  private FileSending(ChannelTransport transport) {
    this.transport = transport;
    this.loop = transport.loop;
  }

  /// Suspends until the file is sent; returns how many bytes were. The position of the file is
  /// behind them afterwards, also after a failure.
  ///
  /// @param count how many bytes; null for all that are left
  static long send(
      ChannelTransport transport,
      FileChannel file,
      long offset,
      @Nullable Long count,
      boolean fallback)
      throws IOException {
    if (offset < 0 || (count != null && count <= 0)) {
      throw new IllegalArgumentException(
          "sendFile() needs an offset that is not negative and a positive count");
    }
    if (transport.isClosing()) {
      throw new IllegalStateException("the transport is closing");
    }
    if (transport.eofWritten()) {
      throw new IllegalStateException("sendFile() after writeEof()");
    }
    if (transport.sending() != null) {
      throw new IllegalStateException("a file is being sent already");
    }
    if (!fallback && transport.channel() instanceof TlsChannel) {
      throw new IllegalStateException("over TLS a file can only be sent with fallback=true");
    }
    file.read(ByteBuffer.allocate(0), offset); // throws if the file is open for writing only
    long left = Math.max(0, file.size() - offset);
    return new FileSending(transport)
        .run(file, offset, count == null ? left : Math.min(count, left), fallback);
  }

  private long run(FileChannel file, long offset, long count, boolean fallback) throws IOException {
    transport.sending(this);
    try {
      Transfer transfer = begin(file, offset, count);
      if (transfer != null) {
        return sendNative(file, offset, transfer);
      }
      if (!fallback) {
        throw new SendfileNotAvailableException("the system cannot send a file by itself here");
      }
      return copy(file, offset, count);
    } finally {
      transport.sending(null);
    }
  }

  private @Nullable Transfer begin(FileChannel file, long offset, long count) {
    try {
      return transport.channel().sendFile(file, offset, count, this::wake);
    } catch (UnsupportedOperationException e) {
      return null;
    }
  }

  private long sendNative(FileChannel file, long offset, Transfer transfer) throws IOException {
    try {
      while (!transfer.done()) {
        await();
      }
      IOException failure = transfer.failure();
      if (failure != null) {
        if (!transfer.fileFailed()) {
          transport.failed(failure); // the driver is about to say so, too
        }
        throw Rethrown.here(failure);
      }
      return transfer.sent();
    } finally {
      transfer.cancel();
      leaveAt(file, offset + transfer.sent());
    }
  }

  private long copy(FileChannel file, long offset, long count) throws IOException {
    StreamChannel channel = transport.channel();
    long sent = 0;
    try {
      while (sent < count) {
        ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE_BYTES, count - sent));
        long position = offset + sent;
        int read = Rethrown.await(loop.runInExecutor(null, () -> file.read(piece, position)));
        if (read < 0) {
          break;
        }
        checkAlive();
        if (transport.isClosing()) {
          throw new ClosedChannelException();
        }
        channel.write(piece.flip());
        sent += read;
        while (channel.backlog() > transport.writeBufferLimits().high()) {
          channel.whenBacklogAtMost(transport.writeBufferLimits().low());
          await();
        }
      }
      return sent;
    } finally {
      leaveAt(file, offset + sent);
    }
  }

  private static void leaveAt(FileChannel file, long position) throws IOException {
    try {
      file.position(position);
    } catch (ClosedChannelException closedMeanwhile) {
      // it has no position, and whatever ended the sending is to be told
    }
  }

  private void await() throws IOException {
    checkAlive();
    Latch wakeup = new Latch(loop);
    waiting = wakeup;
    try {
      wakeup.await();
    } finally {
      waiting = null;
    }
    checkAlive();
  }

  private void checkAlive() throws IOException {
    Throwable lost = reason;
    if (lost != null) {
      throw lost instanceof IOException e
          ? Rethrown.here(e)
          : new IOException("the connection is lost", lost);
    }
  }

  /// The channel has taken something, or everything.
  void drained() {
    wake();
  }

  /// The connection is gone.
  void lost(Throwable why) {
    reason = why;
    wake();
  }

  private void wake() {
    if (waiting != null) {
      waiting.open();
    }
  }
}
