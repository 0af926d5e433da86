package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class ExamplesTest {
  /// The output of a program that has to succeed without a word on the error stream.
  private static List<String> output(String engine, String name) throws Exception {
    Program.Result result = Program.start(engine, name).await();
    assertEquals(0, result.status(), result::toString);
    String complaints =
        result.err().lines().filter(l -> !l.startsWith("weft: ")).toList().toString();
    assertEquals("[]", complaints, result::toString);
    return result.lines();
  }

  private static List<String> lines(String text) {
    return text.lines().toList();
  }

  @Test
  void hello() throws Exception {
    List<String> lines = output("direct", "Hello");
    assertTrue(lines.getFirst().matches("<coroutine hello at 0x[0-9a-f]+>"), lines::toString);
    assertEquals(List.of("Hello ...", "World!"), lines.subList(1, lines.size()));
  }

  @Test
  void chained() throws Exception {
    List<String> lines = output("direct", "Chained");
    assertEquals(
        lines(
            """
            Ada: 1 orders, 10 in all
            Grace: 2 orders, 30 in all
            Barbara: 3 orders, 60 in all
            """),
        lines.subList(0, 3));
    assertTrue(lines.get(3).matches("took \\d+ ms"), lines::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct", "portable"})
  void counting(String engine) throws Exception {
    List<String> lines = output(engine, "Counting");
    List<String> expected =
        Stream.of("1", "2", "3")
            .flatMap(turn -> Stream.of("red", "green", "blue").map(name -> name + " " + turn))
            .toList();
    assertEquals(expected, lines.subList(0, 9));
    assertTrue(lines.get(9).matches("9 turns in \\d+ ms"), lines::toString);
  }

  @Test
  void producersConsumers() throws Exception {
    List<String> lines = output("direct", "ProducersConsumers");
    assertEquals("12 of 12 items done", lines.getLast());
    assertEquals(25, lines.size(), lines::toString);
    var waiting = new ArrayList<String>();
    for (String line : lines.subList(0, 24)) {
      String item = line.replaceFirst(".*(?:put|did item) ([12]\\.[1-6]).*", "$1");
      if (line.startsWith("producer " + item.charAt(0) + ": put ")) {
        assertTrue(line.matches(".*, in the queue: [1-4]"), line);
        waiting.add(item);
      } else {
        assertTrue(line.matches("consumer [123]: did item .*") && waiting.remove(item), line);
      }
    }
    assertEquals(List.of(), waiting);
  }

  @Test
  void timeouts() throws Exception {
    assertEquals(
        lines(
            """
            in time:
              (cleaned up)
              the answer
            too late:
              (cleaned up)
              gave up
            nested, the outer one is shorter:
              (cleaned up)
              the outer one gave up
            moved, as long as there is progress:
              step 1
              step 2
              step 3
              step 4
              no more progress: gave up
            only the waiting has an end:
              gave up waiting, the task goes on
              (cleaned up)
              the answer
            """),
        output("direct", "Timeouts"));
  }

  @Test
  void groups() throws Exception {
    assertEquals(
        lines(
            """
            all succeed:
              loaded head
              loaded body
              HEAD BODY
            two fail, and the other one is cancelled:
              gave up the slow one
              sda is gone
              sdb is gone
            the first answer is enough:
              loaded copy after 30 ms
              gave up copy after 3600000 ms
              gave up copy after 3600000 ms
              [COPY AFTER 30 MS]
            """),
        output("direct", "Groups"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct", "portable"})
  void generators(String engine) throws Exception {
    List<String> lines = output(engine, "Generators");
    assertTrue(lines.contains("  tick"), lines::toString);
    assertEquals(
        lines(
            """
            all of them:
              asking for page 1
              11
              12
              asking for page 2
              21
              22
              asking for page 3
              31
              32
              asking for page 4
              connection closed
            until one is found, and then no further:
              asking for page 1
              asking for page 2
              found 21
              connection closed
            chained, while somebody else is awake:
              asking for page 1
              asking for page 2
              asking for page 3
              asking for page 4
              connection closed
              sum 63
            """),
        lines.stream().filter(l -> !l.equals("  tick")).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct", "portable"})
  void blocking(String engine) throws Exception {
    List<String> lines = new ArrayList<>(output(engine, "Blocking"));
    boolean direct = engine.equals("direct");
    assertEquals(
        direct ? "blocking calls suspend only their coroutine" : "blocking calls need threads",
        lines.removeFirst());
    assertEquals(direct, lines.remove("Thread.sleep was cancelled"));
    assertEquals(
        lines(
            """
            [row 1, row 2, row 3, row 4, row 5, row 6, row 7, row 8, row 9, row 10, row 11, row 12]
            12 queries over 3 connections
            the ticker went on: yes
            """),
        lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct", "portable"})
  void pipeline(String engine) throws Exception {
    Tool.require("tr", "sort", "uniq", "head", "yes");
    assertEquals(
        lines(
            """
            the words of a text that are used most:
              60000 the
              60000 and
              40000 grows
            uniq has ended with status 0
            an endless program, of which three lines are enough:
              again
              again
              again
            it was told to end
            """),
        output(engine, "Pipeline"));
  }
}
