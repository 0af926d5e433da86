package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class CrawlTest {
  /// The lines of the summary by their first word, with what follows it.
  private static TreeMap<String, String> summary(Program.Result result) {
    var values = new TreeMap<String, String>();
    for (String line : result.lines()) {
      String[] words = line.strip().split("\\s+", 2);
      values.put(words[0], words.length == 1 ? "" : words[1]);
    }
    assertTrue(values.containsKey("latency"), result::toString);
    return values;
  }

  private static void assertErrors(Program.Result result, String... kinds) {
    List<String> errors = result.lines().stream().filter(l -> l.startsWith("  ")).toList();
    assertEquals(kinds.length, errors.size(), result::toString);
    for (int i = 0; i < kinds.length; i++) {
      assertTrue(errors.get(i).startsWith("  " + kinds[i] + ", as http://"), result::toString);
    }
  }

  private static int number(String text) {
    return Integer.parseInt(text.replaceFirst("\\D.*", ""));
  }

  @Test
  void findsWhatIsLinkedAndSaysWhatIsWrong() throws Exception {
    try (Site site = new Site()) {
      site.page(
              "/",
              """
              <!DOCTYPE html><base href="/start/">
              <a href="a.html">a</a> <A title='a > b' HREF = 'b.html#part'>b</A> <a href=../c%20d.html>c d</a>
              <a href="/list?page=1&amp;size=10">list</a> <a href="./x/../a.html#again">a again</a>
              <a href="/data.json">data</a> <a href="/missing.html">missing</a> <a href="/broken">broken</a>
              <a href="/flaky">flaky</a> <a href="/slow">slow</a> <a href="/loop1">loop</a>
              <a href="/moved">moved</a> <a href="/away">away</a> <a href="http://example.invalid/">other site</a>
              <a href="https://localhost/">other scheme</a> <a href="mailto:a@example.invalid">mail</a>
              <a href="http://[broken">malformed</a> <a name="part">no link</a> <a href>empty</a>
              <!-- <a href="/not-a-link">comment</a> --> <script>"<a href='/not-a-link'>"</script>
              """)
          .page("/start/a.html", "<a href='#top'>top</a> <a href='/'>home</a>")
          .page("/start/b.html", "<a href='c/'>c</a>")
          .page("/start/c/", "<a href='deep.html'>deep</a> <a href='..'>up</a>")
          .page("/start/c/deep.html", "<a href=")
          .page("/c d.html", "")
          .page("/list", "<a href='?page=2&amp;size=10'>next</a>")
          .file("/data.json", "application/json", "{\"html\": \"<a href='/not-a-link'>\"}")
          .failing("/broken", 500, Integer.MAX_VALUE)
          .failing("/flaky", 503, 1)
          .slow("/slow")
          .redirect("/loop1", "/loop2")
          .redirect("/loop2", "loop1")
          .redirect("/moved", "start/a.html")
          .redirect("/away", "http://example.invalid/away");
      var result = Program.run("Crawl", site.url(), "--timeout", "3", "--retries=1");

      var summary = summary(result);
      assertEquals("9", summary.get("pages"), () -> result + "\n" + new TreeMap<>(site.visits));
      assertEquals("1", summary.get("files"), result::toString);
      assertEquals(site.bytes.toString(), summary.get("bytes"), result::toString);
      assertEquals("4", summary.get("redirects"), result::toString);
      assertEquals("3", summary.get("retries"), result::toString);
      assertEquals("5", summary.get("errors"), result::toString);
      assertErrors(result, "2 HTTP 404", "1 HTTP 500", "1 redirect loop", "1 timeout");
      assertTrue(summary.get("requests").startsWith("21 in "), result::toString);
      assertTrue(
          summary.get("latency").matches("p50 \\d+\\.\\d  p90 .*  p99 .*  max .* ms"),
          result::toString);
      assertEquals(0, result.status(), result::toString);
      assertFalse(site.visits.containsKey("/not-a-link"), site.visits::toString);
      Set<String> twice = Set.of("/broken", "/flaky", "/slow");
      site.visits.forEach((path, times) -> assertEquals(twice.contains(path) ? 2 : 1, times, path));
    }
  }

  @Test
  void stopsAtTheLimit() throws Exception {
    try (Site site = endless()) {
      var result = Program.run("Crawl", site.url(), "--limit", "20", "--concurrency", "3");
      assertEquals("20 (stopped at the limit)", summary(result).get("pages"), result::toString);
      assertEquals(20, site.visits.size());
      assertEquals(0, result.status());
    }
  }

  /// Each page links to ten more.
  private static Site endless() throws IOException {
    Site site = new Site();
    String links =
        IntStream.range(0, 10)
            .mapToObj("<a href=%s/>more</a>"::formatted)
            .reduce("", String::concat);
    return site.page("/*", links);
  }

  @Test
  void ctrlCPrintsTheSummarySoFar() throws Exception {
    try (Site site = new Site()) {
      site.page("/", "<a href=slow>slow</a>").slow("/slow");
      Program program = Program.start("direct", "Crawl", site.url(), "--timeout", "50");
      assertTrue(site.slowVisited.await(50, TimeUnit.SECONDS));
      program.interrupt();
      var result = program.await();
      assertEquals("1 (interrupted)", summary(result).get("pages"), result::toString);
      assertEquals(Program.launched() ? 130 : 1, result.status(), result::toString);
    }
  }

  @Test
  void goesOnWhenTheServerDies() throws Exception {
    try (Site site = new Site()) {
      String links =
          IntStream.range(0, 30)
              .mapToObj(i -> "<a href=" + (i == 10 ? "fatal" : "page/" + i) + ">page</a>")
              .reduce("", String::concat);
      site.page("/", links).page("/page/*", "<a href=/>home</a>").fatal("/fatal");
      var result = Program.run("Crawl", site.url(), "--concurrency=1", "--retries=1");
      var summary = summary(result);
      assertEquals("11", summary.get("pages"), result::toString);
      assertEquals("20", summary.get("errors"), result::toString);
      assertEquals("20", summary.get("retries"), result::toString);
      assertErrors(result, "20 cannot connect");
      assertEquals(0, result.status());
    }
  }

  @Test
  void endsWhereNothingListens() throws Exception {
    int port;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    var result = Program.run("Crawl", "http://localhost:" + port, "--retries", "1");
    assertEquals("0", summary(result).get("pages"), result::toString);
    assertErrors(result, "1 cannot connect");
    assertEquals(1, result.status());
  }

  @Test
  void saysWhatIsWrongWithTheArguments() throws Exception {
    assertUsage("which URL?");
    assertUsage("not a web address (http://… or https://…): ftp://localhost/", "ftp://localhost/");
    assertUsage(
        "--limit needs a whole number of at least 1, not many",
        "http://localhost/",
        "--limit",
        "many");
    assertUsage("no such option: --depth", "http://localhost/", "--depth=2");
  }

  @Test
  void aTerminalShowsHowFarItIs() throws Exception {
    Tool.require("script");
    try (Site site = new Site()) {
      site.page("/", "<a href=/slow>slow</a>").slow("/slow");
      var program = Program.onTerminal("Crawl", site.url(), "--timeout", "2", "--retries=0");
      program.line(Pattern.compile("1 pages, 0 errors, 1 active, 0 waiting, \\d+/s.*"));
      assertEquals(0, program.await().status());
    }
  }

  private static void assertUsage(String problem, String... arguments) throws Exception {
    var result = Program.run("Crawl", arguments);
    assertEquals(2, result.status(), result::toString);
    assertTrue(result.err().contains("Crawl: " + problem + "\nusage: Crawl URL"), result::toString);
    assertEquals("", result.out());
  }

  @Test
  void findsEveryPageOfTheJavadoc() throws Exception {
    Path folder = Program.root().resolve("core/target/javadoc");
    assumeTrue(Files.exists(folder.resolve("index.html")), "no Javadoc has been made");
    Set<Path> linked = linkedPages(folder);
    try (WebServer server = WebServer.of(folder)) {
      var result = Program.run("Crawl", server.url(), "--limit", "100000");
      var summary = summary(result);
      // index.html has two addresses, "/" is the other
      assertEquals(linked.size() + 1, number(summary.get("pages")), result::toString);
      assertEquals("0", summary.get("errors"), result::toString);
      assertEquals("0", summary.get("retries"), result::toString);
      assertEquals(0, result.status());
      long bytes = Files.size(folder.resolve("index.html"));
      for (Path page : linked) {
        bytes += Files.size(page);
      }
      assertEquals(Long.toString(bytes), summary.get("bytes"));
    }
  }

  /// The JDK's `jwebserver`.
  private record WebServer(Process process, String url) implements AutoCloseable {
    private static final Pattern URL = Pattern.compile("URL (http://127\\.0\\.0\\.1:\\d+/)");

    static WebServer of(Path folder) throws IOException {
      String program = Path.of(System.getProperty("java.home"), "bin", "jwebserver").toString();
      Process process =
          new ProcessBuilder(program, "-p", "0", "-o", "none", "-d", folder.toRealPath().toString())
              .redirectErrorStream(true)
              .start();
      StringBuilder said = new StringBuilder();
      for (String line; (line = process.inputReader().readLine()) != null; ) {
        Matcher url = URL.matcher(line);
        if (url.matches()) {
          return new WebServer(process, url.group(1));
        }
        said.append(line).append('\n');
      }
      throw new AssertionError("jwebserver has not started: " + said);
    }

    @Override
    public void close() {
      process.destroy();
    }
  }

  /// The pages that index.html leads to. The javadoc tool writes all links in one way.
  private static Set<Path> linkedPages(Path folder) throws IOException {
    Pattern link = Pattern.compile("<a [^>]*?href=\"([^\":#?]+\\.html)");
    var found = new HashSet<Path>(Set.of(folder.resolve("index.html")));
    var left = new ArrayDeque<>(found);
    while (!left.isEmpty()) {
      Path page = left.remove();
      var links = link.matcher(Files.readString(page));
      while (links.find()) {
        Path target = page.resolveSibling(links.group(1)).normalize();
        if (found.add(target)) {
          left.add(target);
        }
      }
    }
    return found;
  }
}
