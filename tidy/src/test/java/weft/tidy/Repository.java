package weft.tidy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The checkout that is tidied: its folders, its files, its golden files.
final class Repository {
  static final Path ROOT = Path.of(System.getProperty("tidy.root", ".."));
  static final boolean WRITE = Boolean.getBoolean("tidy.write");
  static final String HOW_TO_WRITE = "To accept: mvn test -pl tidy -am -Dtidy.write";

  /// The folders of the modules whose code others use.
  static final List<String> PUBLISHED = List.of("core", "linux", "tck", "cli");

  private Repository() {}

  /// Every Java file, as a path relative to the root, in order. What a build made is left out.
  static List<Path> javaFiles() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(f -> f.toString().endsWith(".java"))
          .map(ROOT::relativize)
          .filter(Repository::isSource)
          .sorted()
          .toList();
    }
  }

  private static boolean isSource(Path file) {
    for (Path part : file) {
      if (part.toString().equals("target") || part.toString().startsWith(".")) {
        return false;
      }
    }
    return true;
  }

  static Path classes(String folder) {
    return ROOT.resolve(folder, "target", "classes");
  }
}
