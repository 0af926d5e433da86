package weft.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The load generator, `load.c`: one process for each turn.
record Load(Path program, boolean tls, Processors processors) {
  static Load build(Tools tools, Processors processors) throws IOException, InterruptedException {
    var load = tools.ccWithTls("native/load.c", "load");
    return new Load(load.program(), load.tls(), processors);
  }

  /// How long a server may take to notice that thousands of connections have gone, before another
  /// one is loaded.
  private static final long CLOSING_MILLIS = 500;

  /// Loads a server for `warmup` seconds that do not count and `seconds` that do.
  Drive drive(Serving server, EchoCase what, double warmup, double seconds)
      throws IOException, InterruptedException {
    var command =
        command(
            server,
            what.wire(),
            List.of(
                "--connections",
                Integer.toString(what.connections()),
                "--idle",
                Integer.toString(what.idle()),
                "--bytes",
                Integer.toString(what.bytes()),
                "--rate",
                Integer.toString(what.rate()),
                "--warmup",
                String.format(Locale.ROOT, "%.3f", warmup),
                "--seconds",
                String.format(Locale.ROOT, "%.3f", seconds),
                "--pid",
                Long.toString(server.pid())));
    double before = processors.stolenSeconds();
    var drive = Drive.parse(output(command, warmup + seconds));
    double stolen = processors.stolenSeconds() - before;
    if (what.idle() > 0) {
      Thread.sleep(CLOSING_MILLIS);
    }
    return drive.with(Metric.STOLEN, stolen / (warmup + seconds) * 100);
  }

  /// Fails with the generator's own words only: its command is a long one.
  private static String output(List<String> command, double seconds)
      throws IOException, InterruptedException {
    try {
      return Program.during(command, seconds).output();
    } catch (IOException e) {
      var said = String.valueOf(e.getMessage());
      int at = said.lastIndexOf("load: ");
      throw new IOException(at < 0 ? said : said.substring(at + "load: ".length()).strip(), e);
    }
  }

  /// Opens connections that do nothing once each has echoed a few bytes; ends them with the
  /// process.
  Process hold(Serving server, int connections) throws IOException {
    var command =
        command(
            server,
            Wire.TCP,
            List.of("--connections", "0", "--idle", Integer.toString(connections)));
    return Children.add(new ProcessBuilder(command).start());
  }

  private List<String> command(Serving server, Wire wire, List<String> options) {
    var command = new ArrayList<>(List.of(program.toString(), server.address()));
    if (wire == Wire.TLS) {
      command.addAll(List.of("--tls", "1"));
    }
    command.addAll(options);
    return processors.besides(Serving.unlimited(command));
  }
}
