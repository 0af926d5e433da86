package weft.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Looks names up: `ConnectOptions.defaults().resolver(Resolver.system().cached(ofMinutes(1),
/// 500))`.
///
/// Thread: the loop's on which it is used. A lookup may suspend.
@FunctionalInterface
public interface Resolver {
  /// The addresses of a name, in the order in which they should be tried.
  ///
  /// @param host a name, never a literal address
  /// @throws UnknownHostException if there are none
  List<InetAddress> lookup(String host) throws IOException;

  /// The JDK's, which asks the system, on a thread of the loop's default executor.
  ///
  /// The JDK keeps answers for a while by itself (security properties `networkaddress.cache.ttl`
  /// and `.negative.ttl`).
  static Resolver system() {
    return SystemResolver.ONLY;
  }

  /// The same with a cache, which saves the way to another thread.
  ///
  /// @param keep how long an answer is good; failures are not kept
  /// @param entriesMax how many answers are kept; when there are more, all are forgotten
  default Resolver cached(Duration keep, int entriesMax) {
    return new CachedResolver(this, keep, entriesMax);
  }

  /// The addresses of a host with a port. A literal address is not looked up.
  ///
  /// @param host a name or a literal address
  /// @param family which addresses; null for both
  /// @throws UnknownHostException if there are none
  default List<InetSocketAddress> resolve(
      String host, int port, @Nullable StandardProtocolFamily family) throws IOException {
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("a port is from 0 to 65535, not " + port);
    }
    InetAddress literal = SystemResolver.literal(host);
    List<InetSocketAddress> found = new ArrayList<>();
    for (InetAddress address : literal == null ? lookup(host) : List.of(literal)) {
      if (Addresses.fits(address, family)) {
        found.add(new InetSocketAddress(address, port));
      }
    }
    if (found.isEmpty()) {
      throw new UnknownHostException(
          host + (family == null ? " has no address" : " has no address of family " + family));
    }
    return found;
  }
}
