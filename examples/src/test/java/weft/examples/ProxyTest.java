package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The reverse proxy between curl and nginx.
@Tag("slow")
class ProxyTest {
  private static final String CONFIGURATION =
      """
      daemon off; master_process off; pid @/pid; error_log @/error.log;
      events { worker_connections 512; }
      http {
        access_log off; client_max_body_size 20m;
        client_body_temp_path @/body; proxy_temp_path @/proxy; fastcgi_temp_path @/fastcgi;
        uwsgi_temp_path @/uwsgi; scgi_temp_path @/scgi;
        gzip on; gzip_min_length 1; gzip_proxied any; gzip_types text/plain;
        server {
          listen 127.0.0.1:@port; root @/html; default_type text/plain;
          location /put/ { dav_methods PUT; create_full_put_path on; }
          location /headers {
            return 200 "$http_foo|$http_bar|$http_upgrade|$http_via|$http_x_forwarded_for|$host";
          }
          location /empty { return 204; }
        }
      }
      """;

  @TempDir private static Path folder;
  private static Tool nginx;
  private static Program proxy;
  private static Path large;

  @BeforeAll
  static void start() throws Exception {
    Tool.require("nginx", "curl");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path html = Files.createDirectory(folder.resolve("html"));
    Files.writeString(html.resolve("text"), "plain text ".repeat(10_000));
    byte[] bytes = new byte[10_000_000];
    new Random(2).nextBytes(bytes);
    large = Files.write(html.resolve("large"), bytes);
    int port = Tool.freePort();
    Path configuration =
        Files.writeString(
            folder.resolve("nginx.conf"),
            CONFIGURATION.replace("@port", "" + port).replace("@", folder.toString()));
    nginx = Tool.start("nginx", "-p", folder.toString(), "-c", configuration.toString());
    nginx.awaitPort(port);
    proxy = Program.serve("ReverseProxy", "127.0.0.1", Integer.toString(port), "0");
    proxy.port();
  }

  @AfterAll
  static void end() throws Exception {
    if (nginx != null) {
      nginx.close();
      proxy.end();
    }
  }

  private static String url(String path) throws Exception {
    return "http://127.0.0.1:" + proxy.port() + path;
  }

  private static String curl(String... arguments) throws Exception {
    var command = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--max-time", "50"));
    command.addAll(List.of(arguments));
    return Tool.run(command.toArray(String[]::new)).succeeded();
  }

  @Test
  void downloadsAndRanges() throws Exception {
    Path target = folder.resolve("download");
    curl("-o", target.toString(), url("/large"));
    assertEquals(-1, Files.mismatch(large, target));
    assertEquals("text", curl("--range", "6-9", url("/text")));
    assertTrue(curl("--head", url("/large")).contains("\r\nContent-Length: 10000000\r\n"));
    assertTrue(curl("-i", url("/missing")).startsWith("HTTP/1.1 404 Not Found\r\n"));
    assertTrue(curl("-i", url("/empty")).startsWith("HTTP/1.1 204 No Content\r\n"));
  }

  @Test
  void uploadsOfKnownAndUnknownLength() throws Exception {
    String source = large.toString();
    curl("--fail", "-T", source, url("/put/known"));
    assertEquals(-1, Files.mismatch(large, folder.resolve("html/put/known")));
    curl("--fail", "-H", "Transfer-Encoding: chunked", "-T", source, url("/put/chunked"));
    assertEquals(-1, Files.mismatch(large, folder.resolve("html/put/chunked")));
    curl("--fail", "-H", "Expect: 100-continue", "-T", source, url("/put/expected"));
    assertEquals(-1, Files.mismatch(large, folder.resolve("html/put/expected")));
  }

  @Test
  void anAnswerBeforeTheEndOfTheRequest() throws Exception {
    Path huge = folder.resolve("huge");
    Files.write(huge, new byte[30_000_000]);
    String answer = curl("-i", "-H", "Expect:", "-T", huge.toString(), url("/put/huge"));
    assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    assertEquals("text", curl("--range", "6-9", url("/text")));
  }

