package weft.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// The sockets, pipes and other descriptors without a path that this process has open. Where the
/// system does not tell, none.
final class Descriptors {
  private static final Path OPEN = Path.of("/proc/self/fd");
  private static final int PATIENCE_MILLIS = 5_000;

  private final Map<String, Integer> counts;

  private Descriptors(Map<String, Integer> counts) {
    this.counts = counts;
  }

  /// Those of this moment.
  static Descriptors now() {
    var counts = new HashMap<String, Integer>();
    if (Files.isDirectory(OPEN)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(OPEN)) {
        for (Path entry : entries) {
          count(entry, counts);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new Descriptors(counts);
  }

  private static void count(Path entry, Map<String, Integer> counts) {
    try {
      String target = Files.readSymbolicLink(entry).toString();
      if (!target.startsWith("/")) {
        counts.merge(target, 1, Integer::sum);
      }
    } catch (IOException e) {
      // It was closed in between.
    }
  }

  /// Fails if more are open than at the moment of this object. A driver may close some of its own
  /// on other threads, so they get a while.
  void verify() {
    Map<String, Integer> left = leaked();
    for (int waited = 0; !left.isEmpty() && waited < PATIENCE_MILLIS; waited++) {
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      left = leaked();
    }
    if (!left.isEmpty()) {
      throw new AssertionError("descriptors left open: " + left);
    }
  }

  /// How many there are.
  int size() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  private Map<String, Integer> leaked() {
    var left = new TreeMap<String, Integer>();
    now()
        .counts
        .forEach(
            (target, count) -> {
              int more = count - counts.getOrDefault(target, 0);
              if (more > 0) {
                left.put(target, more);
              }
            });
    return left;
  }
}
