package weft.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `weft bench http`.
@Command(
    name = "http",
    description = "Hello, World! by HTTP/1.1 under wrk, beside its peers.",
    mixinStandardHelpOptions = true)
final class HttpCommand extends SuiteCommand {
  @Option(
      names = "--connections",
      split = ",",
      paramLabel = "N",
      description = "Default: 10,100,500; quick: 100.")
  private List<Integer> connections = List.of();

  @Override
  void measure(Setting setting) throws IOException, InterruptedException {
    var wrk = new Wrk(Tools.find("wrk", "Debian: wrk"), setting.processors());
    var servers = new LinkedHashMap<String, Serving>();
    try {
      for (var entrant : setting.entrants().http()) {
        try {
          var server = Serving.start(entrant, Wire.TCP, setting.folder(), Map.of());
          servers.put(entrant.name(), server);
          setting.findings().contestant(entrant.name(), server.description());
        } catch (IOException e) {
          setting.findings().fail("start", entrant.name(), e);
        }
      }
      for (int count : counts()) {
        measure(setting, wrk, servers, count);
      }
    } finally {
      servers.values().forEach(Serving::close);
    }
  }

  private void measure(Setting setting, Wrk wrk, Map<String, Serving> servers, int count)
      throws InterruptedException {
    var row = "Hello × " + count;
    setting.progress().println(row + " ...");
    var turns = new LinkedHashMap<String, Turns.Turn<Drive>>();
    for (var entry : servers.entrySet()) {
      var server = entry.getValue();
      try {
        setting.processors().release(server.pid());
        wrk.drive(server, "/", count, options.quick ? 1 : 5);
        setting.processors().pin(server.pid());
        turns.put(entry.getKey(), () -> wrk.drive(server, "/", count, seconds()));
      } catch (IOException e) {
        setting.findings().fail(row, entry.getKey(), e);
      }
    }
    new Turns<String>(
            options.rounds(1, 5), (who, reason) -> setting.findings().fail(row, who, reason))
        .take(turns)
        .forEach((who, drives) -> setting.findings().put(row, who, drives));
  }

  @Override
  Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    facts.put("rounds", Integer.toString(options.rounds(1, 5)));
    facts.put("seconds of a turn", Long.toString(Math.round(seconds())));
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
    return options.seconds(1, 2);
  }

  private List<Integer> counts() {
    if (!connections.isEmpty()) {
      return connections;
    }
    return options.quick ? List.of(100) : List.of(10, 100, 500);
  }
}
