package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the commands refuse, before they measure anything.
class CommandsTest {
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
  void anUnknownLoopIsRefusedWithTheNamesThatExist() {
    assertEquals(2, run("echo", "--quick", "--loops", "selector,nosuch"));
    assertTrue(err.toString().contains("no such loop: nosuch; there are: "), err::toString);
    assertTrue(err.toString().contains("selector"), err::toString);
  }

  @Test
  void anUnknownPeerIsRefusedWithTheNamesThatExist() {
    assertEquals(2, run("http", "--quick", "--peers", "go,nosuch"));
    assertTrue(
        err.toString().contains("no such peer here: nosuch; there are: uvicorn"), err::toString);
  }

  @Test
  void noPeersAreNoMistake() {
    for (var peers : List.of(List.of("none"), List.of("NETTY", "uv"))) {
      var choice = new Choice(peers, List.of());
      assertEquals(Optional.empty(), choice.mistake(Peer.Suite.ECHO));
      assertEquals(Optional.empty(), choice.mistake(Peer.Suite.HTTP));
    }
  }

  @Test
  void aDocumentThatIsMissingIsRefusedBeforeAnythingIsMeasured() {
    assertEquals(1, run("core", "--no-python", "--doc", "nowhere.md"));
    assertTrue(err.toString().contains("nowhere.md"), err::toString);
  }

  @ParameterizedTest
  @CsvSource({
    "echo --rounds 0, --rounds 0: at least 1",
    "http --seconds 0, --seconds 0.0: a turn takes more than 0 seconds",
    "echo --seconds NaN, --seconds NaN: a turn",
    "echo --sizes 1k --sizes 7, --sizes 7: a message has 8 bytes or more",
    "echo --sizes 10g, --sizes 10g: a message",
    "echo --sizes 4194305k, --sizes 4194305k: a message",
    "echo --connections 0, --connections 0: at least 1",
    "http --connections -1, --connections -1: at least 1",
    "memory --connections 0, --connections 0: at least 1",
    "echo --rate -1, --rate -1: at least 0",
    "echo --idle -1, --idle -1: at least 0",
    "echo --wires foo, no such wire: foo",
    "start --quick --only foo, no such program; there are: ",
    "start --loops epoll, Unknown option",
    "http --peers ktor, no such peer here: ktor; there are: ",
    "memory --peers uvicorn, no such peer here: uvicorn; there are: C epoll",
    "echo --out /dev/null/folder, /dev/null/folder",
    "core --no-python --only lock --csv /dev/null/x.csv, /dev/null",
  })
  void whatMakesNoSenseIsRefused(String command, String why) {
    assertTrue(run(command.split(" ", -1)) > 0);
    assertTrue(err.toString().contains(why), err::toString);
    assertEquals("", out.toString());
  }

  private int run(String... args) {
    return Main.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }
}
