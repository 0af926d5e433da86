package weft.tidy;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/// The checkout that is tidied: its folders, its files, its golden files.
final class Repository {
  static final Path ROOT = Path.of(System.getProperty("tidy.root", ".."));
  static final boolean WRITE = Boolean.getBoolean("tidy.write");
  static final String HOW_TO_WRITE = "To accept: mvn test -pl tidy -am -Dtidy.write";

  /// The folders of the modules whose code others use.
  static final List<String> PUBLISHED = List.of("core", "linux", "tck", "cli");

  private Repository() {}

  /// Every Java file, as a path relative to the root, in order. What a build made is left out, and
  /// not even looked at: other modules may be at it.
  static List<Path> javaFiles() throws IOException {
    var files = new ArrayList<Path>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return folder.equals(ROOT) || isSource(folder)
                ? FileVisitResult.CONTINUE
                : FileVisitResult.SKIP_SUBTREE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java") && isSource(file)) {
              files.add(ROOT.relativize(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    files.sort(null);
    return files;
  }

  private static boolean isSource(Path path) {
    String name = path.getFileName().toString();
    return !name.equals("target") && !name.startsWith(".");
  }

  static Path classes(String folder) {
    return ROOT.resolve(folder, "target", "classes");
  }
}
