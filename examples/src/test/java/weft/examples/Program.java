package weft.examples;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A program of the examples, in a process of its own. The launcher starts it; where that is not
/// built, plain `java` does.
final class Program {
  private static final long LIMIT_SECONDS = 120;

  /// What it left behind.
  record Result(int status, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }

    @Override
    public String toString() {
      return "status " + status + "\n--- out\n" + out + "\n--- err\n" + err;
    }
  }

  private final Process process;
  private final CompletableFuture<String> out;
  private final CompletableFuture<String> err;

  private Program(Process process) {
    this.process = process;
    out = CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()));
    err = CompletableFuture.supplyAsync(() -> readAll(process.getErrorStream()));
  }

  /// Runs a program to its end on the direct engine.
  static Result run(String name, String... arguments) throws Exception {
    return start("direct", name, arguments).await();
  }

  static Program start(String engine, String name, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(launched() ? launcher(engine) : java(engine));
    command.add(root().resolve("examples").resolve(name + ".java").toString());
    command.addAll(Arrays.asList(arguments));
    var builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"));
    builder.environment().keySet().removeIf(k -> k.startsWith("WEFT_") || k.startsWith("JAVA_"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("WEFT_CACHE", root().resolve("examples/target/programs").toString());
    return new Program(builder.start());
  }

  /// Whether the launcher is there, which gives a program its exit status after Ctrl-C.
  static boolean launched() {
    return Files.exists(root().resolve("cli/target/weft-cli.jar"));
  }

  private static List<String> launcher(String engine) {
    return List.of(root().resolve("weft").toString(), "run", "--engine", engine);
  }

  private static List<String> java(String engine) {
    String modulePath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(e -> e.matches(".*core.target.classes|.*[/\\\\]weft(-\\d[^/\\\\]*)?\\.jar"))
            .findFirst()
            .orElseThrow();
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--module-path=" + modulePath,
        "--add-modules=weft",
        "--add-opens=java.base/java.lang=weft",
        "-Dweft.engine=" + engine);
  }

  /// The project's folder: the tests run in that of the module or in the root.
  static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("weft")) ? here : here.getParent();
  }

  /// What Ctrl-C does.
  void interrupt() throws Exception {
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
  }

  Result await() throws Exception {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(new Result(-1, out.join(), err.join() + "\nstill running: killed"));
    }
    return new Result(process.exitValue(), out.join(), err.join());
  }

  private static String readAll(java.io.InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
