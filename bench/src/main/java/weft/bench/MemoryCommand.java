package weft.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `weft bench memory`.
@Command(
    name = "memory",
    description = {
      "What an idle connection costs an echo server: heap and resident memory.",
      "What the kernel keeps for it is not in the figures."
    },
    mixinStandardHelpOptions = true)
final class MemoryCommand extends ServersCommand {
  /// Opened, used and closed before what counts: classes are not to be charged to a connection, and
  /// a coroutine whose frames are still interpreted takes more than one of a server in use.
  private static final EchoCase FIRST = new EchoCase(Wire.TCP, 1024, 100, 1_900, 0);

  /// As many connections as it takes until what runs once for each is compiled for good.
  private static final int WAVES = 5;

  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");

  private static final int ROUNDS = 5;

  /// Kinds of objects that are listed for each of Weft's servers.
  private static final int LISTED = 10;

  /// @param heap null when there is none
  private record Sizes(double resident, @Nullable Histogram heap) {}

  private final Map<String, Histogram> holdings = new LinkedHashMap<>();

  @Option(names = "--connections", paramLabel = "N", description = "Default: 10000; quick: 1000.")
  private @Nullable Integer connections;

  @Override
  Peer.Suite asked() {
    return Peer.Suite.ECHO;
  }

  @Override
  void check(CommandLine line) {
    super.check(line);
    SuiteOptions.atLeast(line, "--connections", 1, connections());
  }

  @Override
  void measure(Setting setting) throws IOException, InterruptedException {
    var load = Load.build(setting.tools(), setting.processors());
    var turns = new LinkedHashMap<String, Turns.Turn<Drive>>();
    for (var entrant : setting.entrants().echo()) {
      if (entrant.wires().contains(Wire.TCP)) {
        turns.put(entrant.name(), () -> weigh(setting, load, entrant));
      }
    }
    var row = connections() + " idle connections";
    var findings = setting.findings();
    new Turns<String>(options.rounds(1, ROUNDS), (who, reason) -> findings.fail(row, who, reason))
        .take(turns)
        .forEach((who, readings) -> findings.put(row, who, readings));
  }

  @Override
  Map<String, String> facts() {
    return Map.of(
        "rounds",
        Integer.toString(options.rounds(1, ROUNDS)),
        "flags of each JVM",
        Entrants.JVM_FLAGS_TEXT);
  }

  @Override
  List<Grid> grids(Findings findings) {
    var lines = new ArrayList<List<String>>();
    holdings.forEach((who, heap) -> heap.largest(LISTED).forEach(line -> add(lines, who, line)));
    var head = List.of("who", "an idle connection's objects", "of them", "B");
    return List.of(
        findings.grid(Metric.HEAP), findings.grid(Metric.RESIDENT), new Grid(head, lines));
  }

  @Override
  List<Metric> charts() {
    return List.of(Metric.HEAP, Metric.RESIDENT);
  }

  private static void add(List<List<String>> lines, String who, Histogram.Line line) {
    var count = String.format(Locale.ROOT, "%.1f", line.count());
    lines.add(List.of(who, line.type(), count, String.format(Locale.ROOT, "%.0f", line.bytes())));
  }

  private int connections() {
    return connections != null ? connections : options.pick(100, 1_000, 10_000);
  }

  private Drive weigh(Setting setting, Load load, Entrant entrant)
      throws IOException, InterruptedException {
    setting.progress().println(entrant.name() + " ...");
    try (var server = Serving.start(entrant, Wire.TCP, setting.folder(), Map.of())) {
      setting.findings().contestant(entrant.name(), server.description());
      for (int wave = 0; wave < options.pick(1, 1, WAVES); wave++) {
        load.drive(server, FIRST, 0, seconds(0.5, 2));
      }
      // The first to come take the room of those that have gone, which is not given back.
      var first = held(load, server, FIRST.connections() + FIRST.idle());
      try {
        var before = sizes(server);
        var holder = held(load, server, connections());
        try {
          return each(entrant, before, sizes(server));
        } finally {
          Children.end(holder);
        }
      } finally {
        Children.end(first);
      }
    }
  }

  /// What grew between two looks at a server. Of a JVM that is the heap: how much memory it has
  /// taken for that says more about its collector.
  private Drive each(Entrant entrant, Sizes before, Sizes after) {
    var each = new EnumMap<Metric, Double>(Metric.class);
    if (before.heap() == null || after.heap() == null) {
      each.put(Metric.RESIDENT, (after.resident() - before.resident()) / connections());
      return new Drive(each);
    }
    var grown = after.heap().since(before.heap(), connections());
    each.put(Metric.HEAP, grown.bytes());
    if (entrant.name().startsWith("weft")) {
      holdings.put(entrant.name(), grown);
    }
    return new Drive(each);
  }

  /// A load generator that holds so many connections, each of which the server has answered once.
  private static Process held(Load load, Serving server, int connections)
      throws IOException, InterruptedException {
    var holder = load.hold(server, connections);
    var line = holder.inputReader(StandardCharsets.UTF_8).readLine();
    if (line == null) {
      var reason = new String(holder.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      Children.end(holder);
      throw new IOException(reason.strip());
    }
    return holder;
  }

  private static Sizes sizes(Serving server) throws IOException, InterruptedException {
    var status = Files.readString(Path.of("/proc/" + server.pid() + "/status"));
    double resident = number(RESIDENT, status) * 1024;
    var heap = server.entrant().jvm() ? Histogram.of(server.pid()) : null;
    return new Sizes(resident, heap);
  }

  private static double number(Pattern pattern, String text) throws IOException {
    var found = pattern.matcher(text);
    if (!found.find()) {
      throw new IOException("no " + pattern);
    }
    return Double.parseDouble(found.group(1));
  }
}
