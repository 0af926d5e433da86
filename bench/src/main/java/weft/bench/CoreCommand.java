package weft.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `weft bench core`.
@Command(
    name = "core",
    description = {
      "Coroutines, tasks, callbacks, timers: Weft beside uvloop, asyncio and the JDK.",
      "Prints a table; a figure after ~ varied too much between rounds to be quoted."
    },
    mixinStandardHelpOptions = true)
final class CoreCommand implements Callable<Integer> {
  @Option(names = "--quick", description = "Under a minute; to see that all is well, not to quote.")
  private boolean quick;

  @Option(
      names = "--smoke",
      description = "Everyone once, for a moment: to see that all of them work.")
  private boolean smoke;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      description = "Only the rows whose name contains NAME; may be repeated.")
  private List<String> only = List.of();

  @Option(names = "--list", description = "Prints the rows' names and what the JDK's sides do.")
  private boolean list;

  @Option(names = "--no-python", description = "Leaves asyncio and uvloop out.")
  private boolean noPython;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Default: bench/target/core.csv; a JSON and an SVG file are written beside it.")
  private @Nullable Path csv;

  @Option(
      names = "--doc",
      paramLabel = "FILE",
      description = "Also writes the table into a document, between the markers in it.")
  private @Nullable Path doc;

  @Option(
      names = "--java-flag",
      paramLabel = "FLAG",
      description = "For each measured JVM, for example -Dweft.engine=portable; may be repeated.")
  private List<String> flags = List.of();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (doc != null) {
      new Document(doc, "core").check();
    }
    var out = spec.commandLine().getOut();
    // Stays UTF-8 whatever the console says: the table has a dash and a sign in it.
    var progress = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    var home = Home.find();
    var python = noPython ? Optional.<PythonSide>empty() : findPython(home, progress);
    var effort = smoke ? Effort.smoke() : quick ? Effort.quick() : Effort.full();
    var rows = chosen(rows(effort, home, python, progress));
    if (list) {
      rows.forEach(row -> out.printf("%-24s %s%n    %s%n", row.name(), row.work(), row.beside()));
      out.flush();
      return 0;
    }
    var file = csv == null ? home.resolve("bench/target/core.csv") : csv;
    ResultFiles.checkWritable(file);
    ResultFiles.checkWritable(beside(file, ".json"));
    var machine = Machine.here(home, facts(python, effort), !smoke && !quick);
    if (machine.isBusy()) {
      progress.println("The machine is busy: these figures will not be worth quoting.");
    }
    var results = new Rounds(effort, progress).run(rows);
    report(out, machine, rows, results, file);
    results.failures().forEach(failure -> progress.println("failed: " + failure));
    return results.failures().isEmpty() ? 0 : 1;
  }

  private Map<String, String> facts(Optional<PythonSide> python, Effort effort) {
    var versions = python.map(PythonSide::versions).orElse(Map.of());
    var facts = new LinkedHashMap<String, String>();
    facts.put("Python", versions.getOrDefault("asyncio", "none"));
    facts.put("uvloop", versions.getOrDefault("uvloop", "none"));
    facts.put("rounds", Integer.toString(effort.rounds()));
    if (!flags.isEmpty()) {
      facts.put("JVM flags", String.join(" ", flags));
    }
    return facts;
  }

  private List<Row> rows(
      Effort effort, Path home, Optional<PythonSide> python, PrintWriter progress) {
    var java = new JavaSide(flags);
    if (Files.isExecutable(home.resolve("weft"))) {
      return CoreRows.all(effort, java, python, Optional.of(new HelloRows(java, python, home)));
    }
    progress.println("hello: left out, there is no launcher in " + home);
    return CoreRows.all(effort, java, python, Optional.empty());
  }

  private void report(PrintWriter out, Machine machine, List<Row> rows, Results results, Path file)
      throws IOException {
    var table = new Table(rows, results);
    out.println(machine.lines(""));
    out.print(table.text());
    out.flush();
    Files.writeString(file, new Csv(machine, rows, results).text());
    out.println("\nWritten: " + file);
    Files.writeString(beside(file, ".json"), new CoreJson(machine, rows, results).text());
    out.println("Written: " + beside(file, ".json"));
    var picture = Chart.of(rows, results).svg();
    Files.writeString(beside(file, ".svg"), picture);
    out.println("Written: " + beside(file, ".svg"));
    if (doc != null) {
      var document = new Document(doc, "core");
      var drawn = Files.writeString(document.pictures().resolve("core.svg"), picture);
      var text = machine.lines("- ") + "\n" + table.markdown();
      document.write(text + document.shown(List.of(drawn)));
      out.println("Written: " + doc);
    }
    out.flush();
  }

  /// A file of another kind beside the CSV file.
  private static Path beside(Path csv, String suffix) {
    String name = String.valueOf(csv.getFileName());
    String stem = name.endsWith(".csv") ? name.substring(0, name.length() - 4) : name;
    return csv.resolveSibling(stem + suffix);
  }

  private List<Row> chosen(List<Row> rows) {
    if (only.isEmpty()) {
      return rows;
    }
    var chosen = new ArrayList<Row>();
    for (var row : rows) {
      if (only.stream().anyMatch(row.name()::contains)) {
        chosen.add(row);
      }
    }
    if (chosen.isEmpty()) {
      var names = String.join(", ", rows.stream().map(Row::name).toList());
      throw new ParameterException(spec.commandLine(), "no such row; there are: " + names);
    }
    return chosen;
  }

  private static Optional<PythonSide> findPython(Path home, PrintWriter progress)
      throws InterruptedException {
    var python = PythonSide.find(home.resolve("bench/src/main/python"));
    if (python.isEmpty()) {
      progress.println("asyncio, uvloop: left out, there is no Python 3");
    } else if (!python.get().has("uvloop")) {
      progress.println(
          "uvloop: left out, " + python.get().python() + " has none (Debian: python3-uvloop)");
    }
    return python;
  }
}
