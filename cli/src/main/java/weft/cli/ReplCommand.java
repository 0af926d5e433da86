package weft.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import weft.EventLoopProvider;
import weft.RunOptions;

/// The prompt.
@Command(
    name = "repl",
    description = "Evaluates Java, line by line, on a running event loop.",
    mixinStandardHelpOptions = true,
    usageHelpWidth = Main.WIDTH)
final class ReplCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Main.LoopOptions loop = new Main.LoopOptions();

  @Option(
      names = {"-cp", "-classpath", "--class-path"},
      paramLabel = "PATH",
      description = "jars and folders that the inputs may use")
  String classPath = "";

  @Override
  public Integer call() throws Exception {
    if (loop.engine != null) {
      System.setProperty("weft.engine", loop.engine.name());
    }
    try {
      EventLoopProvider.chosen(loop.loop);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
    RunOptions options = loop.loop == null ? RunOptions.defaults() : RunOptions.on(loop.loop);
    return Repl.run(loop.debug ? options.debug(true) : options, classPath);
  }
}
