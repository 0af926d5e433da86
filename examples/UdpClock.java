/// A clock that answers over UDP: whoever sends a datagram gets the time.
///
/// ```
/// ./weft run examples/UdpClock.java serve [PORT]
/// ./weft run examples/UdpClock.java ask [PORT]
/// ```
///
/// Datagrams have no streams: a protocol's methods are called for each that arrives. The one who
/// asks turns that into something to await, a queue, and asks again when a datagram was lost.

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

/// Answers each datagram.
class Clock implements DatagramProtocol {
  private DatagramTransport transport;

  @Override
  public void connectionMade(BaseTransport made) {
    transport = (DatagramTransport) made;
  }

  @Override
  public void datagramReceived(ByteBuffer question, SocketAddress sender) {
    String time = OffsetDateTime.now().truncatedTo(ChronoUnit.MILLIS).toString();
    transport.sendTo(time.getBytes(StandardCharsets.UTF_8), sender);
  }
}

/// Collects what arrives.
class Answers implements DatagramProtocol {
  final AsyncQueue<String> queue = new AsyncQueue<>();

  @Override
  public void datagramReceived(ByteBuffer answer, SocketAddress sender) {
    queue.putNowait(StandardCharsets.UTF_8.decode(answer).toString()); // lent: copied here
  }

  @Override
  public void errorReceived(IOException failure) {
    queue.putNowait("nobody answers: " + failure.getMessage());
  }
}

void serve(InetSocketAddress address) throws IOException {
  var endpoint = createDatagramEndpoint(Clock::new, address, null);
  IO.println("listening on " + endpoint.transport().extraInfo(ExtraInfo.SOCKNAME));
  try {
    await(new Promise<Void>()); // for ever
  } finally {
    endpoint.transport().close();
  }
}

void ask(InetSocketAddress address) throws IOException {
  var endpoint = createDatagramEndpoint(Answers::new, null, address);
  try {
    for (int attempt = 1; attempt <= 3; attempt++) {
      endpoint.transport().sendTo(new byte[] {'?'}, null); // the other end is known
      try {
        IO.println(waitFor(() -> endpoint.protocol().queue.get(), Duration.ofSeconds(1)));
        return;
      } catch (TimeoutException e) {
        System.err.println("no answer to attempt " + attempt);
      }
    }
  } finally {
    endpoint.transport().close();
  }
}

void main(String[] args) {
  String what = args.length > 0 ? args[0] : "";
  int port = args.length > 1 ? Integer.parseInt(args[1]) : 7011;
  var address = new InetSocketAddress("127.0.0.1", port);
  switch (what) {
    case "serve" -> run(() -> serve(address));
    case "ask" -> run(() -> ask(address));
    default -> {
      System.err.println("usage: UdpClock serve|ask [PORT]");
      System.exit(2);
    }
  }
}
