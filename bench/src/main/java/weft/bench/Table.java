package weft.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The table that the reader sees, as text for a terminal or as Markdown.
final class Table {
  private static final List<String> HEAD = head();

  private final List<List<String>> lines = new ArrayList<>();

  Table(List<Row> rows, Results results) {
    for (var row : rows) {
      add(row, results);
    }
  }

  /// Columns padded with spaces.
  String text() {
    return new Grid(HEAD, lines).text();
  }

  String markdown() {
    return new Grid(HEAD, lines).markdown();
  }

  private void add(Row row, Results results) {
    var figures = new ArrayList<String>(List.of(row.work(), row.unit().symbol()));
    for (var side : Side.values()) {
      figures.add(cell(row, results.get(row.name(), side)));
      if (side == Side.WEFT) {
        figures.add(bytes(results.get(row.name(), side)));
      }
    }
    if (row.marks().isEmpty()) {
      figures.addAll(List.of("", "", ""));
      lines.add(figures);
    }
    for (int i = 0; i < row.marks().size(); i++) {
      var line = i == 0 ? figures : blanks(HEAD.size() - 3);
      line.addAll(judged(row.marks().get(i), results, row));
      lines.add(line);
    }
  }

  private static List<String> judged(Mark mark, Results results, Row row) {
    var verdict = mark.judge().apply(results, row);
    return verdict == null
        ? List.of("", mark.text(), "not measured")
        : List.of(verdict.ratio(), mark.text(), verdict.text());
  }

  private static String cell(Row row, @Nullable Figure figure) {
    if (figure == null) {
      return "–";
    }
    return figure.show(row.unit());
  }

  private static String bytes(@Nullable Figure figure) {
    return figure == null || Double.isNaN(figure.bytes())
        ? "–"
        : String.format(Locale.ROOT, figure.bytes() < 9.95 ? "%.1f" : "%,.0f", figure.bytes());
  }

  private static List<String> head() {
    var head = new ArrayList<String>(List.of("work", "unit"));
    for (var side : Side.values()) {
      head.add(side.title());
      if (side == Side.WEFT) {
        head.add("B/op");
      }
    }
    head.addAll(List.of("ratio", "mark", "reached"));
    return List.copyOf(head);
  }

  private static List<String> blanks(int count) {
    var cells = new String[count];
    Arrays.fill(cells, "");
    return new ArrayList<>(List.of(cells));
  }
}
