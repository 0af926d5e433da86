package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static weft.Weft.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLSocket;
import weft.io.BaseTransport;
import weft.io.ConnectOptions;
import weft.io.Connected;
import weft.io.Net;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.io.TlsOptions;
import weft.io.Transport;

/// The base of the suites for TLS: servers and clients on the loopback address. The ends of the JDK
/// that they meet are blocking `SSLSocket`s.
public abstract class TlsLinks extends IoSuite {
  static final String HOST = "127.0.0.1";

  /// What the system holds of a connection, about; and more than that in both its ends.
  private static final int HELD_BYTES = 64 * 1024;

  static final int MUCH_BYTES = 1 << 19;

  /// For subclasses.
  protected TlsLinks() {}

  static ServerOptions over(TlsOptions tls) {
    return ServerOptions.defaults().tls(tls);
  }

  static ConnectOptions by(TlsOptions tls) {
    return ConnectOptions.defaults().tls(tls);
  }

  static void echo(StreamReader reader, StreamWriter writer) throws IOException {
    byte[] data = reader.read(100_000);
    while (data.length > 0) {
      writer.write(data);
      data = reader.read(100_000);
    }
  }

  static Server echoServer(TlsOptions tls) throws IOException {
    return Net.startServer(TlsLinks::echo, HOST, 0, over(tls));
  }

  static Server echoServer() throws IOException {
    return echoServer(Tls.server());
  }

  static int port(Server server) {
    return addressOf(server).getPort();
  }

  static Streams open(Server server, TlsOptions tls) throws IOException {
    return Net.openConnection(HOST, port(server), by(tls));
  }

  /// Says something to an echo server, hears it, and closes.
  static void converse(Server server, TlsOptions tls) throws IOException {
    Streams client = open(server, tls);
    client.writer().write("hello\n");
    assertEquals("hello", client.reader().readLine());
    end(client);
  }

  static <X extends IOException> X refused(Class<X> type, Server server, TlsOptions tls) {
    return assertThrows(type, () -> converse(server, tls));
  }

  static void end(Streams streams) throws IOException {
    streams.writer().close();
    streams.writer().waitClosed();
  }

  static void end(Server server) {
    server.close();
    server.waitClosed();
  }

  /// Keeps what the system holds in its buffers small, so that little data is much: without the
  /// JIT's help, encrypting it is what these suites spend their time on.
  private static void narrow(BaseTransport made) {
    try {
      ((Transport) made).setOption(StandardSocketOptions.SO_SNDBUF, HELD_BYTES);
      ((Transport) made).setOption(StandardSocketOptions.SO_RCVBUF, HELD_BYTES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A server that notes what each of its connections is told.
  final class Accepting {
    final List<Recorded> protocols = new ArrayList<>();
    final Server server;

    Accepting(TlsOptions tls) throws IOException {
      server =
          Net.createServer(
              () ->
                  new Recorded() {
                    @Override
                    public void connectionMade(BaseTransport made) {
                      super.connectionMade(made);
                      narrow(made);
                      protocols.add(this);
                    }
                  },
              HOST,
              0,
              over(tls));
    }

    Recorded next(int index) {
      until(() -> protocols.size() > index);
      return protocols.get(index);
    }
  }

  /// Both ends of a connection.
  record Ends(Transport client, Recorded toClient, Transport server, Recorded toServer) {
    void end() {
      client.close();
      server.close();
      await(toClient.lost);
      await(toServer.lost);
    }
  }

  final Ends ends(TlsOptions server, TlsOptions client) throws IOException {
    var accepting = new Accepting(server);
    Connected<Transport, Recorded> made =
        Net.createConnection(Recorded::new, HOST, port(accepting.server), by(client));
    Recorded accepted = accepting.next(0);
    accepting.server.close();
    narrow(made.transport());
    return new Ends(made.transport(), made.protocol(), accepted.transport(), accepted);
  }

  final Ends ends() throws IOException {
    return ends(Tls.server(), Tls.client());
  }

  /// A blocking client of the JDK's own; its handshake is done.
  final SSLSocket jdkClient(Server server, TlsOptions tls) throws IOException {
    return await(
        away(
            () -> {
              var plain = new Socket();
              closeLater(plain);
              plain.setReceiveBufferSize(HELD_BYTES);
              plain.connect(addressOf(server));
              return secured(plain, tls);
            }),
        IOException.class);
  }

  /// Puts TLS of the JDK's own over a socket, without closing that with it; blocks.
  static SSLSocket secured(Socket plain, TlsOptions tls) throws IOException {
    var socket =
        (SSLSocket) tls.context().getSocketFactory().createSocket(plain, "localhost", 1, false);
    socket.startHandshake();
    return socket;
  }
}
