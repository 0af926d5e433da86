package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A Markdown file with a place for a suite's tables: what stands between two markers is written
/// anew.
record Document(Path file, String suite) {
  static final String END = "<!-- end of what is written -->";

  /// The line before the suite's place.
  static String start(String suite) {
    return "<!-- weft bench " + suite + ": written by `./weft bench " + suite + " --doc` -->";
  }

  /// Puts `text` between the markers.
  ///
  /// @throws IOException when the markers are not there, in this order
  void write(String text) throws IOException {
    var old = Files.readString(file);
    Files.writeString(file, replaced(old, text));
  }

  /// Finds out whether [#write] can do its work, which is better known before anything is measured.
  void check() throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("there is no document " + file);
    }
    replaced(Files.readString(file), "");
  }

  /// The folder for its pictures, which has its name; made if there is none.
  Path pictures() throws IOException {
    return Files.createDirectories(file.toAbsolutePath().resolveSibling(stem()));
  }

  /// The Markdown that shows them.
  String shown(List<Path> pictures) {
    var text = new StringBuilder();
    for (var picture : pictures) {
      var name = picture.getFileName();
      text.append("\n![" + name + "](" + stem() + "/" + name + ")\n");
    }
    return text.toString();
  }

  private String stem() {
    return String.valueOf(file.getFileName()).replaceAll("\\.md$", "");
  }

  private String replaced(String old, String text) throws IOException {
    var marker = start(suite);
    int start = old.indexOf(marker);
    int end = start < 0 ? -1 : old.indexOf(END, start);
    if (end < 0) {
      throw new IOException(file + " lacks the lines\n" + marker + "\n" + END);
    }
    return old.substring(0, start + marker.length()) + "\n\n" + text + "\n" + old.substring(end);
  }
}
