package weft.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Echo servers under load. All servers of a wire are up while it is measured, and one at a time is
/// loaded.
record EchoRun(Setting setting, Load load, List<Entrant> entrants, Effort effort) {
  /// The figure of a warm-up that is this near to the one before it is warm.
  private static final double STEADY = 0.05;

  /// @param rounds how often the contestants take turns
  /// @param seconds the length of a turn
  /// @param warmups at most so many turns that do not count, before a server's first that does
  record Effort(int rounds, double seconds, int warmups) {}

  void run(List<EchoCase> cases) throws IOException, InterruptedException {
    var wires =
        cases.stream().map(EchoCase::wire).collect(Collectors.toCollection(LinkedHashSet::new));
    for (var wire : wires) {
      if (wire == Wire.TLS && !load.tls()) {
        setting.findings().leaveOut("tls", "the load generator has none (Debian: libssl-dev)");
      } else {
        run(wire, cases.stream().filter(what -> what.wire() == wire).toList());
      }
    }
  }

  private void run(Wire wire, List<EchoCase> cases) throws IOException, InterruptedException {
    var environment =
        wire == Wire.TLS
            ? Certificate.create(setting.folder()).environment()
            : Map.<String, String>of();
    var servers = new LinkedHashMap<String, Serving>();
    try {
      for (var entrant : entrants) {
        if (entrant.wires().contains(wire)) {
          start(entrant, wire, environment, servers);
        } else {
          setting.findings().leaveOut(entrant.name() + ", " + wire.title(), "it has none here");
        }
      }
      for (int i = 0; i < cases.size(); i++) {
        setting.progress().printf("[%d/%d] %s:", i + 1, cases.size(), cases.get(i).title());
        setting.progress().flush();
        measure(cases.get(i), servers);
        setting.progress().println();
      }
    } finally {
      servers.values().forEach(Serving::close);
    }
  }

  private void start(
      Entrant entrant, Wire wire, Map<String, String> environment, Map<String, Serving> servers)
      throws InterruptedException {
    var name = entrant.name();
    try {
      var server = Serving.start(entrant, wire, setting.folder(), environment);
      servers.put(name, server);
      setting.findings().contestant(name, server.description());
    } catch (IOException e) {
      setting.findings().fail(wire.title(), name, e);
    }
  }

  private void measure(EchoCase what, Map<String, Serving> servers) throws InterruptedException {
    var row = what.title();
    var findings = setting.findings();
    var turns = new LinkedHashMap<String, Turns.Turn<Drive>>();
    for (var entry : servers.entrySet()) {
      var server = entry.getValue();
      try {
        warmUp(server, what);
        turns.put(
            entry.getKey(), () -> load.drive(server, what, effort.seconds() / 5, effort.seconds()));
      } catch (IOException e) {
        findings.fail(row, entry.getKey(), e);
      }
    }
    var readings =
        new Turns<String>(effort.rounds(), (who, reason) -> findings.fail(row, who, reason))
            .take(turns);
    readings.forEach(
        (who, drives) -> {
          findings.put(row, who, drives);
          var figure = findings.get(row, who, Metric.CPU);
          if (figure != null) {
            setting.progress().printf(" %s %s;", who, Metric.CPU.unit().show(figure.median()));
          }
        });
    servers.values().removeIf(server -> !server.isAlive());
  }

  /// Until its figure changes little any more; a JVM takes longest.
  private void warmUp(Serving server, EchoCase what) throws IOException, InterruptedException {
    setting.processors().release(server.pid());
    double last = Double.NaN;
    for (int i = 0; i < effort.warmups(); i++) {
      double cpu = load.drive(server, what, 0, effort.seconds()).get(Metric.CPU);
      if (Math.abs(cpu / last - 1) < STEADY) {
        break;
      }
      last = cpu;
    }
    setting.processors().pin(server.pid());
  }
}
