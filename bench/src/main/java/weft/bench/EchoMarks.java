package weft.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is expected of Weft as an echo server.
///
/// @param cases the rows that were measured
record EchoMarks(Findings findings, List<EchoCase> cases) {
  /// How much dearer a message may be when thousands of idle connections are open besides.
  private static final double WITH_IDLE = 1.1;

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

  /// At most `limit` times the least of the others'.
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
      for (var what : cases) {
        // Latency is compared at a rate only: without one, each gets as much as it can take.
        if ((what.rate() > 0) == (demand.metric() == Metric.P99)) {
          demand(lines, demand, what.title());
        }
      }
    }
    for (var what : cases) {
      if (what.idle() > 0) {
        withIdle(lines, what.title(), what.allActive().title());
      }
    }
    return new Grid(List.of("who", "row", "metric", "ratio", "mark", "reached"), lines);
  }

  private void demand(List<List<String>> lines, Demand demand, String row) {
    var weft = findings.get(row, demand.who(), demand.metric());
    var verdict = compare(weft, least(demand, row), demand.limit());
    add(lines, demand.who(), row, demand.metric(), demand.text(), verdict);
  }

  private void withIdle(List<List<String>> lines, String row, String base) {
    for (var who : findings.contestants().keySet()) {
      if (who.startsWith("weft")) {
        var active = findings.get(base, who, Metric.CPU);
        var verdict = compare(findings.get(row, who, Metric.CPU), active, WITH_IDLE);
        add(lines, who, row, Metric.CPU, "≤ " + WITH_IDLE + " × that without idle ones", verdict);
      }
    }
  }

  private static void add(
      List<List<String>> lines,
      String who,
      String row,
      Metric metric,
      String mark,
      Mark.@Nullable Verdict verdict) {
    if (verdict != null) {
      lines.add(List.of(who, row, metric.key(), verdict.ratio(), mark, verdict.text()));
    }
  }

  private static Mark.@Nullable Verdict compare(
      @Nullable Figure weft, @Nullable Figure other, double limit) {
    if (weft == null || other == null) {
      return null;
    }
    var ratio = weft.by(other);
    return Mark.Verdict.atMost(ratio.showRatio(), ratio, limit);
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
