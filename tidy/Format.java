import com.google.googlejavaformat.java.Formatter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/// Checks that every Java file below the current directory is formatted, or with `write` formats
/// it. A program of one file, because the build runs it before anything is compiled.
final class Format {
  private Format() {}

  static void main(String[] args) throws IOException {
    boolean write = args[0].equals("write");
    List<String> complaints =
        javaFiles(Path.of("")).parallelStream().flatMap(f -> format(f, write).stream()).toList();
    if (complaints.isEmpty()) {
      return;
    }
    complaints.forEach(System.err::println);
    System.err.println("To format them: mvn -N validate -Dformat=write");
    System.exit(1);
  }

  private static List<String> format(Path file, boolean write) {
    try {
      String old = Files.readString(file);
      String formatted = new Formatter().formatSourceAndFixImports(old);
      if (old.equals(formatted)) {
        return List.of();
      }
      if (!write) {
        return List.of("Not formatted: " + file);
      }
      Files.writeString(file, formatted);
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      return List.of(file + ":" + e.getMessage());
    }
  }

  private static List<Path> javaFiles(Path root) throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            String name = dir.getFileName().toString();
            return name.equals("target") || name.startsWith(".")
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            // The programs in examples/ are laid out as one writes them by hand: `import module`
            // first.
            if (file.toString().endsWith(".java") && !file.getParent().endsWith("examples")) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }
}
