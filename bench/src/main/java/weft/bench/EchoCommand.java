package weft.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `weft bench echo`.
@Command(
    name = "echo",
    description = {
      "Echo servers: Weft's streams and protocols on each loop beside its peers.",
      "The figure that counts is the server's CPU time per message; after ~ it varied too much"
          + " between rounds to be quoted."
    },
    mixinStandardHelpOptions = true)
final class EchoCommand extends ServersCommand {
  private static final List<String> SIZES = List.of("1k", "10k", "100k");

  /// What somebody who has only just started can echo in a moment.
  private static final List<String> BRIEF_SIZES = List.of("1k", "10k");

  private static final List<Integer> CONNECTIONS = List.of(10, 100, 500);
  private static final int OPEN_RATE = 10_000;
  private static final int IDLE = 10_000;
  private static final int SMOKE_RATE = 500;
  private static final int SMOKE_IDLE = 50;
  private static final double SECONDS_QUICK = 0.25;
  private static final double WARM_UP_SECONDS = 0.3;

  /// The load generator numbers each message in its first bytes.
  private static final int BYTES_MIN = 8;

  private static final int BYTES_MAX = 64 * 1024 * 1024;

  @Option(
      names = "--sizes",
      split = ",",
      paramLabel = "SIZE",
      description = "Bytes of a message, k for KiB; default: 1k,10k,100k; quick: 1k,10k.")
  private List<String> sizes = List.of();

  @Option(
      names = "--connections",
      split = ",",
      paramLabel = "N",
      description =
          "Default: 10,100,500, of which 100 on TLS and Unix sockets; quick: 100. Those asked for"
              + " are measured on every wire.")
  private List<Integer> connections = List.of();

  @Option(
      names = "--wires",
      split = ",",
      paramLabel = "WIRE",
      description = "tcp, tls, unix; default: all; quick: tcp.")
  private List<String> wires = List.of();

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Messages a second of the rows that keep a rate; 0: no such rows, as in quick.")
  private @Nullable Integer rate;

  @Option(
      names = "--idle",
      paramLabel = "N",
      description =
          "Idle connections of one more row; default: 10000; 0: no such row, as in quick.")
  private @Nullable Integer idle;

  @Override
  Peer.Suite asked() {
    return Peer.Suite.ECHO;
  }

  @Override
  void check(CommandLine line) {
    super.check(line);
    connections.forEach(count -> SuiteOptions.atLeast(line, "--connections", 1, count));
    SuiteOptions.atLeast(line, "--rate", 0, rate());
    SuiteOptions.atLeast(line, "--idle", 0, idle());
    cases(); // refuses sizes and wires
  }

  @Override
  void measure(Setting setting) throws IOException, InterruptedException {
    var cases = cases();
    var load = Load.build(setting.tools(), setting.processors());
    var entrants = setting.entrants().echo();
    var effort = new EchoRun.Effort(rounds(), seconds(), warmUp());
    new EchoRun(setting, load, entrants, effort).run(cases);
  }

  @Override
  Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    facts.put("rounds", Integer.toString(rounds()));
    facts.put("seconds of a turn", String.format(Locale.ROOT, "%.2f", seconds()));
    facts.put("processors", processors().text());
    facts.put("flags of each JVM", Entrants.JVM_FLAGS_TEXT);
    return facts;
  }

  @Override
  List<Grid> grids(Findings findings) {
    var grids = new ArrayList<>(List.of(findings.grid(Metric.CPU)));
    if (findings.contestants().containsKey(Entrants.FLOOR)) {
      grids.add(findings.ratios(Metric.CPU, Entrants.FLOOR));
    }
    var marks = new EchoMarks(findings, cases()).grid();
    if (!marks.lines().isEmpty()) {
      grids.add(marks);
    }
    // The rest is in the files.
    for (var metric : List.of(Metric.RATE, Metric.P50, Metric.P99, Metric.P999)) {
      grids.add(findings.grid(metric));
    }
    return grids;
  }

  @Override
  List<Metric> charts() {
    return List.of(Metric.CPU, Metric.RATE, Metric.P99);
  }

  /// All that is to be measured, wire by wire.
  List<EchoCase> cases() {
    var counts = counts();
    int middle = counts.get(counts.size() / 2);
    var all = new ArrayList<EchoCase>();
    for (var wire : chosenWires()) {
      // A full run takes long enough: the others with one number of connections, unless asked for.
      var here = wire == Wire.TCP || !connections.isEmpty() ? counts : List.of(middle);
      for (int bytes : chosenSizes()) {
        here.forEach(count -> all.add(new EchoCase(wire, bytes, count, 0, 0)));
      }
      int size = chosenSizes().getFirst();
      if (wire == Wire.TCP && rate() > 0) {
        all.add(new EchoCase(wire, size, middle, 0, rate()));
      }
      if (wire == Wire.TCP && idle() > 0) {
        all.add(new EchoCase(wire, size, middle, idle(), 0));
      }
    }
    return all;
  }

  private List<Integer> counts() {
    return connections.isEmpty()
        ? options.pick(List.of(10), List.of(100), CONNECTIONS)
        : connections.stream().distinct().toList();
  }

  private int rounds() {
    return options.rounds(1, 11);
  }

  private double seconds() {
    return seconds(SECONDS_QUICK, 0.4);
  }

  private EchoRun.WarmUp warmUp() {
    if (seconds() < SECONDS_QUICK) { // to see that it runs, which needs nothing warm
      return new EchoRun.WarmUp(0, 0, 0);
    }
    var thorough = new EchoRun.WarmUp(40, 10, WARM_UP_SECONDS);
    return options.pick(thorough, new EchoRun.WarmUp(3, 3, WARM_UP_SECONDS), thorough);
  }

  private int rate() {
    return rate != null ? rate : options.pick(SMOKE_RATE, 0, OPEN_RATE);
  }

  private int idle() {
    return idle != null ? idle : options.pick(SMOKE_IDLE, 0, IDLE);
  }

  private List<Integer> chosenSizes() {
    var chosen = sizes.isEmpty() ? options.pick(BRIEF_SIZES, BRIEF_SIZES, SIZES) : sizes;
    return chosen.stream().map(this::bytes).distinct().toList();
  }

  private int bytes(String size) {
    var number = size.replaceFirst("(?i)k$", "");
    try {
      int count = Math.multiplyExact(Integer.parseInt(number), number.equals(size) ? 1 : 1024);
      if (count >= BYTES_MIN && count <= BYTES_MAX) {
        return count;
      }
    } catch (NumberFormatException | ArithmeticException e) {
      // Said below.
    }
    var limits = ": a message has " + BYTES_MIN + " bytes or more, 65536k at most";
    throw new ParameterException(spec.commandLine(), "--sizes " + size + limits);
  }

  private Iterable<Wire> chosenWires() {
    if (wires.isEmpty()) {
      var all = List.of(Wire.values());
      return options.pick(all, List.of(Wire.TCP), all);
    }
    var chosen = new TreeSet<Wire>();
    for (var name : wires) {
      try {
        chosen.add(Wire.valueOf(name.toUpperCase(Locale.ROOT)));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), "no such wire: " + name);
      }
    }
    return chosen;
  }
}
