package weft.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Figures as a picture: panels with a bar for each contestant, which ends at the median and
/// carries a line from the least to the greatest round. Weft's bars have a colour of their own; a
/// bar that is not to be quoted is pale.
///
/// @param title above all of it
record Chart(String title, List<Panel> panels) {
  /// @param unit in which the bars' figures are shown
  record Panel(String title, Unit unit, List<Bar> bars) {}

  record Bar(String contestant, Figure figure) {}

  /// A metric: a panel for each row of the suite.
  static Chart of(Findings findings, Metric metric) {
    var panels = new ArrayList<Panel>();
    for (var row : findings.rows()) {
      var bars = new ArrayList<Bar>();
      for (var finding : findings.all()) {
        if (finding.metric() == metric && finding.row().equals(row)) {
          bars.add(new Bar(finding.contestant(), finding.figure()));
        }
      }
      panels.add(new Panel(row, metric.unit(), bars));
    }
    return new Chart(metric.title() + ", " + metric.unit().symbol(), panels);
  }

  /// The suite `core`: a panel for each row, in its own unit.
  static Chart of(List<Row> rows, Results results) {
    var panels = new ArrayList<Panel>();
    for (var row : rows) {
      // A bar's length is what is counted, so a longer one always means more time or more room.
      var unit = row.unit() == Unit.MILLIONS_PER_SECOND ? Unit.NANOS : row.unit();
      var bars = new ArrayList<Bar>();
      for (var side : Side.values()) {
        var figure = results.get(row.name(), side);
        if (figure != null) {
          bars.add(new Bar(side.title(), figure));
        }
      }
      panels.add(new Panel(row.name() + ", " + unit.symbol(), unit, bars));
    }
    return new Chart("weft bench core", panels);
  }

  private static final int COLUMNS = 3;
  private static final int NAMES = 150;
  private static final int BARS = 190;
  private static final int VALUES = 60;
  private static final int LINE = 18;
  private static final int TITLE = 26;
  private static final int GAP = 18;
  private static final int HEAD = 40;
  private static final String WEFT = "#0b6e4f";
  private static final String OTHERS = "#8d99ae";

  String svg() {
    var drawn =
        panels.stream()
            .filter(panel -> panel.bars().stream().anyMatch(bar -> bar.figure().median() > 0))
            .toList();
    int columns = Math.clamp(drawn.size(), 1, COLUMNS);
    var tops = tops(drawn, columns);
    int width = GAP + columns * (NAMES + BARS + VALUES + GAP);
    int height = tops.getLast() + GAP;
    var out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
                + " height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n",
            width,
            height,
            width,
            height));
    out.append(
        String.format(
            Locale.ROOT, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", width, height));
    out.append(text(GAP, 24, "start", "16", title));
    for (int i = 0; i < drawn.size(); i++) {
      int x = GAP + i % columns * (NAMES + BARS + VALUES + GAP);
      panel(out, x, tops.get(i / columns), drawn.get(i));
    }
    return out.append("</svg>\n").toString();
  }

  /// Where each line of panels starts, and last where they end.
  private static List<Integer> tops(List<Panel> panels, int columns) {
    var tops = new ArrayList<Integer>();
    int y = HEAD;
    for (int i = 0; i < panels.size(); i += columns) {
      tops.add(y);
      int most = 0;
      for (var panel : panels.subList(i, Math.min(i + columns, panels.size()))) {
        most = Math.max(most, panel.bars().size());
      }
      y += TITLE + most * LINE + GAP;
    }
    tops.add(y);
    return tops;
  }

  private static void panel(StringBuilder out, int x, int top, Panel panel) {
    var bars = panel.bars();
    double most = bars.stream().mapToDouble(bar -> bar.figure().max()).max().orElse(1);
    out.append(text(x, top + 14, "start", "13", panel.title()));
    int y = top + TITLE;
    for (var bar : bars) {
      var figure = bar.figure();
      int middle = y + LINE / 2;
      double length = figure.median() / most * BARS;
      var colour = bar.contestant().startsWith("weft") ? WEFT : OTHERS;
      out.append(text(x + NAMES - 6, middle + 4, "end", "12", bar.contestant()));
      out.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" opacity=\"%s\"/>\n",
              x + NAMES,
              y + 2,
              length,
              LINE - 4,
              colour,
              figure.wide() ? "0.4" : "1"));
      out.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#000000\"/>\n",
              x + NAMES + figure.min() / most * BARS,
              x + NAMES + figure.max() / most * BARS,
              middle,
              middle));
      var value = (figure.wide() ? "~" : "") + panel.unit().show(figure.median());
      double end = x + NAMES + figure.max() / most * BARS + 5;
      out.append(text(end, middle + 4, "start", "12", value));
      y += LINE;
    }
  }

  private static String text(double x, int y, String anchor, String size, String text) {
    return String.format(
        Locale.ROOT,
        "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" font-size=\"%s\">%s</text>\n",
        x,
        y,
        anchor,
        size,
        text.replace("&", "&amp;").replace("<", "&lt;"));
  }
}
