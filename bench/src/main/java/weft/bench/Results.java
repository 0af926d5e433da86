package weft.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The figures of one run, by row and side, and what went wrong.
final class Results {
  private final Map<String, Map<Side, Figure>> figures = new LinkedHashMap<>();
  private final List<String> failures = new ArrayList<>();

  void put(Row row, Side side, Figure figure) {
    figures.computeIfAbsent(row.name(), _ -> new EnumMap<>(Side.class)).put(side, figure);
  }

  void fail(Row row, Side side, IOException reason) {
    failures.add(row.name() + ", " + side.title() + ": " + reason.getMessage());
  }

  /// One line or more for each contestant that could not be measured.
  List<String> failures() {
    return List.copyOf(failures);
  }

  /// Null when that side was absent or the row not part of the run.
  @Nullable Figure get(String row, Side side) {
    return figures.getOrDefault(row, Map.of()).get(side);
  }
}
