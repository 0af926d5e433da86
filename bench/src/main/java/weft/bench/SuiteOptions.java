package weft.bench;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options that all suites but `core` have in common.
final class SuiteOptions {
  @Option(names = "--quick", description = "Under a minute; to see that all is well, not to quote.")
  private boolean quick;

  @Option(
      names = "--smoke",
      description = "Everyone once, for a moment: to see that all of them work.")
  private boolean smoke;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often the contestants take turns.")
  private @Nullable Integer rounds;

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
  }

  static void atLeast(CommandLine line, String option, int least, int value) {
    if (value < least) {
      throw new ParameterException(line, option + " " + value + ": at least " + least);
    }
  }

  /// As asked for, or the suite's.
  int rounds(int inQuick, int inFull) {
    return rounds != null ? rounds : pick(1, inQuick, inFull);
  }

  /// What goes with how much is to be done.
  <T> T pick(T inSmoke, T inQuick, T inFull) {
    return smoke ? inSmoke : quick ? inQuick : inFull;
  }
}
