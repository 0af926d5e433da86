package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.createTask;
import static weft.Weft.engine;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import weft.Task;
import weft.sync.AsyncQueue;

/// A driver that blocks on its socket, with many coroutines on one thread: PostgreSQL through JDBC.
@Tag("slow")
@Timeout(120)
class PostgresTest {
  private static final int CONNECTIONS = 10;
  private static final int COROUTINES = 100;
  private static final int QUERIES = 20;

  private static Path folder;
  private static Tool server;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    Path programs = programs();
    Tool.require(programs != null, "PostgreSQL");
    assumeTrue(engine().equals("direct"), "only the direct engine runs blocking code on the loop");
    folder = Files.createTempDirectory("weft-postgres");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    String data = folder.resolve("data").toString();
    as(programs.resolve("initdb").toString(), "-D", data, "-U", "weft", "-A", "trust", "-N")
        .await()
        .succeeded();
    port = Tool.freePort();
    server =
        as(
            programs.resolve("postgres").toString(),
            "-D",
            data,
            "-p",
            "" + port,
            "-h",
            "127.0.0.1",
            "-k",
            folder.toString(),
            "-c",
            "fsync=off");
    server.awaitPort(port);
    server.awaitError("ready to accept connections");
  }

  /// Starts a program as the user `postgres` where we are root, whom PostgreSQL does not serve.
  private static Tool as(String... command) throws IOException {
    if (!System.getProperty("user.name").equals("root")) {
      return Tool.start(command);
    }
    var words = new ArrayList<>(List.of("setpriv", "--reuid=postgres", "--regid=postgres"));
    words.add("--clear-groups");
    words.addAll(List.of(command));
    return Tool.start(words.toArray(String[]::new));
  }

  private static Path programs() throws IOException {
    Path versions = Path.of("/usr/lib/postgresql");
    if (!Files.isDirectory(versions)) {
      return null;
    }
    try (var list = Files.list(versions)) {
      return list.map(version -> version.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .max(Comparator.naturalOrder())
          .orElse(null);
    }
  }

  @AfterAll
  static void end() throws Exception {
    if (server != null) {
      server.interrupt(); // fast shutdown: does not wait for clients
      server.await();
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException e)
              throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "weft", "");
  }

  /// Notes how late it is woken, again and again.
  private static final class Ticker {
    private static final Duration PERIOD = Duration.ofMillis(5);
    long worstNanos;
    int ticks;

    void tick() {
      while (true) {
        long begin = System.nanoTime();
        sleep(PERIOD);
        worstNanos = Math.max(worstNanos, System.nanoTime() - begin - PERIOD.toNanos());
        ticks++;
      }
    }
  }

  @Test
  void manyCoroutinesShareFewConnections() throws Exception {
    run(
        () -> {
          var pool = new AsyncQueue<Connection>();
          for (int i = 0; i < CONNECTIONS; i++) {
            pool.put(connect());
          }
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            statement.execute("create table sums (coroutine int, turn int, value bigint)");
          }
          var ticker = new Ticker();
          Task<Void> ticking = createTask(ticker::tick);
          long begin = System.nanoTime();
          taskGroup(
              group -> {
                for (int i = 0; i < COROUTINES; i++) {
                  int number = i;
                  group.createTask(() -> work(pool, number));
                }
              });
          long took = System.nanoTime() - begin;
          ticking.cancel();
          check();
          assertEquals(CONNECTIONS, pool.size());
          while (!pool.isEmpty()) {
            pool.getNowait().close();
          }
          System.out.printf(
              "PostgreSQL: %d coroutines, %d connections, %d transactions in %d ms;"
                  + " worst delay of a 5 ms ticker %.1f ms in %d ticks%n",
              COROUTINES,
              CONNECTIONS,
              COROUTINES * QUERIES,
              TimeUnit.NANOSECONDS.toMillis(took),
              ticker.worstNanos / 1e6,
              ticker.ticks);
          assertTrue(ticker.ticks > 5, "the loop stood still");
        });
  }

  private static void work(AsyncQueue<Connection> pool, int number) throws SQLException {
    for (int turn = 0; turn < QUERIES; turn++) {
      Connection connection = pool.get();
      try {
        connection.setAutoCommit(false);
        try (var insert = connection.prepareStatement("insert into sums values (?, ?, ?)")) {
          insert.setInt(1, number);
          insert.setInt(2, turn);
          insert.setLong(3, 1_000L * number + turn);
          assertEquals(1, insert.executeUpdate());
        }
        try (var query = connection.prepareStatement("select ?::int * 2, ?, pg_sleep(0.002)")) {
          query.setInt(1, number);
          query.setString(2, "text of " + number);
          try (ResultSet result = query.executeQuery()) {
            assertTrue(result.next());
            assertEquals(2 * number, result.getInt(1));
            assertEquals("text of " + number, result.getString(2));
          }
        }
        connection.commit();
      } finally {
        pool.put(connection);
      }
    }
  }

  private static void check() throws SQLException {
    String text = "select count(*), sum(value), count(distinct value) from sums";
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(text)) {
      assertTrue(result.next());
      long expected = 0;
      for (int number = 0; number < COROUTINES; number++) {
        for (int turn = 0; turn < QUERIES; turn++) {
          expected += 1_000L * number + turn;
        }
      }
      assertEquals(COROUTINES * QUERIES, result.getLong(1));
      assertEquals(expected, result.getLong(2));
      assertEquals(COROUTINES * QUERIES, result.getLong(3));
    }
  }

  @Test
  void aQueryThatTakesTooLongIsGivenUp() throws Exception {
    run(
        () -> {
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            long begin = System.nanoTime();
            assertThrows(
                TimeoutException.class,
                () ->
                    timeout(
                        Duration.ofMillis(200),
                        () -> {
                          statement.execute("select pg_sleep(60)");
                        }));
            long took = System.nanoTime() - begin;
            assertTrue(took >= TimeUnit.MILLISECONDS.toNanos(200), () -> took + " ns");
            assertTrue(took < TimeUnit.SECONDS.toNanos(30), () -> took + " ns");
          }
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            assertTrue(statement.execute("select 1"));
          }
        });
  }

  @Test
  void psqlSeesWhatWeWrote() throws Exception {
    Tool.require("psql");
    run(
        () -> {
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            statement.execute("create table words (word text)");
            statement.execute("insert into words values ('weft'), ('warp')");
          }
        });
    String[] psql = {
      "psql",
      "-h",
      "127.0.0.1",
      "-p",
      "" + port,
      "-U",
      "weft",
      "-At",
      "-c",
      "select word from words order by word",
      "postgres"
    };
    assertEquals("warp\nweft\n", Tool.run(psql).succeeded());
  }
}
