package weft.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `weft bench all`.
@Command(
    name = "all",
    description = "All the suites, one after the other, each as it is by default.",
    mixinStandardHelpOptions = true)
final class AllCommand implements Callable<Integer> {
  private static final List<String> SUITES = List.of("core", "echo", "http", "memory", "start");

  @Option(names = "--quick", description = "Each under a minute; to see that all is well.")
  private boolean quick;

  @Option(
      names = "--smoke",
      description = "Everyone once, for a moment: to see that all of them work.")
  private boolean smoke;

  @Option(
      names = "--doc",
      paramLabel = "FILE",
      description = "Also writes the tables into a document, between the markers in it.")
  private @Nullable Path doc;

  @Spec private CommandSpec spec = CommandSpec.create();

  /// The status of the worst.
  @Override
  public Integer call() throws IOException {
    if (doc != null) {
      for (var suite : SUITES) { // better known before anything is measured
        new Document(doc, suite).check();
      }
    }
    var bench = spec.parent().commandLine();
    int worst = 0;
    for (var suite : SUITES) {
      bench.getOut().printf("%n=== weft bench %s%n%n", suite);
      bench.getOut().flush();
      var args = new ArrayList<>(List.of(suite));
      if (quick) {
        args.add("--quick");
      }
      if (smoke) {
        args.add("--smoke");
      }
      if (doc != null) {
        args.addAll(List.of("--doc", doc.toString()));
      }
      worst = Math.max(worst, bench.execute(args.toArray(String[]::new)));
    }
    return worst;
  }
}
