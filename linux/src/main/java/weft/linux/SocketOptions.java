package weft.linux;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/// The JDK's socket options as the system's.
final class SocketOptions {
  static final SocketOptions STREAM =
      new SocketOptions(
          Map.of(
              StandardSocketOptions.SO_SNDBUF, new At(Linux.SOL_SOCKET, 7),
              StandardSocketOptions.SO_RCVBUF, new At(Linux.SOL_SOCKET, 8),
              StandardSocketOptions.SO_KEEPALIVE, new At(Linux.SOL_SOCKET, 9),
              StandardSocketOptions.SO_LINGER, new At(Linux.SOL_SOCKET, Linux.SO_LINGER),
              StandardSocketOptions.TCP_NODELAY, new At(Linux.SOL_TCP, 1),
              StandardSocketOptions.IP_TOS, new At(Linux.SOL_IP, 1, 67),
              ExtendedSocketOptions.TCP_KEEPIDLE, new At(Linux.SOL_TCP, 4),
              ExtendedSocketOptions.TCP_KEEPINTERVAL, new At(Linux.SOL_TCP, 5),
              ExtendedSocketOptions.TCP_KEEPCOUNT, new At(Linux.SOL_TCP, 6),
              ExtendedSocketOptions.TCP_QUICKACK, new At(Linux.SOL_TCP, 12)),
          Map.of(
              StandardSocketOptions.SO_REUSEADDR, new At(Linux.SOL_SOCKET, Linux.SO_REUSEADDR),
              StandardSocketOptions.SO_REUSEPORT, new At(Linux.SOL_SOCKET, Linux.SO_REUSEPORT)));

  static final SocketOptions PACKET =
      new SocketOptions(
          Map.of(
              StandardSocketOptions.SO_SNDBUF, new At(Linux.SOL_SOCKET, 7),
              StandardSocketOptions.SO_RCVBUF, new At(Linux.SOL_SOCKET, 8),
              StandardSocketOptions.SO_BROADCAST, new At(Linux.SOL_SOCKET, Linux.SO_BROADCAST),
              StandardSocketOptions.IP_TOS, new At(Linux.SOL_IP, 1, 67),
              StandardSocketOptions.IP_MULTICAST_IF, new At(Linux.SOL_IP, 32, 17),
              StandardSocketOptions.IP_MULTICAST_TTL, new At(Linux.SOL_IP, 33, 18),
              StandardSocketOptions.IP_MULTICAST_LOOP, new At(Linux.SOL_IP, 34, 19)),
          Map.of(
              StandardSocketOptions.SO_REUSEADDR, new At(Linux.SOL_SOCKET, Linux.SO_REUSEADDR),
              StandardSocketOptions.SO_REUSEPORT, new At(Linux.SOL_SOCKET, Linux.SO_REUSEPORT)));

  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();
  private static final int SO_DOMAIN = 39;

  /// Where the system has an option: its level, and its number for IP. What has another one for
  /// version 6 is at the level of that as well.
  private record At(int level, int option, int option6) {
    At(int level, int option) {
      this(level, option, 0);
    }
  }

  private final Map<SocketOption<?>, At> options;

  private SocketOptions(Map<SocketOption<?>, At> some, Map<SocketOption<?>, At> others) {
    var all = new java.util.HashMap<SocketOption<?>, At>(some);
    all.putAll(others);
    options = Map.copyOf(all);
  }

  Set<SocketOption<?>> supported() {
    return options.keySet();
  }

  private At at(SocketOption<?> option) {
    At at = options.get(Objects.requireNonNull(option, "option"));
    if (at == null) {
      throw new UnsupportedOperationException("this socket does not know the option " + option);
    }
    return at;
  }

  static int family(Linux linux, Descriptor socket) throws IOException {
    int[] family = new int[1];
    Errno.check(linux.getsockopt(socket.fdOrThrow(), Linux.SOL_SOCKET, SO_DOMAIN, family));
    return family[0];
  }

  <T> void set(Linux linux, Descriptor socket, SocketOption<T> option, T value) throws IOException {
    At at = at(option);
    int fd = socket.fdOrThrow();
    if (option == StandardSocketOptions.SO_LINGER) {
      int seconds = (Integer) value;
      Errno.check(linux.linger(fd, seconds >= 0, Math.max(0, Math.min(seconds, 65535))));
      return;
    }
    int number =
        switch (value) {
          case Boolean on -> on ? 1 : 0;
          case Integer given -> given;
          case NetworkInterface network -> network.getIndex();
          case null, default -> throw new IllegalArgumentException(option + " cannot be " + value);
        };
    if (number < 0) {
      throw new IllegalArgumentException(option + " cannot be negative");
    }
    if (at.option6 != 0 && family(linux, socket) == Linux.AF_INET6) {
      Errno.check(linux.setsockopt(fd, Linux.SOL_IPV6, at.option6, number));
      setFour(linux, fd, at, number, value); // for its datagrams of version 4, if it can
    } else {
      Errno.check(setFour(linux, fd, at, number, value));
    }
  }

  private static int setFour(Linux linux, int fd, At at, int number, @Nullable Object value) {
    if (!(value instanceof NetworkInterface network)) {
      return linux.setsockopt(fd, at.level, at.option, number);
    }
    // The system tells the address only, when it is asked which network was chosen.
    int address =
        network
            .inetAddresses()
            .filter(Inet4Address.class::isInstance)
            .findFirst()
            .map(first -> ByteBuffer.wrap(first.getAddress()).order(NATIVE).getInt())
            .orElse(0);
    return linux.multicastInterface(fd, at.option, number, address);
  }

  private static @Nullable NetworkInterface networkOf(int address) throws IOException {
    byte[] bytes = ByteBuffer.allocate(4).order(NATIVE).putInt(address).array();
    return address == 0 ? null : NetworkInterface.getByInetAddress(InetAddress.getByAddress(bytes));
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // null where no network was chosen, as with the JDK
  <T> T get(Linux linux, Descriptor socket, SocketOption<T> option) throws IOException {
    return (T) value(linux, socket, option);
  }

  private @Nullable Object value(Linux linux, Descriptor socket, SocketOption<?> option)
      throws IOException {
    At at = at(option);
    int fd = socket.fdOrThrow();
    boolean six = at.option6 != 0 && family(linux, socket) == Linux.AF_INET6;
    int level = six ? Linux.SOL_IPV6 : at.level;
    int number = six ? at.option6 : at.option;
    if (option == StandardSocketOptions.SO_LINGER) {
      int[] linger = new int[2];
      Errno.check(linux.getsockopt(fd, level, number, linger));
      return linger[0] == 0 ? -1 : linger[1];
    }
    int[] value = new int[1];
    Errno.check(linux.getsockopt(fd, level, number, value));
    if (option.type() == Boolean.class) {
      return value[0] != 0;
    }
    if (option.type() == NetworkInterface.class) {
      if (!six) {
        return networkOf(value[0]);
      }
      return value[0] == 0 ? null : NetworkInterface.getByIndex(value[0]);
    }
    // The system doubles the sizes of buffers, to have room for its own notes.
    boolean doubled = option.name().endsWith("BUF");
    return doubled ? value[0] / 2 : value[0];
  }
}
