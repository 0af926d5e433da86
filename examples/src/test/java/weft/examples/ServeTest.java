package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The file server, with curl and with clients that behave worse.
@Tag("slow")
class ServeTest {
  private static final int LARGE_BYTES = 60_000_000;

  @TempDir private static Path temporary;
  private static Path site;
  private static Program server;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    site = Files.createDirectory(temporary.resolve("site"));
    Files.writeString(site.resolve("hello.txt"), "hello, world");
    Files.writeString(site.resolve("empty.txt"), "");
    Files.writeString(site.resolve("page.txt"), "a line of twenty by\n".repeat(115));
    Files.writeString(site.resolve("a&b <c>?.html"), "<p>odd name");
    Files.writeString(site.resolve("größe 100%.json"), "{}");
    Path folder = Files.createDirectory(site.resolve("with index"));
    Files.writeString(folder.resolve("index.html"), "<p>index");
    Path secret = Files.writeString(temporary.resolve("secret.txt"), "secret");
    Files.createSymbolicLink(site.resolve("way-out"), secret);
    byte[] block = new byte[1_000_000];
    new Random(1).nextBytes(block);
    try (var large = Files.newOutputStream(site.resolve("large.bin"))) {
      for (int i = 0; i < LARGE_BYTES / block.length; i++) {
        block[i] ^= (byte) i; // no two blocks are equal
        large.write(block);
      }
    }
    server = Program.serve("Serve", site.toString(), "--port", "0", "--timeout", "2");
    port = server.port();
  }

  @AfterAll
  static void end() throws Exception {
    server.end();
  }

  private static String url(String path) {
    return "http://127.0.0.1:" + port + path;
  }

  private static String curl(String... arguments) throws Exception {
    Tool.require("curl");
    var command = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--max-time", "50"));
    command.addAll(List.of(arguments));
    return Tool.run(command.toArray(String[]::new)).succeeded();
  }

  /// Sends bytes as they are, and reads until the server closes the connection.
  private static String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return readAll(socket.getInputStream());
    }
  }

  private static String readAll(InputStream stream) throws IOException {
    var all = new ByteArrayOutputStream();
    stream.transferTo(all);
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  private static int status(String response) {
    assertTrue(response.startsWith("HTTP/1.1 "), response);
    return Integer.parseInt(response.substring(9, 12));
  }

  private static String header(String response, String name) {
    return response
        .lines()
        .takeWhile(line -> !line.isEmpty())
        .filter(line -> line.startsWith(name + ": "))
        .map(line -> line.substring(name.length() + 2))
        .findFirst()
        .orElse("");
  }

  @Test
  void aFileArrivesWithWhatIsKnownAboutIt() throws Exception {
    String response = curl("-i", url("/hello.txt?query"));
    assertEquals(200, status(response));
    assertTrue(response.endsWith("\r\n\r\nhello, world"), response);
    assertEquals("12", header(response, "Content-Length"));
    assertEquals("text/plain; charset=utf-8", header(response, "Content-Type"));
    assertEquals("bytes", header(response, "Accept-Ranges"));
    assertEquals("keep-alive", header(response, "Connection"));
    assertTrue(header(response, "Last-Modified").endsWith(" GMT"), response);
    assertTrue(header(response, "ETag").matches("\"[0-9a-f]+-c\""), response);
    assertEquals("", curl(url("/empty.txt")));
    assertEquals("{}", curl(url("/gr%C3%B6%C3%9fe%20100%25.json")));
  }

  @Test
  void headIsTheSameWithoutTheContent() throws Exception {
    String response = curl("--head", url("/large.bin"));
    assertEquals(200, status(response));
    assertEquals(Integer.toString(LARGE_BYTES), header(response, "Content-Length"));
    assertTrue(response.endsWith("\r\n\r\n"), response);
    String missing = curl("--head", url("/missing"), "--next", "--head", url("/hello.txt"));
    assertEquals(404, status(missing));
    assertTrue(missing.contains("\r\n\r\nHTTP/1.1 200 OK\r\n"), missing);
  }

  @ParameterizedTest
  @CsvSource({
    "0-4, hello, bytes 0-4/12",
    "7-, world, bytes 7-11/12",
    "-3, rld, bytes 9-11/12",
    "-100, 'hello, world', bytes 0-11/12",
    "3-3, l, bytes 3-3/12",
    "7-100, world, bytes 7-11/12",
  })
  void aPartOfAFile(String range, String expected, String contentRange) throws Exception {
    String response = curl("-i", "--range", range, url("/hello.txt"));
    assertEquals(206, status(response));
    assertEquals(contentRange, header(response, "Content-Range"));
    assertTrue(response.endsWith("\r\n\r\n" + expected), response);
  }

  @Test
  void aPartThatIsNotThere() throws Exception {
    String response = curl("-i", "--range", "12-", url("/hello.txt"));
    assertEquals(416, status(response));
    assertEquals("bytes */12", header(response, "Content-Range"));
    assertEquals(416, status(curl("-i", "-H", "Range: bytes=-0", url("/hello.txt"))));
    for (String odd : List.of("bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4")) {
      assertEquals(200, status(curl("-i", "-H", "Range: " + odd, url("/hello.txt"))), odd);
    }
  }

  @Test
  void whatTheClientHasIsNotSentAgain() throws Exception {
    String first = curl("-i", url("/hello.txt"));
    String tag = header(first, "ETag");
    String time = header(first, "Last-Modified");
    assertEquals(304, status(curl("-i", "-H", "If-None-Match: " + tag, url("/hello.txt"))));
    assertEquals(
        304, status(curl("-i", "-H", "If-None-Match: \"x\", W/" + tag, url("/hello.txt"))));
    assertEquals(200, status(curl("-i", "-H", "If-None-Match: \"x\"", url("/hello.txt"))));
    assertEquals(304, status(curl("-i", "-H", "If-Modified-Since: " + time, url("/hello.txt"))));
    assertEquals(
        200,
        status(
            curl(
                "-i",
                "-H",
                "If-Modified-Since: Thu, 01 Jan 2015 00:00:00 GMT",
                url("/hello.txt"))));
    assertEquals(200, status(curl("-i", "-H", "If-Modified-Since: never", url("/hello.txt"))));
    String[] part = {"-i", "--range", "0-4", "-H", null, url("/hello.txt")};
    for (String condition : List.of(tag, time)) {
      part[4] = "If-Range: " + condition;
      assertEquals(206, status(curl(part)), condition);
    }
    part[4] = "If-Range: \"other\"";
    assertEquals(200, status(curl(part)));
  }

  @Test
  void oneConnectionServesManyRequests() throws Exception {
    String[] command =
        IntStream.range(0, 20).mapToObj(i -> url("/hello.txt")).toArray(String[]::new);
    var arguments = new ArrayList<>(List.of("--write-out", " %{num_connects}\n"));
    arguments.addAll(List.of(command));
    String out = curl(arguments.toArray(String[]::new));
    assertEquals("hello, world 1\n" + "hello, world 0\n".repeat(19), out);
  }

  @Test
  void aLargeFileArrivesWhole() throws Exception {
    Tool.require("curl", "sha256sum");
    String command = "curl -s %s | sha256sum - %s".formatted(url("/large.bin"), "large.bin");
    Tool.Result result = Tool.run("sh", "-c", "cd '" + site + "' && " + command);
    List<String> sums = result.succeeded().lines().map(line -> line.substring(0, 64)).toList();
    assertEquals(sums.get(1), sums.get(0));
  }

  @Test
  void manyDownloadsAtOnceAndOneThatGoesOn() throws Exception {
    Path target = Files.createDirectory(temporary.resolve("target"));
    byte[] all = Files.readAllBytes(site.resolve("large.bin"));
    var command = new ArrayList<>(List.of("--parallel", "--parallel-max", "16"));
    for (int i = 0; i < 32; i++) {
      int first = i * 1_000_003;
      command.addAll(List.of("--range", first + "-" + (first + 999_999), url("/large.bin")));
      command.addAll(List.of("-o", target.resolve("part" + i).toString(), "--next"));
      command.addAll(List.of("--silent", "--fail"));
    }
    command.subList(command.size() - 3, command.size()).clear();
    curl(command.toArray(String[]::new));
    for (int i = 0; i < 32; i++) {
      byte[] part = Files.readAllBytes(target.resolve("part" + i));
      int first = i * 1_000_003;
      assertEquals(1_000_000, part.length);
      assertTrue(java.util.Arrays.equals(all, first, first + 1_000_000, part, 0, 1_000_000));
    }
    Path broken = target.resolve("broken");
    Files.write(broken, java.util.Arrays.copyOf(all, 45_000_001));
    curl("--continue-at", "-", "-o", broken.toString(), url("/large.bin"));
    assertEquals(-1, Files.mismatch(site.resolve("large.bin"), broken));
  }

  @Test
  void foldersAreListed() throws Exception {
    String page = curl(url("/"));
    assertTrue(page.contains("<a href=\"./hello.txt\">hello.txt</a></td><td>12 bytes"), page);
    assertTrue(page.contains("<a href=\"./with%20index/\">with index/</a>"), page);
    assertTrue(
        page.contains("<a href=\"./a%26b%20%3Cc%3E%3F.html\">a&amp;b &lt;c&gt;?.html<"), page);
    assertEquals("<p>odd name", curl(url("/a%26b%20%3Cc%3E%3F.html")));
    String redirect = curl("-i", url("/with%20index"));
    assertEquals(301, status(redirect));
    assertEquals("/with%20index/", header(redirect, "Location"));
    assertEquals("<p>index", curl("--location", url("/with%20index")));
  }

  @ParameterizedTest
  @CsvSource({
    "/missing.txt, 404",
    "/hello.txt/, 404",
    "/hello.txt/x, 404",
    "/way-out, 403",
    "/../secret.txt, 400",
    "/%2e%2e/secret.txt, 400",
    "/with%20index/..%2f..%2fsecret.txt, 400",
    "/..%5csecret.txt, 400",
    "/%00, 400",
    "/%zz, 400",
    "/%c3, 400",
    "/%ff, 400",
    "//hello.txt, 200",
    "/./hello.txt, 200",
  })
  void whatIsNotServed(String path, int expected) throws Exception {
    String response = curl("-i", "--path-as-is", url(path));
    assertEquals(expected, status(response), response);
    assertFalse(response.contains("secret"), response);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n | 200",
        "GET http://a/hello.txt HTTP/1.1\\r\\nHost: a\\r\\nConnection: x, Close\\r\\n\\r\\n | 200",
        "GET /hello.txt HTTP/1.0\\r\\n\\r\\n | 200",
        "GET /hello.txt HTTP/1.0\\n\\n | 200",
        "\\r\\nGET /hello.txt HTTP/1.0\\r\\n\\r\\n | 200",
        "GET /hello.txt HTTP/1.1\\r\\n\\r\\n | 400",
        "GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n | 400",
        "GET /hello.txt HTTP/1.1\\r\\nHost : a\\r\\n\\r\\n | 400",
        "GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\n folded\\r\\n\\r\\n | 400",
        "GET /hello.txt HTTP/1.1\\r\\nHost: a\\rX: y\\r\\n\\r\\n | 400",
        "GET  /hello.txt HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400",
        "GET hello.txt HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400",
        "GET /hello.txt\\r\\n\\r\\n | 400",
        "nonsense\\r\\n\\r\\n | 400",
        "GET /hello.txt HTTP/2.0\\r\\nHost: a\\r\\n\\r\\n | 505",
        "GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: x\\r\\n\\r\\n | 400",
        "GET /hello.txt HTTP/1.1\\r"
            + "\\n"
            + "Host: a\\r"
            + "\\n"
            + "Content-Length: 1\\r"
            + "\\n"
            + "Content-Length: 2\\r"
            + "\\n"
            + "\\r"
            + "\\n"
            + " | 400",
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 9999999\\r\\n\\r\\n | 413",
        "POST / HTTP/1.1\\r"
            + "\\n"
            + "Host: a\\r"
            + "\\n"
            + "Transfer-Encoding: chunked\\r"
            + "\\n"
            + "\\r"
            + "\\n"
            + "0\\r"
            + "\\n"
            + "\\r"
            + "\\n"
            + " | 411",
        "DELETE /hello.txt HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n | 405",
        "GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\nX: | 408",
      })
  void requestsByHand(String request, int expected) throws Exception {
    String response = raw(request.replace("\\r", "\r").replace("\\n", "\n"));
    assertEquals(expected, status(response), response);
    assertEquals("close", header(response, "Connection"));
    assertEquals(expected == 405 ? "GET, HEAD" : "", header(response, "Allow"));
  }

  @Test
  void tooManyHeaders() throws Exception {
    String head = "GET / HTTP/1.1\r\nHost: a\r\n" + "X: 1234567890\r\n".repeat(10_000) + "\r\n";
    assertEquals(431, status(raw(head)));
    assertEquals(431, status(raw("GET /" + "x".repeat(100_000) + " HTTP/1.1\r\nHost: a\r\n\r\n")));
  }

  /// Spaces that any part of a pattern could take.
  @Test
  void aHeaderOfSpacesIsReadAtOnce() throws Exception {
    String spaces = " ".repeat(15_000);
    String head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close" + spaces + "\r\nX:" + spaces;
    assertEquals(431, status(raw(head + "\u0001\r\n\r\n")));
    String one = "GET / HTTP/1.1\r\nHost: a\r\nX:" + spaces;
    assertEquals(400, status(raw(one + "\u0001\r\n\r\n")));
    String list = "GET / HTTP/1.1\r\nHost: a\r\nConnection: a" + spaces + "b,close\r\n\r\n";
    assertEquals(200, status(raw(list)));
  }

  /// Some of them leave little unsent, which is no reason for their task to wait.
  @Test
  void clientsThatDoNotReadAreLetGo() throws Exception {
    String get = "GET /page.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    long before = server.sockets();
    var clients = new ArrayList<Socket>();
    try {
      for (int count = 10; count <= 600; count += 10) {
        Socket client = new Socket();
        clients.add(client);
        client.setReceiveBufferSize(4096);
        client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        client.getOutputStream().write(get.repeat(count).getBytes(StandardCharsets.US_ASCII));
      }
      assertTrue(server.sockets() > before);
      long deadline = System.nanoTime() + 90_000_000_000L;
      while (server.sockets() > before) {
        assertTrue(System.nanoTime() < deadline, () -> "they stay");
        Thread.sleep(50);
      }
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  @Test
  void nothingIsAnsweredToNothing() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.shutdownOutput();
      assertEquals("", readAll(socket.getInputStream()));
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write("GET / HT".getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      assertEquals("", readAll(socket.getInputStream()));
    }
  }

  @Test
  void requestsMayComeBeforeTheAnswers() throws Exception {
    String get = "GET /hello.txt HTTP/1.1\r\nHost: a\r\n";
    String post = "POST /hello.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    String all = (get + "\r\n").repeat(50) + post + get + "Range: bytes=0-0\r\n\r\n";
    String answers = raw(all + get + "Connection: close\r\n\r\n" + get + "\r\n");
    var statuses = new ArrayList<String>();
    answers.lines().filter(l -> l.contains("HTTP/1.1 ")).forEach(statuses::add);
    assertEquals(53, statuses.size(), answers);
    assertTrue(statuses.get(50).endsWith("HTTP/1.1 405 Method Not Allowed"), answers);
    assertEquals("HTTP/1.1 206 Partial Content", statuses.get(51).replaceFirst("^.*not.*?H", "H"));
    assertTrue(answers.endsWith("\r\n\r\nhello, world"), answers);
  }

  @Test
  void clientsThatLeaveInTheMiddle() throws Exception {
    for (int i = 0; i < 50; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setSoLinger(true, 0); // a reset
        String request = "GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        if (i % 2 == 0) {
          socket.getInputStream().readNBytes(10_000 * i);
        }
      }
    }
    assertEquals("hello, world", curl(url("/hello.txt")));
  }

  @Test
  void ctrlCLetsAnswersEnd() throws Exception {
    Tool.require("curl");
    try (Program second = Program.serve("Serve", site.toString(), "--port", "0");
        Socket idle = new Socket(InetAddress.getLoopbackAddress(), second.port());
        Socket slow = new Socket(InetAddress.getLoopbackAddress(), second.port())) {
      slow.getOutputStream()
          .write("GET /large.bin HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream stream = slow.getInputStream();
      stream.readNBytes(1000);
      second.interrupt();
      assertEquals("", readAll(idle.getInputStream()));
      long count = 1000;
      byte[] buffer = new byte[1 << 16];
      for (int read; (read = stream.read(buffer)) >= 0; ) {
        count += read;
      }
      assertTrue(count > LARGE_BYTES, "only " + count + " bytes");
      Program.Result result = second.await();
      assertEquals(Program.launched() ? 130 : 1, result.status(), result::toString);
    }
  }

  @Test
  void aFileThatChangesHasAnotherTag() throws Exception {
    Path file = Files.writeString(site.resolve("changing.txt"), "one");
    String tag = header(curl("-i", url("/changing.txt")), "ETag");
    Files.writeString(file, "three");
    Files.setLastModifiedTime(
        file, java.nio.file.attribute.FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
    String response = curl("-i", "-H", "If-None-Match: " + tag, url("/changing.txt"));
    assertEquals(200, status(response));
    assertEquals("Wed, 01 Jan 2020 00:00:00 GMT", header(response, "Last-Modified"));
  }

  @Test
  void saysWhatIsWrongWithTheArguments() throws Exception {
    assertEquals(2, Program.run("Serve").status());
    assertEquals(2, Program.run("Serve", site.toString(), "--port").status());
    Program.Result result = Program.run("Serve", site.resolve("missing").toString());
    assertEquals(1, result.status(), result::toString);
    assertTrue(result.err().contains("Serve: there is no folder "), result::toString);
  }
}
