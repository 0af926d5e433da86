/// A server that sends back what it gets. Try it with `nc 127.0.0.1 7007`.
///
/// ```
/// ./weft run examples/EchoServer.java [PORT]
/// ```
///
/// For each client `echo` runs as a task of its own, all of them on one thread. `readChunk` lends
/// the bytes as they lie in the loop's buffer, and `write` suspends while the client is slower than
/// we are: no client can make the server keep more than a few hundred KiB for it.

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

void echo(StreamReader reader, StreamWriter writer) throws IOException {
  for (ByteBuffer data; (data = reader.readChunk()) != null; ) {
    writer.write(data);
  }
} // the connection is closed here

void main(String[] args) {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7007;
  run(
      () -> {
        try (var server = startServer(this::echo, "127.0.0.1", port)) {
          IO.println("listening on " + server.addresses().getFirst());
          server.serveForever(); // until Ctrl-C
        }
      });
}
