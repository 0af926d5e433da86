package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Writes the JDK's addresses as the system's, and reads them back.
///
/// ```text
/// sockaddr_in   u16 family, be16 port, u8[4] address
/// sockaddr_in6  u16 family, be16 port, u32 flow, u8[16] address, u32 scope
/// sockaddr_un   u16 family, char[108] path: ended by NUL, or begun by one if abstract
/// ```
final class Addresses {
  private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int IN_BYTES = 16;
  private static final int IN6_BYTES = 28;
  private static final int IN_ADDRESS = 4;
  private static final int IN6_ADDRESS = 8;
  private static final int IN6_SCOPE = 24;
  private static final int UN_PATH = 2;
  private static final int UN_PATH_BYTES = 108;
  private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xff, (byte) 0xff};

  private static final SocketAddress UNNAMED = UnixDomainSocketAddress.of("");
  private static final byte[] LOOPBACK = {127, 0, 0, 1};
  private static final byte[] LOOPBACK6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  private Addresses() {}

  /// The family of sockets that an address is best served by. As with the JDK, a socket of IPv6
  /// serves IPv4 too, and what is bound to no address in particular is bound to those of both.
  static int family(SocketAddress address) {
    if (address instanceof InetSocketAddress inet) {
      InetAddress ip = resolved(inet);
      return ip instanceof Inet4Address && !ip.isAnyLocalAddress() ? Linux.AF_INET : Linux.AF_INET6;
    }
    if (address instanceof UnixDomainSocketAddress || address instanceof AbstractUnixAddress) {
      return Linux.AF_UNIX;
    }
    throw new UnsupportedAddressTypeException();
  }

  private static InetAddress resolved(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    if (ip == null) {
      throw new UnresolvedAddressException();
    }
    return ip;
  }

  /// Writes an address for a socket of a family, and gives back its length.
  static int write(SocketAddress address, int family, MemorySegment target) throws IOException {
    if (address instanceof InetSocketAddress inet && family != Linux.AF_UNIX) {
      return writeInet(resolved(inet), inet.getPort(), family, target);
    }
    if (family == Linux.AF_UNIX && address instanceof UnixDomainSocketAddress unix) {
      String text = unix.getPath().toString();
      if (!ChildStart.isName(text)) {
        throw new SocketException("Unix domain path cannot be encoded: " + text);
      }
      byte[] path = text.getBytes(Linux.FILE_NAMES);
      if (path.length >= UN_PATH_BYTES) {
        throw new SocketException("Unix domain path too long");
      }
      target.set(JAVA_SHORT, 0, (short) Linux.AF_UNIX);
      MemorySegment.copy(path, 0, target, JAVA_BYTE, UN_PATH, path.length);
      target.set(JAVA_BYTE, UN_PATH + path.length, (byte) 0);
      return path.length == 0 ? UN_PATH : UN_PATH + path.length + 1;
    }
    if (family == Linux.AF_UNIX && address instanceof AbstractUnixAddress unix) {
      byte[] name = unix.name().getBytes(StandardCharsets.UTF_8);
      target.set(JAVA_SHORT, 0, (short) Linux.AF_UNIX);
      target.set(JAVA_BYTE, UN_PATH, (byte) 0);
      MemorySegment.copy(name, 0, target, JAVA_BYTE, UN_PATH + 1, name.length);
      return UN_PATH + 1 + name.length;
    }
    throw new UnsupportedAddressTypeException();
  }

  private static int writeInet(InetAddress ip, int port, int family, MemorySegment target) {
    byte[] bytes = ip.getAddress();
    target.set(JAVA_SHORT, 0, (short) family);
    target.set(PORT, 2, (short) port);
    if (family == Linux.AF_INET) {
      if (bytes.length != 4) {
        throw new UnsupportedAddressTypeException();
      }
      MemorySegment.copy(bytes, 0, target, JAVA_BYTE, IN_ADDRESS, 4);
      return IN_BYTES;
    }
    target.set(JAVA_INT, 4, 0);
    if (bytes.length == 4) {
      // The wildcard of IPv4 becomes that of IPv6, which is for both.
      byte[] prefix = ip.isAnyLocalAddress() ? new byte[12] : MAPPED;
      MemorySegment.copy(prefix, 0, target, JAVA_BYTE, IN6_ADDRESS, 12);
      MemorySegment.copy(bytes, 0, target, JAVA_BYTE, IN6_ADDRESS + 12, 4);
      target.set(JAVA_INT, IN6_SCOPE, 0);
    } else {
      MemorySegment.copy(bytes, 0, target, JAVA_BYTE, IN6_ADDRESS, 16);
      target.set(JAVA_INT, IN6_SCOPE, ((Inet6Address) ip).getScopeId());
    }
    return IN6_BYTES;
  }

  /// Where to send what is for an address: the wildcard as a destination is this machine.
  static SocketAddress destination(SocketAddress address) throws UnknownHostException {
    if (!isWildcard(address)) {
      return address;
    }
    InetSocketAddress wildcard = (InetSocketAddress) address;
    byte[] loopback = wildcard.getAddress() instanceof Inet4Address ? LOOPBACK : LOOPBACK6;
    return new InetSocketAddress(InetAddress.getByAddress(loopback), wildcard.getPort());
  }

  /// Whether it stands for every address of this machine.
  static boolean isWildcard(SocketAddress address) {
    return address instanceof InetSocketAddress inet && resolved(inet).isAnyLocalAddress();
  }

  /// Reads an address; null if there is none. A unix socket without a name has the empty path.
  static @Nullable SocketAddress read(MemorySegment source, int length) {
    try {
      return length < 2 ? null : readKnown(source, length);
    } catch (UnknownHostException e) {
      throw new AssertionError(e); // the bytes of an address are 4 or 16
    }
  }

  private static @Nullable SocketAddress readKnown(MemorySegment source, int length)
      throws UnknownHostException {
    int family = source.get(JAVA_SHORT, 0);
    return switch (family) {
      case Linux.AF_INET -> {
        byte[] bytes = source.asSlice(IN_ADDRESS, 4).toArray(JAVA_BYTE);
        yield new InetSocketAddress(InetAddress.getByAddress(bytes), port(source));
      }
      case Linux.AF_INET6 -> {
        byte[] bytes = source.asSlice(IN6_ADDRESS, 16).toArray(JAVA_BYTE);
        int scope = source.get(JAVA_INT, IN6_SCOPE);
        InetAddress ip =
            scope == 0
                ? InetAddress.getByAddress(bytes)
                : Inet6Address.getByAddress(null, bytes, scope);
        yield new InetSocketAddress(ip, port(source));
      }
      case Linux.AF_UNIX -> readUnix(source, Math.min(length, UN_PATH + UN_PATH_BYTES));
      default -> null;
    };
  }

  private static int port(MemorySegment source) {
    return Short.toUnsignedInt(source.get(PORT, 2));
  }

  /// A peer may have bound its socket to any bytes: a name that is no text is as good as none.
  private static SocketAddress readUnix(MemorySegment source, int length) {
    byte[] path = source.asSlice(UN_PATH, length - UN_PATH).toArray(JAVA_BYTE);
    if (path.length > 1 && path[0] == 0) {
      byte[] name = Arrays.copyOfRange(path, 1, path.length);
      String text = new String(name, StandardCharsets.UTF_8);
      return Arrays.equals(name, text.getBytes(StandardCharsets.UTF_8))
          ? new AbstractUnixAddress(text)
          : UNNAMED;
    }
    int end = 0;
    while (end < path.length && path[end] != 0) {
      end++;
    }
    String text = new String(path, 0, end, Linux.FILE_NAMES);
    return ChildStart.isName(text) ? UnixDomainSocketAddress.of(text) : UNNAMED;
  }
}
