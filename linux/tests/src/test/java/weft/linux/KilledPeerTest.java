package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.sleep;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.EventLoop;
import weft.Weft;
import weft.io.BaseTransport;
import weft.io.Net;
import weft.io.Protocol;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Transport;

/// A process with many connections, all of them in mid-transfer, is killed: each connection ends
/// once, nothing is left of any, and the next client is served.
///
/// `-Dweft.fault.connections=2000` takes more of them.
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledPeerTest {
  private static final int CONNECTIONS = Integer.getInteger("weft.fault.connections", 200);
  private static final int PIECE = 20_000;

  @TempDir Path folder;
  private final List<Sending> protocols = new ArrayList<>();
  private int handled;
  private int over;
  private long received;

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "uring"})
  void allItsConnectionsEndOnce(String name) throws Exception {
    EventLoop.create(name).close();
    long descriptors = DriverTest.descriptors();
    EventLoop loop = EventLoop.create(name);
    LinuxDriver driver = (LinuxDriver) loop.driver();
    List<Object> surprises = new ArrayList<>();
    loop.setExceptionHandler((on, error) -> surprises.add(error));
    try {
      loop.runUntilComplete(Weft.async(() -> kill(loop, driver)));
    } finally {
      loop.close();
    }
    // A handler that is broken off by a reset is reported; nothing else is.
    for (Object surprise : surprises) {
      assertTrue(
          surprise.toString().contains("reset") || surprise.toString().contains("pipe"),
          surprise::toString);
    }
    assertEquals(descriptors, DriverTest.descriptors(), "descriptors were left open");
  }

  private void kill(EventLoop loop, LinuxDriver driver) throws Exception {
    try (Server protocolServer =
            Net.createServer(this::protocol, "127.0.0.1", 0, ServerOptions.defaults());
        Server streamServer = Net.startServer(this::handle, "127.0.0.1", 0);
        Server unixServer = Net.startUnixServer(this::handle, folder.resolve("socket"))) {
      int sources = driver.sourceCount();
      Process peer =
          Jvm.start(
              Jvm.command(
                  List.of(),
                  Peer.class,
                  CONNECTIONS,
                  protocolServer.port(),
                  streamServer.port(),
                  folder.resolve("socket")),
              folder);
      try {
        until(() -> protocols.size() == CONNECTIONS && handled == 2 * CONNECTIONS);
        until(() -> received > 50_000L * CONNECTIONS);
      } finally {
        peer.destroyForcibly(); // which is kill -9
      }
      assertTrue(peer.waitFor(10, TimeUnit.SECONDS));
      assertEquals(128 + 9, peer.exitValue());
      until(() -> protocols.stream().allMatch(one -> one.lost > 0) && over == handled);
      until(() -> streamServer.connections() + unixServer.connections() == 0);
      sleep(Duration.ofMillis(20)); // whoever would be told twice
      for (Sending protocol : protocols) {
        assertEquals(1, protocol.lost);
        assertTrue(protocol.transport.isClosing());
        assertEquals(0, protocol.transport.writeBufferSize());
      }
      assertEquals(0, protocolServer.connections());
      assertEquals(sources, driver.sourceCount());
      int inRing = driver instanceof UringDriver uring ? 2 * uring.bufferCount() : 0;
      assertTrue(driver.large.lent() <= inRing, () -> driver.large.lent() + " buffers are lost");
      assertEquals(0, driver.small.lent());
      assertEquals(1, loop.allTasks().size(), () -> loop.allTasks().toString());
      serve(streamServer);
    }
  }

  private static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      sleep(Duration.ofMillis(1));
    }
  }

  private void serve(Server server) throws IOException {
    try (var streams = Net.openConnection("127.0.0.1", server.port())) {
      streams.writer().write("still there?");
      streams.writer().writeEof();
      long answered = 0;
      for (byte[] data; (data = streams.reader().read(100_000)).length > 0; ) {
        answered += data.length;
      }
      assertTrue(answered >= PIECE);
      assertFalse(streams.writer().isClosing());
    }
  }

  private Sending protocol() {
    Sending protocol = new Sending();
    protocols.add(protocol);
    return protocol;
  }

  /// Sends as much as goes, and receives all that comes.
  private final class Sending implements Protocol {
    @SuppressWarnings("NullAway.Init")
    Transport transport;

    int lost;
    boolean paused;

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (Transport) made;
      send();
    }

    private void send() {
      while (!paused && lost == 0) {
        transport.write(new byte[PIECE]);
      }
    }

    @Override
    public void pauseWriting() {
      paused = true;
    }

    @Override
    public void resumeWriting() {
      paused = false;
      send();
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      received += data.remaining();
      assertEquals(0, lost);
    }

    @Override
    public void connectionLost(@Nullable Throwable why) {
      lost++;
    }
  }

  /// The same with streams: an answer for each piece.
  private void handle(StreamReader reader, StreamWriter writer) throws IOException {
    handled++;
    try {
      for (ByteBuffer data; (data = reader.readChunk()) != null; ) {
        received += data.remaining();
        writer.write(new byte[PIECE]);
      }
    } finally {
      over++;
    }
  }

  /// The process that is killed. It sends without an end; half of its connections receive, too.
  static final class Peer {
    private Peer() {}

    public static void main(String[] args) throws IOException {
      int count = Integer.parseInt(args[0]);
      InetAddress here = InetAddress.getLoopbackAddress();
      List<SocketAddress> servers =
          List.of(
              new InetSocketAddress(here, Integer.parseInt(args[1])),
              new InetSocketAddress(here, Integer.parseInt(args[2])),
              UnixDomainSocketAddress.of(args[3]));
      List<SocketChannel> channels = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        for (SocketAddress server : servers) {
          SocketChannel channel = SocketChannel.open(server);
          channel.configureBlocking(false);
          channels.add(channel);
        }
      }
      ByteBuffer buffer = ByteBuffer.allocateDirect(4 * PIECE);
      while (true) {
        for (int i = 0; i < channels.size(); i++) {
          channels.get(i).write(buffer.clear());
          if (i % 2 == 0) {
            channels.get(i).read(buffer.clear());
          }
        }
      }
    }
  }
}
