package weft.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What is expected of Weft as an echo server.
record EchoMarks(Findings findings) {
  private static final List<Demand> DEMANDS =
      List.of(
          new Demand("weft streams selector", 1.0, Metric.CPU, List.of("Netty nio")),
          new Demand("weft protocol selector", 1.0, Metric.CPU, List.of("weft streams selector")),
          new Demand("weft streams uring", 1.05, Metric.CPU, List.of(Entrants.FLOOR)),
          new Demand("weft streams uring", 0.6, Metric.CPU, List.of("uvloop streams")),
          new Demand("weft streams uring", 0.9, Metric.CPU, List.of("uvloop protocol")),
          new Demand(
              "weft streams uring",
              0.8,
              Metric.CPU,
              List.of("Netty nio", "Netty epoll", "Netty io_uring")),
          new Demand("weft streams uring", 0.8, Metric.CPU, List.of("Go")),
          new Demand("weft streams epoll", 1.2, Metric.CPU, List.of(Entrants.FLOOR)),
          new Demand("weft streams uring", 1.1, Metric.P99, List.of(Entrants.FLOOR)));

  /// At most `limit` times the least of the others'. Latency is compared at a rate only: without
  /// one, each server gets as much as it can take.
  private record Demand(String who, double limit, Metric metric, List<String> others) {
    String text() {
      var of = others.size() == 1 ? others.getFirst() : "the best of " + String.join(", ", others);
      return "≤ " + limit + " × " + of;
    }
  }

  /// A line for each expectation and row that was measured.
  Grid grid() {
    var lines = new ArrayList<List<String>>();
    for (var demand : DEMANDS) {
      for (var row : findings.rows()) {
        var verdict = judge(demand, row);
        if (verdict != null) {
          lines.add(
              List.of(
                  demand.who(),
                  row,
                  demand.metric().key(),
                  verdict.ratio(),
                  demand.text(),
                  verdict.text()));
        }
      }
    }
    return new Grid(List.of("who", "row", "metric", "ratio", "mark", "reached"), lines);
  }

  private Mark.@Nullable Verdict judge(Demand demand, String row) {
    boolean atRate = row.endsWith("/s");
    var weft = findings.get(row, demand.who(), demand.metric());
    var other = least(demand, row);
    if (weft == null || other == null || (demand.metric() == Metric.P99) != atRate) {
      return null;
    }
    double ratio = weft.median() / other.median();
    return new Mark.Verdict(
        String.format(Locale.ROOT, "%.2f", ratio),
        ratio / demand.limit(),
        !weft.wide() && !other.wide());
  }

  private @Nullable Figure least(Demand demand, String row) {
    Figure least = null;
    for (var name : demand.others()) {
      var figure = findings.get(row, name, demand.metric());
      if (figure != null && (least == null || figure.median() < least.median())) {
        least = figure;
      }
    }
    return least;
  }
}
