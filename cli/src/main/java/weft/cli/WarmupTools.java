package weft.cli;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import weft.RunOptions;

/// Compiles a program and evaluates some inputs: the training run of the start-up cache of the
/// launcher itself.
public final class WarmupTools {
  private static final String PROGRAM =
      """
      import module weft;
      import static weft.Weft.*;

      void main() {
        run(() -> {
          sleep(Duration.ZERO);
          IO.println("Hello " + List.of(1, 2));
        });
      }
      """;
  private static final String INPUTS =
      """
      1 + 1
      var task = createTask(() -> sleep(Duration.ZERO));
      await(task)
      int twice(int n) {
        return 2 * n;
      }
      nothing
      """;

  private WarmupTools() {}

  /// Runs it.
  ///
  /// @param args none
  public static void main(String[] args) throws Exception {
    Main.commandLine().parseArgs("run", "--debug", "Warm.java");
    Path folder = Files.createTempDirectory("weft-warmup");
    try {
      Path source = Files.writeString(folder.resolve("Warm.java"), PROGRAM);
      if (!new Compiler(source, Compiler.modulePath()).compile(folder.resolve("entry"))) {
        throw new IllegalStateException("it does not compile");
      }
    } finally {
      Compiler.delete(folder);
    }
    System.setIn(new ByteArrayInputStream(INPUTS.getBytes(StandardCharsets.UTF_8)));
    Repl.run(RunOptions.defaults(), "");
  }
}
