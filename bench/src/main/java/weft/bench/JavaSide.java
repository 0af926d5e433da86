package weft.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// Contestants that run on the JVM: JMH benchmarks, and programs in a JVM of their own.
///
/// @param flags what each JVM gets besides what the benchmarks need
record JavaSide(List<String> flags) {
  /// The direct engine's door, that of the loops of Linux, the floor's, and what keeps the JVM and
  /// JMH quiet.
  private static final List<String> NEEDED =
      List.of(
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "--enable-native-access=ALL-UNNAMED",
          "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use\\w+GC");

  /// A JMH benchmark, in a new JVM each round.
  Contestant benchmark(Class<?> type, String method, Map<String, String> params) {
    return effort -> {
      Path log = Files.createTempFile("weft-bench", ".log");
      try {
        var results = new Runner(options(effort, type, method, params, log).build()).run();
        Files.delete(log);
        return reading(results.iterator().next());
      } catch (RunnerException e) {
        throw new IOException(type.getSimpleName() + "." + method + " failed: see " + log, e);
      }
    };
  }

  Contestant benchmark(Class<?> type, String method) {
    return benchmark(type, method, Map.of());
  }

  /// [Sleepers], with more flags.
  Contestant sleepers(String kind, String... more) {
    return effort -> {
      var args = List.of(kind, Integer.toString(effort.sleepers()));
      return new Reading(new Program(command(List.of(more), Sleepers.class, args)).figures());
    };
  }

  /// A command line that runs a class of this class path.
  List<String> command(List<String> more, Class<?> main, List<String> args) {
    var command = new ArrayList<>(List.of(java().toString()));
    command.addAll(flags(more));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(args);
    return command;
  }

  /// A command line that runs a class with nothing around it.
  List<String> bare(Class<?> main, List<String> args) {
    var place = main.getProtectionDomain().getCodeSource().getLocation();
    var command = new ArrayList<>(List.of(java().toString()));
    command.addAll(flags);
    command.addAll(List.of("-cp", Path.of(URI.create(place.toString())).toString()));
    command.add(main.getName());
    command.addAll(args);
    return command;
  }

  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /// Those that are needed, then `more`, then those that were asked for: the last one wins.
  List<String> flags(List<String> more) {
    var all = new ArrayList<>(NEEDED);
    all.addAll(besides(more));
    all.addAll(flags);
    return all;
  }

  /// What the user has asked for.
  List<String> asked() {
    return flags;
  }

  /// `more` without its collector if another one was asked for: a JVM takes one only.
  List<String> besides(List<String> more) {
    boolean other = flags.stream().anyMatch(flag -> COLLECTOR.matcher(flag).matches());
    return more.stream().filter(flag -> !(other && COLLECTOR.matcher(flag).matches())).toList();
  }

  private OptionsBuilder options(
      Effort effort, Class<?> type, String method, Map<String, String> params, Path log) {
    var options = new OptionsBuilder();
    options
        .include("^" + Pattern.quote(type.getName() + "." + method) + "$")
        .forks(1)
        .jvm(java().toString())
        .jvmArgs(flags(List.of()).toArray(String[]::new))
        .warmupIterations(effort.warmups())
        .warmupTime(millis(effort))
        .measurementIterations(effort.iterations())
        .measurementTime(millis(effort))
        .timeUnit(TimeUnit.NANOSECONDS)
        .addProfiler(GCProfiler.class)
        .shouldFailOnError(true)
        .output(log.toString());
    params.forEach(options::param);
    return options;
  }

  private static TimeValue millis(Effort effort) {
    return TimeValue.milliseconds(effort.iteration().toMillis());
  }

  private static Reading reading(RunResult result) {
    var values = new ArrayList<Double>();
    for (var benchmark : result.getBenchmarkResults()) {
      for (var iteration : benchmark.getIterationResults()) {
        values.add(iteration.getPrimaryResult().getScore());
      }
    }
    var bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
    return new Reading(values, bytes == null ? Double.NaN : bytes.getScore());
  }
}
