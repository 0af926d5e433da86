package weft.bench;

import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// What a JVM's heap holds, by class.
record Histogram(Map<String, Line> lines) {
  private static final Pattern LINE = Pattern.compile("(?m)^ *\\d+: +(\\d+) +(\\d+) +(\\S+).*$");

  /// All objects of a class.
  record Line(String type, double count, double bytes) {
    private Line since(Line before, int parts) {
      return new Line(type, (count - before.count) / parts, (bytes - before.bytes) / parts);
    }
  }

  /// Of all objects that survive a full collection, as the JDK's `jcmd` counts them.
  static Histogram of(long pid) throws IOException, InterruptedException {
    var jcmd = JavaSide.java().resolveSibling("jcmd").toString();
    return parse(new Program(List.of(jcmd, Long.toString(pid), "GC.class_histogram")).output());
  }

  /// Reads what `jcmd` prints.
  static Histogram parse(String text) {
    var lines = new LinkedHashMap<String, Line>();
    var found = LINE.matcher(text);
    while (found.find()) {
      double count = Double.parseDouble(found.group(1));
      double bytes = Double.parseDouble(found.group(2));
      // Classes of different loaders may have one name.
      lines.merge(
          found.group(3),
          new Line(found.group(3), count, bytes),
          (a, b) -> new Line(a.type, a.count + b.count, a.bytes + b.bytes));
    }
    return new Histogram(lines);
  }

  /// What has come since `before`, divided into so many parts.
  Histogram since(Histogram before, int parts) {
    var grown = new LinkedHashMap<String, Line>();
    for (var line : lines.values()) {
      var old = before.lines.getOrDefault(line.type, new Line(line.type, 0, 0));
      grown.put(line.type, line.since(old, parts));
    }
    before.lines.forEach(
        (type, old) -> grown.putIfAbsent(type, new Line(type, 0, 0).since(old, parts)));
    return new Histogram(grown);
  }

  double bytes() {
    return lines.values().stream().mapToDouble(Line::bytes).sum();
  }

  /// Those that take most, the largest first.
  List<Line> largest(int count) {
    return lines.values().stream()
        .sorted(Comparator.comparingDouble(Line::bytes).reversed())
        .limit(count)
        .toList();
  }
}
