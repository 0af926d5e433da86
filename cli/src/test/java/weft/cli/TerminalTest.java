package weft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The prompt as a user has it: on a terminal, which `script` (Debian: bsdutils) makes.
@Tag("slow")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TerminalTest {
  private static final Path SCRIPT = Path.of("/usr/bin/script");
  private static final String UP = "\033OA";
  private static final String CTRL_C = "\003";
  private static final String CTRL_D = "\004";

  @TempDir private Path temporary;
  private final Installation weft = Installation.get();
  private final StringBuilder shown = new StringBuilder();
  private int seen;
  private Process process;

  @BeforeEach
  void open() throws IOException {
    assumeTrue(Files.isExecutable(SCRIPT), "there is no script(1)");
    String repl = "stty cols 200 rows 50; exec " + weft.script + " repl";
    var command = List.of(SCRIPT.toString(), "-qec", repl, "/dev/null");
    process = weft.command(temporary, Map.of("TERM", "xterm"), command).start();
    InputStream out = process.getInputStream();
    Thread.ofPlatform().daemon().start(() -> read(out));
    await("weft> ");
  }

  @AfterEach
  void end() throws IOException {
    if (process != null) {
      process.destroy(); // the terminal goes, and the prompt with it
      process.getOutputStream().close();
    }
  }

  private void read(InputStream out) {
    try (out) {
      byte[] bytes = new byte[4096];
      for (int count; (count = out.read(bytes)) > 0; ) {
        synchronized (shown) {
          shown.append(new String(bytes, 0, count, StandardCharsets.UTF_8));
          shown.notifyAll();
        }
      }
    } catch (IOException e) {
      // it has ended
    }
  }

  /// Waits until this is shown, after what was waited for before.
  private void await(String text) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    synchronized (shown) {
      for (int at; (at = shown.indexOf(text, seen)) < 0; ) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          fail("no \"" + text + "\" in:\n" + shown.substring(seen));
        }
        try {
          shown.wait(left);
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
      seen = shown.indexOf(text, seen) + text.length();
    }
  }

  private void type(String keys) throws IOException {
    OutputStream in = process.getOutputStream();
    in.write(keys.getBytes(StandardCharsets.UTF_8));
    in.flush();
  }

  private void assertEnds() throws InterruptedException {
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it goes on");
    assertEquals(0, process.exitValue());
  }

  @Test
  void ctrlCEndsTheInputAndNothingElse() throws Exception {
    type("var ticks = new AtomicInteger()\r");
    await("ticks ==> 0");
    type(
        "var ticker = createTask(() -> { while (true) {"
            + " ticks.incrementAndGet(); sleep(Duration.ofMillis(1)); } })\r");
    await("ticker ==> ");
    for (String forEver : List.of("sleep(Duration.ofHours(1));", "while (true) { }")) {
      type("{ IO.println(\"be\" + \"gun\"); " + forEver + " }\r");
      await("begun");
      type(CTRL_C);
      await("Interrupted");
      type("ticker.done() + \", \" + (ticks.get() > 0)\r");
      await("\"false, true\"");
    }
    await("weft> "); // a control character means something else before
    type("half of an in" + CTRL_C);
    await("weft> ");
    type("1 + 1\r");
    await("==> 2");
    await("weft> ");
    type(CTRL_D);
    assertEnds();
  }

  @Test
  void inputsAreRememberedAndCompleted() throws Exception {
    type("var answer = 6 * 7\r");
    await("answer ==> 42");
    type(UP + "\r");
    await("answer ==> 42");
    type("ans\t\r");
    await("answer ==> 42");
    type("int twice(int n) {\r");
    await("...> ");
    type("return 2 * n; }\r");
    await("created method twice(int)");
    type("/ex\t\r");
    assertEnds();
    Path history = weft.home.resolve("state/weft/repl-history");
    assertTrue(Files.readString(history).contains("var answer = 6 * 7"));
  }

  @Test
  void whatTasksPrintAppearsAboveThePrompt() throws Exception {
    type(
        "var late = createTask(() -> { sleep(Duration.ofMillis(50)); IO.println(\"la\" + \"te\");"
            + " })\r");
    await("late ==> ");
    await("late");
    type("40 + 2\r");
    await("==> 42");
    type("/exit\r");
    assertEnds();
  }
}
