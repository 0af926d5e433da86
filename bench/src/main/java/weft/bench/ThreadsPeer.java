package weft.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// The JDK's own tools as an echo server: a virtual thread for each connection, which reads and
/// writes as if it could block. `ThreadsPeer streams WIRE WHERE`.
final class ThreadsPeer {
  private static final int CHUNK = 32 * 1024;
  private static final int BACKLOG = 1024;

  private ThreadsPeer() {}

  public static void main(String[] args) throws IOException, GeneralSecurityException {
    if (args[1].equals("unix")) {
      serveUnix(Path.of(args[2]));
    } else {
      boolean tls = args[1].equals("tls");
      serve(tls ? tls() : ServerSocketFactory.getDefault(), Integer.parseInt(args[2]));
    }
  }

  private static void serve(ServerSocketFactory factory, int port) throws IOException {
    try (ServerSocket server =
        factory.createServerSocket(port, BACKLOG, InetAddress.ofLiteral("127.0.0.1"))) {
      ready(((InetSocketAddress) server.getLocalSocketAddress()).getPort());
      while (true) {
        var socket = server.accept();
        socket.setTcpNoDelay(true);
        Thread.startVirtualThread(() -> echo(socket));
      }
    }
  }

  private static void echo(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      byte[] buffer = new byte[CHUNK];
      for (int n; (n = in.read(buffer)) >= 0; ) {
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      // The client has gone.
    }
  }

  private static void serveUnix(Path path) throws IOException {
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path), BACKLOG);
      ready(path);
      while (true) {
        var channel = server.accept();
        Thread.startVirtualThread(() -> echo(channel));
      }
    }
  }

  private static void echo(SocketChannel channel) {
    try (channel) {
      var buffer = ByteBuffer.allocateDirect(CHUNK);
      while (channel.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        buffer.clear();
      }
    } catch (IOException e) {
      // The client has gone.
    }
  }

  private static ServerSocketFactory tls() throws IOException, GeneralSecurityException {
    return serverContext().getServerSocketFactory();
  }

  /// For the certificate in the environment.
  static SSLContext serverContext() throws IOException, GeneralSecurityException {
    var password = Certificate.PASSWORD.toCharArray();
    var store = KeyStore.getInstance(Path.of(System.getenv("BENCH_STORE")).toFile(), password);
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    var context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static void ready(Object where) {
    System.out.printf(
        "READY %s JDK %s, virtual threads, %s%n",
        where,
        Runtime.version(),
        "parallelism " + System.getProperty("jdk.virtualThreadScheduler.parallelism"));
  }
}
