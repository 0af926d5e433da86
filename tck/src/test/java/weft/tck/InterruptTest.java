package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.Weft;

/// What Ctrl-C and SIGTERM do to a run: real signals to a process of its own.
@Tag("slow")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterruptTest {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final List<String> lines = new ArrayList<>();
  private String loop = "selector";

  @Test
  void L54_theFirstInterruptCancelsABusyMain() throws Exception {
    program("busy", "INT");
    assertEquals(List.of("ready", "cancelled", "leftover cleaned", "KeyboardInterrupt"), lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"selector", "proactor"})
  void L54_theFirstInterruptWakesAWaitingMain(String waiting) throws Exception {
    loop = waiting;
    program("wait", "INT");
    assertEquals(List.of("ready", "cancelled", "leftover cleaned", "KeyboardInterrupt"), lines);
  }

  @Test
  void L54_aMainThatSwallowsTheInterruptReturnsNormally() throws Exception {
    program("swallow", "INT");
    assertEquals(List.of("ready", "cancelled", "leftover cleaned", "returned"), lines);
  }

  @Test
  void L54_theSecondInterruptEndsTheRun() throws Exception {
    program("linger", "INT", "INT");
    assertEquals("ready", lines.getFirst());
    assertEquals("KeyboardInterrupt", lines.getLast());
  }

  @Test
  void L54_sigtermEndsTheRunGracefully() throws Exception {
    int status = program("wait", "TERM");
    assertEquals(List.of("ready", "cancelled", "leftover cleaned"), lines.subList(0, 3));
    assertEquals(143, status, "the JVM ends as the signal says, after the cleaning up");
  }

  @Test
  void aSignalHandlerTakesThePlaceOfTheInterrupt() throws Exception {
    program("handler", "INT", "TERM", "INT");
    assertEquals(
        List.of(
            "ready",
            "handled INT",
            "ready",
            "handled TERM",
            "ready",
            "leftover cleaned",
            "KeyboardInterrupt"),
        lines);
  }

  @Test
  void closingTheLoopGivesTheSignalsBack() throws Exception {
    int status = program("handler kept", "INT", "TERM", "INT");
    assertEquals(
        List.of(
            "ready",
            "handled INT",
            "ready",
            "handled TERM",
            "leftover cleaned",
            "returned",
            "ready"),
        lines);
    assertEquals(130, status);
  }

  /// Starts the program, sends a signal after each line that asks for one, and returns the exit
  /// status.
  private int program(String what, String... signals) throws Exception {
    assumeTrue(Files.exists(STATUS), "needs Linux");
    assumeTrue(!ignoresInterrupts(), "this process was started with SIGINT ignored");
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    if (LoopSuite.direct()) {
      command.addAll(List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED"));
    } else {
      command.add("-Dweft.engine=portable");
    }
    command.addAll(List.of("-cp", classPath(InterruptProgram.class, Weft.class)));
    command.addAll(List.of(InterruptProgram.class.getName(), what));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("WEFT_LOOP", loop);
    Process process = builder.start();
    int sent = 0;
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line; (line = output.readLine()) != null; ) {
        lines.add(line);
        boolean due = line.equals("ready") || line.equals("cancelled");
        if (due && sent < signals.length) {
          send(signals[sent++], process);
        }
      }
      assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
    return process.exitValue();
  }

  private static String classPath(Class<?>... classes) throws URISyntaxException {
    List<String> places = new ArrayList<>();
    for (Class<?> type : classes) {
      places.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    return String.join(File.pathSeparator, places);
  }

  private static void send(String signal, Process to) throws IOException, InterruptedException {
    var kill = new ProcessBuilder("kill", "-s", signal, Long.toString(to.pid())).start();
    assertEquals(0, kill.waitFor());
  }

  private static boolean ignoresInterrupts() throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith("SigIgn:")) {
        return (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0;
      }
    }
    return false;
  }
}
