package weft.bench;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/// A suite about servers.
abstract class ServersCommand extends SuiteCommand {
  /// The length of a turn that only has to show that it works.
  private static final double MOMENT = 0.2;

  @Mixin ServerOptions servers = new ServerOptions();

  /// What the servers are asked to do.
  abstract Peer.Suite asked();

  @Override
  void check(CommandLine line) {
    servers.check(line);
    choice()
        .mistake(asked())
        .ifPresent(
            mistake -> {
              throw new ParameterException(line, mistake);
            });
  }

  @Override
  final Choice choice() {
    return servers.choice(options);
  }

  @Override
  final Processors processors() {
    return servers.processors();
  }

  /// The length of a turn: as asked for, or the suite's.
  double seconds(double inQuick, double inFull) {
    return servers.seconds != null ? servers.seconds : options.pick(MOMENT, inQuick, inFull);
  }
}
