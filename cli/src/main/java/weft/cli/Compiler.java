package weft.cli;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import weft.Weft;

/// Compiles a single-file program into an entry of the cache.
///
/// An entry is a folder of two files: `program.jar`, and `main`, one line with the name of the
/// class to start. Both get the same time, by which the script sees that neither was touched. The
/// folder is written under another name and then renamed: whoever finds it finds it whole.
final class Compiler {
  private static final Duration UNUSED = Duration.ofDays(30);

  private final Path source;
  private final String classPath;
  private @Nullable String mainClass;

  Compiler(Path source, String classPath) {
    this.source = source;
    this.classPath = classPath;
  }

  /// Returns whether it compiled; if not, javac has said why on the standard error.
  boolean compile(Path entry) throws IOException {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    Map<String, ByteArrayOutputStream> classes = new TreeMap<>();
    try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              javac.getTask(
                  null,
                  new InMemory(files, classes),
                  null,
                  options(),
                  null,
                  files.getJavaFileObjects(source));
      task.addTaskListener(
          new TaskListener() {
            @Override
            public void finished(TaskEvent event) {
              if (event.getKind() == TaskEvent.Kind.PARSE) {
                mainClass = mainClass(event.getCompilationUnit());
              }
            }
          });
      if (!task.call()) {
        return false;
      }
    }
    if (mainClass == null) {
      System.err.println("weft: " + source + " declares no class");
      return false;
    }
    write(entry, mainClass, classes);
    return true;
  }

  private List<String> options() {
    List<String> options =
        new ArrayList<>(
            List.of("-proc:none", "-g", "-parameters", "--add-modules", "weft", "--module-path"));
    options.add(modulePath());
    // A source on the class path would be compiled, too, and its changes would not be noticed.
    options.add("--source-path");
    options.add("");
    options.add("--class-path");
    options.add(classPath);
    return options;
  }

  /// The core's jar and its neighbours, of which it needs one: the annotations.
  static String modulePath() {
    Path core = location(Weft.class);
    Path annotations = core.resolveSibling("jspecify.jar");
    return Files.exists(annotations) ? core + File.pathSeparator + annotations : core.toString();
  }

  static Path location(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /// As `java FILE.java` does, the first class; but one that has a `main` comes before it.
  private static @Nullable String mainClass(CompilationUnitTree unit) {
    ClassTree chosen = null;
    for (Tree declaration : unit.getTypeDecls()) {
      if (declaration instanceof ClassTree type) {
        boolean hasMain =
            type.getMembers().stream()
                .anyMatch(
                    m -> m instanceof MethodTree method && method.getName().contentEquals("main"));
        if (hasMain) {
          chosen = type;
          break;
        }
        chosen = chosen == null ? type : chosen;
      }
    }
    if (chosen == null) {
      return null;
    }
    String name = chosen.getSimpleName().toString();
    return unit.getPackageName() == null ? name : unit.getPackageName() + "." + name;
  }

  private static void write(
      Path entry, String mainClass, Map<String, ByteArrayOutputStream> classes) throws IOException {
    Path parent = entry.getParent();
    Files.createDirectories(parent);
    Path folder = Files.createTempDirectory(parent, ".new-");
    Path jar = folder.resolve("program.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (var type : classes.entrySet()) {
        out.putNextEntry(new JarEntry(type.getKey().replace('.', '/') + ".class"));
        type.getValue().writeTo(out);
        out.closeEntry();
      }
    }
    Path main = Files.writeString(folder.resolve("main"), mainClass + "\n");
    FileTime now = FileTime.from(Instant.now().truncatedTo(ChronoUnit.SECONDS));
    Files.setLastModifiedTime(jar, now);
    Files.setLastModifiedTime(main, now);
    move(folder, entry);
  }

  /// Somebody else may compile the same at the same time, and use what is there already.
  private static void move(Path folder, Path entry) throws IOException {
    try {
      if (!Files.exists(entry)) {
        Files.move(folder, entry);
        return;
      }
    } catch (IOException somebodyWasFaster) {
      // as if it had been there
    }
    if (!isWhole(entry)) {
      delete(entry);
      Files.move(folder, entry);
    } else {
      delete(folder);
    }
  }

  /// Whether an entry is as it was written.
  private static boolean isWhole(Path entry) throws IOException {
    Path jar = entry.resolve("program.jar");
    Path main = entry.resolve("main");
    return Files.exists(jar)
        && Files.exists(main)
        && Files.getLastModifiedTime(jar).equals(Files.getLastModifiedTime(main));
  }

  /// Deletes what has not been compiled for long: nobody else ever tidies the cache. What cannot be
  /// deleted stays: others may tidy at the same time.
  static void prune(Path newest) {
    FileTime limit = FileTime.from(Instant.now().minus(UNUSED));
    try (Stream<Path> entries = Files.list(newest.resolveSibling(""))) {
      for (Path entry : entries.toList()) {
        pruneOne(entry, limit);
      }
    } catch (IOException | UncheckedIOException e) {
      return;
    }
  }

  private static void pruneOne(Path entry, FileTime limit) {
    try {
      if (Files.getLastModifiedTime(entry).compareTo(limit) < 0) {
        delete(entry);
      }
    } catch (IOException | UncheckedIOException e) {
      return;
    }
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /// Keeps the classes in memory: only a program that compiled reaches the disk.
  private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> classes;

    InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> classes) {
      super(files);
      this.classes = classes;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String name, JavaFileObject.Kind kind, @Nullable FileObject sibling)
        throws IOException {
      if (location != StandardLocation.CLASS_OUTPUT) {
        return super.getJavaFileForOutput(location, name, kind, sibling);
      }
      return new SimpleJavaFileObject(
          URI.create("mem:///" + name.replace('.', '/') + ".class"), kind) {
        @Override
        public OutputStream openOutputStream() {
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          classes.put(name, bytes);
          return bytes;
        }
      };
    }
  }
}
