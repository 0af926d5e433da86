package weft.bench;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import weft.EventLoopProvider;

/// The options that the suites about servers have in common.
final class ServerOptions {
  private static final double SECONDS_MAX = 3_600;

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
  private List<String> peers = List.of();

  @Option(names = "--no-pin", description = "Leaves it to the kernel which processor runs what.")
  private boolean noPin;

  /// Refuses what makes no sense, before anything is measured.
  void check(CommandLine line) {
    if (seconds != null && !(seconds > 0 && seconds <= SECONDS_MAX)) {
      throw new ParameterException(
          line, "--seconds " + seconds + ": a turn takes more than 0 seconds, 3600 at most");
    }
  }

  Choice choice(SuiteOptions options) {
    if (!loops.isEmpty()) {
      return new Choice(peers, loops);
    }
    var few = List.of("selector", EventLoopProvider.chosen("auto").name());
    return new Choice(peers, options.pick(List.of(), few, List.of()));
  }

  Processors processors() {
    return noPin ? Processors.FREE : Processors.apart();
  }
}
