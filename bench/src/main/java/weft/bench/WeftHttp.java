package weft.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import weft.Weft;
import weft.io.Net;
import weft.io.StreamReader;
import weft.io.StreamWriter;

/// Weft as a web server that says `Hello, World!`, on the loop of `-Dweft.loop`: `WeftHttp http
/// tcp|tls PORT`. HTTP/1.1 with keep-alive and pipelining, a coroutine for each connection;
/// requests have no body.
final class WeftHttp {
  private static final byte[] HELLO =
      """
      HTTP/1.1 200 OK\r
      Content-Type: text/plain\r
      Content-Length: 13\r
      \r
      Hello, World!\
      """
          .getBytes(StandardCharsets.US_ASCII);

  private static final byte[] NOT_FOUND =
      """
      HTTP/1.1 404 Not Found\r
      Content-Length: 0\r
      \r
      """
          .getBytes(StandardCharsets.US_ASCII);

  private WeftHttp() {}

  public static void main(String[] args) {
    Weft.run(() -> serve(args[1], args[2]));
  }

  private static void serve(String wire, String where) throws IOException {
    var options = WeftEcho.options(wire);
    var server = Net.startServer(WeftHttp::answer, "127.0.0.1", Integer.parseInt(where), options);
    WeftEcho.ready(server, where);
    server.serveForever();
  }

  private static void answer(StreamReader reader, StreamWriter writer) throws IOException {
    boolean open = true;
    for (String request; open && (request = reader.readLine()) != null; ) {
      for (String header; (header = reader.readLine()) != null && !header.isEmpty(); ) {
        open &= !header.equalsIgnoreCase("connection: close");
      }
      writer.write(request.startsWith("GET / ") ? HELLO : NOT_FOUND);
    }
  }
}
