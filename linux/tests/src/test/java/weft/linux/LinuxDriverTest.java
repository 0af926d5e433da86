package weft.linux;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import weft.spi.Driver;
import weft.spi.ListenChannel;
import weft.spi.ListenOptions;
import weft.spi.PacketChannel;
import weft.spi.PacketOptions;
import weft.spi.StreamChannel;

/// What drivers for Linux do beyond the others.
abstract class LinuxDriverTest extends PacketTest {
  @Test
  void abstractNamesAreAddresses() throws IOException {
    AbstractUnixAddress address = new AbstractUnixAddress("weft " + ProcessHandle.current().pid());
    Pair pair = new Pair(address);
    assertEquals(address, pair.near.remoteAddress());
    Recorder far = Recorder.on(pair.far);
    pair.near.write(text("hidden"));
    until(() -> far.total == 6);
  }

  @Test
  void unixDatagramsHaveNamesToo() throws IOException {
    PacketOptions options = new PacketOptions(null, false, false, false);
    SocketAddress one = UnixDomainSocketAddress.of(folder.resolve("one"));
    SocketAddress two = UnixDomainSocketAddress.of(folder.resolve("two"));
    PacketChannel near = driver.openPackets(one, null, options);
    PacketChannel far = driver.openPackets(two, one, options);
    Packets packets = Packets.on(near);
    far.send(text("local"), null);
    until(() -> packets.data.size() == 1);
    assertEquals(two, packets.senders.getFirst());
    // The system takes few unread ones; the others wait here.
    near.pauseReading();
    Packets.on(far);
    for (int i = 0; i < 500; i++) {
      far.send(text("number " + i), null);
    }
    assertTrue(far.backlog() > 0);
    settle();
    near.resumeReading();
    until(() -> packets.data.size() == 501);
    assertEquals("number 499", packets.data.getLast());
    assertEquals(0, far.backlog());
  }

