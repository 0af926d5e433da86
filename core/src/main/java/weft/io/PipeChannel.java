package weft.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// One end of a pipe as a channel, over a blocking stream of the JDK: what a loop uses whose driver
/// knows no pipes.
///
/// A thread of a pool of their own does the blocking. What it has to tell reaches the loop as a
/// callback, so that the listener is called on the loop's thread and never from within a call. At
/// most one piece is under way between the thread and the loop. When the loop closes, the thread
/// ends as soon as its blocking call returns.
///
/// A blocking call on a pipe cannot be broken off: after [#close] the thread may stay in it until
/// the other end does something. Closing the stream is left to the threads too, because it may have
/// to wait for a call that runs.
abstract sealed class PipeChannel implements StreamChannel permits InputPipe, OutputPipe {
  /// Threads that are there as long as there is something to do. Any number, because each may be in
  /// a call that takes for ever.
  static final Executor THREADS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          5,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform()
              .daemon()
              .inheritInheritableThreadLocals(false)
              .name("weft-pipe-", 1)
              .factory());

  final EventLoop loop;
  private @Nullable StreamListener listener;
  private volatile boolean closed;

  PipeChannel(EventLoop loop) {
    this.loop = loop;
  }

  /// The receiving end of a pipe; takes the stream over.
  static StreamChannel reading(EventLoop loop, InputStream stream) {
    return new InputPipe(loop, stream);
  }

  /// The sending end of a pipe; takes the stream over.
  static StreamChannel writing(EventLoop loop, OutputStream stream) {
    return new OutputPipe(loop, stream, true);
  }

  /// Runs something on the loop's thread. Returns false if the loop is closed.
  final boolean post(Runnable action) {
    try {
      loop.callSoonThreadsafe(action);
      return true;
    } catch (IllegalStateException loopClosed) {
      return false;
    }
  }

  @SuppressWarnings("EmptyCatch") // nobody is left to whom it matters
  static void closeQuietly(Closeable stream) {
    try {
      stream.close();
    } catch (IOException unheard) {
    }
  }

  final StreamListener listener() {
    StreamListener told = listener;
    if (told == null) {
      throw new IllegalStateException("this channel has no listener; set it before reading");
    }
    return told;
  }

  @Override
  public final void listener(StreamListener replacement) {
    listener = replacement;
  }

  @Override
  public void resumeReading() {}

  @Override
  public void pauseReading() {}

  @Override
  public void write(ByteBuffer data) {
    data.position(data.limit());
  }

  @Override
  public long backlog() {
    return 0;
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    loop.callSoon(
        () -> {
          if (!closed) {
            listener().drained();
          }
        });
  }

  @Override
  public final boolean canShutdownOutput() {
    return false;
  }

  @Override
  public final void shutdownOutput() {
    throw new UnsupportedOperationException("the end of a pipe cannot be half closed");
  }

  /// Releases what the channel holds; called once.
  abstract void release();

  @Override
  public final void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }

  @Override
  public final void abort() {
    close();
  }

  @Override
  public final boolean isClosed() {
    return closed;
  }

  @Override
  public final @Nullable SocketAddress localAddress() {
    return null;
  }

  @Override
  public final @Nullable SocketAddress remoteAddress() {
    return null;
  }

  @Override
  public final <T> void setOption(SocketOption<T> option, T value) {
    throw new UnsupportedOperationException("a pipe has no socket options");
  }

  @Override
  public final <T> T getOption(SocketOption<T> option) {
    throw new UnsupportedOperationException("a pipe has no socket options");
  }

  @Override
  public final Set<SocketOption<?>> supportedOptions() {
    return Set.of();
  }
}
