package weft.nio;

import java.io.IOException;
import java.nio.channels.AsynchronousChannel;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;

/// A socket of the channel group.
///
/// Operations begin, and sockets are closed, in a poll or a dispatch only. The JDK takes locks for
/// both, which the group's own thread may hold for a moment; the methods that coroutines call must
/// not wait for them.
abstract class ProactorChannel {
  final ProactorDriver driver;
  private final AsynchronousChannel channel;
  private boolean closed;
  private boolean beginning;
  private boolean completing;

  ProactorChannel(ProactorDriver driver, AsynchronousChannel channel) {
    this.driver = driver;
    this.channel = channel;
    driver.opened(this);
  }

  /// Begins the operations that are wanted. Called by the poll.
  abstract void begin();

  /// Tells what there is to tell. Called by the dispatch. If a listener throws, it is called again.
  abstract void complete();

  public abstract void close();

  final void beginLater() {
    if (!beginning) {
      beginning = true;
      driver.begin(this);
    }
  }

  final void completeLater() {
    if (!completing) {
      completing = true;
      driver.complete(this);
    }
  }

  final void beginNow() {
    beginning = false;
    if (closed) {
      release();
    } else {
      begin();
    }
  }

  final void dispatch() {
    completing = false;
    boolean done = false;
    try {
      if (!closed) {
        complete();
      }
      done = true;
    } finally {
      if (!done) {
        completeLater();
      }
    }
  }

  public final boolean isClosed() {
    return closed;
  }

  /// Closes the socket as soon as there is time to.
  final void end() {
    closed = true;
    beginLater();
  }

  /// Closes the socket. Operations that are under way fail.
  final void release() {
    closed = true;
    driver.released(this);
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone in any case, and there is nobody left to whom it matters.
    }
  }

  /// Leaves the socket to another.
  final void leave() {
    closed = true;
    driver.released(this);
  }

  /// What an operation has come to. The JDK calls this on the loop's thread only, since the loop is
  /// the group's thread pool: while the loop polls, or before the call that began it has returned.
  abstract static class Outcome<V, C extends ProactorChannel> implements CompletionHandler<V, C> {
    /// Notes the outcome: calls no listener.
    abstract void note(C channel, @Nullable V value, @Nullable IOException failure);

    @Override
    public final void completed(V value, C channel) {
      channel.driver.operationEnds();
      note(channel, value, null);
    }

    @Override
    public final void failed(Throwable failure, C channel) {
      IOException told =
          failure instanceof IOException e ? e : new IOException(failure.toString(), failure);
      channel.driver.operationEnds();
      note(channel, null, told);
    }
  }
}
