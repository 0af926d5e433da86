package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// From the readings to the table, the CSV and the document, with contestants that need no time.
class ReportTest {
  private static final Row SWITCH =
      row(
          "switch",
          Unit.NANOS,
          Map.of(Side.WEFT, of(40, 0.1), Side.UVLOOP, of(300), Side.FLOOR, of(20)),
          Mark.partOfUvloop(10),
          Mark.times(2, Side.FLOOR, "the floor"),
          Mark.noBytes("switch"));
  private static final Row CROSS =
      row("cross", Unit.MILLIONS_PER_SECOND, Map.of(Side.WEFT, of(125)), Mark.atLeastMillions(5));
  private static final Row LATE =
      row("late", Unit.NANOS, Map.of(Side.WEFT, of(120)), Mark.timesRow(1.5, "switch", "switch"));
  private static final Row BROKEN =
      row(
          "broken",
          Unit.NANOS,
          Map.of(
              Side.WEFT,
              effort -> {
                throw new IOException("no such thing");
              }),
          Mark.atMost(10, Unit.NANOS));

  private final Results results = results(List.of(SWITCH, CROSS, LATE, BROKEN));

  @Test
  void aMarkSaysWhetherItIsReachedOrHowFarItIs() {
    assertVerdict("1/7.5 of uvloop: no: 1.33 × the mark", SWITCH, 0);
    assertVerdict("2.00 × the floor: yes", SWITCH, 1);
    assertVerdict("0.1 B: yes", SWITCH, 2);
    assertVerdict(": yes", CROSS, 0);
    assertVerdict("3.00 × switch: no: 2.00 × the mark", LATE, 0);
  }

  @Test
  void aContestantThatFailsLeavesTheTableNotTheRun() {
    assertEquals(List.of("broken, weft: no such thing"), results.failures());
    assertEquals(null, BROKEN.marks().getFirst().judge().apply(results, BROKEN));
  }

  @Test
  void theTableHasALineForEachMark() {
    var lines = new Table(List.of(SWITCH, CROSS), results).markdown().lines().toList();
    assertEquals(
        List.of(
            "| work | unit | weft | B/op | uvloop | asyncio | JDK floor | JDK peer | ratio | mark |"
                + " reached |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            "| the switch | ns | 40 (40–40) | 0.1 | 300 (300–300) | – | 20 (20–20) | – | 1/7.5 of"
                + " uvloop | ≤ 1/10 of uvloop | no: 1.33 × the mark |",
            "|  |  |  |  |  |  |  |  | 2.00 × the floor | ≤ 2.0 × the floor | yes |",
            "|  |  |  |  |  |  |  |  | 0.1 B | 0 B allocated per switch | yes |",
            "| the cross | M/s | 8.0 (8.0–8.0) | – | – | – | – | – |  | ≥ 5M/s | yes |"),
        lines);
  }

  @Test
  void theCsvNamesTheMachineFirst() {
    var csv = new Csv(new Machine(Map.of("JDK", "25"), 0), List.of(SWITCH), results).text();
    assertEquals(
        """
        # JDK: 25
        row,side,unit,median,min,max,low,high,rounds,wide,bytes_per_op
        switch,"weft",ns,40.000,40.000,40.000,40.000,40.000,5,false,0.100
        switch,"uvloop",ns,300.000,300.000,300.000,300.000,300.000,5,false,
        switch,"JDK floor",ns,20.000,20.000,20.000,20.000,20.000,5,false,

        row,mark,ratio,part_of_mark,reached
        switch,"≤ 1/10 of uvloop","1/7.5 of uvloop",1.3333,no
        switch,"≤ 2.0 × the floor","2.00 × the floor",1.0000,yes
        switch,"0 B allocated per switch","0.1 B",0.2000,yes
        """,
        csv);
  }

  @Test
  void theJsonHasEachRoundAndMark() {
    var json = new CoreJson(new Machine(Map.of("JDK", "25"), 0), List.of(SWITCH), results).text();
    var compact = json.replaceAll("\\s+", " ");
    assertTrue(compact.contains("\"machine\": { \"JDK\": \"25\" }"), json);
    assertTrue(
        compact.contains(
            "\"contestant\": \"uvloop\", \"unit\": \"ns\", \"median\": 300.000, \"min\": 300.000,"
                + " \"max\": 300.000, \"low\": 300.000, \"high\": 300.000, \"rounds\": [300.000,"
                + " 300.000, 300.000, 300.000, 300.000], \"wide\": false, \"bytesPerOperation\":"
                + " null"),
        json);
    assertTrue(
        compact.contains(
            "\"mark\": \"≤ 1/10 of uvloop\", \"ratio\": \"1/7.5 of uvloop\", \"partOfMark\": 1.333,"
                + " \"reached\": \"no\""),
        json);
  }

  @Test
  void aDocumentIsWrittenBetweenItsMarkersOnly(@TempDir Path folder) throws IOException {
    var file = folder.resolve("page.md");
    Files.writeString(
        file, "before\n" + Document.start("core") + "\nold\n" + Document.END + "\nafter\n");
    new Document(file, "core").write("new\n");
    new Document(file, "core").write("newer\n");
    assertEquals(
        "before\n" + Document.start("core") + "\n\nnewer\n\n" + Document.END + "\nafter\n",
        Files.readString(file));
  }

  @Test
  void aDocumentThatIsNotThereIsMissedBeforeAnythingIsMeasured(@TempDir Path folder) {
    var document = new Document(folder.resolve("page.md"), "core");
    var thrown = assertThrows(IOException.class, document::check);
    assertEquals("there is no document " + folder.resolve("page.md"), thrown.getMessage());
  }

  @Test
  void aDocumentWithoutMarkersIsLeftAlone(@TempDir Path folder) throws IOException {
    var file = folder.resolve("page.md");
    Files.writeString(file, "before\n");
    assertThrows(IOException.class, () -> new Document(file, "core").write("new\n"));
    assertEquals("before\n", Files.readString(file));
  }

  private void assertVerdict(String expected, Row row, int mark) {
    var verdict = row.marks().get(mark).judge().apply(results, row);
    assertEquals(expected, verdict.ratio() + ": " + verdict.text());
  }

  private static Results results(List<Row> rows) {
    try {
      return new Rounds(Effort.full(), new PrintWriter(new StringWriter())).run(rows);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Row row(String name, Unit unit, Map<Side, Contestant> contestants, Mark... marks) {
    return new Row(name, "the " + name, unit, contestants, List.of(marks), "");
  }

  private static Contestant of(double value) {
    return of(value, Double.NaN);
  }

  private static Contestant of(double value, double bytes) {
    return effort -> new Reading(List.of(value), bytes);
  }
}
