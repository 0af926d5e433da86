package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

/// From what was measured of servers to the tables, the files and the pictures.
class FindingsTest {
  private static final EchoCase CLOSED = new EchoCase(Wire.TCP, 1024, 10, 0, 0);
  private static final EchoCase IDLE = new EchoCase(Wire.TCP, 1024, 10, 99, 0);
  private static final EchoCase OPEN = new EchoCase(Wire.TCP, 1024, 10, 0, 500);
  private static final String WEFT = "weft streams uring";

  private final Findings findings = findings();

  @Test
  void rowsAreNamedByWhatIsDone() {
    assertEquals("tcp 1 KiB × 10", CLOSED.title());
    assertEquals("tcp 1 KiB × 10 + 99 idle", IDLE.title());
    assertEquals("tcp 1 KiB × 10, 500/s", OPEN.title());
    assertEquals("unix 100 B × 1", new EchoCase(Wire.UNIX, 100, 1, 0, 0).title());
  }

  @Test
  void theTableHasALineForEachContestant() {
    assertEquals(
        """
        | server CPU per message, user and system, µs | tcp 1 KiB × 10 | tcp 1 KiB × 10 + 99 idle |\
         tcp 1 KiB × 10, 500/s |
        |---|---|---|---|
        | C epoll | 10 (10–10) | – | 10 (10–10) |
        | weft streams uring | ~12 (11–15) | ~14 | 12 (12–12) |
        """,
        findings.grid(Metric.CPU).markdown());
    assertEquals(
        List.of(List.of("C epoll", "1.00", "–", "1.00"), List.of(WEFT, "~1.20", "–", "1.20")),
        findings.ratios(Metric.CPU, "C epoll").lines());
  }

  @Test
  void whatTheGeneratorLimitsIsAtLeastThat() {
    var line = findings.grid(Metric.RATE).lines().getFirst();
    assertEquals("≥ 100,000 (100,000–100,000)", line.get(1));
    assertEquals("83,333 (83,333–83,333)", findings.grid(Metric.RATE).lines().get(1).get(3));
  }

  @Test
  void marksAreJudgedWhereBothWereMeasured() {
    var lines = new EchoMarks(findings, List.of(CLOSED, IDLE, OPEN)).grid().lines();
    assertEquals(
        List.of(
            List.of(
                WEFT, CLOSED.title(), "cpu", "~1.20", "≤ 1.05 × C epoll", "no: 1.14 × the mark"),
            List.of(WEFT, OPEN.title(), "p99", "1.00", "≤ 1.1 × C epoll", "yes"),
            List.of(
                WEFT,
                IDLE.title(),
                "cpu",
                "~1.17",
                "≤ 1.1 × that without idle ones",
                "open: 1.06 × the mark, of too few rounds")),
        lines);
  }

  @Test
  void theFilesHaveAllFigures() {
    var files = new ResultFiles("echo", new Machine(Map.of("JDK", "25 \"x\""), 0), findings);
    assertTrue(
        files
            .csv()
            .contains(
                "echo,\"tcp 1 KiB × 10\",\"C"
                    + " epoll\",cpu,µs,10.000,10.000,10.000,10.000,10.000,5,false\n"),
        files::csv);
    assertTrue(files.csv().startsWith("# JDK: 25"), files::csv);
    assertTrue(files.json().contains("\"JDK\": \"25 \\\"x\\\"\""), files::json);
    assertTrue(
        files.json().contains("\"rounds\": [12.000, 11.000, 15.000, 12.000, 12.000]"), files::json);
    assertTrue(files.json().contains("\"Netty: left out, why\""), files::json);
  }

  @Test
  void thePictureIsWellFormed() throws Exception {
    var svg = Chart.of(findings, Metric.CPU).svg();
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    // The background and five bars.
    assertEquals(6, document.getElementsByTagName("rect").getLength());
  }

  @Test
  void whatAPeerSaysOnAnotherWireIsKept() {
    findings.contestant("C epoll", Wire.UNIX, "gcc 12");
    findings.contestant("C epoll", Wire.TLS, "gcc 12, OpenSSL 3");
    assertEquals(
        Map.of("C epoll", "gcc 12", WEFT, "loop uring & more", "C epoll, tls", "gcc 12, OpenSSL 3"),
        findings.descriptions());
  }

  @Test
  void whatAnOverloadedServerNeverCameToIsNotForgotten() {
    findings.put("busy", WEFT, List.of(drive(12, 3), drive(12, 0)));
    var line = findings.grid(Metric.P99).lines().get(1);
    assertTrue(line.getLast().startsWith("≥ "), line::toString);
    assertEquals("50 (50–50)", line.get(1));
  }

  @Test
  void histogramsAreSubtractedClassByClass() {
    var before = Histogram.parse(" num  #instances  #bytes\n   1:  10  1000  [B (java.base@25)\n");
    var after =
        Histogram.parse(
            """
               1:            30         5000  [B (java.base@25.0.3)
               2:            20          480  weft.Task
            Total            50         5480
            """);
    var grown = after.since(before, 10);
    assertEquals(448, grown.bytes());
    assertEquals(
        List.of(new Histogram.Line("[B", 2, 400), new Histogram.Line("weft.Task", 2, 48)),
        grown.largest(5));
  }

  private static Findings findings() {
    var findings = new Findings();
    findings.contestant("C epoll", "gcc 12");
    findings.contestant(WEFT, "loop uring & more");
    findings.leaveOut("Netty", "why");
    findings.fail("row", "Go", new IOException("no"));
    findings.put(CLOSED.title(), "C epoll", drives(10, 10, 10, 10, 10));
    findings.put(CLOSED.title(), WEFT, drives(12, 11, 15, 12, 12));
    findings.put(IDLE.title(), WEFT, drives(14));
    findings.put(OPEN.title(), "C epoll", drives(10, 10, 10, 10, 10));
    findings.put(OPEN.title(), WEFT, drives(12, 12, 12, 12, 12));
    return findings;
  }

  private static List<Drive> drives(double... cpus) {
    return Arrays.stream(cpus).mapToObj(FindingsTest::drive).toList();
  }

  private static Drive drive(double cpu) {
    var figures = new EnumMap<Metric, Double>(Metric.class);
    figures.put(Metric.CPU, cpu);
    figures.put(Metric.RATE, 1e6 / cpu);
    figures.put(Metric.P99, 50.0);
    figures.put(Metric.SERVER_BUSY, cpu == 10 ? 97.0 : 99.9);
    figures.put(Metric.LOAD_BUSY, 99.0);
    return new Drive(figures);
  }

  private static Drive drive(double cpu, double unserved) {
    return drive(cpu).with(Metric.UNSERVED, unserved);
  }
}
