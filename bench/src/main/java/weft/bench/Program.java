package weft.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Another program, run to its end.
///
/// @param environment added to this process's own
record Program(List<String> command, Map<String, String> environment) {
  private static final long LONGEST_SECONDS = 120;

  Program(List<String> command) {
    this(command, Map.of());
  }

  /// The figures it prints, one a line.
  List<Double> figures() throws IOException, InterruptedException {
    return output().lines().map(Double::valueOf).toList();
  }

  /// All it prints to its standard output.
  ///
  /// @throws IOException when it fails, with what it printed to its standard error
  String output() throws IOException, InterruptedException {
    Path output = Files.createTempFile("weft-bench", ".out");
    Path error = Files.createTempFile("weft-bench", ".err");
    try {
      finish(output.toFile(), error.toFile());
      return Files.readString(output);
    } catch (IOException e) {
      throw new IOException(e.getMessage() + "\n" + Files.readString(error), e);
    } finally {
      Files.delete(output);
      Files.delete(error);
    }
  }

  /// How long it takes from its start to its end, its output thrown away.
  double wallMillis() throws IOException, InterruptedException {
    var nowhere = new File(File.separatorChar == '/' ? "/dev/null" : "NUL");
    long start = System.nanoTime();
    finish(nowhere, nowhere);
    return (System.nanoTime() - start) / 1e6;
  }

  private void finish(File output, File error) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).redirectOutput(output).redirectError(error);
    builder.environment().putAll(environment);
    var process = Children.add(builder.start());
    try {
      process.getOutputStream().close();
      if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("still running after " + LONGEST_SECONDS + " s: " + command);
      }
      if (process.exitValue() != 0) {
        throw new IOException("exit status " + process.exitValue() + ": " + command);
      }
    } finally {
      Children.end(process);
    }
  }
}
