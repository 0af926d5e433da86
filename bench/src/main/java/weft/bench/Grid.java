package weft.bench;

import java.util.ArrayList;
import java.util.List;

/// Lines of cells under a head, as text for a terminal or as Markdown.
///
/// @param lines each as long as the head
record Grid(List<String> head, List<List<String>> lines) {
  /// Columns padded with spaces.
  String text() {
    int[] widths = new int[head.size()];
    var all = new ArrayList<List<String>>(List.of(head));
    all.addAll(lines);
    for (var line : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    var out = new StringBuilder();
    for (var line : all) {
      var padded = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        padded.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length() + 2));
      }
      out.append(padded.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  String markdown() {
    var out = new StringBuilder();
    out.append("| ").append(String.join(" | ", head)).append(" |\n");
    out.append("|---".repeat(head.size())).append("|\n");
    for (var line : lines) {
      out.append("| ").append(String.join(" | ", line)).append(" |\n");
    }
    return out.toString();
  }
}
