package weft.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
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
    var readings = new EnumMap<Side, List<Reading>>(Side.class);
    var absent = EnumSet.noneOf(Side.class);
    for (int round = 0; round < effort.rounds(); round++) {
      for (var entry : row.contestants().entrySet()) {
        var side = entry.getKey();
        if (!absent.contains(side)) {
          try {
            var reading = entry.getValue().measure(effort);
            readings.computeIfAbsent(side, _ -> new ArrayList<>()).add(reading);
          } catch (IOException e) {
            results.fail(row, side, e);
            absent.add(side);
            readings.remove(side);
          }
        }
      }
    }
    for (var entry : readings.entrySet()) {
      var figure = Figure.of(entry.getValue());
      results.put(row, entry.getKey(), figure);
      progress.printf(" %s %s", entry.getKey().title(), row.unit().show(figure.median()));
    }
    absent.forEach(side -> progress.printf(" %s FAILED", side.title()));
  }
}
