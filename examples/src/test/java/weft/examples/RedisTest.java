package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The client with a real Redis, the server with the real tools.
@Tag("slow")
class RedisTest {
  @TempDir private Path folder;

  private static final List<String> CLIENT_SAYS =
      List.of(
          "set: OK",
          "get: Grüße, 世界",
          "of two, one is missing: [Grüße, 世界, null]",
          "refused: ERR value is not an integer or out of range",
          "100 tasks have counted to 1000");

  private static void runClient(int port, int commands) throws Exception {
    var result =
        Program.run("RedisClient", "127.0.0.1", Integer.toString(port), Integer.toString(commands));
    assertEquals(0, result.status(), result::toString);
    var lines = new java.util.ArrayList<>(result.lines());
    String figure = lines.remove(4);
    assertTrue(figure.matches(commands + " commands in \\d+ ms, each answer in its place"), figure);
    assertEquals(CLIENT_SAYS, lines);
    System.out.println("RedisClient: " + figure);
  }

  @Test
  void theClientSendsManyCommandsToRedisWithoutWaiting() throws Exception {
    Tool.require("redis-server");
    int port = Tool.freePort();
    try (Tool redis =
        Tool.start(
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            Integer.toString(port),
            "--save",
            "",
            "--dir",
            folder.toString())) {
      redis.awaitPort(port);
      runClient(port, 100_000);
    }
  }

  @Test
  void theServerServesTheToolsOfRedis() throws Exception {
    Tool.require("redis-cli");
    try (Program server = Program.serve("RespServer", "0")) {
      String port = Integer.toString(server.port());
      String script =
          """
          PING
          SET k "a value"
          GET k
          GET none
          INCR n
          INCRBY n 41
          INCR k
          MSET a 1 b 2
          MGET a b c
          DEL a b c
          EXISTS k
          ECHO
          NONSENSE
          FLUSHALL
          DBSIZE
          """;
      String expected =
          """
          PONG
          OK
          a value

          1
          42
          ERR value is not an integer or out of range

          OK
          1
          2

          2
          1
          ERR wrong number of arguments for 'ECHO'

          ERR unknown command 'NONSENSE'

          OK
          0
          """;
      assertEquals(expected, Tool.feed(script, "redis-cli", "-p", port).succeeded());
      runClient(server.port(), 20_000);
      server.end();
    }
  }

  @Test
  void theServerServesTheBenchmarkOfRedis() throws Exception {
    Tool.require("redis-benchmark");
    try (Program server = Program.serve("RespServer", "0")) {
      String load = "-t ping,set,get,incr,mset -n 20000 -q -P 16 -r 1000";
      List<String> command = new ArrayList<>(List.of("redis-benchmark", "-p", "" + server.port()));
      command.addAll(List.of(load.split(" ")));
      var benchmark = Tool.run(command.toArray(String[]::new));
      String figures = benchmark.succeeded().replaceAll("[^\\r\\n]*\\r", "").strip();
      List<String> lines = figures.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
      assertEquals(6, lines.size(), figures);
      for (String line : lines) {
        assertTrue(line.matches(".*: [\\d.]+ requests per second, p50=.*"), line);
        System.out.println("redis-benchmark -P 16 with RespServer: " + line);
      }
      server.end();
    }
  }

  @Test
  void theServerRefusesNonsense() throws Exception {
    Tool.require("nc");
    try (Program server = Program.serve("RespServer", "0")) {
      String port = Integer.toString(server.port());
      String[] nc = {"nc", "-N", "127.0.0.1", port};
      assertEquals("+PONG\r\n$2\r\nhi\r\n", Tool.feed("PING\r\necho hi\n\n", nc).succeeded());
      assertEquals(
          "-ERR Protocol error: invalid length\r\n", Tool.feed("*x\r\nPING\r\n", nc).succeeded());
      assertEquals(
          "-ERR Protocol error: expected '$'\r\n", Tool.feed("*1\r\nPING\r\n", nc).succeeded());
      assertEquals(
          "-ERR Protocol error: invalid length\r\n",
          Tool.feed("*1\r\n$99999999999\r\n", nc).succeeded());
      assertEquals("", Tool.feed("*2\r\n$4\r\nPI", nc).succeeded());
      assertEquals("+OK\r\n", Tool.feed("QUIT\r\nPING\r\n", nc).succeeded());
      server.end();
    }
  }
}
