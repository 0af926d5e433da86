package weft.io;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import weft.spi.StreamChannel;

/// Small matters of addresses and sockets.
final class Addresses {
  private Addresses() {}

  static boolean fits(InetAddress address, @Nullable StandardProtocolFamily family) {
    return family == null || family == family(address);
  }

  static StandardProtocolFamily family(InetAddress address) {
    return address instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  /// Whether this machine has IPv6.
  static boolean hasIpv6() throws IOException {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.INET6)) {
      return probe.isOpen();
    } catch (UnsupportedOperationException e) {
      return false;
    }
  }

  /// Alternates the families, beginning with `first` addresses of the family that comes first.
  static List<InetSocketAddress> interleave(List<InetSocketAddress> addresses, int first) {
    if (first == 0 || addresses.isEmpty()) {
      return addresses;
    }
    StandardProtocolFamily preferred = family(addresses.getFirst().getAddress());
    List<InetSocketAddress> left = new ArrayList<>();
    List<InetSocketAddress> right = new ArrayList<>();
    for (InetSocketAddress address : addresses) {
      (family(address.getAddress()) == preferred ? left : right).add(address);
    }
    List<InetSocketAddress> ordered =
        new ArrayList<>(left.subList(0, Math.min(first, left.size())));
    int at = ordered.size();
    for (int i = 0; i < right.size() || at < left.size(); i++) {
      if (i < right.size()) {
        ordered.add(right.get(i));
      }
      if (at < left.size()) {
        ordered.add(left.get(at++));
      }
    }
    return ordered;
  }

  /// Sets an option that is good to have, where it exists.
  static <T> void setOption(StreamChannel channel, SocketOption<T> option, T value) {
    try {
      if (channel.supportedOptions().contains(option)) {
        channel.setOption(option, value);
      }
    } catch (IOException e) {
      // The peer is gone; whoever uses the connection learns it from there.
    }
  }
}
