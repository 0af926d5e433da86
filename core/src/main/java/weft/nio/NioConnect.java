package weft.nio;

import static java.nio.channels.SelectionKey.OP_CONNECT;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.Pending;
import weft.spi.StreamChannel;

/// A socket on its way to its peer.
final class NioConnect extends Selected implements Pending {
  private final SocketChannel socket;
  private final Completion<StreamChannel> completion;
  private @Nullable IOException failure;
  private boolean done;

  NioConnect(
      SelectorDriver driver,
      SocketChannel socket,
      SocketAddress remote,
      Completion<StreamChannel> completion)
      throws IOException {
    super(driver, socket);
    this.socket = socket;
    this.completion = completion;
    try {
      if (socket.connect(remote)) {
        completeLater();
      } else {
        interest(OP_CONNECT);
      }
    } catch (IOException e) {
      failure = e;
      completeLater();
    }
  }

  @Override
  void complete(int ready) {
    if (done) {
      return;
    }
    try {
      if (failure == null && !socket.finishConnect()) {
        return;
      }
    } catch (IOException e) {
      failure = e;
    }
    done = true;
    if (failure != null) {
      closeChannel();
      completion.failed(failure);
    } else {
      interest(0);
      completion.completed(new NioStream(this));
    }
  }

  @Override
  public void cancel() {
    close();
  }

  @Override
  public void close() {
    if (!done) {
      done = true;
      closeChannel();
    }
  }
}
