package weft.io;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import weft.EventLoop;

/// Keeps the answers of another resolver.
final class CachedResolver implements Resolver {
  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private record Answer(List<InetAddress> addresses, long givenNanos) {}

  private final Resolver source;
  private final long keepNanos;
  private final int entriesMax;
  private final Map<String, Answer> answers = new HashMap<>();

  CachedResolver(Resolver source, Duration keep, int entriesMax) {
    if (keep.isNegative() || entriesMax <= 0) {
      throw new IllegalArgumentException(
          "a cache needs a duration that is not negative and a positive size");
    }
    this.source = source;
    this.keepNanos = keep.compareTo(FOR_EVER) < 0 ? keep.toNanos() : Long.MAX_VALUE;
    this.entriesMax = entriesMax;
  }

  @Override
  public List<InetAddress> lookup(String host) throws IOException {
    EventLoop loop = EventLoop.running();
    Answer known = answers.get(host);
    if (known != null && loop.timeNanos() - known.givenNanos < keepNanos) {
      return known.addresses;
    }
    List<InetAddress> addresses = List.copyOf(source.lookup(host));
    if (answers.size() >= entriesMax) {
      answers.clear();
    }
    answers.put(host, new Answer(addresses, loop.timeNanos()));
    return addresses;
  }

  @Override
  public String toString() {
    return source + ".cached(" + Duration.ofNanos(keepNanos) + ", " + entriesMax + ")";
  }
}
