package weft.linux;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;

/// Owns an open file descriptor, and is the only one to know its number. Once closed it has none:
/// the number, which the system soon gives to somebody else, cannot be used by mistake.
///
/// Thread: the loop's.
final class Descriptor {
  private static final int CLOSED = -1;

  private final Linux linux;
  private int fd;

  private Descriptor(Linux linux, int fd) {
    this.linux = linux;
    this.fd = fd;
  }

  /// Takes over what a system call has given back.
  ///
  /// @throws IOException if that was an error
  static Descriptor of(Linux linux, int fd) throws IOException {
    return new Descriptor(linux, Errno.check(fd));
  }

  /// A second descriptor of the same open file.
  static Descriptor copy(Linux linux, int fd) throws IOException {
    return of(linux, linux.dup(fd));
  }

  /// For a system call to be made at once.
  int fd() {
    int open = fd;
    if (open == CLOSED) {
      throw new IllegalStateException("the descriptor is closed");
    }
    return open;
  }

  /// As [#fd], where somebody may have closed it legally.
  int fdOrThrow() throws ClosedChannelException {
    if (fd == CLOSED) {
      throw new ClosedChannelException();
    }
    return fd;
  }

  /// The same for use by another thread; this one is closed then.
  Descriptor moved(Linux other) {
    Descriptor moved = new Descriptor(other, fd());
    fd = CLOSED;
    return moved;
  }

  boolean isClosed() {
    return fd == CLOSED;
  }

  /// Repeating it does nothing.
  void close() {
    int open = fd;
    if (open != CLOSED) {
      fd = CLOSED;
      linux.close(open);
    }
  }
}
