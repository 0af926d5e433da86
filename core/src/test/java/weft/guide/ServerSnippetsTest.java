package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.Weft.createTask;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.io.Net.openConnection;
import static weft.io.Net.openUnixConnection;
import static weft.io.Net.startServer;
import static weft.io.Net.startUnixServer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weft.CancelledError;
import weft.EventLoop;
import weft.Task;
import weft.io.ConnectOptions;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.TlsOptions;

class ServerSnippetsTest {
  private int port;

  void echo(StreamReader reader, StreamWriter writer) throws IOException {
    new EchoSnippetsTest().echo(reader, writer);
  }

  // @start region="shutdown"
  void serve() throws IOException {
    try (var server = startServer(this::echo, "127.0.0.1", port)) {
      try {
        server.serveForever(); // until Ctrl-C or SIGTERM, which cancel this task
      } finally {
        server.shutdown(Duration.ofSeconds(10)); // the clients may finish
      }
    }
  }

  // @end region="shutdown"

  @Test
  void shutdown() throws Exception {
    try (var socket = ServerSocketChannel.open()) {
      socket.bind(new InetSocketAddress(Served.HOST, 0));
      port = ((InetSocketAddress) socket.getLocalAddress()).getPort();
    }
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      Task<Void> serving = createTask(this::serve);
                      sleep(Duration.ZERO);
                      try (var connection = openConnection(Served.HOST, port)) {
                        connection.writer().write("a\n");
                        IO.println(connection.reader().readLine());
                        serving.cancel();
                        sleep(Duration.ZERO);
                        connection.writer().write("still served\n");
                        IO.println(connection.reader().readLine());
                      }
                      try {
                        serving.await();
                      } catch (CancelledError e) {
                        IO.println("shut down");
                      }
                    }));
    assertEquals(List.of("a", "still served", "shut down"), printed);
  }

  @Test
  void aSignalHandler() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      EventLoop.running().callSoon(ServerSnippetsTest::terminate);
                      // @start region="signal"
                      try (var server = startServer(this::echo, "127.0.0.1", 0)) {
                        EventLoop.running().addSignalHandler("TERM", server::close);
                        server.serveForever(); // returns when the server is closed
                        server.shutdown(Duration.ofSeconds(10));
                      }
                      IO.println("bye");
                      // @end region="signal"
                    }));
    assertEquals(List.of("bye"), printed);
  }

  private static void terminate() {
    EventLoop.running()
        .callLater(
            Duration.ofMillis(10),
            () -> {
              try {
                new ProcessBuilder("kill", "-TERM", "" + ProcessHandle.current().pid()).start();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  @Test
  void tls() throws Exception {
    Path certificate = resource("server.pem");
    Path key = resource("server.key");
    Path authority = resource("ca.pem");
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="tls"
                      var ours = TlsOptions.server(certificate, key).alpn("echo");
                      var server =
                          startServer(
                              this::echo, "127.0.0.1", 0, ServerOptions.defaults().tls(ours));
                      // @end region="tls"
                      port = Served.port(server);
                      // @start region="tls-client"
                      var theirs = TlsOptions.client().trusting(authority).alpn("echo");
                      var options = ConnectOptions.defaults().tls(theirs);
                      try (var connection = openConnection("localhost", port, options)) {
                        connection.writer().write("Hello\n");
                        IO.println(connection.reader().readLine());
                      }
                      // @end region="tls-client"
                      server.shutdown(Duration.ofSeconds(10));
                    }));
    assertEquals(List.of("Hello"), printed);
  }

  // @start region="start-tls"
  void greet(StreamReader reader, StreamWriter writer, TlsOptions tls) throws IOException {
    writer.write("STARTTLS?\n");
    if ("STARTTLS".equals(reader.readLine())) {
      writer.write("OK\n");
      writer.startTls(tls); // the server's side, because a server has accepted it
    }
    writer.write("Hello\n"); // the same reader and writer go on
  }

  // @end region="start-tls"

  @Test
  void startTls() throws Exception {
    var ours = TlsOptions.server(resource("server.pem"), resource("server.key"));
    Path authority = resource("ca.pem");
    List<String> printed =
        Served.by(
            (reader, writer) -> greet(reader, writer, ours),
            port -> {
              // @start region="start-tls-client"
              var tls = TlsOptions.client().trusting(authority).serverHostname("localhost");
              try (var connection = openConnection("127.0.0.1", port)) {
                connection.reader().readLine(); // STARTTLS?
                connection.writer().write("STARTTLS\n");
                connection.reader().readLine(); // OK
                connection.writer().startTls(tls);
                IO.println(connection.reader().readLine()); // Hello
              }
              // @end region="start-tls-client"
            });
    assertEquals(List.of("Hello"), printed);
  }

  private static Path resource(String name) throws Exception {
    return Path.of(ServerSnippetsTest.class.getResource("/weft/io/" + name).toURI());
  }

  @Test
  void unixSockets(@TempDir Path directory) throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="unix"
                      Path path = directory.resolve("echo.socket");
                      try (var server = startUnixServer(this::echo, path);
                          var connection = openUnixConnection(path)) {
                        connection.writer().write("Hello\n");
                        IO.println(connection.reader().readLine());
                      } // the file is deleted
                      // @end region="unix"
                      IO.println(path.toFile().exists());
                    }));
    assertEquals(List.of("Hello", "false"), printed);
  }
}
