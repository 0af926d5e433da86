package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The load generator against servers that echo well, badly, or late.
@Tag("slow")
class LoadTest {
  private static final int STALL_MILLIS = 300;

  /// What a server does to the bytes it has read, before it writes them back.
  @FunctionalInterface
  private interface Twist {
    /// How many of them go back.
    int apply(byte[] bytes, int count, int whichRead) throws InterruptedException;
  }

  @BeforeAll
  static void needsACompiler() {
    assumeTrue(Tools.onPath("cc").isPresent(), "no C compiler");
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "not Linux");
  }

  @Test
  void countsWhatCameBackUnharmed() throws Exception {
    var drive = drive((_, count, _) -> count, "--bytes", "70000", "--connections", "3");
    assertTrue(drive.get(Metric.RATE) > 0);
    assertTrue(drive.get(Metric.MAX) >= drive.get(Metric.P50));
    assertTrue(drive.get(Metric.LOAD_BUSY) > 0);
  }

  @Test
  void noticesAByteThatHasChanged() {
    Twist twist =
        (bytes, count, whichRead) -> {
          if (whichRead == 7) {
            bytes[count - 1] = (byte) ~bytes[count - 1];
          }
          return count;
        };
    assertFails("other bytes came back than were sent", twist);
  }

  @Test
  void noticesBytesThatCameTwice() {
    Twist twist = (_, count, whichRead) -> whichRead == 7 ? count + 1 : count;
    assertFails("came back", twist);
  }

  @Test
  void chargesAStallToAllThatWasDueInIt() throws Exception {
    Twist twist =
        (_, count, whichRead) -> {
          Thread.sleep(whichRead == 20 ? STALL_MILLIS : 0);
          return count;
        };
    // 200 messages a second, one connection: some sixty are due while the server stands still, of
    // the
    // two hundred that are due in all. So even the median of the slowest half saw the stall.
    var drive = drive(twist, "--rate", "200", "--seconds", "1");
    assertTrue(drive.get(Metric.MAX) >= STALL_MILLIS * 900, drive::toString);
    assertTrue(drive.get(Metric.P99) >= STALL_MILLIS * 500, drive::toString);
  }

  @Test
  void theLineOfTheGeneratorIsUnderstood() throws IOException {
    var drive =
        Drive.parse(
            "messages=1000 bytes=1024 seconds=2.0 server_ns=8000000 client_ns=1000000000 unserved=0"
                + " p50_ns=1500 p99_ns=2500 p999_ns=3500 max_ns=4500\n");
    assertEquals(8.0, drive.get(Metric.CPU));
    assertEquals(500.0, drive.get(Metric.RATE));
    assertEquals(0.512, drive.get(Metric.THROUGHPUT));
    assertEquals(3.5, drive.get(Metric.P999));
    assertEquals(50.0, drive.get(Metric.LOAD_BUSY));
    assertEquals(0.4, drive.get(Metric.SERVER_BUSY));
  }

  private static void assertFails(String reason, Twist twist) {
    var thrown = assertThrows(IOException.class, () -> drive(twist, "--bytes", "64"));
    assertTrue(String.valueOf(thrown.getMessage()).contains(reason), thrown::toString);
  }

  private static Drive drive(Twist twist, String... options) throws Exception {
    var load =
        new Tools(Home.find(), new PrintWriter(new StringWriter()))
            .ccWithTls("native/load.c", "load")
            .program();
    try (var listener = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread.startVirtualThread(() -> serve(listener, twist));
      var command = new ArrayList<>(List.of(load.toString(), "tcp:" + listener.getLocalPort()));
      command.addAll(List.of("--seconds", "0.2"));
      command.addAll(List.of(options));
      return Drive.parse(new Program(command).output());
    }
  }

  private static void serve(ServerSocket listener, Twist twist) {
    try {
      while (true) {
        var socket = listener.accept();
        Thread.startVirtualThread(
            () -> {
              try (socket) {
                InputStream in = socket.getInputStream();
                byte[] bytes = new byte[8192];
                for (int n, i = 1; (n = in.read(bytes, 0, 4096)) > 0; i++) {
                  socket.getOutputStream().write(bytes, 0, twist.apply(bytes, n, i));
                }
              } catch (IOException | InterruptedException e) {
                // The client has gone.
              }
            });
      }
    } catch (IOException e) {
      // The test has closed it.
    }
  }
}
