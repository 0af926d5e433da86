package weft.examples;

import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.io.Net.startServer;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import weft.ErrorContext;
import weft.EventLoop;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.TlsOptions;

/// A server in a process of its own, that says how it is when it is asked.
///
/// The first byte of a connection says what it does with the rest: `e` sends it back, `d` does not
/// read it as long as it is deaf, `f` sends without end. On its standard input, `report` prints a
/// line of figures, `hear` and `deafen` concern `d`, and the end of it ends the server.
final class Station {
  private static final Duration HANDSHAKE = Duration.ofSeconds(2);

  private final EventLoop loop = EventLoop.running();
  private Server plain;
  private Server secure;
  private boolean deaf;
  private boolean stopping;

  /// Arguments: a certificate and a key, or nothing for no TLS.
  public static void main(String[] arguments) {
    run(() -> new Station().serve(arguments));
  }

  private void serve(String[] arguments) throws IOException {
    var options = ServerOptions.defaults().backlog(4096);
    plain = startServer(this::handle, "127.0.0.1", 0, options);
    secure = plain;
    if (arguments.length == 2) {
      var tls = TlsOptions.server(Path.of(arguments[0]), Path.of(arguments[1]));
      var limited = options.tls(tls.handshakeTimeout(HANDSHAKE));
      secure = startServer(this::handle, "127.0.0.1", 0, limited);
    }
    // Without descriptors no class can be loaded; so load what is needed now.
    loop.setExceptionHandler((handling, error) -> System.err.println(error.message()));
    loop.callExceptionHandler(new ErrorContext("beginning to listen", null));
    report();
    System.out.println("ports " + port(plain) + " " + port(secure));
    Thread.ofPlatform().daemon().start(this::listen);
    while (!stopping) {
      sleep(Duration.ofMillis(20));
    }
    plain.shutdown(Duration.ZERO);
    secure.shutdown(Duration.ZERO);
  }

  private static int port(Server server) {
    return ((InetSocketAddress) server.addresses().getFirst()).getPort();
  }

  private void handle(StreamReader reader, StreamWriter writer) throws IOException {
    byte[] mode = reader.read(1);
    switch (mode.length == 0 ? ' ' : mode[0]) {
      case 'e' -> {
        for (ByteBuffer data; (data = reader.readChunk()) != null; ) {
          writer.write(data);
        }
      }
      case 'f' -> {
        byte[] data = new byte[16 * 1024];
        while (true) {
          writer.write(data);
        }
      }
      case 'd' -> {
        while (deaf && !stopping) {
          sleep(Duration.ofMillis(50));
        }
        while (reader.readChunk() != null) {}
      }
      default -> {}
    }
  }

  private void listen() {
    try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line; (line = in.readLine()) != null; ) {
        switch (line) {
          case "hear" -> loop.callSoonThreadsafe(() -> deaf = false);
          case "deafen" -> loop.callSoonThreadsafe(() -> deaf = true);
          default -> {
            System.gc();
            loop.callSoonThreadsafe(this::report);
          }
        }
      }
    } catch (IOException e) {
      e.printStackTrace();
    }
    loop.callSoonThreadsafe(() -> stopping = true);
  }

  private void report() {
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    long direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    String[] descriptors = new File("/proc/self/fd").list();
    System.out.printf(
        Locale.ROOT,
        "report %d %d %d %d %d%n",
        plain.connections() + (secure == plain ? 0 : secure.connections()),
        loop.allTasks().size(),
        descriptors == null ? -1 : descriptors.length,
        heap,
        direct);
  }
}
