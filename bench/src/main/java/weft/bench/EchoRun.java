package weft.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/// Echo servers under load. All servers of a wire are up while it is measured, and one at a time is
/// loaded.
record EchoRun(Setting setting, Load load, List<Entrant> entrants, Effort effort) {
  /// The figure of a warm-up that is this near to the one before it is steady.
  private static final double STEADY = 0.1;

  /// Compilers that take this part of a processor at most have done what there was to do.
  private static final double QUIET = 0.02;

  /// How often a turn at a rate is taken at most, until one is undisturbed. A processor that was
  /// given away for a few milliseconds makes the latency of the whole turn.
  private static final int TRIES = 4;

  /// @param rounds how often the contestants take turns
  /// @param seconds the length of a turn
  record Effort(int rounds, double seconds, WarmUp warmUp) {}

  /// Turns that do not count.
  ///
  /// @param first at most so many before a server's first turn that does
  /// @param again at most so many before its first turn in a further row
  /// @param seconds the length of each
  record WarmUp(int first, int again, double seconds) {}

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
      var left = new ArrayList<>(cases);
      while (!left.isEmpty()) {
        setting.progress().printf("[%d/%d] ", cases.size() - left.size() + 1, cases.size());
        setting.progress().flush();
        var first = left.getFirst();
        var group =
            left.stream().filter(w -> w.equals(first) || w.allActive().equals(first)).toList();
        left.removeAll(group);
        measure(group, servers, left.size() + group.size() < cases.size());
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
      setting.findings().contestant(name, wire, server.description());
    } catch (IOException e) {
      setting.findings().fail(wire.title(), name, e);
    }
  }

  /// Who does what.
  private record Work(String who, EchoCase what) {}

  /// Rows that take turns with each other, too, because they will be compared.
  ///
  /// @param again whether the servers have been loaded before
  private void measure(List<EchoCase> rows, Map<String, Serving> servers, boolean again)
      throws InterruptedException {
    var findings = setting.findings();
    var turns = new LinkedHashMap<Work, Turns.Turn<Drive>>();
    for (var entry : servers.entrySet()) {
      for (var what : rows) {
        try {
          warmUp(entry.getValue(), what, again);
          turns.put(new Work(entry.getKey(), what), () -> turn(entry.getValue(), what));
        } catch (IOException e) {
          findings.fail(what.title(), entry.getKey(), e);
        }
      }
    }
    var readings =
        new Turns<Work>(
                effort.rounds(),
                (work, reason) -> findings.fail(work.what().title(), work.who(), reason))
            .take(turns);
    for (var what : rows) {
      setting.progress().printf("%s:", what.title());
      readings.forEach(
          (work, drives) -> {
            if (work.what().equals(what)) {
              put(work, drives);
            }
          });
      setting.progress().println();
    }
    servers.values().removeIf(server -> !server.isAlive());
  }

  private void put(Work work, List<Drive> drives) {
    var findings = setting.findings();
    findings.put(work.what().title(), work.who(), drives);
    var figure = findings.get(work.what().title(), work.who(), Metric.CPU);
    if (figure != null) {
      setting.progress().printf(" %s %s;", work.who(), Metric.CPU.unit().show(figure.median()));
    }
  }

  /// At a rate, the first turn that was undisturbed, or else the least disturbed.
  private Drive turn(Serving server, EchoCase what) throws IOException, InterruptedException {
    Drive best = null;
    for (int i = 0; i < (what.rate() > 0 ? TRIES : 1); i++) {
      var drive = load.drive(server, what, effort.seconds() / 5, effort.seconds());
      if (best == null || drive.get(Metric.STOLEN) < best.get(Metric.STOLEN)) {
        best = drive;
      }
      if (best.get(Metric.STOLEN) == 0) {
        break;
      }
    }
    return Objects.requireNonNull(best);
  }

  /// Until its figure changes little any more and its compilers have gone quiet. Many short turns,
  /// because what runs once for each connection has to become warm, too.
  private void warmUp(Serving server, EchoCase what, boolean again)
      throws IOException, InterruptedException {
    setting.processors().release(server.pid());
    double last = Double.NaN;
    var warmUp = effort.warmUp();
    var compilers = new Compilers(server.pid());
    for (int i = 0; i < (again ? warmUp.again() : warmUp.first()); i++) {
      double before = compilers.seconds();
      double cpu = load.drive(server, what.allActive(), 0, warmUp.seconds()).get(Metric.CPU);
      double compiled = compilers.seconds() - before;
      if (Math.abs(cpu / last - 1) < STEADY && compiled < QUIET * warmUp.seconds()) {
        break;
      }
      last = cpu;
    }
    setting.processors().pin(server.pid());
  }
}
