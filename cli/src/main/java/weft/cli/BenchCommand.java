package weft.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Stands for a command that the script runs by itself.
@Command(
    name = "bench",
    description = "Measures Weft against others; builds the benchmarks when they are missing.",
    mixinStandardHelpOptions = true,
    usageHelpWidth = Main.WIDTH)
final class BenchCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..*",
      paramLabel = "SUITE [ARGS]",
      description = "which: core, echo, http, memory, start or all; each has a --help")
  String[] suite = {};

  @Override
  public Integer call() {
    throw new IllegalStateException("the script runs the benchmarks");
  }
}
