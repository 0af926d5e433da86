package weft.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every suite about servers runs for a moment, with whoever is there. Nothing is asserted about
/// time.
@Tag("slow")
class ServersTest {
  @TempDir private Path folder;

  @BeforeAll
  static void needsTheGenerator() {
    assumeTrue(Tools.onPath("cc").isPresent(), "no C compiler");
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "not Linux");
  }

  @Test
  void everyoneEchoesOverTcp() throws IOException {
    var csv =
        run(
            "echo",
            "--sizes=1k,100k",
            "--connections=8",
            "--wires=tcp",
            "--rate=500",
            "--idle=50",
            "--peers=c epoll,jdk");
    assertRead(csv, "tcp 1 KiB × 8", "weft streams selector", "cpu");
    assertRead(csv, "tcp 1 KiB × 8, 500/s", "weft protocol selector", "p99.9");
    assertRead(csv, "tcp 1 KiB × 8 + 50 idle", "C epoll", "rate");
    assertRead(csv, "tcp 100 KiB × 8", "JDK threads", "throughput");
  }

  @Test
  void weftEchoesOverTlsAndUnixSockets() throws IOException {
    var csv =
        run("echo", "--sizes=1k", "--connections=8", "--wires=unix,tls", "--peers=c epoll,jdk");
    for (var who : List.of("weft streams selector", "weft protocol selector", "JDK threads")) {
      assertRead(csv, "unix 1 KiB × 8", who, "cpu");
      if (!csv.contains("\"tls: left out")) {
        assertRead(csv, "tls 1 KiB × 8", who, "cpu");
      }
    }
    if (!csv.contains("C epoll, tls: left out")) {
      assertRead(csv, "tls 1 KiB × 8", "C epoll", "cpu");
    }
  }

  @Test
  void weftAnswersByHttp() throws IOException {
    assumeTrue(Tools.onPath("wrk").isPresent(), "no wrk");
    var csv = run("http", "--connections=8", "--peers=none");
    assertRead(csv, "Hello × 8", "weft http selector", "rate");
    assertRead(csv, "file 10 KiB × 8", "weft Serve.java selector", "rate");
  }

  @Test
  void idleConnectionsAreWeighed() throws IOException {
    var csv = run("memory", "--connections=100", "--peers=c epoll,jdk");
    assertRead(csv, "100 idle connections", "weft streams selector", "heap");
    assertRead(csv, "100 idle connections", "C epoll", "resident");
  }

  /// Without the launcher, which might start to build Weft while Weft is being built.
  @Test
  void startsAreTimed() throws IOException {
    var csv = run("start", "--only=PlainHello", "--only=python3");
    assertRead(csv, "Hello", "java PlainHello", "start");
  }

  /// The suite's JSON and CSV. That a peer fails on a crowded machine does not matter here; what
  /// has to be there is asserted one by one.
  private String run(String suite, String... options) throws IOException {
    var args = new ArrayList<>(List.of(suite, "--smoke", "--out=" + folder));
    if (!suite.equals("start")) {
      args.add("--loops=selector");
    }
    args.addAll(List.of(options));
    var out = new StringWriter();
    var err = new StringWriter();
    Main.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args.toArray(String[]::new));
    var json = folder.resolve(suite + ".json");
    assertTrue(Files.exists(json), () -> out + "\n" + err);
    return Files.readString(json) + Files.readString(folder.resolve(suite + ".csv"));
  }

  private static void assertRead(String csv, String row, String who, String metric) {
    var start = String.format(",\"%s\",\"%s\",%s,", row, who, metric);
    assertTrue(csv.contains(start), () -> start + " is not in\n" + csv);
  }
}
