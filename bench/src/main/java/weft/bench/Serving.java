package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// A server program that runs.
final class Serving implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 30;

  /// Where it listens and what it is; or what the examples say.
  private static final Pattern READY =
      Pattern.compile("(?m)^(?:READY|listening on /127\\.0\\.0\\.1:) ?(\\S+)(.*)\n");

  /// As many descriptors as the system lets us have: the server gets one for each connection.
  private static final List<String> UNLIMITED =
      List.of("/bin/sh", "-c", "ulimit -n \"$(ulimit -H -n)\" && exec \"$@\"", "sh");

  private final Entrant entrant;
  private final Process process;
  private final String where;
  private final String description;

  private Serving(Entrant entrant, Process process, String where, String description) {
    this.entrant = entrant;
    this.process = process;
    this.where = where;
    this.description = description;
  }

  /// Starts a server and waits until it is ready.
  ///
  /// @param folder where it may put its socket and its log
  /// @param more its environment gets besides its own
  /// @throws NotStarted when it says something else than `READY`, with that, or nothing at all
  /// @throws IOException when it runs in another mode than it should
  static Serving start(Entrant entrant, Wire wire, Path folder, Map<String, String> more)
      throws IOException, InterruptedException {
    var name = entrant.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    var place = folder.resolve(name + ".sock");
    Files.deleteIfExists(place);
    var out = folder.resolve(name + "-" + wire.title() + ".out");
    var log = folder.resolve(name + "-" + wire.title() + ".err");
    var command = unlimited(entrant.command(wire, wire == Wire.UNIX ? place.toString() : "0"));
    var builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(log.toFile());
    builder.environment().putAll(more);
    builder.environment().putAll(entrant.environment());
    var process = Children.add(builder.start());
    try {
      var line = ready(process, out, log);
      var description = String.valueOf(line.group(2));
      entrant.mode().check(description, process.pid());
      return new Serving(entrant, process, line.group(1), description.strip());
    } catch (IOException e) {
      Children.end(process);
      throw e;
    }
  }

  /// A command that may open as many descriptors as the system allows.
  static List<String> unlimited(List<String> command) {
    var whole = new ArrayList<>(UNLIMITED);
    whole.addAll(command);
    return whole;
  }

  private static MatchResult ready(Process process, Path out, Path log)
      throws IOException, InterruptedException {
    for (int i = 0; i < PATIENCE_SECONDS * 100; i++) {
      boolean ended = process.waitFor(10, TimeUnit.MILLISECONDS);
      var line = READY.matcher(Files.readString(out));
      if (line.find()) {
        return line.toMatchResult();
      }
      if (ended) {
        var said = Files.readString(log).lines().limit(5).toList();
        throw new NotStarted("could not start: " + String.join(" / ", said));
      }
    }
    throw new NotStarted("was not ready after " + PATIENCE_SECONDS + " s");
  }

  Entrant entrant() {
    return entrant;
  }

  /// Version and mode, in its own words.
  String description() {
    return description;
  }

  /// As the load generator takes it.
  String address() {
    return where.startsWith("/") ? "unix:" + where : "tcp:" + where;
  }

  /// The TCP port.
  int port() {
    return Integer.parseInt(where);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    Children.end(process);
  }
}
