package weft.nio;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.ListenChannel;
import weft.spi.StreamChannel;

/// A listening socket. One accept at a time is under way; a connection that it brings while we are
/// paused is held.
final class ProactorListener extends ProactorChannel implements ListenChannel {
  private static final Outcome<AsynchronousSocketChannel, ProactorListener> ACCEPTED =
      new Outcome<>() {
        @Override
        void note(
            ProactorListener listener,
            @Nullable AsynchronousSocketChannel peer,
            @Nullable IOException failure) {
          listener.accepted(peer, failure);
        }
      };

  private final AsynchronousServerSocketChannel socket;
  private final SocketAddress address;
  private final int backlog;
  private @Nullable Completion<StreamChannel> completion;
  private boolean accepting;
  private boolean underWay;
  private boolean telling;
  private @Nullable ProactorStream held;
  private @Nullable IOException failure;

  ProactorListener(ProactorDriver driver, AsynchronousServerSocketChannel socket, int backlog)
      throws IOException {
    super(driver, socket);
    this.socket = socket;
    this.backlog = backlog;
    this.address = socket.getLocalAddress();
  }

  @Override
  void begin() {
    if (accepting && !underWay && held == null && failure == null) {
      underWay = true;
      driver.operationBegins();
      socket.accept(this, ACCEPTED);
    }
  }

  private void accepted(@Nullable AsynchronousSocketChannel peer, @Nullable IOException problem) {
    underWay = false;
    failure = problem;
    if (peer != null) {
      held = new ProactorStream(driver, peer);
    }
    if (isClosed()) {
      if (held != null) {
        held.close();
      }
    } else if (!telling) {
      completeLater();
    }
  }

  @Override
  void complete() {
    Completion<StreamChannel> told = completion;
    for (long left = backlog + 1L; accepting && told != null; left--) {
      if (left == 0) {
        completeLater();
        return;
      }
      ProactorStream connection = held;
      IOException problem = failure;
      held = null;
      failure = null;
      if (problem != null) {
        beginLater();
        told.failed(problem);
        return;
      }
      if (connection != null) {
        told.completed(connection);
      }
      telling = true;
      begin();
      driver.collect(); // what is accepted at once is submitted, not told at once
      telling = false;
      if (underWay) {
        return;
      }
    }
  }

  @Override
  public void start(Completion<StreamChannel> accepted) {
    completion = accepted;
    resume();
  }

  @Override
  public void pause() {
    accepting = false;
  }

  @Override
  public void resume() {
    if (isClosed() || accepting) {
      return;
    }
    accepting = true;
    if (held != null || failure != null) {
      completeLater();
    } else {
      beginLater();
    }
  }

  @Override
  public SocketAddress localAddress() {
    return address;
  }

  @Override
  public void close() {
    if (!isClosed()) {
      accepting = false;
      if (held != null) {
        held.close();
      }
      release(); // so that nobody can connect any more, and the port is free
    }
  }
}
