/// Passes connections on to another server, byte for byte, in both directions at once.
///
/// ```
/// ./weft run examples/TcpProxy.java TARGET_HOST TARGET_PORT [PORT]
/// ```
///
/// Each connection is a group of two tasks. When one side has said all it had to say, the other is
/// told, and can still answer: half-closed connections pass through as they are. When one side
/// fails, the group cancels the copying in the other direction, and both connections are dropped.

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

final Duration patience = Duration.ofSeconds(10);

void copy(StreamReader from, StreamWriter to) throws IOException {
  for (ByteBuffer data; (data = from.readChunk()) != null; ) {
    to.write(data); // waits for a slow receiver, and so does the sender
  }
  to.writeEof();
}

void relay(Streams client, Streams target) {
  try {
    taskGroup(
        group -> {
          group.createTask(() -> copy(client.reader(), target.writer()));
          group.createTask(() -> copy(target.reader(), client.writer()));
        });
  } catch (ExceptionGroup lost) {
    client.writer().abort();
    target.writer().abort();
  }
}

void main(String[] args) {
  if (args.length < 2) {
    System.err.println("usage: TcpProxy TARGET_HOST TARGET_PORT [PORT]");
    System.exit(2);
  }
  String host = args[0];
  int targetPort = Integer.parseInt(args[1]);
  int port = args.length > 2 ? Integer.parseInt(args[2]) : 7008;
  ClientHandler handler =
      (reader, writer) -> {
        var options = ConnectOptions.defaults().timeout(patience);
        try (var target = openConnection(host, targetPort, options)) {
          relay(new Streams(reader, writer), target);
        } catch (IOException e) {
          System.err.println("cannot reach " + host + ":" + targetPort + ": " + e.getMessage());
          writer.abort();
        }
      };
  run(
      () -> {
        try (var server = startServer(handler, "127.0.0.1", port)) {
          IO.println("listening on " + server.addresses().getFirst());
          server.serveForever();
        }
      });
}
