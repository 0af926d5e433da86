package weft.bench;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The checkout that the bench was built in: where the Python scripts and the launcher are.
final class Home {
  private Home() {}

  /// The folder that has them: `weft.home` if that is set, else one above this class's jar or above
  /// the working folder.
  static Path find() throws IOException {
    var given = System.getProperty("weft.home");
    var here = Path.of("").toAbsolutePath();
    for (var start : given == null ? List.of(jar(), here) : List.of(Path.of(given))) {
      for (var folder = start; folder != null; folder = folder.getParent()) {
        if (Files.isDirectory(folder.resolve("bench/src/main/python"))) {
          return folder;
        }
      }
    }
    throw new IOException("this is not in a checkout of Weft: set -Dweft.home to one");
  }

  private static Path jar() {
    try {
      return Path.of(Home.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
