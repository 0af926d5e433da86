package weft.bench;

import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;

/// Lets the contestants of a row take turns: A B C A B C …, so that a machine that slows down slows
/// all of them.
///
/// @param progress where a line appears for each row
record Rounds(Effort effort, PrintWriter progress) {
  /// All rows. A contestant that fails leaves the table, not the run.
  Results run(List<Row> rows) throws InterruptedException {
    var results = new Results();
    for (int i = 0; i < rows.size(); i++) {
      var row = rows.get(i);
      progress.printf("[%d/%d] %s:", i + 1, rows.size(), row.work());
      progress.flush();
      takeTurns(row, results);
      progress.println();
      progress.flush();
    }
    return results;
  }

  private void takeTurns(Row row, Results results) throws InterruptedException {
    var absent = EnumSet.noneOf(Side.class);
    var turns = new EnumMap<Side, Turns.Turn<Reading>>(Side.class);
    row.contestants().forEach((side, who) -> turns.put(side, () -> who.measure(effort)));
    var readings =
        new Turns<Side>(
                effort.rounds(),
                (side, reason) -> {
                  results.fail(row, side, reason);
                  absent.add(side);
                })
            .take(turns);
    for (var entry : readings.entrySet()) {
      var figure = Figure.of(entry.getValue());
      results.put(row, entry.getKey(), figure);
      progress.printf(" %s %s", entry.getKey().title(), row.unit().show(figure.median()));
    }
    absent.forEach(side -> progress.printf(" %s FAILED", side.title()));
  }
}
