package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A program of somebody else's, such as curl, that Weft talks to.
final class Tool implements AutoCloseable {
  private static final long LIMIT_SECONDS = 60;

  /// What it left behind.
  record Result(int status, byte[] bytes, String err) {
    String out() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    /// The output of a tool that has to succeed.
    String succeeded() {
      assertEquals(0, status, this::toString);
      return out();
    }

    @Override
    public String toString() {
      return "status " + status + "\n--- out\n" + out() + "\n--- err\n" + err;
    }
  }

  private final Process process;
  private final CompletableFuture<byte[]> out;
  private final CompletableFuture<byte[]> err;

  private Tool(Process process) {
    this.process = process;
    out = CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()), VIRTUAL);
    err = CompletableFuture.supplyAsync(() -> readAll(process.getErrorStream()), VIRTUAL);
  }

  private static final java.util.concurrent.Executor VIRTUAL = Thread::startVirtualThread;

  /// Skips the test if one of the programs is not installed.
  static void require(String... names) {
    for (String name : names) {
      assumeTrue(find(name) != null, name + " is not installed");
    }
  }

  private static Path find(String name) {
    return Stream.concat(
            Arrays.stream(System.getenv("PATH").split(":")), Stream.of("/usr/sbin", "/sbin"))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  /// Runs a program to its end, without input.
  static Result run(String... command) throws Exception {
    try (Tool tool = start(command)) {
      tool.endInput();
      return tool.await();
    }
  }

  /// Runs a program to its end.
  static Result feed(String input, String... command) throws Exception {
    try (Tool tool = start(command)) {
      tool.write(input);
      tool.endInput();
      return tool.await();
    }
  }

  /// Starts a program whose input stays open.
  static Tool start(String... command) throws IOException {
    String[] words = command.clone();
    Path found = find(words[0]);
    words[0] = found == null ? words[0] : found.toString();
    var builder = new ProcessBuilder(words);
    builder.environment().put("LC_ALL", "C.UTF-8");
    return new Tool(builder.start());
  }

  void write(String input) throws IOException {
    OutputStream stream = process.getOutputStream();
    stream.write(input.getBytes(StandardCharsets.UTF_8));
    stream.flush();
  }

  void endInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // it did not want to hear more
    }
  }

  Result await() throws Exception {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.toHandle().destroyForcibly();
      throw new AssertionError("still running: killed\n" + result(-1));
    }
    return result(process.exitValue());
  }

  private Result result(int status) {
    return new Result(status, out.join(), new String(err.join(), StandardCharsets.UTF_8));
  }

  /// Ends it as if its machine had lost power, but for the system, which closes its connections.
  void kill() throws Exception {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  /// Asks it to end, and waits until it has.
  @Override
  public void close() throws Exception {
    process.toHandle().destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      kill();
    }
  }

  /// A port that was free a moment ago, for servers that cannot choose one by themselves.
  static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /// Waits until somebody listens on a port.
  void awaitPort(int port) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (true) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          fail("nobody listens on port " + port + "\n" + result(-1));
        }
        Thread.sleep(20);
      }
    }
  }

  static List<String> lines(String text) {
    return text.lines().toList();
  }

  private static byte[] readAll(java.io.InputStream stream) {
    var all = new ByteArrayOutputStream();
    try (stream) {
      stream.transferTo(all);
    } catch (IOException e) {
      if (!"Stream closed".equals(e.getMessage())) {
        throw new UncheckedIOException(e);
      }
    }
    return all.toByteArray();
  }
}
