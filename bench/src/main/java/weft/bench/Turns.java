package weft.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/// Lets contestants take turns: A B C A B C …, so that a machine that slows down slows all of them.
///
/// @param failed told of one that fails, which leaves the contest and takes its readings along
record Turns<K>(int rounds, BiConsumer<K, IOException> failed) {
  /// One turn of one contestant.
  @FunctionalInterface
  interface Turn<R> {
    R take() throws IOException, InterruptedException;
  }

  /// What each of those read that did not fail, in the order given.
  <R> Map<K, List<R>> take(Map<K, ? extends Turn<R>> contestants) throws InterruptedException {
    var readings = new LinkedHashMap<K, List<R>>();
    var absent = new HashSet<K>();
    for (int round = 0; round < rounds; round++) {
      for (var entry : contestants.entrySet()) {
        var who = entry.getKey();
        if (!absent.contains(who)) {
          try {
            readings.computeIfAbsent(who, _ -> new ArrayList<>()).add(entry.getValue().take());
          } catch (IOException e) {
            failed.accept(who, e);
            absent.add(who);
            readings.remove(who);
          }
        }
      }
    }
    return readings;
  }
}
