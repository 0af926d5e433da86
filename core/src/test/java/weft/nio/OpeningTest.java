package weft.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weft.spi.Driver;
import weft.spi.ListenChannel;
import weft.spi.PacketChannel;
import weft.spi.PacketListener;
import weft.spi.PacketOptions;
import weft.spi.Pending;
import weft.spi.StreamChannel;

/// How a driver listens, connects, takes over, and closes it all, whichever driver it is.
abstract class OpeningTest extends DriverTest {

  /// An address at which nobody listens.
  private static InetSocketAddress nobody() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
    }
  }

  @Test
  void aRefusalIsToldByADispatch() throws IOException {
    Outcome<StreamChannel> connected = connect(nobody());
    assertFalse(connected.done());
    until(connected::done);
    assertInstanceOf(ConnectException.class, connected.failures.get(0));
    turns(2);
    assertEquals(1, connected.failures.size());
  }

  @Test
  void anAddressWithoutAHostIsRefused() {
    InetSocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
    assertThrows(
        UnresolvedAddressException.class, () -> driver.connect(unresolved, null, new Outcome<>()));
  }

  @Test
  void aConnectionIsBoundWhereItIsTold() throws IOException {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    InetSocketAddress local = nobody();
    Outcome<StreamChannel> connected = new Outcome<>();
    driver.connect(listener.localAddress(), local, connected);
    until(() -> connected.done() && accepted.done());
    assertEquals(local, connected.value().localAddress());
    assertEquals(local, accepted.value().remoteAddress());
    assertThrows(
        BindException.class,
        () -> driver.connect(listener.localAddress(), listener.localAddress(), connected));
  }

  @Test
  void aConnectThatIsGivenUpIsNotTold() throws IOException {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    Outcome<StreamChannel> connected = new Outcome<>();
    List<Pending> pending = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      pending.add(driver.connect(listener.localAddress(), null, connected));
    }
    pending.get(0).cancel();
    driver.poll(0);
    pending.get(1).cancel();
    driver.dispatch();
    driver.poll(100_000_000);
    pending.get(2).cancel();
    pending.get(2).cancel();
    until(connected::done);
    pending.get(3).cancel();
    turns(3);
    assertTrue(connected.failures.isEmpty());
    assertTrue(connected.values.size() <= 2); // the third may have been told before it was given up
    assertFalse(connected.values.get(connected.values.size() - 1).isClosed());
  }

  @Test
  void aBurstOfConnectionsIsAccepted() {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    List<Outcome<StreamChannel>> connecting = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      connecting.add(connect(listener.localAddress()));
    }
    until(() -> accepted.values.size() == 40 && connecting.stream().allMatch(Outcome::done));
    List<Ear> ears = accepted.values.stream().map(Ear::new).toList();
    for (Outcome<StreamChannel> each : connecting) {
      each.value().write(ByteBuffer.wrap(new byte[] {'x'}));
    }
    ears.forEach(ear -> ear.channel.resumeReading());
    until(() -> ears.stream().allMatch(ear -> ear.text().equals("x")));
  }

  @Test
  void aPausedListenerAcceptsNothing() {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    turns(1);
    listener.pause();
    Outcome<StreamChannel> first = connect(listener.localAddress());
    Outcome<StreamChannel> second = connect(listener.localAddress());
    until(() -> first.done() && second.done());
    turns(3);
    assertEquals(0, accepted.values.size());
    listener.resume();
    assertEquals(0, accepted.values.size());
    until(() -> accepted.values.size() == 2);
  }

  @Test
  void aListenerMayPauseWithinTheCall() {
    ListenChannel[] listener = new ListenChannel[1];
    Outcome<StreamChannel> told =
        new Outcome<>() {
          @Override
          public void completed(StreamChannel value) {
            super.completed(value);
            listener[0].pause();
          }
        };
    listener[0] = listen(anyPort(), told);
    for (int i = 0; i < 3; i++) {
      connect(listener[0].localAddress());
    }
    for (int i = 1; i <= 3; i++) {
      int expected = i;
      until(() -> told.values.size() == expected);
      turns(3);
      assertEquals(i, told.values.size());
      listener[0].resume();
    }
  }

  @Test
  void aClosedListenerRefuses() {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    SocketAddress address = listener.localAddress();
    turns(2);
    assertThrows(BindException.class, () -> driver.listen(address, BACKLOG_50));
    listener.close();
    listener.close();
    listener.resume();
    turns(2);
    Outcome<StreamChannel> connected = connect(address);
    until(connected::done);
    assertEquals(1, connected.failures.size());
    assertFalse(accepted.done());
    listen(address, accepted).close();
  }

  @Test
  void unixSocketsAreStreamsToo(@TempDir Path folder) {
    SocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
    Ends ends = connection(address, Ear::new);
    ends.resume();
    ends.client().say("unix");
    ends.client().channel.shutdownOutput();
    until(() -> ends.server().ends > 0);
    assertEquals("unix", ends.server().text());
  }

  @Test
  void openChannelsAreTakenOver() throws IOException {
    Pipe pipe = Pipe.open();
    Ear source = new Ear(driver.adopt(pipe.source()));
    source.channel.resumeReading();
    StreamChannel sink = driver.adopt(pipe.sink());
    sink.write(StandardCharsets.UTF_8.encode("through a pipe"));
    until(() -> source.heard.size() == 14);
    sink.close();
    until(() -> source.ends > 0);

    ServerSocketChannel server = ServerSocketChannel.open().bind(anyPort());
    Outcome<StreamChannel> accepted = new Outcome<>();
    driver.adoptListener(server).start(accepted);
    SocketChannel client = SocketChannel.open(server.getLocalAddress());
    Ear ear = new Ear(driver.adopt(client));
    ear.channel.resumeReading();
    until(accepted::done);
    accepted.value().write(StandardCharsets.UTF_8.encode("hello"));
    until(() -> ear.text().equals("hello"));
    assertThrows(IllegalArgumentException.class, () -> driver.adoptListener(client));
  }

  @Test
  void datagramsArrive() throws IOException {
    PacketOptions plain = new PacketOptions(null, false, false, false);
    PacketChannel target = driver.openPackets(anyPort(), null, plain);
    PacketChannel connected = driver.openPackets(null, target.localAddress(), plain);
    PacketChannel free = driver.openPackets(anyPort(), null, plain);
    List<String> heard = new ArrayList<>();
    target.listener(
        new PacketListener() {
          @Override
          public void received(ByteBuffer data, SocketAddress sender) {
            heard.add(StandardCharsets.UTF_8.decode(data).toString());
          }

          @Override
          public void drained() {}

          @Override
          public void failed(IOException failure) {
            throw new AssertionError(failure);
          }
        });
    target.resumeReading();
    connected.send(StandardCharsets.UTF_8.encode("one"), null);
    free.send(StandardCharsets.UTF_8.encode(""), target.localAddress());
    connected.send(StandardCharsets.UTF_8.encode("three"), target.localAddress());
    until(() -> heard.size() == 3);
    assertEquals(List.of("one", "", "three"), heard);
  }

  @Test
  void closingTheDriverClosesItsChannels() throws IOException {
    Ends ends = connection();
    ends.resume();
    ends.client().channel.write(ByteBuffer.wrap(pattern(8 << 20)));
    ends.client().channel.whenBacklogAtMost(0);
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    Outcome<StreamChannel> connected = connect(listener.localAddress());
    driver.poll(0);
    driver.close();
    driver.close();
    driver.wakeup();
    assertEquals(0, buffers(driver).lent());
    driver = open();
    assertTrue(ends.client().channel.isClosed());
    assertTrue(ends.server().channel.isClosed());
    assertEquals(0, ends.client().calls() + ends.server().calls());
    assertFalse(accepted.done() || connected.done());
  }

  @Test
  void noDescriptorIsLeft() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    Assumptions.assumeTrue(Files.isDirectory(descriptors));
    openAndClose(); // opens what the JDK keeps
    turns(2);
    long before = count(descriptors);
    for (int i = 0; i < 5; i++) {
      openAndClose();
    }
    turns(2);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (count(descriptors) > before) { // a channel group ends on its own thread
      assertTrue(System.nanoTime() < end, "descriptors are left open");
      Thread.onSpinWait();
    }
  }

  private static long count(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  private void openAndClose() throws IOException {
    Driver outer = driver;
    try (Driver inner = open()) {
      driver = inner;
      Ends closed = connection();
      closed.resume();
      closed.client().say("hello");
      until(() -> closed.server().chunks > 0);
      closed.client().channel.close();
      closed.server().channel.abort();
      Outcome<StreamChannel> refused = connect(nobody());
      until(refused::done);
      connection().resume(); // left to the driver
      driver
          .connect(listen(anyPort(), new Outcome<>()).localAddress(), null, new Outcome<>())
          .cancel();
      turns(1);
    } finally {
      driver = outer;
    }
  }
}