  @Test
  void chunkedAnswers() throws Exception {
    String text = Files.readString(folder.resolve("html/text"));
    String zipped =
        curl("-i", "-H", "Accept-Encoding: gzip", "--output", "-", "--raw", url("/text"));
    assertTrue(zipped.contains("\r\nTransfer-Encoding: chunked\r\n"), zipped);
    assertEquals(text, curl("--compressed", url("/text")));
    assertEquals(text, curl("--compressed", "--http1.0", url("/text")));
  }

  @Test
  void connectionsAreKeptOnBothSides() throws Exception {
    var command = new ArrayList<>(List.of("--write-out", "%{num_connects} "));
    for (int i = 0; i < 10; i++) {
      command.addAll(List.of("-o", "/dev/null", url("/text")));
    }
    assertEquals("1 0 0 0 0 0 0 0 0 0 ", curl(command.toArray(String[]::new)));
  }

  @Test
  void headersOfOneConnectionAreNotPassedOn() throws Exception {
    assertEquals(
        "|2||1.1 weft|127.0.0.1|example.test",
        curl(
            "-H",
            "Connection: foo, upgrade",
            "-H",
            "Foo: 1",
            "-H",
            "Bar: 2",
            "-H",
            "Upgrade: websocket",
            "-H",
            "Host: example.test",
            url("/headers")));
  }

  @Test
  void manyAtOnce() throws Exception {
    Path target = Files.createDirectory(folder.resolve("many"));
    var command = new ArrayList<>(List.of("--parallel", "--parallel-max", "20"));
    for (int i = 0; i < 20; i++) {
      command.addAll(List.of("-o", target.resolve("" + i).toString(), url("/large")));
    }
    curl(command.toArray(String[]::new));
    for (int i = 0; i < 20; i++) {
      assertEquals(-1, Files.mismatch(large, target.resolve("" + i)));
    }
  }

