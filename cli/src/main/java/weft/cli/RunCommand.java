package weft.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Compiles the program that the script is about to run.
///
/// The script has read the same options, and says by the property `weft.cli.entry` where it will
/// look for the program. Without that property it could make nothing of them, and whatever picocli
/// lets pass has to be refused here.
@Command(
    name = "run",
    description = "Runs a single-file program, or a class.",
    mixinStandardHelpOptions = true,
    usageHelpWidth = Main.WIDTH,
    customSynopsis = "weft run [OPTIONS] FILE.java|CLASS [ARGS...]",
    footer = {
      "",
      "Exit status: the program's; 1 if an exception left its main method or it does not compile,",
      "2 wrong usage, 130 interrupted by Ctrl-C, 143 terminated."
    })
final class RunCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Main.LoopOptions loop = new Main.LoopOptions();

  @Option(
      names = {"-cp", "-classpath", "--class-path"},
      paramLabel = "PATH",
      description = "jars and folders for the program; for a class without it: CLASSPATH, else .")
  String classPath = "";

  @Parameters(
      index = "0",
      paramLabel = "FILE.java|CLASS",
      description = "a Java file, or the name of a compiled class")
  String program = "";

  @Parameters(index = "1..*", paramLabel = "ARGS", description = "arguments for its main method")
  List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    if (!program.endsWith(".java")) {
      throw wrong("cannot make sense of these options");
    }
    Path source = Path.of(program);
    if (!Files.isRegularFile(source)) {
      throw wrong((Files.exists(source) ? "not a file: " : "no such file: ") + program);
    }
    if (!Files.isReadable(source)) {
      throw wrong("cannot read " + program);
    }
    String entryName = System.getProperty("weft.cli.entry");
    if (entryName == null) {
      throw wrong("cannot make sense of these options");
    }
    Path entry = Path.of(entryName);
    String path = classPath.isEmpty() ? "" : classPath + File.pathSeparator;
    if (!new Compiler(source, path + Compiler.modulePath()).compile(entry)) {
      return 1;
    }
    if (!Boolean.getBoolean("weft.cli.temporary")) {
      Compiler.prune(entry);
    }
    return 0;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
