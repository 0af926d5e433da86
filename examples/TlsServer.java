/// A server whose connections are encrypted: it says which version and cipher the two ends agreed
/// upon, and sends back each line in capitals.
///
/// ```
/// openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost
/// ./weft run examples/TlsServer.java cert.pem key.pem [PORT]
/// openssl s_client -connect localhost:7010 -alpn shout
/// ```
///
/// TLS lies below the streams: the handler is written as any other.

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

void shout(StreamReader reader, StreamWriter writer) throws IOException {
  var session = writer.extraInfo(ExtraInfo.TLS_SESSION);
  String protocol = writer.extraInfo(ExtraInfo.ALPN); // null if the client asked for none
  writer.write(session.getProtocol() + " " + session.getCipherSuite() + " " + protocol + "\n");
  for (String line; (line = reader.readLine()) != null; ) {
    writer.write(line.toUpperCase(Locale.ROOT) + "\n");
  }
}

void main(String[] args) throws IOException {
  if (args.length < 2) {
    System.err.println("usage: TlsServer CERT.pem KEY.pem [PORT]");
    System.exit(2);
  }
  int port = args.length > 2 ? Integer.parseInt(args[2]) : 7010;
  var tls =
      TlsOptions.server(Path.of(args[0]), Path.of(args[1]))
          .alpn("shout")
          .handshakeTimeout(Duration.ofSeconds(10));
  run(
      () -> {
        var options = ServerOptions.defaults().tls(tls);
        try (var server = startServer(this::shout, "127.0.0.1", port, options)) {
          IO.println("listening on " + server.addresses().getFirst());
          server.serveForever();
        }
      });
}
