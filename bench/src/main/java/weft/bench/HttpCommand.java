package weft.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `weft bench http`.
@Command(
    name = "http",
    description = "Hello, World! and files by HTTP/1.1 under wrk, beside its peers.",
    mixinStandardHelpOptions = true)
final class HttpCommand extends ServersCommand {
  private static final String HELLO = "Hello, World!";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Option(
      names = "--connections",
      split = ",",
      paramLabel = "N",
      description = "Default: 10,100,500; quick: 100.")
  private List<Integer> connections = List.of();

  /// What is asked for.
  ///
  /// @param body what has to come back
  private record Ask(String row, String path, String body, int connections) {}

  @Override
  Peer.Suite asked() {
    return Peer.Suite.HTTP;
  }

  @Override
  void check(CommandLine line) {
    super.check(line);
    connections.forEach(count -> SuiteOptions.atLeast(line, "--connections", 1, count));
  }

  @Override
  void measure(Setting setting) throws IOException, InterruptedException {
    var wrk = new Wrk(Tools.find("wrk", "Debian: wrk"), setting.processors());
    var files = Files.createDirectory(setting.folder().resolve("files"));
    var asks = asks(files);
    var environment = Map.of("BENCH_FILES", files.toString());
    var servers = new LinkedHashMap<String, Serving>();
    try {
      for (var entrant : setting.entrants().http(files)) {
        try {
          var server = Serving.start(entrant, Wire.TCP, setting.folder(), environment);
          servers.put(entrant.name(), server);
          setting.findings().contestant(entrant.name(), server.description());
        } catch (IOException e) {
          setting.findings().fail(Wire.TCP.title(), entrant.name(), e);
        }
      }
      for (var ask : asks) {
        int warmUp = options.pick(1, 1, ask == asks.getFirst() ? 5 : 2);
        measure(setting, wrk, servers, ask, warmUp);
      }
    } finally {
      servers.values().forEach(Serving::close);
    }
  }

  /// Makes the files, too.
  private List<Ask> asks(Path files) throws IOException {
    var asks = new ArrayList<Ask>();
    for (int count : counts()) {
      asks.add(new Ask("Hello × " + count, "/", HELLO, count));
    }
    int count = counts().get(counts().size() / 2);
    for (int kib : options.pick(List.of(10), List.of(10), List.of(1, 100))) {
      var body = "x".repeat(kib * 1024);
      var name = kib + "k.txt";
      Files.writeString(files.resolve(name), body);
      asks.add(new Ask("file " + kib + " KiB × " + count, "/" + name, body, count));
    }
    return asks;
  }

  /// @param warmUp seconds that do not count, for each server
  private void measure(Setting setting, Wrk wrk, Map<String, Serving> servers, Ask ask, int warmUp)
      throws InterruptedException {
    setting.progress().println(ask.row() + " ...");
    var turns = new LinkedHashMap<String, Turns.Turn<Drive>>();
    for (var entry : servers.entrySet()) {
      var server = entry.getValue();
      try {
        if (answers(server, ask)) {
          setting.processors().release(server.pid());
          if (seconds() >= 1) { // Less is to see that it runs, and needs nothing warm.
            wrk.drive(server, ask.path(), ask.connections(), warmUp);
          }
          setting.processors().pin(server.pid());
          turns.put(
              entry.getKey(), () -> wrk.drive(server, ask.path(), ask.connections(), seconds()));
        }
      } catch (IOException e) {
        setting.findings().fail(ask.row(), entry.getKey(), e);
      }
    }
    new Turns<String>(
            options.rounds(1, 9), (who, reason) -> setting.findings().fail(ask.row(), who, reason))
        .take(turns)
        .forEach((who, drives) -> setting.findings().put(ask.row(), who, drives));
  }

  /// True when that is what the server answers, false when it has nothing there: not all of them
  /// have files, or a greeting.
  private static boolean answers(Serving server, Ask ask) throws IOException, InterruptedException {
    if (server.entrant().listsFiles() && ask.path().equals("/")) {
      return false;
    }
    var address = URI.create("http://127.0.0.1:" + server.port() + ask.path());
    try (var client = HttpClient.newHttpClient()) {
      var answer =
          client.send(
              HttpRequest.newBuilder(address)
                  .version(HttpClient.Version.HTTP_1_1)
                  .timeout(PATIENCE)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == 404) {
        return false;
      }
      if (answer.statusCode() != 200 || !answer.body().equals(ask.body())) {
        var length = answer.body().length();
        throw new IOException("answers " + answer.statusCode() + " with " + length + " characters");
      }
      return true;
    }
  }

  @Override
  Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    facts.put("rounds", Integer.toString(options.rounds(1, 9)));
    facts.put("seconds of a turn", Long.toString(Wrk.whole(seconds())));
    facts.put("processors", processors().text());
    facts.put("flags of each JVM", Entrants.JVM_FLAGS_TEXT);
    return facts;
  }

  @Override
  List<Grid> grids(Findings findings) {
    var grids = new ArrayList<Grid>();
    for (var metric : List.of(Metric.CPU, Metric.RATE, Metric.P50, Metric.P99)) {
      grids.add(findings.grid(metric));
    }
    return grids;
  }

  @Override
  List<Metric> charts() {
    return List.of(Metric.CPU, Metric.RATE);
  }

  private double seconds() {
    return seconds(1, 1);
  }

  private List<Integer> counts() {
    return connections.isEmpty()
        ? options.pick(List.of(10), List.of(100), List.of(10, 100, 500))
        : connections.stream().distinct().toList();
  }
}
