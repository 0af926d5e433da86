package weft.linux;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.ListenChannel;
import weft.spi.StreamChannel;

/// A listening socket. As with a stream, connections come in two ways: [#ready] accepts them, or
/// the system accepts by itself and [#arrived] is given their descriptors; what comes so while the
/// listener is paused waits in `stash`.
final class SocketListener extends Source implements ListenChannel {
  private final int backlog;
  private final SocketAddress address;
  private final ArrayDeque<Descriptor> stash = new ArrayDeque<>();
  private @Nullable Completion<StreamChannel> accepted;
  private boolean accepting;

  /// Takes over a listening socket.
  SocketListener(LinuxDriver driver, Descriptor descriptor, int backlog) throws IOException {
    SocketAddress bound = driver.name(descriptor, false);
    if (bound == null) {
      throw new IOException("the socket has no address");
    }
    super(driver, descriptor);
    this.address = bound;
    this.backlog = Math.max(1, backlog);
  }

  boolean accepting() {
    return accepting;
  }

  @Override
  void ready(int events) {
    Completion<StreamChannel> told = accepted;
    for (int left = backlog; left > 0 && accepting && told != null; left--) {
      int fd = driver.linux.accept(descriptor.fd());
      if (fd == -Errno.EAGAIN) {
        return;
      }
      if (fd >= 0) {
        tell(told, adopted(fd));
      } else if (!isPassing(-fd)) {
        told.failed(Errno.exception(-fd));
        return;
      }
    }
  }

  /// Whether an error is that of one connection, which is gone already. What the network says of it
  /// is passed on by `accept` too.
  private static boolean isPassing(int errno) {
    return errno == Errno.EINTR || errno == Errno.ECONNABORTED || errno == Errno.EPERM;
  }

  private Descriptor adopted(int fd) {
    try {
      return Descriptor.of(driver.linux, fd);
    } catch (IOException e) {
      throw new AssertionError(e); // it is not negative
    }
  }

  /// A connection whose peer has reset it already has no address any more; it is as gone as one of
  /// which the system says so.
  private void tell(Completion<StreamChannel> told, Descriptor connection) {
    SocketStream stream = SocketStream.socket(driver, connection);
    if (stream.remoteAddress() == null) {
      stream.close();
    } else {
      told.completed(stream);
    }
  }

  /// The system has accepted a connection, or failed to.
  void arrived(int fd) {
    Completion<StreamChannel> told = accepted;
    if (fd >= 0 && (!accepting || told == null || !stash.isEmpty())) {
      stash.add(adopted(fd));
    } else if (fd >= 0 && told != null) {
      tell(told, adopted(fd));
    } else if (accepting && told != null && !isPassing(-fd)) {
      told.failed(Errno.exception(-fd));
    }
  }

  @Override
  void attend() {
    Completion<StreamChannel> told = accepted;
    while (accepting && told != null && !stash.isEmpty()) {
      try {
        tell(told, stash.remove());
      } finally {
        if (!stash.isEmpty()) {
          driver.attend(this);
        }
      }
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
    wanted &= ~Linux.IN;
  }

  @Override
  public void resume() {
    if (!accepting && !isClosed()) {
      accepting = true;
      if (!stash.isEmpty()) {
        driver.attend(this);
      }
      driver.accept(this);
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
      if (driver.holds(this) && !isAdopted()) {
        // An operation that is under way holds the socket; this frees the port all the same. But
        // it would end a socket that other processes share.
        driver.linux.shutdown(fd(), Linux.SHUT_RDWR);
      }
      end();
      for (Descriptor refused; (refused = stash.poll()) != null; ) {
        driver.linux.linger(refused.fd(), true, 0);
        refused.close();
      }
    }
  }
}
