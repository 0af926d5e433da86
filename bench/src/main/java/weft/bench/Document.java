package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A Markdown file with a place for a table: what stands between two markers is written anew.
record Document(Path file) {
  static final String START = "<!-- weft bench core: written by `./weft bench core --doc` -->";
  static final String END = "<!-- end of what is written -->";

  /// Puts `text` between the markers.
  ///
  /// @throws IOException when the markers are not there, in this order
  void write(String text) throws IOException {
    var old = Files.readString(file);
    Files.writeString(file, replaced(old, text));
  }

  /// Finds out whether [#write] can do its work, which is better known before anything is measured.
  void check() throws IOException {
    replaced(Files.readString(file), "");
  }

  private String replaced(String old, String text) throws IOException {
    int start = old.indexOf(START);
    int end = old.indexOf(END);
    if (start < 0 || end < start) {
      throw new IOException(file + " lacks the lines\n" + START + "\n" + END);
    }
    return old.substring(0, start + START.length()) + "\n\n" + text + "\n" + old.substring(end);
  }
}
