package weft.bench;

import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/// What the load generator or `wrk` measured in one turn.
record Drive(Map<Metric, Double> figures) {
  /// Reads the line that `load` prints.
  static Drive parse(String line) throws IOException {
    var values = new HashMap<String, Double>();
    for (var word : line.strip().split(" ", -1)) {
      int sign = word.indexOf('=');
      if (sign < 0) {
        throw new IOException("not a line of the load generator: " + line);
      }
      values.put(word.substring(0, sign), Double.valueOf(word.substring(sign + 1)));
    }
    double messages = values.getOrDefault("messages", 0.0);
    double nanos = values.getOrDefault("seconds", 1.0) * 1e9;
    double serverNanos = values.getOrDefault("server_ns", 0.0);
    var figures = new EnumMap<Metric, Double>(Metric.class);
    figures.put(Metric.CPU, serverNanos / 1e3 / messages);
    figures.put(Metric.RATE, messages / nanos * 1e9);
    figures.put(
        Metric.THROUGHPUT, messages * values.getOrDefault("bytes", 0.0) / 1e6 / nanos * 1e9);
    figures.put(Metric.P50, values.getOrDefault("p50_ns", 0.0) / 1e3);
    figures.put(Metric.P99, values.getOrDefault("p99_ns", 0.0) / 1e3);
    figures.put(Metric.P999, values.getOrDefault("p999_ns", 0.0) / 1e3);
    figures.put(Metric.MAX, values.getOrDefault("max_ns", 0.0) / 1e3);
    double unserved = values.getOrDefault("unserved", 0.0);
    figures.put(Metric.UNSERVED, unserved / Math.max(1, messages + unserved) * 100);
    figures.put(Metric.SERVER_BUSY, serverNanos / nanos * 100);
    figures.put(Metric.LOAD_BUSY, values.getOrDefault("client_ns", 0.0) / nanos * 100);
    return new Drive(figures);
  }

  /// The same with one figure more.
  Drive with(Metric metric, double value) {
    var more = new EnumMap<>(figures);
    more.put(metric, value);
    return new Drive(more);
  }

  double get(Metric metric) {
    return figures.getOrDefault(metric, Double.NaN);
  }
}
