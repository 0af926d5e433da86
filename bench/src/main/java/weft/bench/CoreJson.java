package weft.bench;

import java.util.List;

/// What [Csv] has, as JSON, and each round besides.
record CoreJson(Machine machine, List<Row> rows, Results results) {
  String text() {
    var json = new Json();
    json.open("{").value("suite", "core");
    json.values("machine", machine.facts()).values("failures", results.failures());
    json.open("findings", "[");
    for (var row : rows) {
      for (var side : Side.values()) {
        var figure = results.get(row.name(), side);
        if (figure != null) {
          finding(json, row, side, figure);
        }
      }
    }
    json.close("]").open("marks", "[");
    for (var row : rows) {
      for (var mark : row.marks()) {
        var verdict = mark.judge().apply(results, row);
        if (verdict != null) {
          json.open("{")
              .value("row", row.name())
              .value("mark", mark.text())
              .value("ratio", verdict.ratio())
              .number("partOfMark", verdict.part())
              .value("reached", verdict.reached())
              .close("}");
        }
      }
    }
    json.close("]").close("}");
    return json.text();
  }

  private static void finding(Json json, Row row, Side side, Figure figure) {
    json.open("{")
        .value("row", row.name())
        .value("contestant", side.title())
        .value("unit", Csv.unit(row))
        .figure(figure)
        .number("bytesPerOperation", figure.bytes())
        .close("}");
  }
}
