package weft.nio;

import static java.nio.channels.SelectionKey.OP_ACCEPT;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.ListenChannel;
import weft.spi.StreamChannel;

/// A listening socket.
final class NioListener extends Selected implements ListenChannel {
  private final ServerSocketChannel socket;
  private final SocketAddress address;
  private final int backlog;
  private @Nullable Completion<StreamChannel> accepted;
  private boolean accepting;
  private boolean closed;

  NioListener(SelectorDriver driver, ServerSocketChannel socket, int backlog) throws IOException {
    super(driver, socket);
    this.socket = socket;
    this.backlog = backlog;
    this.address = socket.getLocalAddress();
  }

  @Override
  void complete(int ready) {
    Completion<StreamChannel> told = accepted;
    for (long left = backlog + 1L; left > 0 && accepting && told != null; left--) {
      StreamChannel connection;
      try {
        SocketChannel peer = socket.accept();
        if (peer == null) {
          return;
        }
        connection = take(peer);
      } catch (IOException e) {
        told.failed(e);
        return;
      }
      told.completed(connection);
    }
  }

  private NioStream take(SocketChannel peer) throws IOException {
    try {
      return new NioStream(driver, peer);
    } catch (IOException | RuntimeException e) {
      peer.close();
      throw e;
    }
  }

  @Override
  public void start(Completion<StreamChannel> completion) {
    accepted = completion;
    resume();
  }

  @Override
  public void pause() {
    accepting = false;
    if (!closed) {
      interest(0);
    }
  }

  @Override
  public void resume() {
    if (!closed) {
      accepting = true;
      interest(OP_ACCEPT);
    }
  }

  @Override
  public SocketAddress localAddress() {
    return address;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      accepting = false;
      closeChannel();
      driver.releaseCancelled(); // so that nobody can connect any more, and the port is free
    }
  }
}
