package weft.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A metric as a picture: for each row of a suite a panel with a bar for each contestant, which
/// ends at the median and carries a line from the least to the greatest round. Weft's bars have a
/// colour of their own; a bar whose rounds lie too far apart is pale.
record Chart(Findings findings, Metric metric) {
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
    var rows =
        findings.rows().stream()
            .filter(row -> bars(row).stream().anyMatch(bar -> bar.figure().median() > 0))
            .toList();
    int columns = Math.clamp(rows.size(), 1, COLUMNS);
    var tops = tops(rows, columns);
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
    out.append(text(GAP, 24, "start", "16", metric.title() + ", " + metric.unit().symbol()));
    for (int i = 0; i < rows.size(); i++) {
      int x = GAP + i % columns * (NAMES + BARS + VALUES + GAP);
      panel(out, x, tops.get(i / columns), rows.get(i));
    }
    return out.append("</svg>\n").toString();
  }

  /// Where each line of panels starts, and last where they end.
  private List<Integer> tops(List<String> rows, int columns) {
    var tops = new ArrayList<Integer>();
    int y = HEAD;
    for (int i = 0; i < rows.size(); i += columns) {
      tops.add(y);
      int most = 0;
      for (var row : rows.subList(i, Math.min(i + columns, rows.size()))) {
        most = Math.max(most, bars(row).size());
      }
      y += TITLE + most * LINE + GAP;
    }
    tops.add(y);
    return tops;
  }

  private void panel(StringBuilder out, int x, int top, String row) {
    var bars = bars(row);
    double most = bars.stream().mapToDouble(bar -> bar.figure().max()).max().orElse(1);
    out.append(text(x, top + 14, "start", "13", row));
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
      var value = (figure.wide() ? "~" : "") + metric.unit().show(figure.median());
      double end = x + NAMES + figure.max() / most * BARS + 5;
      out.append(text(end, middle + 4, "start", "12", value));
      y += LINE;
    }
  }

  private List<Finding> bars(String row) {
    return findings.all().stream()
        .filter(finding -> finding.metric() == metric && finding.row().equals(row))
        .toList();
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
