package weft.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.run;
import static weft.Weft.timeout;
import static weft.Weft.toThread;
import static weft.io.Net.openConnection;
import static weft.io.Net.startServer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import weft.io.ClientHandler;
import weft.io.ConnectOptions;
import weft.io.ExtraInfo;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.io.TlsOptions;

/// TLS with OpenSSL at the other end, on either side.
@Tag("slow")
@Timeout(40)
class TlsTest {
  @TempDir private static Path folder;
  private static String certificate;
  private static String key;
  private static Program shouter;

  @BeforeAll
  static void makeCertificate() throws Exception {
    Tool.require("openssl");
    certificate = folder.resolve("cert.pem").toString();
    key = folder.resolve("key.pem").toString();
    Tool.run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout",
            key,
            "-out",
            certificate)
        .succeeded();
    shouter = Program.serve("TlsServer", certificate, key, "0");
    shouter.port();
  }

  @AfterAll
  static void end() throws Exception {
    if (shouter != null) {
      shouter.end();
    }
  }

  /* ---- openssl s_client with our server ---- */

  private static Tool client(int port, String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of("openssl", "s_client"));
    command.addAll(List.of("-connect", "127.0.0.1:" + port, "-CAfile", certificate));
    command.addAll(List.of("-verify_return_error", "-servername", "localhost"));
    command.addAll(List.of(options));
    return Tool.start(command.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "-tls1_2, -cipher, ECDHE-RSA-AES128-GCM-SHA256, TLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "-tls1_2, -cipher, ECDHE-RSA-AES256-GCM-SHA384, TLSv1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "-tls1_2, -cipher, ECDHE-RSA-CHACHA20-POLY1305,"
        + " TLSv1.2 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "-tls1_3, -ciphersuites, TLS_AES_128_GCM_SHA256, TLSv1.3 TLS_AES_128_GCM_SHA256",
    "-tls1_3, -ciphersuites, TLS_AES_256_GCM_SHA384, TLSv1.3 TLS_AES_256_GCM_SHA384",
    "-tls1_3, -ciphersuites, TLS_CHACHA20_POLY1305_SHA256, TLSv1.3 TLS_CHACHA20_POLY1305_SHA256",
  })
  void versionsAndCiphers(String version, String option, String cipher, String expected)
      throws Exception {
    try (Tool client = client(shouter.port(), version, option, cipher, "-alpn", "other,shout")) {
      client.awaitOutput(expected + " shout\n");
      client.write("hello\n");
      client.awaitOutput("HELLO\n");
      client.endInput();
      String out = client.await().succeeded();
      assertTrue(out.contains("ALPN protocol: shout"), out);
      assertTrue(out.contains("Verify return code: 0 (ok)"), out);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-tls1_1 -cipher ALL:@SECLEVEL=0",
    "-tls1_2 -cipher NULL:@SECLEVEL=0",
    "-tls1_2 -cipher AES128-SHA",
    "-alpn nobody-speaks-this",
  })
  void whatIsTooWeakOrUnknownIsRefused(String options) throws Exception {
    try (Tool client = client(shouter.port(), options.split(" "))) {
      client.endInput();
      Tool.Result result = client.await();
      assertNotEquals(0, result.status(), result::toString);
      assertTrue(result.err().contains("alert"), result::toString); // the server has said so
    }
  }

  @Test
  void renegotiationIsRefused() throws Exception {
    try (Tool client = client(shouter.port(), "-tls1_2")) {
      client.awaitOutput("TLSv1.2 TLS_");
      client.write("R\n");
      client.awaitError("RENEGOTIATING");
      Tool.Result result = client.await();
      assertFalse(result.out().contains("HELLO"), result::toString);
      assertTrue(
          result.err().contains("no renegotiation") || result.status() != 0, result::toString);
    }
  }

  @Test
  void keysMayBeChanged() throws Exception {
    try (Tool client = client(shouter.port(), "-tls1_3")) {
      client.awaitOutput("TLSv1.3 TLS_");
      for (String command : List.of("k", "K", "K")) {
        client.write(command + "\n");
        client.awaitError("KEYUPDATE");
        client.write("hello " + command + "\n");
        client.awaitOutput("HELLO K\n");
      }
    }
  }

  @Test
  void sessionsAreResumed() throws Exception {
    for (String version : List.of("-tls1_2", "-tls1_3")) {
      String session = folder.resolve("session" + version).toString();
      try (Tool client = client(shouter.port(), version, "-sess_out", session)) {
        client.write("hold the session\n");
        client.awaitOutput("HOLD THE SESSION\n");
        client.endInput();
        client.await();
      }
      try (Tool client = client(shouter.port(), version, "-sess_in", session)) {
        client.write("hello\n");
        client.awaitOutput("HELLO\n");
        client.endInput();
        String out = client.await().out();
        assertTrue(out.contains("Reused, TLS"), out);
      }
    }
  }

  /// What happens while a server in this process serves; runs on another thread.
  private interface Body {
    void run(int port) throws Exception;
  }

  private static void serving(ClientHandler handler, Body body) throws Exception {
    var tls = TlsOptions.server(Path.of(certificate), Path.of(key));
    serving(handler, ServerOptions.defaults().tls(tls), body);
  }

  private static void serving(ClientHandler handler, ServerOptions options, Body body) {
    run(
        () -> {
          try (Server server = startServer(handler, "127.0.0.1", 0, options)) {
            int port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
            await(toThread(() -> body.run(port)), Exception.class);
            server.shutdown(Duration.ofSeconds(10));
            assertEquals(0, server.connections());
          }
        });
  }

  @Test
  void theClientMayEndFirst() throws Exception {
    var lengths = new LinkedBlockingQueue<Integer>();
    serving(
        (reader, writer) -> lengths.add(reader.read().length),
        port -> {
          try (Tool client = client(port, "-quiet", "-no_ign_eof")) {
            client.write("x".repeat(100_000));
            client.endInput(); // it sends close_notify and goes
            client.await();
          }
          assertEquals(100_000, lengths.poll(30, TimeUnit.SECONDS));
        });
  }

  @Test
  void aClientThatIsKilledIsNoticed() throws Exception {
    var seen = new LinkedBlockingQueue<String>();
    serving(
        (reader, writer) -> {
          seen.add(String.valueOf(reader.readLine()));
          try {
            seen.add("end after " + reader.read().length + " bytes");
          } catch (IOException e) {
            seen.add(e.toString());
          }
        },
        port -> {
          for (String version : List.of("-tls1_2", "-tls1_3")) {
            try (Tool client = client(port, version, "-quiet")) {
              client.write("hello\n");
              assertEquals("hello", seen.poll(30, TimeUnit.SECONDS));
              client.kill();
            }
            String end = seen.poll(30, TimeUnit.SECONDS);
            assertNotNull(end);
            System.out.println("s_client " + version + ", killed, is seen as: " + end);
          }
        });
  }

  @Test
  void plainConnectionsBecomeEncrypted() throws Exception {
    var tls = TlsOptions.server(Path.of(certificate), Path.of(key));
    serving(
        (reader, writer) -> {
          writer.write("220 mail\r\n");
          assertTrue(String.valueOf(reader.readLine()).startsWith("EHLO "));
          writer.write("250-mail\r\n250 STARTTLS\r\n");
          assertEquals("STARTTLS", reader.readLine());
          writer.write("220 go ahead\r\n");
          writer.startTls(tls);
          for (String line : reader) {
            writer.write("250 " + line + "\r\n");
          }
        },
        ServerOptions.defaults(),
        port -> {
          try (Tool client = client(port, "-starttls", "smtp", "-quiet", "-no_ign_eof")) {
            client.write("NOOP\r\n");
            client.awaitOutput("250 NOOP\r\n");
            client.endInput();
            client.await();
          }
        });
  }

  /* ---- Our client with openssl s_server ---- */

  private static Tool server(int port, String... options) throws Exception {
    String shell = "cd \"$0\" && exec openssl s_server \"$@\""; // it serves the files there
    List<String> command = new ArrayList<>(List.of("sh", "-c", shell, folder.toString()));
    command.addAll(List.of("-accept", "" + port));
    command.addAll(List.of("-cert", certificate, "-key", key));
    command.addAll(List.of(options));
    Tool server = Tool.start(command.toArray(String[]::new));
    server.awaitOutput("ACCEPT");
    return server;
  }

  private static TlsOptions trusting() throws IOException {
    return TlsOptions.client().trusting(Path.of(certificate));
  }

  private static Streams connect(int port, TlsOptions tls) throws IOException {
    return openConnection("localhost", port, ConnectOptions.defaults().tls(tls));
  }

  @ParameterizedTest
  @CsvSource({"-tls1_2, TLSv1.2", "-tls1_3, TLSv1.3"})
  void ourClientTalksToOpenssl(String option, String version) throws Exception {
    int port = Tool.freePort();
    try (Tool server = server(port, option, "-rev", "-alpn", "one,two")) {
      run(
          () -> {
            try (Streams streams = connect(port, trusting().alpn("two", "one"))) {
              StreamWriter writer = streams.writer();
              assertEquals("one", writer.extraInfo(ExtraInfo.ALPN));
              assertEquals(version, writer.extraInfo(ExtraInfo.TLS_SESSION).getProtocol());
              for (int i = 0; i < 100; i++) {
                writer.write("hello " + i + "\n");
                String expected = new StringBuilder("hello " + i).reverse().toString();
                assertEquals(expected, streams.reader().readLine());
              }
            }
          });
    }
  }

  @Test
  void ourClientChecksWhomItTalksTo() throws Exception {
    int port = Tool.freePort();
    try (Tool server = server(port, "-rev")) {
      run(
          () -> {
            assertThrows(SSLException.class, () -> connect(port, TlsOptions.client()));
            assertThrows(
                SSLException.class, () -> connect(port, trusting().serverHostname("example.test")));
            connect(port, trusting().serverHostname("example.test").verifyHostname(false)).close();
            try (Streams streams = connect(port, trusting())) {
              streams.writer().write("abc\n");
              assertEquals("cba", streams.reader().readLine());
            }
          });
    }
  }

  @Test
  void ourClientShowsItsCertificate() throws Exception {
    int port = Tool.freePort();
    try (Tool server = server(port, "-rev", "-Verify", "1", "-CAfile", certificate)) {
      run(
          () -> {
            var with = trusting().identity(Path.of(certificate), Path.of(key));
            try (Streams streams = connect(port, with)) {
              streams.writer().write("abc\n");
              assertEquals("cba", streams.reader().readLine());
            }
            assertThrows(
                IOException.class, // with TLS 1.3 the refusal comes after the handshake
                () -> {
                  try (Streams streams = connect(port, trusting())) {
                    streams.writer().write("abc\n");
                    assertEquals("cba", streams.reader().readLine());
                  }
                });
          });
    }
  }

  private static byte[] download(StreamReader reader) throws IOException {
    var all = new ByteArrayOutputStream();
    while (!reader.readLine().isEmpty()) {} // the head
    for (ByteBuffer chunk; (chunk = reader.readChunk()) != null; ) {
      byte[] bytes = new byte[chunk.remaining()];
      chunk.get(bytes);
      all.writeBytes(bytes);
    }
    return all.toByteArray();
  }

  @Test
  void ourClientDownloadsFromOpenssl() throws Exception {
    byte[] bytes = new byte[20_000_000];
    new Random(3).nextBytes(bytes);
    Files.write(folder.resolve("download.bin"), bytes);
    int port = Tool.freePort();
    try (Tool server = server(port, "-WWW")) {
      run(
          () -> {
            try (Streams streams = connect(port, trusting())) {
              streams.writer().write("GET /download.bin HTTP/1.0\r\n\r\n");
              assertArrayEquals(bytes, download(streams.reader()));
            }
          });
    }
  }

  @Test
  void aServerThatIsKilledIsNoticed() throws Exception {
    int port = Tool.freePort();
    try (Tool server = server(port, "-rev")) {
      run(
          () -> {
            try (Streams streams = connect(port, trusting())) {
              streams.writer().write("abc\n");
              assertEquals("cba", streams.reader().readLine());
              server.kill();
              String seen;
              try {
                seen = "end, " + timeout(Duration.ofSeconds(10), streams.reader()::readLine);
              } catch (IOException e) {
                seen = e.toString();
              }
              System.out.println("a killed s_server is seen as: " + seen);
            }
          });
    }
  }
}
