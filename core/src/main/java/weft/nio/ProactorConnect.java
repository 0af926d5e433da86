package weft.nio;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.Pending;
import weft.spi.StreamChannel;

/// A socket on its way to its peer.
final class ProactorConnect extends ProactorChannel implements Pending {
  private static final Outcome<Void, ProactorConnect> CONNECTED =
      new Outcome<>() {
        @Override
        void note(ProactorConnect connect, @Nullable Void value, @Nullable IOException failure) {
          connect.failure = failure;
          connect.completeLater();
        }
      };

  private final AsynchronousSocketChannel socket;
  private final SocketAddress remote;
  private final Completion<StreamChannel> completion;
  private @Nullable IOException failure;

  ProactorConnect(
      ProactorDriver driver,
      AsynchronousSocketChannel socket,
      SocketAddress remote,
      Completion<StreamChannel> completion) {
    super(driver, socket);
    this.socket = socket;
    this.remote = remote;
    this.completion = completion;
    beginLater();
  }

  @Override
  void begin() {
    driver.operationBegins();
    socket.connect(remote, this, CONNECTED);
  }

  @Override
  void complete() {
    if (failure != null) {
      release();
      completion.failed(failure);
    } else {
      leave();
      completion.completed(new ProactorStream(driver, socket));
    }
  }

  @Override
  public void cancel() {
    close();
  }

  @Override
  public void close() {
    if (!isClosed()) {
      end();
    }
  }
}
