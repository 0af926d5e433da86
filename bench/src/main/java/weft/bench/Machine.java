package weft.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What the figures of a run depend on besides the code: to be read with them.
///
/// @param busy what part of the processors' time others took before the start
record Machine(Map<String, String> facts, double busy) {
  /// Above this, figures are not to be quoted.
  private static final double BUSY = 0.1;

  /// How long the processors are looked at. The load average would tell of what has ended before.
  private static final Duration LOOK = Duration.ofMillis(500);

  private static final int LOOKS_MAX = 10;

  /// @param more facts that belong to the suite
  /// @param patient whether to look again where others are busy
  static Machine here(Path home, Map<String, String> more, boolean patient)
      throws InterruptedException {
    int processors = Runtime.getRuntime().availableProcessors();
    double busy = busyNow(patient ? LOOKS_MAX : 1);
    var facts = new LinkedHashMap<String, String>();
    facts.put("date", Instant.now().truncatedTo(ChronoUnit.MINUTES).toString());
    facts.put("commit", commit(home));
    facts.put("processor", processors + " × " + processor());
    facts.put(
        "kernel", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
    facts.put("JDK", property("java.vm.vendor") + " " + property("java.vm.version"));
    facts.putAll(more);
    facts.put("busy before", String.format(Locale.ROOT, "%.0f %%", busy * 100));
    return new Machine(facts, busy);
  }

  /// Zero if it cannot be known here. What has just been ended, the servers of the suite before,
  /// may take a moment to be gone, so a busy machine is looked at again.
  private static double busyNow(int looksMax) throws InterruptedException {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    double busy = 1;
    for (int looks = 0; looks < looksMax && busy > BUSY; looks++) {
      system.getCpuLoad(); // the next one is from here on
      Thread.sleep(LOOK);
      busy = Math.max(0, system.getCpuLoad());
    }
    return busy;
  }

  /// True when others use the machine: then the figures say little.
  boolean isBusy() {
    return busy > BUSY;
  }

  /// One fact a line, each after `prefix`.
  String lines(String prefix) {
    var lines = new StringBuilder();
    facts.forEach(
        (name, value) -> lines.append(prefix).append(name).append(": ").append(value).append('\n'));
    return lines.toString();
  }

  private static String property(String name) {
    return System.getProperty(name, "?");
  }

  private static String processor() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse(property("os.arch"));
    } catch (IOException e) {
      return property("os.arch");
    }
  }

  private static String commit(Path home) throws InterruptedException {
    try {
      var git = List.of("git", "-C", home.toString());
      var commit = new Program(join(git, "rev-parse", "--short", "HEAD")).output().strip();
      // A run writes its tables into the docs.
      var changes = new Program(join(git, "status", "--porcelain", ".", ":!docs")).output();
      return changes.isBlank() ? commit : commit + " and changes";
    } catch (IOException e) {
      return "none";
    }
  }

  private static List<String> join(List<String> start, String... more) {
    var all = new ArrayList<>(start);
    all.addAll(List.of(more));
    return all;
  }
}
