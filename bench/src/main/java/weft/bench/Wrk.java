package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.regex.Pattern;

/// The HTTP load generator `wrk`, with one thread.
record Wrk(Path program, Processors processors) {
  /// The kernel counts CPU time for `/proc/PID/stat` in hundredths of a second.
  private static final double TICK_MICROS = 10_000;

  private static final Pattern RATE = Pattern.compile("Requests/sec: +([0-9.]+)");
  private static final Pattern COUNT = Pattern.compile("([0-9]+) requests in");
  private static final Pattern P50 = Pattern.compile(" 50% +([0-9.]+)(us|ms|s)");
  private static final Pattern P99 = Pattern.compile(" 99% +([0-9.]+)(us|ms|s)");
  private static final Pattern TROUBLE =
      Pattern.compile("(Socket errors: .*[1-9].*|Non-2xx or 3xx responses: .*)");

  /// Asks for `path` over and over on `connections` connections.
  Drive drive(Serving server, String path, int connections, double seconds)
      throws IOException, InterruptedException {
    var address = "http://127.0.0.1:" + server.port() + path;
    var command =
        List.of(
            program.toString(),
            "--timeout=20s",
            "-t1",
            "-c" + connections,
            "-d" + whole(seconds) + "s",
            "--latency",
            address);
    long before = cpuTicks(server.pid());
    var said = Program.during(processors.besides(Serving.unlimited(command)), seconds).output();
    double micros = (cpuTicks(server.pid()) - before) * TICK_MICROS;
    var trouble = TROUBLE.matcher(said);
    if (trouble.find()) {
      throw new IOException(trouble.group());
    }
    var figures = new EnumMap<Metric, Double>(Metric.class);
    figures.put(Metric.CPU, micros / number(COUNT, said));
    figures.put(Metric.RATE, number(RATE, said));
    figures.put(Metric.P50, time(P50, said));
    figures.put(Metric.P99, time(P99, said));
    return new Drive(figures);
  }

  /// What becomes of so many seconds: it takes no fractions.
  static long whole(double seconds) {
    return Math.max(1, Math.round(seconds));
  }

  /// User and system time of all threads, the ended ones included.
  private static long cpuTicks(long pid) throws IOException {
    var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    // The second field is a name in brackets, which may have spaces in it; the third is number 0.
    var fields = new ArrayList<>(List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)));
    return Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12));
  }

  private static double number(Pattern pattern, String said) throws IOException {
    var found = pattern.matcher(said);
    if (!found.find()) {
      throw new IOException("wrk did not say what was expected:\n" + said);
    }
    return Double.parseDouble(found.group(1));
  }

  private static double time(Pattern pattern, String said) throws IOException {
    var found = pattern.matcher(said);
    if (!found.find()) {
      throw new IOException("wrk did not say what was expected:\n" + said);
    }
    double number = Double.parseDouble(found.group(1));
    return switch (found.group(2)) {
      case "us" -> number;
      case "ms" -> number * 1e3;
      default -> number * 1e6;
    };
  }
}
