package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// A program of somebody else's, such as curl, that Weft talks to.
final class Tool implements AutoCloseable {
  private static final long LIMIT_SECONDS = 30;

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
  private final Collected out;
  private final Collected err;

  private Tool(Process process) {
    this.process = process;
    out = new Collected(process.getInputStream());
    err = new Collected(process.getErrorStream());
  }

  /// What comes out of a program, read as soon as it comes.
  private static final class Collected {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean ended;
    private int read; // characters of it that have been waited for

    Collected(InputStream stream) {
      Thread.startVirtualThread(() -> collect(stream));
    }

    private void collect(InputStream stream) {
      byte[] buffer = new byte[1 << 16];
      int count = 0;
      while (count >= 0) {
        try {
          count = stream.read(buffer);
        } catch (IOException closed) {
          count = -1;
        }
        lock.lock();
        try {
          bytes.write(buffer, 0, Math.max(0, count));
          ended = count < 0;
          more.signalAll();
        } finally {
          lock.unlock();
        }
      }
    }

    /// Waits until something is true of what has come so far, or nothing more can come.
    byte[] await(Predicate<String> wanted) throws InterruptedException {
      long left = TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
      lock.lock();
      try {
        while (!ended && left > 0 && !wanted.test(bytes.toString(StandardCharsets.UTF_8))) {
          left = more.awaitNanos(left);
        }
        return bytes.toByteArray();
      } finally {
        lock.unlock();
      }
    }

    byte[] all() throws InterruptedException {
      return await(soFar -> false);
    }

    /// Waits until something comes after what was waited for before, if it does.
    Optional<String> next(Pattern wanted) throws InterruptedException {
      byte[] soFar = await(all -> wanted.matcher(all).find(read));
      Matcher matcher = wanted.matcher(new String(soFar, StandardCharsets.UTF_8));
      if (!matcher.find(read)) {
        return Optional.empty();
      }
      read = matcher.end();
      return Optional.of(matcher.group());
    }
  }

  /// Skips the test if one of the programs is not installed; fails it with
  /// `WEFT_TEST_TOOLS=required`.
  static void require(String... names) {
    for (String name : names) {
      require(find(name) != null, name);
    }
  }

  static void require(boolean installed, String name) {
    if ("required".equals(System.getenv("WEFT_TEST_TOOLS"))) {
      assertTrue(installed, name + " is not installed");
    }
    assumeTrue(installed, name + " is not installed");
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

  /// Waits until a text comes in the output, after what was waited for before.
  void awaitOutput(String text) throws Exception {
    await(out, Pattern.compile(Pattern.quote(text)));
  }

  /// Waits until a text comes in the error stream, after what was waited for before.
  void awaitError(String text) throws Exception {
    await(err, Pattern.compile(Pattern.quote(text)));
  }

  /// Waits for the next line of the output that starts with a word; those before it are skipped.
  String nextLine(String start) throws Exception {
    String line = "^" + Pattern.quote(start) + ".*\n";
    return await(out, Pattern.compile(line, Pattern.MULTILINE)).strip();
  }

  private String await(Collected stream, Pattern wanted) throws Exception {
    Optional<String> found = stream.next(wanted);
    if (found.isEmpty()) {
      process.toHandle().destroyForcibly();
      throw new AssertionError("no \"" + wanted + "\" in the output\n" + result(-1));
    }
    return found.get();
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

  private Result result(int status) throws InterruptedException {
    return new Result(status, out.all(), new String(err.all(), StandardCharsets.UTF_8));
  }

  /// Ends it as if its machine had lost power, but for the system, which closes its connections.
  void kill() throws Exception {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  /// What Ctrl-C does.
  void interrupt() throws Exception {
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
  }

  /// Asks it to end, and waits until it has.
  @Override
  public void close() throws Exception {
    process.toHandle().destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      kill();
    }
  }

  /// A connection over TLS to whoever listens.
  static Socket trustingSocket(int port) throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Trusting()}, null);
    var factory = context.getSocketFactory();
    return factory.createSocket(InetAddress.getLoopbackAddress(), port);
  }

  private static final class Trusting extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
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
}
