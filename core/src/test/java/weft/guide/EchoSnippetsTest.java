package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.Weft.await;
import static weft.Weft.run;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;
import static weft.io.Net.openConnection;
import static weft.io.Net.startServer;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.Promise;
import weft.io.ConnectOptions;
import weft.io.ConnectionClosedException;
import weft.io.Resolver;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.WaterMarks;

class EchoSnippetsTest {
  // @start region="echo"
  void echo(StreamReader reader, StreamWriter writer) throws IOException {
    for (ByteBuffer data; (data = reader.readChunk()) != null; ) {
      writer.write(data);
    }
  }

  // @end region="echo"

  @Test
  void aClient() throws Exception {
    List<String> printed =
        Served.by(
            this::echo,
            port -> {
              // @start region="client"
              try (var connection = openConnection("127.0.0.1", port)) {
                connection.writer().write("Hello\n");
                IO.println(connection.reader().readLine()); // Hello
              }
              // @end region="client"
            });
    assertEquals(List.of("Hello"), printed);
  }

  @Test
  void aPort() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="port"
                      try (var server = startServer(this::echo, "127.0.0.1", 0)) { // 0: any port
                        IO.println("listening on " + server.port());
                      }
                      // @end region="port"
                    }));
    assertEquals(1, printed.size());
  }

  @Test
  void manyClients() throws Exception {
    List<String> printed =
        Served.by(
            this::echo,
            port -> {
              // @start region="many"
              taskGroup(
                  group -> {
                    for (int i = 0; i < 100; i++) {
                      String text = "client " + i + "\n";
                      group.createTask(
                          () -> {
                            try (var connection = openConnection("127.0.0.1", port)) {
                              connection.writer().write(text);
                              connection.reader().readLine();
                            }
                          });
                    }
                  });
              IO.println("100 connections, one thread");
              // @end region="many"
            });
    assertEquals(List.of("100 connections, one thread"), printed);
  }

  @Test
  void names() throws Exception {
    List<String> printed =
        Served.by(
            this::echo,
            port -> {
              // @start region="resolver"
              Resolver names = Resolver.system().cached(Duration.ofMinutes(1), 500);
              ConnectOptions options = ConnectOptions.defaults().resolver(names);
              try (var connection = openConnection("localhost", port, options)) {
                connection.writer().write("cached\n");
                IO.println(connection.reader().readLine()); // cached
              }
              // @end region="resolver"
            });
    assertEquals(List.of("cached"), printed);
  }

  @Test
  void aTableOfNames() throws Exception {
    List<String> printed =
        Served.by(
            this::echo,
            port -> {
              // @start region="names"
              Map<String, List<InetAddress>> known =
                  Map.of("db.test", List.of(InetAddress.getByName("127.0.0.1")));
              Resolver names =
                  host ->
                      known.containsKey(host) ? known.get(host) : Resolver.system().lookup(host);
              ConnectOptions options = ConnectOptions.defaults().resolver(names);
              // @end region="names"
              try (var connection = openConnection("db.test", port, options)) {
                connection.writer().write("known\n");
                IO.println(connection.reader().readLine());
              }
            });
    assertEquals(List.of("known"), printed);
  }

  @Test
  void timeouts() throws Exception {
    List<String> printed =
        Served.by(
            (reader, writer) -> reader.read(),
            port -> {
              // @start region="timeouts"
              var options = ConnectOptions.defaults().timeout(Duration.ofSeconds(20));
              try (var connection = openConnection("127.0.0.1", port, options)) {
                connection.writer().write("Hello?\n");
                try {
                  timeout(Duration.ofMillis(20), () -> connection.reader().readLine());
                } catch (TimeoutException e) {
                  IO.println("no answer"); // the connection is still good
                }
              }
              // @end region="timeouts"
            });
    assertEquals(List.of("no answer"), printed);
  }

  // @start region="idle"
  void echoWhileBusy(StreamReader reader, StreamWriter writer) throws Exception {
    timeout(
        Duration.ofSeconds(30),
        limit -> {
          for (String line; (line = reader.readLine()) != null; ) {
            writer.write(line + "\n");
            limit.restart(Duration.ofSeconds(30));
          }
        });
  }

  // @end region="idle"

  @Test
  void anIdleTimeout() throws Exception {
    List<String> printed =
        Served.by(
            this::echoWhileBusy,
            port -> {
              try (var connection = openConnection(Served.HOST, port)) {
                connection.writer().write("a\nb\n");
                IO.println(connection.reader().readLine());
                IO.println(connection.reader().readLine());
              }
            });
    assertEquals(List.of("a", "b"), printed);
  }

  @Test
  void highAndLowWater() throws Exception {
    Promise<?>[] received = new Promise<?>[1];
    List<String> printed =
        Served.by(
            (reader, writer) -> {
              IO.println(reader.read().length);
              received[0].setResult(null);
            },
            port -> {
              received[0] = new Promise<>();
              try (var connection = openConnection(Served.HOST, port)) {
                StreamWriter writer = connection.writer();
                // @start region="water"
                writer.transport().setWriteBufferLimits(new WaterMarks(1024 * 1024));
                for (int i = 0; i < 1000; i++) {
                  writer.write(new byte[10_000]); // above 1 MiB: waits until 256 KiB are left
                }
                writer.close(); // still sends what is left
                writer.waitClosed(); // until it is sent
                // @end region="water"
                await(received[0]);
              }
            });
    assertEquals(List.of("10000000"), printed);
  }

  @Test
  void aReset() throws Exception {
    List<String> printed =
        Served.by(
            (reader, writer) -> {
              reader.readLine();
              writer.abort();
            },
            port -> {
              // @start region="reset"
              try (var connection = openConnection("127.0.0.1", port)) {
                connection.writer().write("Hello\n");
                connection.reader().readLine();
              } catch (IOException e) {
                IO.println(e.getMessage()); // Connection reset
              }
              // @end region="reset"
            });
    assertEquals(List.of("Connection reset"), printed);
  }

  @Test
  void afterClose() throws Exception {
    List<String> printed =
        Served.by(
            this::echo,
            port -> {
              // @start region="closed"
              var connection = openConnection("127.0.0.1", port);
              connection.close();
              try {
                connection.writer().write("too late");
              } catch (ConnectionClosedException e) {
                IO.println(e.getMessage()); // the connection is closed
              }
              IO.println(connection.reader().readLine()); // null
              // @end region="closed"
            });
    assertEquals(List.of("the connection is closed", "null"), printed);
  }
}
