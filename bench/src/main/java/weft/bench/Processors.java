package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which processor the servers may use and which the load generator, so that they do not push each
/// other about. Without `taskset`, or with one processor only, the kernel decides.
///
/// @param server empty when the kernel decides
record Processors(Optional<Integer> server, Optional<Integer> load) {
  private static final int STEAL = 8;
  private static final double TICKS = 100;

  static final Processors FREE = new Processors(Optional.empty(), Optional.empty());

  /// The last one that this process may use for the server, the first one for the load generator.
  static Processors apart() {
    var allowed = allowed();
    if (allowed.size() < 2 || Tools.onPath("taskset").isEmpty()) {
      return FREE;
    }
    return new Processors(Optional.of(allowed.getLast()), Optional.of(allowed.getFirst()));
  }

  /// For the list of facts.
  String text() {
    return server.isEmpty()
        ? "not pinned"
        : "server on " + server.get() + ", load generator on " + load.orElseThrow();
  }

  /// The command, to be run where the load generator runs.
  List<String> besides(List<String> command) {
    if (load.isEmpty()) {
      return command;
    }
    var pinned = new ArrayList<>(List.of("taskset", "-c", load.get().toString()));
    pinned.addAll(command);
    return pinned;
  }

  /// Pins all the threads of a server. Done after it has warmed up: a compiler that shares the
  /// processor with what it compiles would take for ever.
  void pin(long pid) throws IOException, InterruptedException {
    if (server.isPresent()) {
      var core = server.get().toString();
      new Program(List.of("taskset", "-a", "-p", "-c", core, Long.toString(pid))).output();
    }
  }

  /// Ends what [#pin] did.
  void release(long pid) throws IOException, InterruptedException {
    if (server.isPresent()) {
      var all = String.join(",", allowed().stream().map(String::valueOf).toList());
      new Program(List.of("taskset", "-a", "-p", "-c", all, Long.toString(pid))).output();
    }
  }

  /// For how long the host of a virtual machine had given a processor of the contest away while
  /// there was something to do, since the machine started; 0 where that is not told.
  double stolenSeconds() {
    try (var lines = Files.lines(Path.of("/proc/stat"))) {
      return lines.filter(this::isOurs).mapToDouble(Processors::stolenTicks).sum() / TICKS;
    } catch (IOException e) {
      return 0;
    }
  }

  private boolean isOurs(String line) {
    return server.isEmpty()
        ? line.startsWith("cpu ")
        : line.startsWith("cpu" + server.get() + " ")
            || line.startsWith("cpu" + load.orElseThrow() + " ");
  }

  /// Of `cpu0 user nice system idle iowait irq softirq steal …`.
  static double stolenTicks(String line) {
    var words = line.split(" +", -1);
    return words.length > STEAL ? Double.parseDouble(words[STEAL]) : 0;
  }

  /// The numbers in `/proc/self/status`, `0-3,8` for example.
  private static List<Integer> allowed() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      var name = "Cpus_allowed_list:";
      var line = lines.filter(l -> l.startsWith(name)).findFirst().orElse(name + "0");
      var all = new ArrayList<Integer>();
      for (var part : line.substring(name.length()).strip().split(",", -1)) {
        var ends = part.split("-", -1);
        for (int i = Integer.parseInt(ends[0]); i <= Integer.parseInt(ends[ends.length - 1]); i++) {
          all.add(i);
        }
      }
      return all;
    } catch (IOException e) {
      return List.of();
    }
  }
}
