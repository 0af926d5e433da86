package weft.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a suite has found out about its contestants, in the order of its rows, and what went wrong.
final class Findings {
  /// Per cent: more than this is all that a process can get.
  private static final double BUSY = 95;

  /// As much as that between two processes that are both busy all the time says nothing.
  private static final double BUSY_MARGIN = 1;

  private final List<Finding> all = new ArrayList<>();
  private final Map<String, String> contestants = new LinkedHashMap<>();
  private final Map<String, String> modes = new LinkedHashMap<>();
  private final Set<String> leftOut = new LinkedHashSet<>();
  private final List<String> failures = new ArrayList<>();

  /// Names a contestant, with what it says about its version and mode; the tables keep this order.
  void contestant(String name, String description) {
    contestants.putIfAbsent(name, description);
  }

  /// Names one on a further wire, where it may say something else of itself.
  void contestant(String name, Wire wire, String description) {
    var first = contestants.putIfAbsent(name, description);
    if (first != null && !first.equals(description)) {
      modes.put(name + ", " + wire.title(), description);
    }
  }

  /// All that contestants have said of themselves, by name, and by name and wire where that
  /// differs.
  Map<String, String> descriptions() {
    var all = new LinkedHashMap<>(contestants);
    all.putAll(modes);
    return all;
  }

  /// Notes who is not there and why.
  void leaveOut(String name, String why) {
    leftOut.add(name + ": left out, " + why);
  }

  /// Notes who failed where. Weft has to start; a peer that cannot is left out: a kernel may have
  /// no io_uring for it.
  void fail(String row, String contestant, IOException reason) {
    if (reason instanceof NotStarted && !contestant.startsWith("weft")) {
      leaveOut(contestant + ", " + row, String.valueOf(reason.getMessage()));
    } else {
      failures.add(row + ", " + contestant + ": " + reason.getMessage());
    }
  }

  /// The medians of the turns, for each metric that was read in them.
  void put(String row, String contestant, List<Drive> turns) {
    for (var metric : Metric.values()) {
      if (turns.stream().allMatch(turn -> turn.figures().containsKey(metric))) {
        var readings = turns.stream().map(turn -> new Reading(List.of(turn.get(metric)))).toList();
        all.add(new Finding(row, contestant, metric, Figure.of(readings)));
      }
    }
  }

  List<Finding> all() {
    return List.copyOf(all);
  }

  Map<String, String> contestants() {
    return contestants;
  }

  Set<String> leftOut() {
    return leftOut;
  }

  List<String> failures() {
    return List.copyOf(failures);
  }

  Set<String> rows() {
    var rows = new LinkedHashSet<String>();
    all.forEach(finding -> rows.add(finding.row()));
    return rows;
  }

  /// Null when that was not measured.
  @Nullable Figure get(String row, String contestant, Metric metric) {
    for (var finding : all) {
      if (finding.metric() == metric
          && finding.row().equals(row)
          && finding.contestant().equals(contestant)) {
        return finding.figure();
      }
    }
    return null;
  }

  boolean has(Metric metric) {
    return all.stream().anyMatch(finding -> finding.metric() == metric);
  }

  /// A line for each contestant, a column for each row.
  Grid grid(Metric metric) {
    return grid(
        metric.title() + ", " + metric.unit().symbol(), (row, who) -> cell(row, who, metric));
  }

  /// Each contestant's figure by that of `base`.
  Grid ratios(Metric metric, String base) {
    return grid(
        "× " + base + ", " + metric.title(),
        (row, who) -> {
          var figure = get(row, who, metric);
          var floor = get(row, base, metric);
          if (figure == null || floor == null) {
            return "–";
          }
          return figure.by(floor).showRatio();
        });
  }

  private Grid grid(String title, Cells cells) {
    var head = new ArrayList<>(List.of(title));
    head.addAll(rows());
    var lines = new ArrayList<List<String>>();
    for (var who : contestants.keySet()) {
      var line = new ArrayList<>(List.of(who));
      rows().forEach(row -> line.add(cells.cell(row, who)));
      lines.add(line);
    }
    return new Grid(head, lines);
  }

  private String cell(String row, String who, Metric metric) {
    var figure = get(row, who, metric);
    if (figure == null) {
      return "–";
    }
    boolean atLeast =
        switch (metric) {
          case RATE, THROUGHPUT -> loadIsLimit(row, who);
          case P50, P99, P999, MAX -> overloaded(row, who);
          default -> false;
        };
    return (atLeast ? "≥ " : "") + figure.show(metric.unit());
  }

  /// True when messages were due that the server never came to: they would have taken longer.
  private boolean overloaded(String row, String who) {
    var unserved = get(row, who, Metric.UNSERVED);
    return unserved != null && unserved.max() > 0;
  }

  /// True when the load generator had no more to give and the server had.
  private boolean loadIsLimit(String row, String who) {
    var server = get(row, who, Metric.SERVER_BUSY);
    var load = get(row, who, Metric.LOAD_BUSY);
    return server != null
        && load != null
        && load.median() > BUSY
        && server.median() < load.median() - BUSY_MARGIN;
  }

  /// What stands in a line and a column.
  @FunctionalInterface
  private interface Cells {
    String cell(String row, String who);
  }
}
