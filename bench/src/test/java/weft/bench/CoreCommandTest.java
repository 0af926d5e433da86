package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class CoreCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void listNamesTheRows() {
    assertEquals(0, run("core", "--list", "--no-python", "--only", "timer-1m"));
    assertEquals(
        2,
        out.toString().lines().filter(line -> line.startsWith("timer-1m-")).count(),
        out::toString);
  }

  @Test
  void anUnknownRowIsRefusedWithTheNamesThatExist() {
    assertEquals(2, run("core", "--no-python", "--only", "juggling"));
    assertTrue(err.toString().contains("there are: ping-pong, create-await"), err::toString);
  }

  @Test
  void aDocumentThatIsMissingIsRefusedBeforeAnythingIsMeasured() {
    assertEquals(1, run("core", "--no-python", "--doc", "nowhere.md"));
    assertTrue(err.toString().contains("nowhere.md"), err::toString);
  }

  private int run(String... args) {
    return Main.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }
}
