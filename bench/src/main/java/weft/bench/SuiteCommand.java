package weft.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// A suite: measures, prints its tables, and writes the files.
abstract class SuiteCommand implements Callable<Integer> {
  @Mixin SuiteOptions options = new SuiteOptions();

  @Spec CommandSpec spec = CommandSpec.create();

  /// Refuses options of its own that make no sense.
  void check(CommandLine line) {}

  /// Measures, into `setting.findings()`.
  abstract void measure(Setting setting) throws IOException, InterruptedException;

  /// Facts to be read with the figures, such as how long a turn is.
  abstract Map<String, String> facts();

  /// The tables, the most important first.
  abstract List<Grid> grids(Findings findings);

  /// The metrics that are drawn.
  abstract List<Metric> charts();

  /// Who takes part.
  Choice choice() {
    return Choice.ALL;
  }

  /// Who runs where.
  Processors processors() {
    return Processors.FREE;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    var suite = spec.name();
    options.check(spec.commandLine());
    check(spec.commandLine());
    if (options.doc != null) {
      new Document(options.doc, suite).check();
    }
    var home = Home.find();
    // All of this is better known before anything is measured.
    var target = options.out == null ? home.resolve("bench/target") : options.out;
    ResultFiles.checkWritable(target.resolve(suite + ".csv"));
    // Stays UTF-8 whatever the console says.
    var progress = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    var folder = Files.createTempDirectory("weft-bench");
    try {
      var setting =
          new Setting(
              home,
              folder,
              new Tools(home, progress),
              new JavaSide(options.flags),
              processors(),
              choice(),
              new Findings(),
              progress);
      var machine = Machine.here(home, allFacts(), options.pick(false, false, true));
      if (machine.isBusy()) {
        progress.println("The machine is busy: these figures will not be worth quoting.");
      }
      measure(setting);
      report(suite, machine, setting, target);
      return setting.findings().failures().isEmpty() ? 0 : 1;
    } finally {
      delete(folder);
    }
  }

  private Map<String, String> allFacts() {
    var facts = new LinkedHashMap<>(facts());
    var haste =
        options.pick(
            "smoke: to see that all of them work; the figures mean nothing",
            "quick: warm for a second or two: to see that all is well, not to quote",
            "");
    if (!haste.isEmpty()) {
      facts.put("haste", haste);
    }
    if (!options.flags.isEmpty()) {
      facts.put("more flags", String.join(" ", options.flags));
    }
    return facts;
  }

  private void report(String suite, Machine machine, Setting setting, Path target)
      throws IOException {
    var findings = setting.findings();
    var out = spec.commandLine().getOut();
    out.println(machine.lines(""));
    findings.descriptions().forEach((who, what) -> out.println(described(who, what)));
    findings.leftOut().forEach(out::println);
    for (var grid : grids(findings)) {
      out.println();
      out.print(grid.text());
    }
    var files = new ResultFiles(suite, machine, findings);
    out.println();
    for (var file : files.write(target, charts())) {
      out.println("Written: " + file);
    }
    if (options.doc != null) {
      var document = new Document(options.doc, suite);
      var pictures = files.charts(document.pictures(), charts());
      document.write(markdown(machine, findings) + document.shown(pictures));
      out.println("Written: " + options.doc);
    }
    out.flush();
    findings.failures().forEach(failure -> setting.progress().println("failed: " + failure));
  }

  private static String described(String who, String what) {
    return what.isEmpty() ? who : who + ": " + what;
  }

  private String markdown(Machine machine, Findings findings) {
    var text = new StringBuilder(machine.lines("- "));
    findings
        .descriptions()
        .forEach((who, what) -> text.append("- ").append(described(who, what)).append('\n'));
    findings.leftOut().forEach(line -> text.append("- ").append(line).append('\n'));
    findings.failures().forEach(line -> text.append("- failed: ").append(line).append('\n'));
    for (var grid : grids(findings)) {
      text.append('\n').append(grid.markdown());
    }
    return text.toString();
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
