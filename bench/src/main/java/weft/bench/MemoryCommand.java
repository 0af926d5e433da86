package weft.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
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
final class MemoryCommand extends SuiteCommand {
  /// Opened and closed before what counts: classes, pools and tables are not to be charged to a
  /// connection.
  private static final int FIRST = 200;

  private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");

  @Option(names = "--connections", paramLabel = "N", description = "Default: 10000; quick: 1000.")
  private int connections;

  @Override
  void measure(Setting setting) throws IOException, InterruptedException {
    var load = Load.build(setting.tools(), setting.processors());
    var turns = new LinkedHashMap<String, Turns.Turn<Drive>>();
    for (var entrant : setting.entrants().echo()) {
      turns.put(entrant.name(), () -> weigh(setting, load, entrant));
    }
    var row = connections() + " idle connections";
    var findings = setting.findings();
    new Turns<String>(options.rounds(1, 3), (who, reason) -> findings.fail(row, who, reason))
        .take(turns)
        .forEach((who, readings) -> findings.put(row, who, readings));
  }

  @Override
  Map<String, String> facts() {
    return Map.of("rounds", Integer.toString(options.rounds(1, 3)));
  }

  @Override
  List<Grid> grids(Findings findings) {
    return List.of(findings.grid(Metric.HEAP), findings.grid(Metric.RESIDENT));
  }

  @Override
  List<Metric> charts() {
    return List.of(Metric.HEAP, Metric.RESIDENT);
  }

  private int connections() {
    return connections > 0 ? connections : options.quick ? 1_000 : 10_000;
  }

  private Drive weigh(Setting setting, Load load, Entrant entrant)
      throws IOException, InterruptedException {
    setting.progress().println(entrant.name() + " ...");
    try (var server = Serving.start(entrant, Wire.TCP, setting.folder(), Map.of())) {
      setting.findings().contestant(entrant.name(), server.description());
      Children.end(held(load, server, FIRST));
      var before = sizes(server);
      var holder = held(load, server, connections());
      try {
        var after = sizes(server);
        var each = new EnumMap<Metric, Double>(Metric.class);
        after.forEach(
            (metric, size) ->
                each.put(metric, (size - before.getOrDefault(metric, 0.0)) / connections()));
        return new Drive(each);
      } finally {
        Children.end(holder);
      }
    }
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

  private static Map<Metric, Double> sizes(Serving server)
      throws IOException, InterruptedException {
    var sizes = new EnumMap<Metric, Double>(Metric.class);
    if (server.entrant().jvm()) {
      sizes.put(Metric.HEAP, liveHeap(server.pid()));
    }
    var status = Files.readString(Path.of("/proc/" + server.pid() + "/status"));
    sizes.put(Metric.RESIDENT, number(RESIDENT, status) * 1024);
    return sizes;
  }

  /// The bytes of all objects that survive a full collection.
  private static double liveHeap(long pid) throws IOException, InterruptedException {
    var jcmd = JavaSide.java().resolveSibling("jcmd").toString();
    var command = new ArrayList<>(List.of(jcmd, Long.toString(pid)));
    command.add("GC.class_histogram");
    return number(TOTAL, new Program(command).output());
  }

  private static double number(Pattern pattern, String text) throws IOException {
    var found = pattern.matcher(text);
    if (!found.find()) {
      throw new IOException("no " + pattern);
    }
    return Double.parseDouble(found.group(1));
  }
}
