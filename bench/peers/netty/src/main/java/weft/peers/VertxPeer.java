package weft.peers;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;

/// Vert.x as a server of the benchmarks: `VertxPeer WORK WIRE WHERE`, WORK `protocol` or `http`,
/// WIRE `tcp`, `tls` (the JDK's) or `unix`, WHERE a port or a path.
///
/// One event loop, the native transport (epoll). Prints `READY`, where it listens, and the version
/// and the transport that really runs.
public final class VertxPeer {
  private static final int BACKLOG = 1024;

  private VertxPeer() {}

  public static void main(String[] args) throws Exception {
    var work = args[0];
    var wire = args[1];
    var where = args[2];
    var vertx =
        Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
    if (!vertx.isNativeTransportEnabled()) {
      throw new IllegalStateException(
          "no native transport", vertx.unavailableNativeTransportCause());
    }
    boolean unix = wire.equals("unix");
    var address =
        unix
            ? SocketAddress.domainSocketAddress(where)
            : SocketAddress.inetSocketAddress(Integer.parseInt(where), "127.0.0.1");
    Future<Integer> port =
        work.equals("http") ? web(vertx, address) : echo(vertx, address, wire.equals("tls"));
    int actual = port.toCompletionStage().toCompletableFuture().get();
    System.out.printf(
        "READY %s Vert.x %s, %s%n",
        unix ? where : actual,
        Vertx.class.getPackage().getImplementationVersion(),
        ((VertxInternal) vertx).transport().getClass().getSimpleName());
  }

  private static Future<Integer> echo(Vertx vertx, SocketAddress address, boolean tls) {
    var options = new NetServerOptions().setTcpNoDelay(true).setAcceptBacklog(BACKLOG);
    if (tls) {
      options
          .setSsl(true)
          .setKeyCertOptions(
              new PemKeyCertOptions()
                  .addCertPath(System.getenv("BENCH_CERT"))
                  .addKeyPath(System.getenv("BENCH_KEY")));
    }
    return vertx
        .createNetServer(options)
        .connectHandler(socket -> socket.pipeTo(socket))
        .listen(address)
        .map(server -> server.actualPort());
  }

  private static Future<Integer> web(Vertx vertx, SocketAddress address) {
    var options = new HttpServerOptions().setTcpNoDelay(true).setAcceptBacklog(BACKLOG);
    return vertx
        .createHttpServer(options)
        .requestHandler(VertxPeer::answer)
        .listen(address)
        .map(server -> server.actualPort());
  }

  private static void answer(HttpServerRequest request) {
    var response = request.response().putHeader("content-type", "text/plain");
    if (request.path().equals("/")) {
      response.end("Hello, World!");
    } else {
      var name = Path.of(request.path()).getFileName().toString();
      response.sendFile(Path.of(System.getenv("BENCH_FILES"), name).toString());
    }
  }
}
