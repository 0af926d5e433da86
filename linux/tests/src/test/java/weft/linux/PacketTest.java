package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.spi.PacketChannel;
import weft.spi.PacketListener;
import weft.spi.PacketOptions;

/// What a driver does with datagrams.
abstract class PacketTest extends SendTest {
  private static final PacketOptions PLAIN = new PacketOptions(null, false, false, false);

  static final class Packets implements PacketListener {
    final List<String> data = new ArrayList<>();
    final List<SocketAddress> senders = new ArrayList<>();
    final List<IOException> failures = new ArrayList<>();
    int drains;

    @Override
    public void received(ByteBuffer packet, SocketAddress sender) {
      byte[] copy = new byte[packet.remaining()];
      packet.get(copy);
      data.add(new String(copy));
      senders.add(sender);
    }

    @Override
    public void drained() {
      drains++;
    }

    @Override
    public void failed(IOException failure) {
      failures.add(failure);
    }

    static Packets on(PacketChannel channel) {
      Packets packets = new Packets();
      channel.listener(packets);
      channel.resumeReading();
      return packets;
    }
  }

  private static SocketAddress local(PacketChannel channel) {
    @Nullable SocketAddress local = channel.localAddress();
    assertNotNull(local);
    return local;
  }

  @Test
  void datagramsGoBothWays() throws IOException {
    PacketChannel server = driver.openPackets(loopback(), null, PLAIN);
    PacketChannel client = driver.openPackets(null, local(server), PLAIN);
    Packets atServer = Packets.on(server);
    Packets atClient = Packets.on(client);
    client.send(text("one"), null);
    client.send(ByteBuffer.allocateDirect(3).put(text("two")).flip(), null);
    until(() -> atServer.data.size() == 2);
    assertEquals(List.of("one", "two"), atServer.data);
    assertEquals(local(client), atServer.senders.getFirst());
    assertEquals(local(server), client.remoteAddress());
    server.send(text("back"), atServer.senders.getFirst());
    server.send(ByteBuffer.allocate(0), atServer.senders.getFirst());
    until(() -> atClient.data.size() == 2);
    assertEquals(List.of("back", ""), atClient.data);
    assertEquals(local(server), atClient.senders.getFirst());
    server.pauseReading();
    client.send(text("later"), null);
    settle();
    assertEquals(2, atServer.data.size());
    server.resumeReading();
    until(() -> atServer.data.size() == 3);
    server.whenBacklogAtMost(0);
    until(() -> atServer.drains == 1);
  }

  @Test
  void aPortIsFreeAsSoonAsItsSocketIsClosed() throws IOException {
    for (int i = 0; i < 20; i++) {
      PacketChannel first = driver.openPackets(loopback(), null, PLAIN);
      Packets.on(first);
      settle();
      SocketAddress address = local(first);
      first.close();
      PacketChannel second = driver.openPackets(address, null, PLAIN);
      assertEquals(address, local(second));
      second.close();
    }
  }

  @Test
  void whatCannotBeSentIsToldAndTheSocketStaysOpen() throws IOException {
    PacketChannel gone = driver.openPackets(loopback(), null, PLAIN);
    SocketAddress nobody = local(gone);
    gone.close();
    settle();
    PacketChannel client = driver.openPackets(null, nobody, PLAIN);
    Packets packets = Packets.on(client);
    client.send(text("hello?"), null);
    until(() -> !packets.failures.isEmpty());
    PacketChannel server = driver.openPackets(loopback(), null, PLAIN);
    Packets atServer = Packets.on(server);
    server.send(ByteBuffer.allocate(100_000), local(server));
    server.send(text("no target"), null);
    server.send(text("fits"), local(server));
    until(() -> atServer.failures.size() == 2 && atServer.data.size() == 1);
  }

  @Test
  void allThatCouldNotBeSentIsToldSoon() throws IOException {
    PacketChannel server = driver.openPackets(loopback(), null, PLAIN);
    Packets packets = Packets.on(server);
    for (int i = 0; i < 1000; i++) {
      server.send(ByteBuffer.allocate(100_000), local(server));
    }
    settle();
    assertEquals(1000, packets.failures.size());
  }

  @Test
  void aGroupIsHeardOnceJoined() throws IOException {
    NetworkInterface network =
        NetworkInterface.getByInetAddress(InetAddress.getByName("127.0.0.1"));
    PacketOptions options = new PacketOptions(StandardProtocolFamily.INET, true, false, false);
    PacketChannel hearer = driver.openPackets(new InetSocketAddress(0), null, options);
    Packets packets = Packets.on(hearer);
    InetAddress group = InetAddress.getByName("239.1.2.3");
    hearer.join(group, network, null);
    PacketChannel speaker = driver.openPackets(null, null, options);
    speaker.setOption(StandardSocketOptions.IP_MULTICAST_IF, network);
    assertEquals(network, speaker.getOption(StandardSocketOptions.IP_MULTICAST_IF));
    assertNull(hearer.getOption(StandardSocketOptions.IP_MULTICAST_IF));
    assertTrue(speaker.getOption(StandardSocketOptions.IP_MULTICAST_LOOP));
    speaker.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 1);
    assertEquals(1, speaker.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
    Packets.on(speaker);
    int port = ((InetSocketAddress) local(hearer)).getPort();
    speaker.send(text("all"), new InetSocketAddress(group, port));
    until(() -> packets.data.size() == 1);
  }
}
