package weft.linux;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.Pending;
import weft.spi.StreamChannel;

/// A socket on its way to its peer.
final class SocketConnect extends Source implements Pending {
  private final Completion<StreamChannel> completion;
  private @Nullable IOException failure;

  /// Takes over a socket for which `connect` has given back `result`.
  SocketConnect(
      LinuxDriver driver, Descriptor descriptor, int result, Completion<StreamChannel> completion) {
    super(driver, descriptor);
    this.completion = completion;
    if (result == -Errno.EINPROGRESS || result == -Errno.EINTR) {
      try {
        driver.arm(this, Linux.OUT);
      } catch (RuntimeException e) {
        end();
        throw e;
      }
    } else {
      if (result < 0) {
        failure = Errno.exception(-result);
      }
      driver.attend(this);
    }
  }

  @Override
  void ready(int events) {
    int[] error = new int[1];
    driver.linux.getsockopt(descriptor.fd(), Linux.SOL_SOCKET, Linux.SO_ERROR, error);
    if (error[0] != 0) {
      failure = Errno.exception(error[0]);
    }
    attend();
  }

  @Override
  void attend() {
    if (isClosed()) {
      return;
    }
    if (failure != null) {
      end();
      completion.failed(failure);
    } else {
      completion.completed(SocketStream.socket(driver, surrender()));
    }
  }

  @Override
  public void cancel() {
    close();
  }

  @Override
  void close() {
    if (!isClosed()) {
      end();
    }
  }
}
