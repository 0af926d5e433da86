package weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.run;
import static weft.Weft.timeout;
import static weft.Weft.toThread;
import static weft.io.Net.createDatagramEndpoint;
import static weft.io.Net.openConnection;
import static weft.io.Net.openUnixConnection;
import static weft.io.Net.startServer;
import static weft.io.Net.startUnixServer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import weft.io.BaseTransport;
import weft.io.DatagramProtocol;
import weft.io.DatagramTransport;
import weft.io.ExtraInfo;
import weft.io.Server;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.sync.AsyncQueue;

/// TCP, unix sockets and UDP with nc and socat at the other end.
@Tag("slow")
@Timeout(60)
class NetcatTest {
  private static final String TEXT = "The quick brown fox\n".repeat(50_000);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir private Path folder;

  @BeforeAll
  static void require() {
    Tool.require("nc", "socat");
  }

  private static void echo(StreamReader reader, StreamWriter writer) throws IOException {
    for (ByteBuffer data; (data = reader.readChunk()) != null; ) {
      writer.write(data);
    }
  }

  /// Runs a tool on another thread, so that the loop can serve it meanwhile.
  private static String feed(String input, String... command) {
    return await(toThread(() -> Tool.feed(input, command))).succeeded();
  }

  @Test
  void aServerForTcp() throws Exception {
    run(
        () -> {
          try (Server server = startServer(NetcatTest::echo, "127.0.0.1", 0)) {
            int port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
            assertEquals(TEXT, feed(TEXT, "nc", "-N", "127.0.0.1", "" + port));
            assertEquals(TEXT, feed(TEXT, "socat", "-t20", "-", "TCP:127.0.0.1:" + port));
          }
        });
  }

  @Test
  void aServerForTcp6() throws Exception {
    run(
        () -> {
          try (Server server = startServer(NetcatTest::echo, "::1", 0)) {
            int port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
            assertEquals(TEXT, feed(TEXT, "nc", "-6", "-N", "::1", "" + port));
          }
        });
  }

  @Test
  void aServerForUnixSockets() throws Exception {
    Path path = folder.resolve("socket");
    run(
        () -> {
          try (Server server = startUnixServer(NetcatTest::echo, path)) {
            assertEquals(TEXT, feed(TEXT, "nc", "-N", "-U", path.toString()));
            assertEquals(TEXT, feed(TEXT, "socat", "-t20", "-", "UNIX-CONNECT:" + path));
          }
          assertFalse(Files.exists(path));
        });
  }

  /// Sends a text, says that this was all, and reads the answer.
  private static String exchange(Streams streams, String text) throws Exception {
    try (streams) {
      streams.writer().write(text);
      streams.writer().writeEof();
      byte[] answer = timeout(PATIENCE, () -> streams.reader().read());
      return new String(answer, StandardCharsets.UTF_8);
    }
  }

  @Test
  void aClientForTcpThatClosesOneHalf() throws Exception {
    int port = Tool.freePort();
    try (Tool socat =
        Tool.start("socat", "TCP-LISTEN:" + port + ",bind=127.0.0.1,fork", "SYSTEM:sort -n")) {
      socat.awaitPort(port);
      run(
          () -> {
            assertEquals("1\n2\n10\n", exchange(openConnection("127.0.0.1", port), "10\n2\n1\n"));
          });
    }
  }

  @Test
  void aClientForUnixSockets() throws Exception {
    Path path = folder.resolve("listen");
    try (Tool socat = Tool.start("socat", "UNIX-LISTEN:" + path + ",fork", "SYSTEM:sort -n")) {
      while (!Files.exists(path)) {
        Thread.sleep(10);
      }
      run(
          () -> {
            assertEquals("1\n2\n10\n", exchange(openUnixConnection(path), "10\n2\n1\n"));
          });
    }
    Path ncPath = folder.resolve("nc");
    try (Tool nc = Tool.start("nc", "-lU", ncPath.toString())) {
      while (!Files.exists(ncPath)) {
        Thread.sleep(10);
      }
      run(
          () -> {
            try (Streams streams = openUnixConnection(ncPath)) {
              streams.writer().write("hello\n");
              await(toThread(() -> nc.awaitOutput("hello\n")));
              await(toThread(() -> nc.write("hello yourself\n")));
              assertEquals("hello yourself", timeout(PATIENCE, streams.reader()::readLine));
            }
            assertEquals("hello\n", await(toThread(nc::await)).succeeded());
          });
    }
  }

  /// Sends each datagram back, in capitals.
  private static final class Shouter implements DatagramProtocol {
    private DatagramTransport transport;

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (DatagramTransport) made;
    }

    @Override
    public void datagramReceived(ByteBuffer data, SocketAddress sender) {
      String text = StandardCharsets.UTF_8.decode(data).toString();
      transport.sendTo(
          text.toUpperCase(java.util.Locale.ROOT).getBytes(StandardCharsets.UTF_8), sender);
    }
  }

  /// Collects datagrams.
  private static final class Collector implements DatagramProtocol {
    final AsyncQueue<String> queue = new AsyncQueue<>();

    @Override
    public void datagramReceived(ByteBuffer data, SocketAddress sender) {
      queue.putNowait(StandardCharsets.UTF_8.decode(data).toString());
    }
  }

  @Test
  void aServerForUdp() throws Exception {
    run(
        () -> {
          var local = new InetSocketAddress("127.0.0.1", 0);
          var endpoint = createDatagramEndpoint(Shouter::new, local, null);
          var address = (InetSocketAddress) endpoint.transport().extraInfo(ExtraInfo.SOCKNAME);
          String port = "" + address.getPort();
          assertEquals("HELLO", feed("hello", "socat", "-t2", "-", "UDP:127.0.0.1:" + port));
          assertEquals("HELLO", feed("hello", "nc", "-u", "-w1", "127.0.0.1", port));
          endpoint.transport().close();
        });
  }

  @Test
  void aClientForUdp() throws Exception {
    int port = Tool.freePort();
    try (Tool socat = Tool.start("socat", "UDP4-RECVFROM:" + port + ",fork", "EXEC:rev")) {
      run(
          () -> {
            var remote = new InetSocketAddress("127.0.0.1", port);
            var endpoint = createDatagramEndpoint(Collector::new, null, remote);
            String answer = null;
            for (int i = 0; i < 100 && answer == null; i++) { // until socat is there
              endpoint.transport().sendTo("hello\n".getBytes(StandardCharsets.UTF_8), null);
              try {
                answer = timeout(Duration.ofMillis(200), endpoint.protocol().queue::get);
              } catch (java.util.concurrent.TimeoutException e) {
                // once more
              }
            }
            assertEquals("olleh\n", answer);
            endpoint.transport().close();
          });
    }
  }

  @Test
  void aHundredClientsInARow() throws Exception {
    run(
        () -> {
          try (Server server = startServer(NetcatTest::echo, "127.0.0.1", 0)) {
            int port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
            String loop = "for i in $(seq 100); do echo $i | nc -N 127.0.0.1 " + port + "; done";
            String out = await(toThread(() -> Tool.run("sh", "-c", loop))).succeeded();
            assertEquals(100, out.lines().count());
            assertTrue(out.endsWith("\n99\n100\n"));
            server.shutdown(PATIENCE);
          }
        });
  }
}
