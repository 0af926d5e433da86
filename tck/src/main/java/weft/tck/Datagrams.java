package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import weft.Promise;
import weft.io.BaseTransport;
import weft.io.Connected;
import weft.io.DatagramProtocol;
import weft.io.DatagramTransport;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.spi.PacketOptions;

/// The base of the suites for datagrams.
public abstract class Datagrams extends IoSuite {
  static final InetSocketAddress ANY = address("127.0.0.1", 0);

  /// For subclasses.
  protected Datagrams() {}

  @BeforeEach
  void loopMustHaveDatagrams() throws IOException {
    try {
      loop.driver()
          .openPackets(
              ANY, null, new PacketOptions(StandardProtocolFamily.INET, false, false, false))
          .close();
    } catch (UnsupportedOperationException e) {
      assumeTrue(false, e.getMessage());
    }
  }

  /// Notes what it is told.
  class Noted implements DatagramProtocol {
    final List<String> texts = new ArrayList<>();
    final List<SocketAddress> senders = new ArrayList<>();
    final List<IOException> failures = new ArrayList<>();
    final List<String> events = new ArrayList<>();
    final Promise<Boolean> lost = loop.createPromise();
    @Nullable DatagramTransport transport;
    @Nullable Throwable reason;

    DatagramTransport transport() {
      DatagramTransport made = transport;
      if (made == null) {
        throw new AssertionError("connectionMade was not called");
      }
      return made;
    }

    @Override
    public void connectionMade(BaseTransport made) {
      events.add("made");
      transport = (DatagramTransport) made;
    }

    @Override
    public void datagramReceived(ByteBuffer data, SocketAddress sender) {
      byte[] copy = new byte[data.remaining()];
      data.get(copy);
      texts.add(text(copy));
      senders.add(sender);
    }

    @Override
    public void errorReceived(IOException failure) {
      failures.add(failure);
    }

    @Override
    public void pauseWriting() {
      events.add("pause");
    }

    @Override
    public void resumeWriting() {
      events.add("resume");
    }

    @Override
    public void connectionLost(@Nullable Throwable why) {
      events.add("lost");
      reason = why;
      lost.setResult(true);
    }
  }

  Connected<DatagramTransport, Noted> open(@Nullable InetSocketAddress remote) throws IOException {
    return Net.createDatagramEndpoint(Noted::new, ANY, remote);
  }

  Noted bound() throws IOException {
    return open(null).protocol();
  }

  static InetSocketAddress address(String literal, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
  }

  static InetSocketAddress name(Noted one) {
    return (InetSocketAddress) address(one.transport());
  }

  static SocketAddress address(DatagramTransport transport) {
    SocketAddress address = transport.extraInfo(ExtraInfo.SOCKNAME);
    if (address == null) {
      throw new AssertionError("no address");
    }
    return address;
  }

  static void close(Noted... all) {
    for (Noted one : all) {
      one.transport().close();
      await(one.lost);
    }
  }

  static void got(Noted one, String... texts) {
    until(() -> one.texts.size() >= texts.length);
    assertEquals(List.of(texts), one.texts);
  }

  /// A plain socket of the JDK, blocking.
  DatagramChannel plain() throws IOException {
    var channel = DatagramChannel.open(StandardProtocolFamily.INET).bind(ANY);
    closeLater(channel);
    return channel;
  }

  String read(DatagramChannel channel) throws IOException {
    return text(
        await(
            away(
                () -> {
                  channel.socket().setSoTimeout(10_000);
                  var packet = new DatagramPacket(new byte[70_000], 70_000);
                  channel.socket().receive(packet);
                  return Arrays.copyOf(packet.getData(), packet.getLength());
                }),
            IOException.class));
  }

  static InetSocketAddress nobody() throws IOException {
    try (var channel = DatagramChannel.open(StandardProtocolFamily.INET).bind(ANY)) {
      return (InetSocketAddress) channel.getLocalAddress();
    }
  }
}
