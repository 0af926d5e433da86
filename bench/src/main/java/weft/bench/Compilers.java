package weft.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The just-in-time compilers of a JVM that serves.
///
/// @param pid of a process, which need not be one
record Compilers(long pid) {
  /// What a thread that compiles is called, in the kernel's fifteen characters.
  private static final String NAME = "C[12] CompilerThre.*";

  /// The processor time they have taken so far. Less than before when one of them has ended.
  double seconds() throws IOException {
    double nanos = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (var thread : threads) {
        nanos += nanos(thread);
      }
    }
    return nanos / 1e9;
  }

  private static double nanos(Path thread) throws IOException {
    try {
      if (!Files.readString(thread.resolve("comm")).strip().matches(NAME)) {
        return 0;
      }
      var times = Files.readString(thread.resolve("schedstat"));
      return Double.parseDouble(times.substring(0, times.indexOf(' ')));
    } catch (NoSuchFileException e) {
      return 0; // It has ended, or the kernel does not count.
    }
  }
}
