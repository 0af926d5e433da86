package weft.linux;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;

/// The error numbers that Weft knows; x86-64 and aarch64 agree on them.
final class Errno {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int ENOEXEC = 8;
  static final int EBADF = 9;
  static final int ECHILD = 10;
  static final int EAGAIN = 11;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int EEXIST = 17;
  static final int EINVAL = 22;
  static final int EPIPE = 32;
  static final int ENOSYS = 38;
  static final int ETIME = 62;
  static final int EAFNOSUPPORT = 97;
  static final int EADDRINUSE = 98;
  static final int EADDRNOTAVAIL = 99;
  static final int ENETUNREACH = 101;
  static final int ECONNABORTED = 103;
  static final int ECONNRESET = 104;
  static final int ENOBUFS = 105;
  static final int EISCONN = 106;
  static final int ENOTCONN = 107;
  static final int ETIMEDOUT = 110;
  static final int ECONNREFUSED = 111;
  static final int EHOSTUNREACH = 113;
  static final int EINPROGRESS = 115;
  static final int ECANCELED = 125;

  private Errno() {}

  /// The exception that the JDK throws in such a case.
  static IOException exception(int errno) {
    String message = errno == ECONNRESET ? "Connection reset" : Linux.strerror(errno);
    return switch (errno) {
      case ECONNREFUSED, ETIMEDOUT, ENOTCONN -> new ConnectException(message);
      case EHOSTUNREACH -> new NoRouteToHostException(message);
      case EADDRINUSE, EADDRNOTAVAIL, EACCES -> new BindException(message);
      case EPIPE -> new IOException(message);
      default -> new SocketException(message);
    };
  }

  /// The value, unless it is a negated error.
  static int check(int value) throws IOException {
    if (value < 0) {
      throw exception(-value);
    }
    return value;
  }
}
