package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The checkout that the bench was built in: where the Python scripts and the launcher are.
final class Home {
  private Home() {}

  /// `weft.home`, which the launcher sets, or else the folder above the working one that has them.
  static Path find() throws IOException {
    var given = System.getProperty("weft.home");
    var start = Path.of(given == null ? "" : given).toAbsolutePath();
    for (var folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isDirectory(folder.resolve("bench/src/main/python"))) {
        return folder;
      }
    }
    throw new IOException("no checkout of Weft in or above " + start + ": set -Dweft.home");
  }
}
