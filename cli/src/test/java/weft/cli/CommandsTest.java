package weft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class CommandsTest {
  private static final Installation weft = Installation.get();

  @TempDir static Path temporary;

  private static Installation.Result repl(String input) throws Exception {
    return weft.weft(temporary, Map.of(), input, "repl");
  }

  @Test
  void helpAndVersion() throws Exception {
    var help = weft.weft(temporary, "--help");
    assertEquals(0, help.status());
    for (String command : new String[] {"run", "repl", "loops", "bench"}) {
      assertTrue(help.out().contains("  " + command), help::toString);
      var one = weft.weft(temporary, command, "--help");
      assertEquals(0, one.status());
      assertTrue(one.out().startsWith("Usage: weft " + command), one::toString);
    }
    var version = weft.weft(temporary, "--version");
    assertTrue(version.out().startsWith("weft "), version::toString);
    assertEquals(2, weft.weft(temporary).status());
  }

  @Test
  void loopsShowsTheChoice() throws Exception {
    var result = weft.weft(temporary, "loops");
    assertEquals(0, result.status(), result::toString);
    assertTrue(
        result.out().lines().anyMatch(l -> l.matches("\\* selector +\\d+ +yes")), result::toString);
    assertTrue(result.out().contains("the default"), result::toString);
    var chosen = weft.weft(temporary, Map.of("WEFT_LOOP", "proactor"), "", "loops");
    assertTrue(
        chosen.out().lines().anyMatch(l -> l.matches("\\* proactor +\\d+ +yes")), chosen::toString);
    assertTrue(chosen.out().contains("chosen by WEFT_LOOP=proactor"), chosen::toString);
  }

  @Test
  void theReplPrintsValuesAsJshellDoes() throws Exception {
    var result =
        repl("1 + 1\nvar s = \"a\\n\"\nint twice(int n) {\n  return 2 * n;\n}\ntwice(21)\n");
    assertEquals(0, result.status(), result::toString);
    assertEquals(
        "$1 ==> 2\ns ==> \"a\\n\"\n|  created method twice(int)\n$2 ==> 42\n", result.out());
    assertEquals("", result.err());
  }

  @Test
  void theReplShowsThatWhatWasAwaitedWasCancelled() throws Exception {
    var result =
        repl(
            """
            var task = createTask(() -> sleep(Duration.ofHours(1)))
            task.cancel("enough")
            await(task)
            1 + 1
            """);
    assertTrue(result.out().contains("CancelledError: enough"), result::toString);
    assertTrue(result.out().endsWith(" ==> 2\n"), result::toString);
  }

  @Test
  void theReplAwaitsWhileOtherTasksGoOn() throws Exception {
    var result =
        repl(
            """
            var ticks = new ArrayList<Integer>();
            var ticker = createTask(() -> { for (int i = 0; i < 3; i++) { ticks.add(i); sleep(Duration.ofMillis(1)); } });
            await(ticker)
            ticks
            await(async(() -> "value"))
            var name = new ContextVar<String>("name");
            var token = name.set("kept");
            name.get()
            """);
    assertTrue(result.out().contains("[0, 1, 2]"), result::toString);
    assertTrue(result.out().contains(" ==> \"value\""), result::toString);
    assertTrue(result.out().contains(" ==> \"kept\""), result::toString);
    assertEquals(0, result.status());
  }

  @Test
  void theReplSurvivesErrors() throws Exception {
    var result =
        repl(
            """
            int x = "text";
            Object nothing() { throw new IllegalStateException("no"); }
            nothing()
            await(async(() -> { throw new IOException("lost"); }))
            /nonsense
            "still here"
            """);
    assertTrue(result.out().contains("|  Error:\n|  incompatible types"), result::toString);
    assertTrue(
        result
            .out()
            .contains("|  Exception java.lang.IllegalStateException: no\n|        at nothing (#"),
        result::toString);
    assertTrue(result.out().contains("java.io.IOException: lost"), result::toString);
    assertTrue(result.out().contains("\"still here\""), result::toString);
    assertFalse(result.out().contains("at weft."), result::toString);
  }

  @Test
  void theReplEndsWithItsStatus() throws Exception {
    assertEquals(3, repl("throw new SystemExit(3)\n1\n").status());
    assertEquals("", repl("/exit\n1\n").out());
    var pending =
        repl(
            "var t = createTask(() -> { try { sleep(Duration.ofSeconds(60)); } finally {"
                + " IO.println(\"closed\"); } });\n"
                + "sleep(Duration.ZERO)\n");
    assertTrue(pending.out().endsWith("closed\n"), pending::toString);
  }
}
