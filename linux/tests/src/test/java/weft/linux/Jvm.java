package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Other processes that run classes of the tests.
final class Jvm {
  private static final List<String> OPTIONS =
      List.of(
          "-ea",
          "-Xshare:auto",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "--enable-native-access=ALL-UNNAMED",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "-Dweft.engine=direct");

  private Jvm() {}

  /// The command that runs a class's `main`.
  static List<String> command(List<String> options, Class<?> main, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(OPTIONS);
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }

  /// Starts it; what it says can be read.
  static Process start(List<String> command, Path folder) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    return builder.directory(folder.toFile()).start();
  }

  /// Runs it to its end, which has to be a good one; what it has said.
  static String run(List<String> command, Path folder) throws IOException, InterruptedException {
    Process process = start(command, folder);
    try {
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes());
      assertTrue(process.waitFor(10, TimeUnit.SECONDS), said);
      assertEquals(0, process.exitValue(), said);
      return said;
    } finally {
      process.destroyForcibly();
    }
  }
}
