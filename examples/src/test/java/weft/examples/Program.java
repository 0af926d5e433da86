package weft.examples;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A program of the examples, in a process of its own. The launcher starts it; where that is not
/// built, plain `java` does.
final class Program implements AutoCloseable {
  private static final long LIMIT_SECONDS = 120;
  private static final Pattern LISTENING = Pattern.compile("listening on .*:(\\d+)(?: .*)?");

  private static final String TERMINATED = "Exception in thread \"main\" weft.SystemExit: ";

  /// The loop of all programs, if it is not the usual one: `-Dweft.loop=epoll`, say.
  static final String LOOP = System.getProperty("weft.loop");

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
  private final List<String> lines = new ArrayList<>();
  private final CompletableFuture<String> out;
  private final CompletableFuture<String> err;
  private boolean ended;

  private Program(Process process) {
    this.process = process;
    out = CompletableFuture.supplyAsync(this::readOut, Thread::startVirtualThread);
    err = CompletableFuture.supplyAsync(this::readErr, Thread::startVirtualThread);
  }

  /// Runs a program to its end on the direct engine.
  static Result run(String name, String... arguments) throws Exception {
    return start("direct", name, arguments).await();
  }

  /// Starts a program that listens on a port on the direct engine.
  static Program serve(String name, String... arguments) throws IOException {
    return start("direct", name, arguments);
  }

  static Program start(String engine, String name, String... arguments) throws IOException {
    return start(command(engine, name, arguments));
  }

  /// Starts a program on a terminal, which `script` (Debian: bsdutils) makes.
  static Program onTerminal(String name, String... arguments) throws IOException {
    String command = String.join(" ", command("direct", name, arguments));
    return start(List.of("script", "-qec", command, "/dev/null"));
  }

  private static List<String> command(String engine, String name, String... arguments) {
    List<String> command = new ArrayList<>(launched() ? launcher(engine) : java(engine));
    command.add(root().resolve("examples").resolve(name + ".java").toString());
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  private static Program start(List<String> command) throws IOException {
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
    var command = new ArrayList<>(List.of(root().resolve("weft").toString(), "run"));
    if (LOOP != null) {
      command.add("--loop=" + LOOP);
    }
    command.add("--engine=" + engine);
    return command;
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
        "-Dweft.engine=" + engine,
        "-Dweft.loop=" + Objects.requireNonNullElse(LOOP, "selector"));
  }

  /// The project's folder: the tests run in that of the module or in the root.
  static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("weft")) ? here : here.getParent();
  }

  /// How many sockets it has open.
  long sockets() throws IOException {
    long count = 0;
    try (var files = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/fd"))) {
      for (Path file : files) {
        count += isSocket(file) ? 1 : 0;
      }
    }
    return count;
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException e) {
      return false; // it was closed meanwhile
    }
  }

  /// What Ctrl-C does.
  void interrupt() throws Exception {
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
  }

  /// The port that a server says it listens on, as soon as it does.
  int port() throws Exception {
    return Integer.parseInt(line(LISTENING).group(1));
  }

  /// Waits for a line of the output that matches.
  Matcher line(Pattern wanted) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    synchronized (lines) {
      for (int next = 0; ; next++) {
        while (next == lines.size()) {
          long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
          if (ended || left <= 0) {
            process.toHandle().destroyForcibly();
            return fail("no line \"" + wanted + "\" in " + lines + "\n" + err.join());
          }
          lines.wait(left);
        }
        Matcher matcher = wanted.matcher(lines.get(next));
        if (matcher.matches()) {
          return matcher;
        }
      }
    }
  }

  Result await() throws Exception {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.toHandle().destroyForcibly();
      throw new AssertionError(new Result(-1, out.join(), err.join() + "\nstill running: killed"));
    }
    return new Result(process.exitValue(), out.join(), err.join());
  }

  /// Ends a server, which must not have said anything on its error stream.
  void end() throws Exception {
    process.toHandle().destroy();
    String complaints =
        await()
            .err()
            .lines()
            .takeWhile(l -> !l.startsWith(TERMINATED)) // what plain java says of its end
            .filter(l -> !l.startsWith("weft: "))
            .collect(Collectors.joining("\n"));
    if (!complaints.isEmpty()) {
      fail(complaints);
    }
  }

  @Override
  public void close() {
    process.toHandle().destroyForcibly();
  }

  private String readOut() {
    try (var reader = new BufferedReader(reader(process.getInputStream()))) {
      for (String line; (line = reader.readLine()) != null; ) {
        synchronized (lines) {
          lines.add(line);
          lines.notifyAll();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      synchronized (lines) {
        ended = true;
        lines.notifyAll();
      }
    }
    synchronized (lines) {
      return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
    }
  }

  private String readErr() {
    try (var reader = reader(process.getErrorStream())) {
      return reader.readAllAsString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStreamReader reader(java.io.InputStream stream) {
    return new InputStreamReader(stream, StandardCharsets.UTF_8);
  }
}
