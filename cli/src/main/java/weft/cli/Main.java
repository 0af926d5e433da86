package weft.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/// The commands of `weft`: their options, their help and what they do, as far as that is done here.
///
/// Two commands end in another JVM, which the script starts: `run`, after this one has compiled the
/// program, and `bench`. They stand here for their help and for the errors of usage.
@Command(
    name = "weft",
    description = "Asyncio for the JVM: runs programs on an event loop.",
    mixinStandardHelpOptions = true,
    usageHelpWidth = Main.WIDTH,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {RunCommand.class, ReplCommand.class, LoopsCommand.class, BenchCommand.class},
    footer = {
      "",
      "Environment:",
      "  WEFT_LOOP, WEFT_DEBUG   as --loop and --debug",
      "  WEFT_CACHE              compiled programs (else XDG_CACHE_HOME/weft, ~/.cache/weft)",
      "  WEFT_JAVA_OPTS          more options for the JVM that runs the program",
      "  JAVA_HOME               the JDK, if it is new enough"
    })
public final class Main implements Callable<Integer> {
  static final int WIDTH = 100;

  @Spec private CommandSpec spec;

  /// What `run` and `repl` tell the loop.
  static final class LoopOptions {
    @Option(
        names = "--loop",
        paramLabel = "NAME",
        description = "the event loop, one of those that `weft loops` shows")
    @org.jspecify.annotations.Nullable
    String loop;

    @Option(
        names = "--engine",
        paramLabel = "ENGINE",
        description = "how stacks suspend: direct (the default) or portable")
    @org.jspecify.annotations.Nullable
    Engine engine;

    @Option(names = "--debug", description = "debug mode; stack traces are shown whole")
    boolean debug;
  }

  /// The engines' names as they are typed.
  enum Engine {
    direct,
    portable
  }

  private Main() {
    spec = CommandSpec.create(); // picocli sets the real one
  }

  /// Runs one command.
  ///
  /// @param args the command line
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    line.setExecutionExceptionHandler(Main::failed);
    line.setParameterExceptionHandler(Main::misused);
    line.setStopAtPositional(true);
    return line;
  }

  /// One line for what is wrong and one for where to read on, not the whole help.
  private static int misused(ParameterException wrong, String[] arguments) {
    CommandLine line = wrong.getCommandLine();
    line.getErr().println("weft: " + wrong.getMessage());
    line.getErr().println("Try: " + line.getCommandSpec().qualifiedName() + " --help");
    return CommandLine.ExitCode.USAGE;
  }

  private static int failed(Exception thrown, CommandLine line, ParseResult result)
      throws Exception {
    if (thrown instanceof IOException || thrown instanceof IllegalArgumentException) {
      line.getErr().println("weft: " + describe(thrown));
      return 1;
    }
    throw thrown;
  }

  /// The JDK's file system exceptions have only the file for a message.
  static String describe(Exception thrown) {
    String message = String.valueOf(thrown.getMessage());
    return thrown instanceof java.nio.file.FileSystemException
        ? thrown.getClass().getSimpleName() + ": " + message
        : message;
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(System.err);
    return CommandLine.ExitCode.USAGE;
  }

  /// The version of Weft and of the Java under it.
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      return new String[] {
        "weft " + weft(),
        "JDK " + Runtime.version() + " (" + Path.of(System.getProperty("java.home")) + ")"
      };
    }

    static String weft() throws IOException {
      try (var in =
          Main.class.getResourceAsStream("/META-INF/maven/dev.weft/weft-cli/pom.properties")) {
        Properties properties = new Properties();
        if (in != null) {
          properties.load(in);
        }
        return properties.getProperty("version", "(unknown version)");
      }
    }
  }
}
