package weft.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import weft.Coroutine;
import weft.ErrorContext;
import weft.EventLoop;
import weft.LoopExit;
import weft.Task;
import weft.TaskOptions;
import weft.ThrowableGroup;
import weft.VoidBody;
import weft.Weft;
import weft.spi.Chunk;

/// Ties a transport to a reader and a writer, and in a server to the task that uses them, whose
/// body it is: one object less for each connection.
final class StreamProtocol implements Protocol, VoidBody {
  final StreamReader reader;
  final StreamWriter writer;
  private final @Nullable ClientHandlers handlers;

  /// For [ClientHandlers]: the task that serves the client, and its neighbours in the list of
  /// those.
  @Nullable Task<?> task;

  @Nullable StreamProtocol previous;
  @Nullable StreamProtocol next;

  /// Those who wait for room, and for the end. Most connections never have any.
  private @Nullable List<Latch> drains;

  private @Nullable Latch closed;
  private @Nullable ChannelTransport transport;
  private @Nullable Throwable reason;
  private boolean writingPaused;
  private boolean peerEnded;
  private boolean lost;

  StreamProtocol(EventLoop loop, int limit, @Nullable ClientHandlers handlers) {
    this.reader = new StreamReader(loop, limit);
    this.writer = new StreamWriter(this);
    this.handlers = handlers;
  }

  @Override
  public void connectionMade(BaseTransport made) {
    attach((ChannelTransport) made);
    if (handlers != null) {
      Coroutine<Void> body = Weft.async("client handler", this);
      reader.loop.createTask(body, TaskOptions.defaults());
    }
  }

  /// Uses another transport from now on.
  void attach(ChannelTransport replacement) {
    transport = replacement;
    reader.setTransport(replacement);
  }

  boolean isServerSide() {
    return handlers != null;
  }

  /// The task of a client handler.
  @Override
  public void run() throws Exception {
    ClientHandlers ours = Objects.requireNonNull(handlers);
    Task<?> own = Objects.requireNonNull(Task.current());
    ours.begun(this, own);
    try {
      serve(ours.handler, own);
    } finally {
      ours.ended(this);
    }
  }

  private void serve(ClientHandler handler, Task<?> own) throws Exception {
    ChannelTransport used = transport();
    try {
      handler.handle(reader, writer);
      writer.close();
    } catch (LoopExit leaving) {
      transport().abort();
      throw leaving;
    } catch (Throwable e) {
      if (own.isCancellation(e)) {
        transport().abort();
        throw e;
      }
      Set<Why> why = EnumSet.noneOf(Why.class);
      judge(e, why);
      if (why.contains(Why.CUT_OFF) || why.contains(Why.OTHER)) {
        report(used, e);
      }
      if (why.contains(Why.LOSS) || why.contains(Why.OTHER)) {
        transport().abort();
      } else {
        writer.close();
      }
    } finally {
      reader.release();
    }
  }

  /// Why a handler has failed.
  private enum Why {
    /// Its input has ended.
    END,
    /// The peer has ended it in the middle of what was to be read.
    CUT_OFF,
    /// The connection is gone, which is nobody's mistake.
    LOSS,
    OTHER
  }

  private void judge(Throwable e, Set<Why> why) {
    if (e instanceof ThrowableGroup group) {
      group.exceptions().forEach(one -> judge(one, why));
    } else if (bare(e) instanceof IncompleteReadException end && end.isOf(reader)) {
      why.add(end.bytes() > 0 && peerEnded ? Why.CUT_OFF : Why.END);
    } else {
      why.add(isLoss(bare(e)) ? Why.LOSS : Why.OTHER);
    }
  }

  private boolean isLoss(@Nullable Throwable cause) {
    if (cause instanceof SSLException && !(transport().channel() instanceof TlsChannel)) {
      return false; // of a handshake that the handler has begun, whose options may be wrong
    }
    if (cause instanceof ConnectionClosedException closing && closing.connection == this) {
      return true;
    }
    Throwable source = cause == null ? null : Rethrown.source(cause);
    return isStored(cause) || isStored(source);
  }

  private boolean isStored(@Nullable Throwable e) {
    return e != null && (e == reason || e == reader.exception() || e == transport().lossReason());
  }

  private static @Nullable Throwable bare(Throwable e) {
    return e instanceof UncheckedIOException || e instanceof CompletionException ? e.getCause() : e;
  }

  private void report(ChannelTransport used, Throwable e) {
    reader.loop.callExceptionHandler(
        new ErrorContext("Unhandled exception in client handler", e)
            .withPromise(Task.current())
            .withSource(used));
  }

  ChannelTransport transport() {
    ChannelTransport current = transport;
    if (current == null) {
      throw new IllegalStateException("the connection is not made yet");
    }
    return current;
  }

  /// What a protocol that was in this one's place has left over.
  @Override
  public void dataReceived(ByteBuffer data) {
    reader.feedData(data);
  }

  void received(Chunk chunk) {
    reader.received(chunk);
  }

  @Override
  public boolean eofReceived() {
    peerEnded = true;
    reader.feedEof();
    return true;
  }

  @Override
  public void pauseWriting() {
    writingPaused = true;
  }

  @Override
  public void resumeWriting() {
    writingPaused = false;
    releaseDrains();
  }

  @Override
  public void connectionLost(@Nullable Throwable why) {
    lost = true;
    reason = why;
    reader.lost();
    if (why == null) {
      reader.feedEof();
    } else {
      reader.setException(why);
    }
    if (closed != null) {
      closed.open();
    }
    releaseDrains();
  }

  private void releaseDrains() {
    List<Latch> waiting = drains;
    drains = null;
    if (waiting != null) {
      waiting.forEach(Latch::open);
    }
  }

  boolean writingPaused() {
    return writingPaused;
  }

  /// Throws why the connection was lost, if it was.
  void checkAlive() throws IOException {
    if (lost || transport().isClosing()) {
      throw lostReason();
    }
  }

  private IOException lostReason() {
    if (reason == null) {
      return new ConnectionClosedException(this);
    }
    return reason instanceof IOException e
        ? Rethrown.here(e)
        : new IOException("the connection was broken by the protocol", reason);
  }

  /// Waits until the protocol may write again.
  void drain() throws IOException {
    while (writingPaused && !lost) {
      Latch released = new Latch(reader.loop);
      if (drains == null) {
        drains = new ArrayList<>(1);
      }
      drains.add(released);
      try {
        released.await();
      } finally {
        if (drains != null) {
          drains.remove(released);
        }
      }
    }
    if (lost && reason != null) {
      throw lostReason();
    }
  }

  void waitClosed() throws IOException {
    if (!lost) {
      if (closed == null) {
        closed = new Latch(reader.loop);
      }
      Weft.shield(closed.promise()).await();
    }
    if (reason != null) {
      throw lostReason();
    }
  }
}