  /// A name that is no text: three bytes for each of its own if it were made one.
  @Test
  void aPeerMayBeNamedByAnyBytes() throws IOException {
    PacketOptions options = new PacketOptions(null, false, false, false);
    SocketAddress named = UnixDomainSocketAddress.of(folder.resolve("named"));
    Packets packets = Packets.on(driver.openPackets(named, null, options));
    Linux linux = new Linux();
    int fd = Errno.check(linux.socket(Linux.AF_UNIX, Linux.SOCK_DGRAM));
    MemorySegment address = Arena.ofAuto().allocate(Linux.SOCKADDR_BYTES, 8);
    address.fill((byte) 0xff);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) Linux.AF_UNIX);
    address.set(ValueLayout.JAVA_BYTE, 2, (byte) 0);
    Errno.check(linux.bind(fd, address, 43));
    int length = Addresses.write(named, Linux.AF_UNIX, address);
    MemorySegment data = MemorySegment.ofArray(new byte[] {'y', 'o'});
    Errno.check(linux.sendto(fd, data, 2, address, length));
    until(() -> packets.data.size() == 1);
    assertEquals(UnixDomainSocketAddress.of(""), packets.senders.getFirst());
    linux.close(fd);
  }

  @Test
  void aConnectionThatWasResetIsNotAccepted() throws IOException {
    ListenChannel listener = driver.listen(loopback(), new ListenOptions(16, true, false));
    Accepted accepted = new Accepted();
    listener.start(accepted);
    SocketAddress address = listener.localAddress();
    for (int i = 0; i < 5; i++) {
      SocketChannel gone = SocketChannel.open(address);
      gone.setOption(StandardSocketOptions.SO_LINGER, 0);
      gone.close();
    }
    try (SocketChannel there = SocketChannel.open(address)) {
      until(
          () ->
              accepted.channels.stream().anyMatch(one -> name(there).equals(one.remoteAddress())));
    }
    accepted.channels.forEach(channel -> assertNotNull(channel.remoteAddress()));
  }

  private static SocketAddress name(SocketChannel channel) {
    try {
      return channel.getLocalAddress();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The sum of what is held and of what is written is more than an int.
  @Test
  void twoGigabytesAreNotTakenForASmallWrite() throws IOException {
    Path file = folder.resolve("sparse");
    Pair pair = pair();
    pair.far.abort();
    try (FileChannel sparse =
        FileChannel.open(file, CREATE_NEW, StandardOpenOption.SPARSE, READ, WRITE)) {
      ByteBuffer huge = sparse.map(FileChannel.MapMode.READ_WRITE, 0, Integer.MAX_VALUE);
      pair.near.write(text("small"));
      pair.near.write(huge);
      assertEquals(0, huge.remaining());
    }
  }

  @Test
  void connectionsThatNobodyWasToldOfAreClosedByAnotherThread() throws Exception {
    List<SocketChannel> clients = new ArrayList<>();
    FutureTask<Void> run =
        new FutureTask<>(
            () -> {
              ListenChannel listener =
                  driver.listen(loopback(), new ListenOptions(16, true, false));
              listener.start(new Accepted());
              driver.poll(0);
              for (int i = 0; i < 2; i++) { // as many as the smallest queue has room for
                clients.add(SocketChannel.open(listener.localAddress()));
              }
              for (int i = 0; i < 10; i++) {
                driver.poll(1_000_000);
              }
              return null;
            });
    Thread.ofPlatform().start(run);
    run.get();
    driver.close();
    for (SocketChannel client : clients) {
      client.close();
    }
  }

  @Test
  void whatWasAskedOfADescriptorIsNotDoneWithTheNextOfItsNumber() throws IOException {
    for (int i = 0; i < 10; i++) {
      try (ServerSocketChannel server = ServerSocketChannel.open().bind(loopback());
          SocketChannel client = SocketChannel.open(server.getLocalAddress());
          SocketChannel accepted = server.accept()) {
        client.write(text("for the next one"));
        StreamChannel closedAtOnce = pair().near;
        Recorder nobody = Recorder.on(closedAtOnce);
        closedAtOnce.close();
        Recorder next = Recorder.on(driver.adopt(accepted));
        until(() -> next.total == 16);
        assertEquals(0, nobody.total);
      }
    }
  }

  @Test
  void aListenerMayCloseTheDriver() throws IOException {
    List<Recorder> receivers = new ArrayList<>();
    List<StreamChannel> senders = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Pair pair = pair();
      senders.add(pair.near);
      receivers.add(Recorder.on(pair.far));
      receivers.get(i).onData = data -> driver.close();
    }
    settle();
    senders.forEach(sender -> sender.write(text("the last word")));
    driver.poll(0);
    driver.dispatch();
    assertEquals(13, receivers.stream().mapToLong(receiver -> receiver.total).sum());
  }

  @Test
  void socketsOfTheJdkAreAdopted() throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open().bind(loopback());
    SocketChannel client = SocketChannel.open(server.getLocalAddress());
    ListenChannel listener = driver.adoptListener(server);
    Accepted accepted = new Accepted();
    listener.start(accepted);
    until(() -> accepted.channels.size() == 1);
    StreamChannel near = driver.adopt(client);
    assertThrows(IllegalArgumentException.class, () -> driver.watch(client, operations -> {}));
    Recorder recorder = Recorder.on(near);
    accepted.channels.getFirst().write(text("adopted"));
    until(() -> recorder.total == 7);
    near.close();
    assertFalse(client.isOpen());
    try (SocketChannel unconnected = SocketChannel.open()) {
      assertThrows(IllegalArgumentException.class, () -> driver.adopt(unconnected));
    }
  }

  @Test
  void aListenerThatOthersShareGoesOnWithoutUs() throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open().bind(loopback());
    SocketAddress address = server.getLocalAddress();
    Descriptor shared = JdkChannels.copy(((LinuxDriver) driver).linux, server);
    ListenChannel listener = driver.adoptListener(server);
    listener.start(new Accepted());
    settle();
    listener.close();
    settle();
    try (SocketChannel client = SocketChannel.open(address)) {
      assertTrue(client.isConnected());
    } finally {
      shared.close();
    }
  }

  @Test
  void aThreadHelpsToWatchWhatTheJdkHides() throws IOException {
    watching(((LinuxDriver) driver)::watchByThread);
  }

  @Test
  void anotherThreadMayGoOn() throws Exception {
    Pair pair = pair();
    Recorder far = Recorder.on(pair.far);
    pair.near.write(text("one"));
    until(() -> far.total == 3);
    pair.near.write(text("two"));
    Thread other = Thread.ofPlatform().start(() -> until(() -> far.total == 6));
    other.join();
    pair.near.write(text("three"));
    Accepted more = new Accepted();
    driver.connect(pair.listener.localAddress(), null, more);
    until(() -> far.total == 11 && pair.accepted.channels.size() == 2);
    assertEquals("onetwothree", far.bytes.toString());
  }

  /// More of them than there are processors: in a system call they would keep all of these.
  @Test
  void virtualThreadsThatWaitLetOthersRun() throws Exception {
    List<Driver> drivers = new ArrayList<>();
    List<Thread> waiting = new ArrayList<>();
    CountDownLatch begun = new CountDownLatch(2 * Runtime.getRuntime().availableProcessors());
    try {
      for (long left = begun.getCount(); left > 0; left--) {
        Driver one = open();
        drivers.add(one);
        waiting.add(
            Thread.startVirtualThread(
                () -> {
                  begun.countDown();
                  one.poll(Long.MAX_VALUE);
                }));
      }
      assertTrue(begun.await(5, TimeUnit.SECONDS), "they keep each other from waiting");
      assertTrue(Thread.startVirtualThread(() -> {}).join(Duration.ofSeconds(5)), "none is left");
    } finally {
      drivers.forEach(Driver::wakeup);
      for (Thread thread : waiting) {
        thread.join();
      }
      drivers.forEach(Driver::close);
    }
  }

  @Test
  void theThreadThatWaitsForAVirtualOneEndsWithTheDriver() throws Exception {
    awaitNoWaitThread(); // of other tests
    driver.poll(1_000_000);
    Thread.startVirtualThread(() -> driver.poll(1_000_000)).join();
    Thread.startVirtualThread(() -> driver.poll(1_000_000)).join();
    assertEquals(1, waitThreads());
    Thread.startVirtualThread(driver::close).join();
    awaitNoWaitThread();
  }

  private static void awaitNoWaitThread() {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (waitThreads() > 0) {
      assertTrue(System.nanoTime() < deadline, "it is left");
    }
  }

  private static long waitThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("weft wait"))
        .count();
  }

  @Test
  void closedFromAnotherThreadItLeavesNothing() throws Exception {
    Pair pair = pair();
    Recorder.on(pair.far);
    settle();
    Thread.ofPlatform().start(driver::close).join();
    assertThrows(IllegalStateException.class, () -> driver.poll(0));
    assertThrows(
        IllegalStateException.class,
        () -> driver.listen(loopback(), new ListenOptions(1, true, false)));
    pair.near.write(text("nobody"));
    pair.near.close();
  }

  @Test
  void wantOfDescriptorsIsToldAndAcceptingGoesOn() throws IOException {
    ListenChannel listener = driver.listen(loopback(), new ListenOptions(64, true, false));
    Accepted accepted = new Accepted();
    Accepted connected = new Accepted();
    listener.start(accepted);
    listener.pause();
    for (int i = 0; i < 10; i++) {
      driver.connect(listener.localAddress(), null, connected);
    }
    until(() -> connected.channels.size() == 10);
    List<FileInputStream> hoard = new ArrayList<>();
    try {
      assumeTrue(exhaust(hoard), "there is no end of descriptors");
      listener.resume();
      until(() -> accepted.failures.size() > 1);
    } finally {
      for (FileInputStream file : hoard) {
        file.close();
      }
    }
    assertEquals("Too many open files", accepted.failures.getFirst().getMessage());
    until(() -> accepted.channels.size() == 10);
  }

  @Test
  void withoutDescriptorsNothingOpensAndNothingIsLost() throws IOException {
    Pair pair = pair();
    Recorder far = Recorder.on(pair.far);
    ServerSocketChannel server = ServerSocketChannel.open().bind(loopback());
    List<FileInputStream> hoard = new ArrayList<>();
    try (FileChannel file = FileChannel.open(Files.write(folder.resolve("file"), random(1000)))) {
      pair.near.sendFile(file, 0, 0, () -> {}); // loads what it needs
      assumeTrue(exhaust(hoard), "there is no end of descriptors");
      ListenOptions listening = new ListenOptions(8, true, false);
      PacketOptions packets = new PacketOptions(null, false, false, false);
      SocketAddress address = pair.listener.localAddress();
      assertThrows(IOException.class, this::open);
      assertThrows(IOException.class, () -> driver.listen(loopback(), listening));
      assertThrows(IOException.class, () -> driver.connect(address, null, new Accepted()));
      assertThrows(IOException.class, () -> driver.openPackets(null, null, packets));
      assertThrows(IOException.class, () -> driver.adoptListener(server));
      pair.near.write(text("those who are in are served"));
      until(() -> far.total == 27);
      pair.near.sendFile(file, 0, 1000, () -> {});
      until(() -> far.total == 1027);
      hoard.removeLast().close();
      assertThrows(IOException.class, this::open); // for which one is not enough
    } finally {
      for (FileInputStream file : hoard) {
        file.close();
      }
    }
    driver.adoptListener(server).close();
  }

  /// Opens files until no more can be opened.
  private static boolean exhaust(List<FileInputStream> hoard) {
    try {
      while (hoard.size() < 100_000) {
        hoard.add(new FileInputStream("/dev/null"));
      }
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void manyConnectionsComeAndGo() throws IOException {
    ListenChannel listener = driver.listen(loopback(), new ListenOptions(128, true, false));
    Accepted accepted = new Accepted();
    listener.start(accepted);
    long before = descriptors();
    for (int round = 0; round < 20; round++) {
      Accepted connected = new Accepted();
      accepted.channels.clear();
      for (int i = 0; i < 50; i++) {
        driver.connect(listener.localAddress(), null, connected);
      }
      until(() -> accepted.channels.size() == 50 && connected.channels.size() == 50);
      accepted.channels.forEach(this::echo);
      List<Recorder> recorders = new ArrayList<>();
      for (StreamChannel channel : connected.channels) {
        recorders.add(Recorder.on(channel));
        channel.write(ByteBuffer.wrap(random(2000)));
      }
      until(() -> recorders.stream().allMatch(r -> r.total == 2000));
      connected.channels.forEach(StreamChannel::abort);
      accepted.channels.forEach(StreamChannel::close);
      settle();
    }
    assertEquals(before, descriptors());
  }

  /// Close while the kernel may be receiving, and have the memory used again at once: what others
  /// get must be theirs.
  @Test
  void memoryOfAClosedStreamIsNotWrittenTo() throws IOException {
    for (int round = 0; round < 30; round++) {
      Pair victim = pair();
      Pair other = pair();
      Recorder.on(victim.far);
      Recorder far = Recorder.on(other.far);
      byte[] theirs = random(300_000);
      victim.near.write(ByteBuffer.wrap(new byte[400_000]));
      driver.poll(0);
      driver.dispatch();
      victim.far.close();
      victim.near.write(ByteBuffer.wrap(new byte[100_000]));
      other.near.write(ByteBuffer.wrap(theirs));
      until(() -> far.total == theirs.length);
      assertArrayEquals(theirs, far.bytes.toByteArray());
      for (Pair pair : List.of(victim, other)) {
        pair.near.close();
        pair.far.close();
        pair.listener.close();
      }
    }
  }
}
