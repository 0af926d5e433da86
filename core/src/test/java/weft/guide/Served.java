package weft.guide;

import static weft.Weft.run;
import static weft.io.Net.startServer;

import java.net.InetSocketAddress;
import java.util.List;
import weft.io.ClientHandler;
import weft.io.Server;

/// Snippets that run beside a server.
final class Served {
  static final String HOST = "127.0.0.1";

  private Served() {}

  /// What is done with a server that listens on a port.
  interface Client {
    void run(int port) throws Exception;
  }

  /// What a client and its server print, line by line.
  static List<String> by(ClientHandler handler, Client client) throws Exception {
    return Printed.by(
        () ->
            run(
                () -> {
                  try (var server = startServer(handler, HOST, 0)) {
                    client.run(port(server));
                  }
                }));
  }

  static int port(Server server) {
    return ((InetSocketAddress) server.addresses().getFirst()).getPort();
  }
}
