package weft.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Another program, run to its end.
///
/// @param environment added to this process's own
/// @param longest after which it is ended, which is a failure
record Program(List<String> command, Map<String, String> environment, Duration longest) {
  private static final Duration LONGEST = Duration.ofMinutes(2);

  Program(List<String> command) {
    this(command, Map.of());
  }

  Program(List<String> command, Map<String, String> environment) {
    this(command, environment, LONGEST);
  }

  /// One that works for so many seconds by itself.
  static Program during(List<String> command, double seconds) {
    return new Program(command, Map.of(), LONGEST.plusSeconds((long) Math.ceil(seconds)));
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
      if (!process.waitFor(longest)) {
        throw new IOException("still running after " + longest.toSeconds() + " s: " + command);
      }
      if (process.exitValue() != 0) {
        throw new IOException("exit status " + process.exitValue() + ": " + command);
      }
    } finally {
      Children.end(process);
    }
  }
}
