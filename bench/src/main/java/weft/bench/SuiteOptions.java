package weft.bench;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import weft.EventLoopProvider;

/// The options that the suites about servers have in common.
final class SuiteOptions {
  private static final double SECONDS_MAX = 3_600;

  @Option(names = "--quick", description = "Under a minute; to see that all is well, not to quote.")
  boolean quick;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often the contestants take turns.")
  @Nullable Integer rounds;

  @Option(names = "--seconds", paramLabel = "S", description = "The length of a turn.")
  @Nullable Double seconds;

  @Option(
      names = "--loops",
      split = ",",
      paramLabel = "NAME",
      description =
          "Weft's loops, for example selector,epoll,uring; default: all that there are; quick: the"
              + " default one and the best.")
  private List<String> loops = List.of();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "Parts of the peers' names, for example netty,go; none for none; default: all.")
  List<String> peers = List.of();

  @Option(names = "--no-pin", description = "Leaves it to the kernel which processor runs what.")
  boolean noPin;

  @Option(
      names = "--java-flag",
      paramLabel = "FLAG",
      description = "For each measured JVM, for example -Dweft.engine=portable; may be repeated.")
  List<String> flags = List.of();

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description = "For the CSV, JSON and SVG files; default: bench/target.")
  @Nullable Path out;

  @Option(
      names = "--doc",
      paramLabel = "FILE",
      description = "Also writes the tables into a document, between the markers in it.")
  @Nullable Path doc;

  /// Refuses what makes no sense, before anything is measured.
  void check(CommandLine line) {
    atLeast(line, "--rounds", 1, rounds == null ? 1 : rounds);
    if (seconds != null && !(seconds > 0 && seconds <= SECONDS_MAX)) {
      throw new ParameterException(
          line, "--seconds " + seconds + ": a turn takes more than 0 seconds, 3600 at most");
    }
  }

  static void atLeast(CommandLine line, String option, int least, int value) {
    if (value < least) {
      throw new ParameterException(line, option + " " + value + ": at least " + least);
    }
  }

  /// As asked for; empty: all that there are.
  List<String> loops() {
    return !loops.isEmpty() || !quick
        ? loops
        : List.of("selector", EventLoopProvider.chosen("auto").name());
  }

  /// As asked for, or the suite's.
  int rounds(int inQuick, int inFull) {
    return rounds != null ? rounds : quick ? inQuick : inFull;
  }

  /// As asked for, or the suite's.
  double seconds(double inQuick, double inFull) {
    return seconds != null ? seconds : quick ? inQuick : inFull;
  }
}
