package weft.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Weft;

/// Looks names up, off the loop's thread. A literal address is not looked up.
///
/// The JDK keeps answers for a while by itself (security properties `networkaddress.cache.ttl` and
/// `.negative.ttl`); a resolver of one's own can keep them longer, and saves the way to another
/// thread.
///
/// Thread: the loop's on which it is used.
public final class Resolver {
  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);
  static final Resolver SYSTEM = new Resolver(Duration.ZERO, 1);

  private record Answer(List<InetAddress> addresses, long givenNanos) {}

  private final long keepNanos;
  private final int entriesMax;
  private final Map<String, Answer> answers = new HashMap<>();

  /// A resolver with a cache.
  ///
  /// @param keep how long an answer is good; zero keeps none
  /// @param entriesMax how many answers are kept; when there are more, all are forgotten
  public Resolver(Duration keep, int entriesMax) {
    if (keep.isNegative() || entriesMax <= 0) {
      throw new IllegalArgumentException(
          "a cache needs a duration that is not negative and a positive size");
    }
    this.keepNanos = keep.compareTo(FOR_EVER) < 0 ? keep.toNanos() : Long.MAX_VALUE;
    this.entriesMax = entriesMax;
  }

  /// The addresses of a host, in the order of the name service. Suspends.
  ///
  /// @param host a name or a literal address
  /// @param family which addresses; null for both
  /// @throws UnknownHostException if there are none
  public List<InetSocketAddress> resolve(
      String host, int port, @Nullable StandardProtocolFamily family) throws IOException {
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("a port is from 0 to 65535, not " + port);
    }
    List<InetSocketAddress> found = new ArrayList<>();
    for (InetAddress address : lookup(host)) {
      if (Addresses.fits(address, family)) {
        found.add(new InetSocketAddress(address, port));
      }
    }
    if (found.isEmpty()) {
      throw new UnknownHostException(host + " has no address of family " + family);
    }
    return found;
  }

  private List<InetAddress> lookup(String host) throws IOException {
    InetAddress literal = literal(host);
    if (literal != null) {
      return List.of(literal);
    }
    EventLoop loop = EventLoop.running();
    if (keepNanos == 0) {
      return ask(loop, host);
    }
    Answer known = answers.get(host);
    if (known != null && loop.timeNanos() - known.givenNanos < keepNanos) {
      return known.addresses;
    }
    List<InetAddress> addresses = ask(loop, host);
    if (answers.size() >= entriesMax) {
      answers.clear();
    }
    answers.put(host, new Answer(addresses, loop.timeNanos()));
    return addresses;
  }

  private static List<InetAddress> ask(EventLoop loop, String host) throws IOException {
    return Weft.await(
        loop.runInExecutor(null, () -> List.of(InetAddress.getAllByName(host))), IOException.class);
  }

  /// The address that a text is, or null if it is a name.
  static @Nullable InetAddress literal(String host) {
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
