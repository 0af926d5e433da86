package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `weft bench start`.
@Command(
    name = "start",
    description = "Hello, launched: from the start of the process to its end, without its sleep.",
    mixinStandardHelpOptions = true)
final class StartCommand extends SuiteCommand {
  private static final String ROW = "Hello";

  @Option(
      names = "--only",
      paramLabel = "NAME",
      description = "Only the programs whose name contains NAME; may be repeated.")
  private List<String> only = List.of();

  @Override
  void measure(Setting setting) throws IOException, InterruptedException {
    var turns = new LinkedHashMap<String, Turns.Turn<Drive>>();
    for (var entry : programs(setting).entrySet()) {
      var program = entry.getValue();
      try {
        program.wallMillis(); // Compiles, fills caches.
        turns.put(entry.getKey(), () -> launch(program));
      } catch (IOException e) {
        setting.findings().fail(ROW, entry.getKey(), e);
      }
    }
    new Turns<String>(
            options.rounds(3, 15), (who, reason) -> setting.findings().fail(ROW, who, reason))
        .take(turns)
        .forEach((who, drives) -> setting.findings().put(ROW, who, drives));
  }

  @Override
  Map<String, String> facts() {
    return Map.of("rounds", Integer.toString(options.rounds(3, 15)));
  }

  @Override
  List<Grid> grids(Findings findings) {
    return List.of(findings.grid(Metric.START));
  }

  @Override
  List<Metric> charts() {
    return List.of(Metric.START);
  }

  private static Drive launch(Program program) throws IOException, InterruptedException {
    var figures = new EnumMap<Metric, Double>(Metric.class);
    figures.put(Metric.START, program.wallMillis());
    return new Drive(figures);
  }

  private Map<String, Program> programs(Setting setting) throws InterruptedException {
    var programs = new LinkedHashMap<String, Program>();
    var findings = setting.findings();
    var python = PythonSide.find(setting.tools().source("python"));
    var hello = new HelloRows(setting.java(), python, setting.home());
    if (Files.isExecutable(setting.home().resolve("weft"))) {
      programs.put("weft run Hello.java", hello.weft("0"));
    } else {
      findings.leaveOut("weft", "there is no launcher in " + setting.home());
    }
    for (var loop : List.of("asyncio", "uvloop")) {
      if (python.isPresent() && python.get().has(loop)) {
        programs.put("python3 hello.py, " + loop, python.get().hello("0", loop));
      } else {
        findings.leaveOut(loop, "there is none (Debian: python3-uvloop)");
      }
    }
    try {
      var node = Tools.find("node", "Debian: nodejs").toString();
      var script = setting.tools().source("programs/hello.js").toString();
      programs.put("node hello.js", new Program(List.of(node, script, "0")));
    } catch (IOException e) {
      findings.leaveOut("node", String.valueOf(e.getMessage()));
    }
    programs.put("java PlainHello", hello.plain("0"));
    if (!only.isEmpty()) {
      var names = String.join(", ", programs.keySet());
      programs.keySet().removeIf(name -> only.stream().noneMatch(name::contains));
      if (programs.isEmpty()) {
        throw new ParameterException(spec.commandLine(), "no such program; there are: " + names);
      }
    }
    programs.keySet().forEach(name -> findings.contestant(name, ""));
    return programs;
  }
}
