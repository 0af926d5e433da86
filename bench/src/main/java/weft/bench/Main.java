package weft.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/// `weft bench`.
@Command(
    name = "weft bench",
    description = "Measures Weft beside its peers on this machine.",
    synopsisSubcommandLabel = "SUITE",
    subcommands = {CoreCommand.class, HelpCommand.class})
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }
}
