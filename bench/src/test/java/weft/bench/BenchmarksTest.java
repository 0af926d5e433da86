package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import weft.Weft;

/// Every contestant does its work for a moment. Nothing is asserted about time.
@Tag("slow")
class BenchmarksTest {
  private static final JavaSide JAVA = new JavaSide(List.of());
  private static final Effort MOMENT = Effort.smoke();

  /// One JVM for all of them: what each needs is in its flags, not in those of this test's JVM.
  @Test
  void everyJavaBenchmarkRuns() throws IOException, InterruptedException {
    var jmh = "-f 0 -wi 0 -i 1 -r 10ms -foe true -p armed=1000 -p order=earliest weft\\.bench\\.";
    var output =
        new Program(
                JAVA.command(
                    List.of("-Djmh.ignoreLock=true"),
                    org.openjdk.jmh.Main.class,
                    List.of(jmh.split(" "))))
            .output();
    assertTrue(output.contains("# Benchmark: weft.bench.Switching.pingPong"), output);
    assertFalse(output.contains("<failure>"), output);
  }

  @Test
  void sleepersAreWeighed() throws IOException, InterruptedException {
    for (var kind : List.of("weft", "threads")) {
      var bytes = JAVA.sleepers(kind).measure(MOMENT).values();
      assertEquals(1, bytes.size());
      assertTrue(bytes.getFirst() > 0, bytes::toString);
    }
  }

  @Test
  void bothHellosSayTheSame() throws Exception {
    var core = Path.of(Weft.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    var programs = Home.find().resolve("bench/src/main/programs");
    var weft =
        new Program(
            List.of(
                JavaSide.java().toString(),
                "--add-opens=java.base/java.lang=weft",
                "--module-path=" + core,
                "--add-modules=weft",
                programs.resolve("Hello.java").toString(),
                "0"));
    assertEquals("Hello ...\nWorld!\n", weft.output());
    assertEquals(
        "Hello ...\nWorld!\n",
        new Program(JAVA.command(List.of(), PlainHello.class, List.of("0"))).output());
    var python = PythonSide.find(Home.find().resolve("bench/src/main/python"));
    if (python.isPresent()) {
      assertEquals("Hello ...\nWorld!\n", python.get().hello("0", "asyncio").output());
    }
  }

  @Test
  void everyPythonRowRuns() throws IOException, InterruptedException {
    var python = PythonSide.find(Home.find().resolve("bench/src/main/python"));
    assumeTrue(python.isPresent(), "no Python 3");
    for (var row : CoreRows.all(MOMENT, JAVA, python, Optional.empty())) {
      for (var side : List.of(Side.ASYNCIO, Side.UVLOOP)) {
        var contestant = row.contestants().get(side);
        if (contestant != null) {
          var values = contestant.measure(MOMENT).values();
          assertFalse(values.isEmpty(), row.name());
        }
      }
    }
  }
}
