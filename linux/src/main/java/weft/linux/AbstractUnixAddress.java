package weft.linux;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The address of a unix socket in Linux's abstract namespace: a name that is no file, and goes
/// when the socket does. Accepted by `epoll` and `uring` wherever a
/// [java.net.UnixDomainSocketAddress] is.
public final class AbstractUnixAddress extends SocketAddress {
  private static final int NAME_BYTES_MAX = 107;

  private final String name;

  /// Names a socket. The zero byte with which the system marks such a name is not a part of it.
  ///
  /// @throws IllegalArgumentException if the name is empty, or longer than 107 bytes
  public AbstractUnixAddress(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > NAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "the name of an abstract socket has 1 to " + NAME_BYTES_MAX + " bytes, not " + bytes);
    }
    this.name = name;
  }

  /// The name.
  public String name() {
    return name;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AbstractUnixAddress that && name.equals(that.name);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  /// The name as `ss` and others print it, with an `@`.
  @Override
  public String toString() {
    return "@" + name;
  }
}
