package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A suite's findings for other programs, as CSV and JSON, and as pictures.
record ResultFiles(String suite, Machine machine, Findings findings) {
  /// Finds out whether a file can be written, which is better known before anything is measured.
  /// Makes its folder, and leaves what it may contain.
  static void checkWritable(Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
  }

  /// Writes all of them into `folder`.
  List<Path> write(Path folder, List<Metric> drawn) throws IOException {
    Files.createDirectories(folder);
    var written = new ArrayList<Path>();
    written.add(Files.writeString(folder.resolve(suite + ".csv"), csv()));
    written.add(Files.writeString(folder.resolve(suite + ".json"), json()));
    written.addAll(charts(folder, drawn));
    return written;
  }

  /// Writes a picture for each of these metrics that was measured.
  List<Path> charts(Path folder, List<Metric> drawn) throws IOException {
    var written = new ArrayList<Path>();
    for (var metric : drawn) {
      if (findings.has(metric)) {
        var file = folder.resolve(suite + "-" + metric.key() + ".svg");
        written.add(Files.writeString(file, Chart.of(findings, metric).svg()));
      }
    }
    return written;
  }

  /// The machine and the contestants in comment lines, then one line a figure.
  String csv() {
    var out = new StringBuilder(machine.lines("# "));
    findings
        .descriptions()
        .forEach(
            (who, what) -> out.append("# ").append(who).append(": ").append(what).append('\n'));
    findings.leftOut().forEach(line -> out.append("# ").append(line).append('\n'));
    findings.failures().forEach(line -> out.append("# failed: ").append(line).append('\n'));
    out.append("suite,row,contestant,metric,unit,median,min,max,low,high,rounds,wide\n");
    for (var finding : findings.all()) {
      var figure = finding.figure();
      out.append(
          String.format(
              Locale.ROOT,
              "%s,%s,%s,%s,%s,%.3f,%.3f,%.3f,%.3f,%.3f,%d,%s\n",
              suite,
              Csv.quoted(finding.row()),
              Csv.quoted(finding.contestant()),
              finding.metric().key(),
              finding.metric().unit().symbol(),
              figure.median(),
              figure.min(),
              figure.max(),
              figure.low(),
              figure.high(),
              figure.rounds(),
              figure.wide()));
    }
    return out.toString();
  }

  String json() {
    var json = new Json();
    json.open("{").value("suite", suite);
    json.values("machine", machine.facts());
    json.values("contestants", findings.descriptions());
    json.values("leftOut", findings.leftOut()).values("failures", findings.failures());
    json.open("findings", "[");
    for (var finding : findings.all()) {
      json.open("{")
          .value("row", finding.row())
          .value("contestant", finding.contestant())
          .value("metric", finding.metric().key())
          .value("unit", finding.metric().unit().symbol())
          .figure(finding.figure())
          .close("}");
    }
    json.close("]").close("}");
    return json.text();
  }
}
