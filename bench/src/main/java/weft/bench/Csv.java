package weft.bench;

import java.util.List;
import java.util.Locale;

/// The results of a run for other programs: the machine in comment lines, then one line a figure,
/// then one line a mark.
record Csv(Machine machine, List<Row> rows, Results results) {
  String text() {
    var out = new StringBuilder(machine.lines("# "));
    out.append("row,side,unit,median,min,max,low,high,rounds,wide,bytes_per_op\n");
    for (var row : rows) {
      for (var side : Side.values()) {
        var figure = results.get(row.name(), side);
        if (figure != null) {
          out.append(line(row, side, figure));
        }
      }
    }
    out.append("\nrow,mark,ratio,part_of_mark,reached\n");
    for (var row : rows) {
      for (var mark : row.marks()) {
        var verdict = mark.judge().apply(results, row);
        if (verdict != null) {
          out.append(
              String.format(
                  Locale.ROOT,
                  "%s,%s,%s,%.4f,%s\n",
                  row.name(),
                  quoted(mark.text()),
                  quoted(verdict.ratio()),
                  verdict.part(),
                  verdict.reached()));
        }
      }
    }
    return out.toString();
  }

  private static String line(Row row, Side side, Figure figure) {
    return String.format(
        Locale.ROOT,
        "%s,%s,%s,%.3f,%.3f,%.3f,%.3f,%.3f,%d,%s,%s\n",
        row.name(),
        quoted(side.title()),
        unit(row),
        figure.median(),
        figure.min(),
        figure.max(),
        figure.low(),
        figure.high(),
        figure.rounds(),
        figure.wide(),
        Double.isNaN(figure.bytes()) ? "" : String.format(Locale.ROOT, "%.3f", figure.bytes()));
  }

  /// Of the figures, which are times even where the table shows rates.
  static String unit(Row row) {
    return row.unit() == Unit.MILLIONS_PER_SECOND ? "ns" : row.unit().symbol();
  }

  static String quoted(String text) {
    return '"' + text.replace("\"", "\"\"") + '"';
  }
}