  @Test
  void messagesThatCouldBeTwoAreRefused() throws Exception {
    for (String headers :
        List.of(
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            "Content-Length: 4\r\nContent-Length: 5",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding : chunked",
            "Content-Length: 4\r\nContent-Length: ",
            "Content-Length: 4,",
            "Content-Length: 4\r\nConnection: content-length",
            "X: " + " ".repeat(16_000) + "\u0001",
            "Content-Length: +4")) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
        socket.setSoTimeout(30_000);
        String request = "POST /put/x HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n\r\n0\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        socket.shutdownOutput();
        String answer =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), headers + ": " + answer);
        assertFalse(answer.substring(10).contains("HTTP/1.1"), answer);
      }
    }
  }

  @Test
  void aBrokenBodyIsTheClientsFault() throws Exception {
    for (String body : List.of("5\nX\r\nhello\r\n0\r\n\r\n", "x\r\n", "5\r\nhello--0\r\n\r\n")) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
        socket.setSoTimeout(30_000);
        String head = "PUT /put/broken HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
        socket.shutdownOutput();
        String answer =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), body + ": " + answer);
      }
    }
  }

  /// A server that answers by hand: the requests of a connection, one after the other.
  private static final class Target implements AutoCloseable {
    /// What to say to a request; null closes the connection.
    interface Answers {
      String to(int numberOnConnection, String head);
    }

    private final ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final List<String> heads = Collections.synchronizedList(new ArrayList<>());

    Target(Answers answers) throws IOException {
      Thread.ofVirtual()
          .start(
              () -> {
                while (!server.isClosed()) {
                  try {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> serve(socket, answers));
                  } catch (IOException e) {
                    return;
                  }
                }
              });
    }

    private void serve(Socket socket, Answers answers) {
      try (socket) {
        for (int number = 0; ; number++) {
          var head = new StringBuilder();
          while (head.indexOf("\r\n\r\n") < 0) {
            int next = socket.getInputStream().read();
            if (next < 0) {
              return;
            }
            head.append((char) next);
          }
          heads.add(head.toString());
          String answer = answers.to(number, head.toString());
          if (answer == null) {
            return;
          }
          socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
          if (answer.contains("408")) {
            return;
          }
        }
      } catch (IOException e) {
        // the test has ended
      }
    }

    long requests(String method) {
      return heads.stream().filter(head -> head.startsWith(method + " ")).count();
    }

    int port() {
      return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  @Test
  void whatMayHaveBeenDoneIsNotAskedForAgain() throws Exception {
    try (Target target = new Target((number, head) -> number == 0 ? OK : null);
        Program second = Program.serve("ReverseProxy", "127.0.0.1", "" + target.port(), "0")) {
      String url = "http://127.0.0.1:" + second.port() + "/";
      assertEquals("ok", curl(url));
      assertTrue(curl("-i", "-X", "POST", "-d", "", url).startsWith("HTTP/1.1 502 "));
      assertEquals(1, target.requests("POST"));
      assertEquals("ok", curl(url));
      assertEquals("ok", curl(url)); // on a connection that is closed then, and on another
      assertEquals(4, target.requests("GET"));
      second.end();
    }
  }

  @Test
  void whatNobodyHasAskedForIsNobodysAnswer() throws Exception {
    String unasked = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
    try (Target target = new Target((number, head) -> OK + unasked);
        Program second = Program.serve("ReverseProxy", "127.0.0.1", "" + target.port(), "0")) {
      String url = "http://127.0.0.1:" + second.port() + "/";
      for (int i = 0; i < 3; i++) {
        assertEquals("ok", curl(url));
        Thread.sleep(100); // until it has come
      }
      second.end();
    }
  }

  @Test
  void aTargetThatIsNotThereOrMakesNoSense() throws Exception {
    try (var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Program second =
            Program.serve("ReverseProxy", "127.0.0.1", "" + target.getLocalPort(), "0")) {
      String url = "http://127.0.0.1:" + second.port() + "/";
      Thread.ofVirtual().start(() -> answer(target, "nonsense\r\n\r\n"));
      assertTrue(curl("-i", url).startsWith("HTTP/1.1 502 "));
      Thread.ofVirtual().start(() -> answer(target, "HTTP/1.1 200 OK\r\nbad header\r\n\r\n"));
      assertTrue(curl("-i", url).startsWith("HTTP/1.1 502 "));
      String twoLengths = "Content-Length: 5\r\nTransfer-Encoding: chunked";
      Thread.ofVirtual()
          .start(() -> answer(target, "HTTP/1.1 200 OK\r\n" + twoLengths + "\r\n\r\n5\r\nhello"));
      assertTrue(curl("-i", url).startsWith("HTTP/1.1 502 "));
      Thread.ofVirtual().start(() -> answer(target, ""));
      assertTrue(curl("-i", url).startsWith("HTTP/1.1 502 "));
      Thread.ofVirtual()
          .start(() -> answer(target, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"));
      int broken = Tool.run("curl", "-s", url).status();
      assertTrue(broken == 18 || broken == 56, "curl ended with " + broken); // incomplete
      Thread.ofVirtual().start(() -> answer(target, "HTTP/1.1 200 OK\r\n\r\nuntil the end"));
      assertEquals("until the end", curl(url));
      target.close();
      assertTrue(curl("-i", url).startsWith("HTTP/1.1 502 "));
      second.end();
    }
  }

  /// Accepts one connection, reads a request and answers it.
  private static void answer(ServerSocket target, String text) {
    try (Socket socket = target.accept()) {
      var in = socket.getInputStream();
      for (int matched = 0; matched < 4; ) {
        int next = in.read();
        matched = next == "\r\n\r\n".charAt(matched) ? matched + 1 : next == '\r' ? 1 : 0;
      }
      socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // the test has ended
    }
  }
}
