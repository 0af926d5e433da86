package weft.cli;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A copy of the script with the jars where it looks for them, and no sources: nothing to build.
/// Its start-up cache is made by the first command that a test runs.
final class Installation {
  private static final long LIMIT_SECONDS = 90;

  final Path home;
  final Path script;
  final Path cache;
  private final Map<String, String> environment = new TreeMap<>();

  record Result(int status, String out, String err) {
    @Override
    public String toString() {
      return "status " + status + "\n--- out\n" + out + "\n--- err\n" + err;
    }
  }

  private static @Nullable Installation made;

  /// The one that all tests share: making its start-up caches takes a while.
  static synchronized Installation get() {
    try {
      if (made == null) {
        Path home = Files.createTempDirectory("weft-installation");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(home)));
        made = new Installation(home);
        Result first = made.weft(home, "--version");
        if (first.status() != 0) {
          throw new AssertionError(first);
        }
      }
      return made;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      System.err.println("cannot delete " + folder + ": " + e);
    }
  }

  private Installation(Path home) throws IOException {
    this.home = home.toRealPath();
    script = this.home.resolve("weft");
    cache = this.home.resolve("cache");
    Path lib = Files.createDirectories(this.home.resolve("cli/target/lib"));
    Files.copy(root().resolve("weft"), script, StandardCopyOption.COPY_ATTRIBUTES);
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(element);
      String place = path.toString().replace('\\', '/');
      if (place.endsWith("cli/target/classes")) {
        jar(path, this.home.resolve("cli/target/weft-cli.jar"));
      } else if (place.endsWith("core/target/classes")) {
        jar(path, lib.resolve("weft.jar"));
      } else if (place.endsWith("linux/target/classes")) {
        jar(path, lib.resolve("weft-linux.jar"));
      } else if (Files.isRegularFile(path)) {
        String name = path.getFileName().toString().replaceFirst("-[0-9].*\\.jar$", ".jar");
        Path folder = name.equals("weft-cli.jar") ? lib.getParent() : lib;
        Files.copy(path, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    environment.put("WEFT_CACHE", cache.toString());
    environment.put("XDG_STATE_HOME", this.home.resolve("state").toString());
    environment.put("JAVA_HOME", System.getProperty("java.home"));
  }

  /// The folder of the script: the tests run in the module's folder or in the root.
  static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("weft")) ? here : here.getParent();
  }

  private static void jar(Path classes, Path jar) throws IOException {
    try (Stream<Path> files = Files.walk(classes);
        JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(file).toString().replace('\\', '/')));
        Files.copy(file, out);
        out.closeEntry();
      }
    }
  }

  ProcessBuilder command(Path directory, Map<String, String> extra, List<String> words) {
    ProcessBuilder builder = new ProcessBuilder(words).directory(directory.toFile());
    builder.environment().keySet().removeIf(k -> k.startsWith("WEFT_") || k.startsWith("JAVA_"));
    builder.environment().putAll(environment);
    builder.environment().putAll(extra);
    return builder;
  }

  /// Runs the script itself in a directory.
  Result weft(Path directory, String... arguments) throws Exception {
    return weft(directory, Map.of(), "", arguments);
  }

  Result weft(Path directory, Map<String, String> extra, String input, String... arguments)
      throws Exception {
    List<String> words = new ArrayList<>(List.of(script.toString()));
    words.addAll(List.of(arguments));
    return finish(command(directory, extra, words).start(), input);
  }

  static Result finish(Process process, String input) throws Exception {
    try {
      var out = read(process.getInputStream());
      var err = read(process.getErrorStream());
      try (OutputStream in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // it ended without reading everything
      }
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("still running after " + LIMIT_SECONDS + " s");
      }
      return new Result(process.exitValue(), out.get(), err.get());
    } finally {
      process.destroyForcibly();
    }
  }

  private static CompletableFuture<String> read(java.io.InputStream in) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (in) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  /// The compiled programs in the cache.
  List<Path> entries() throws IOException {
    if (!Files.exists(cache.resolve("programs"))) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(cache.resolve("programs"))) {
      return entries.sorted().toList();
    }
  }
}
