package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.Weft.await;
import static weft.Weft.run;
import static weft.io.Net.createConnection;
import static weft.io.Net.createDatagramEndpoint;
import static weft.io.Net.createServer;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.Promise;
import weft.io.BaseTransport;
import weft.io.DatagramProtocol;
import weft.io.DatagramTransport;
import weft.io.ExtraInfo;
import weft.io.Protocol;
import weft.io.Transport;

class ProtocolSnippetsTest {
  // @start region="echo-protocol"
  static class EchoProtocol implements Protocol {
    private Transport transport;

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (Transport) made;
    }

    @Override
    public void dataReceived(ByteBuffer data) { // lent for this call
      transport.write(data); // sent or copied: never waits
    }

    @Override
    public void pauseWriting() { // too much waits to be sent
      transport.pauseReading();
    }

    @Override
    public void resumeWriting() {
      transport.resumeReading();
    }
  }

  // @end region="echo-protocol"

  // @start region="client-protocol"
  static class AnswerProtocol implements Protocol {
    final Promise<String> answer = new Promise<>(); // from callbacks to coroutines

    @Override
    public void dataReceived(ByteBuffer data) {
      if (!answer.done()) {
        answer.setResult(StandardCharsets.UTF_8.decode(data).toString());
      }
    }

    @Override
    public void connectionLost(@Nullable Throwable reason) { // the last call
      answer.cancel(); // does nothing if it is there
    }
  }

  // @end region="client-protocol"

  @Test
  void protocols() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="protocol-server"
                      try (var server = createServer(EchoProtocol::new, "127.0.0.1", 0)) {
                        var connected =
                            createConnection(AnswerProtocol::new, "127.0.0.1", server.port());
                        connected.transport().write("Hello".getBytes());
                        IO.println(await(connected.protocol().answer));
                        connected.transport().close();
                      }
                      // @end region="protocol-server"
                    }));
    assertEquals(List.of("Hello"), printed);
  }

  // @start region="datagram-protocol"
  static class Clock implements DatagramProtocol {
    private DatagramTransport transport;

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (DatagramTransport) made;
    }

    @Override
    public void datagramReceived(ByteBuffer data, SocketAddress sender) {
      transport.sendTo("12:00".getBytes(), sender);
    }
  }

  // @end region="datagram-protocol"

  static class Reader implements DatagramProtocol {
    final Promise<String> answer = new Promise<>();

    @Override
    public void datagramReceived(ByteBuffer data, SocketAddress sender) {
      answer.setResult(StandardCharsets.UTF_8.decode(data).toString());
    }
  }

  @Test
  void datagrams() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="datagrams"
                      var local = new InetSocketAddress("127.0.0.1", 0);
                      var clock = createDatagramEndpoint(Clock::new, local, null);
                      var address =
                          (InetSocketAddress) clock.transport().extraInfo(ExtraInfo.SOCKNAME);
                      var asking = createDatagramEndpoint(Reader::new, null, address);
                      asking.transport().sendTo("?".getBytes(), null); // to the only peer
                      IO.println(await(asking.protocol().answer)); // 12:00
                      asking.transport().close();
                      clock.transport().close();
                      // @end region="datagrams"
                    }));
    assertEquals(List.of("12:00"), printed);
  }
}
