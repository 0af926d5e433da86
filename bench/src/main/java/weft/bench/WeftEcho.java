package weft.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Weft;
import weft.io.BaseTransport;
import weft.io.Net;
import weft.io.Protocol;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.TlsOptions;
import weft.io.Transport;

/// Weft as an echo server, on the loop of `-Dweft.loop`: `WeftEcho streams|protocol WIRE WHERE`.
final class WeftEcho {
  private static final int BACKLOG = 1024;

  private WeftEcho() {}

  public static void main(String[] args) {
    Weft.run(() -> serve(args[0], args[1], args[2]));
  }

  private static void serve(String work, String wire, String where) throws IOException {
    boolean streams = work.equals("streams");
    var options = options(wire);
    Server server;
    if (wire.equals("unix")) {
      var path = Path.of(where);
      server =
          streams
              ? Net.startUnixServer(WeftEcho::echo, path, options)
              : Net.createUnixServer(Echo::new, path, options);
    } else {
      int port = Integer.parseInt(where);
      server =
          streams
              ? Net.startServer(WeftEcho::echo, "127.0.0.1", port, options)
              : Net.createServer(Echo::new, "127.0.0.1", port, options);
    }
    ready(server, where);
    server.serveForever();
  }

  /// With the certificate in the environment for `tls`.
  static ServerOptions options(String wire) throws IOException {
    var options = ServerOptions.defaults().backlog(BACKLOG);
    if (!wire.equals("tls")) {
      return options;
    }
    var cert = Path.of(System.getenv("BENCH_CERT"));
    return options.tls(TlsOptions.server(cert, Path.of(System.getenv("BENCH_KEY"))));
  }

  /// Says where it listens, and which loop and engine really run.
  static void ready(Server server, String where) {
    var place =
        server.addresses().getFirst() instanceof InetSocketAddress inet
            ? Integer.toString(inet.getPort())
            : where;
    var loop = EventLoop.running();
    System.out.printf(
        "READY %s loop %s, driver %s, engine %s, JDK %s%n",
        place,
        loop.name(),
        loop.driver().getClass().getSimpleName(),
        Weft.engine(),
        Runtime.version());
  }

  /// A coroutine for each connection.
  private static void echo(StreamReader reader, StreamWriter writer) throws IOException {
    for (ByteBuffer chunk; (chunk = reader.readChunk()) != null; ) {
      writer.write(chunk);
    }
  }

  /// Callbacks for each connection. Stops reading while the peer does not read.
  private static final class Echo implements Protocol {
    private @Nullable Transport transport;

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (Transport) made;
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      transport().write(data);
    }

    @Override
    public void pauseWriting() {
      transport().pauseReading();
    }

    @Override
    public void resumeWriting() {
      transport().resumeReading();
    }

    private Transport transport() {
      if (transport == null) {
        throw new IllegalStateException("not connected");
      }
      return transport;
    }
  }
}
