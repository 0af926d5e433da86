package weft.bench;

import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/// `weft bench`.
@Command(
    name = "weft bench",
    description = "Measures Weft beside its peers on this machine.",
    synopsisSubcommandLabel = "SUITE",
    subcommands = {
      CoreCommand.class,
      EchoCommand.class,
      HttpCommand.class,
      MemoryCommand.class,
      StartCommand.class,
      AllCommand.class,
      HelpCommand.class
    })
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /// What goes wrong outside of Weft (a missing file, say) is told in a line, without a trace.
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setExecutionExceptionHandler(
            (thrown, command, _) -> {
              if (!(thrown instanceof IOException)) {
                throw thrown;
              }
              command.getErr().println(command.getCommandName() + ": " + thrown.getMessage());
              return command.getCommandSpec().exitCodeOnExecutionException();
            });
  }
}
