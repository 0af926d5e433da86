package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.sleep;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import weft.CancelledError;
import weft.KeyboardInterrupt;
import weft.SystemExit;
import weft.Weft;

/// Signals wake the loops of Linux while they wait in the kernel.
@Tag("slow")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SignalTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "epoll, INT, 'ready,cancelled,KeyboardInterrupt', 0",
    "epoll, TERM, 'ready,cancelled', 143",
    "uring, INT, 'ready,cancelled,KeyboardInterrupt', 0",
    "uring, TERM, 'ready,cancelled', 143",
  })
  void L54_aWaitingMainIsCancelled(String loop, String signal, String lines, int status)
      throws Exception {
    assumeTrue(signal.equals("TERM") || !ignoresInterrupts(), "SIGINT is ignored here");
    Process process = Jvm.start(Jvm.command(List.of("-Dweft.loop=" + loop), Waiting.class), folder);
    try (BufferedReader said = process.inputReader()) {
      String first = said.readLine();
      assertEquals("ready", first);
      send(signal, process);
      List<String> rest = said.lines().toList();
      assertTrue(process.waitFor(20, TimeUnit.SECONDS));
      assertEquals(lines, String.join(",", first, String.join(",", rest)));
      assertEquals(status, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }

  private static boolean ignoresInterrupts() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("SigIgn:")) {
        return (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0;
      }
    }
    return false;
  }

  private static void send(String signal, Process to) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-s", signal, Long.toString(to.pid())).start();
    assertEquals(0, kill.waitFor());
  }

  /// Runs in a JVM of its own.
  static final class Waiting {
    private Waiting() {}

    public static void main(String[] args) {
      try {
        Weft.run(Waiting::sleepLong);
      } catch (KeyboardInterrupt e) {
        System.out.println("KeyboardInterrupt");
      } catch (SystemExit e) {
        // the JVM ends as the signal says
      }
    }

    private static void sleepLong() {
      System.out.println("ready");
      try {
        sleep(Duration.ofMinutes(1));
      } catch (CancelledError e) {
        System.out.println("cancelled");
        throw e;
      }
    }
  }
}
