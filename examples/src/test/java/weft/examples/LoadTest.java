package weft.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Many clients, and clients that behave badly. After each test the server must have nothing left
/// of them: no connection, no task, no descriptor, no memory to speak of.
@Tag("slow")
@Timeout(100)
class LoadTest {
  private static final int IDLE = 10_000;
  private static final int ACTIVE = 1_000;
  private static final int STORM = 5_000;
  private static final int KIB = 1024;

  /// What the driver may keep of its buffers for the next time that all are busy.
  private static final int POOL_BYTES_MAX = 48 * KIB * KIB;

  @TempDir private static Path folder;
  private static Tool station;
  private static int plain;
  private static int secure;
  private Report before;

  /// What the server says of itself.
  private record Report(int connections, int tasks, int descriptors, long heap, long direct) {
    static Report parse(String line) {
      String[] words = line.split(" ");
      return new Report(
          Integer.parseInt(words[1]),
          Integer.parseInt(words[2]),
          Integer.parseInt(words[3]),
          Long.parseLong(words[4]),
          Long.parseLong(words[5]));
    }

    long memory() {
      return heap + direct;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/fd")), "there is no /proc to see what is left");
    Tool.require("openssl");
    String certificate = folder.resolve("cert.pem").toString();
    String key = folder.resolve("key.pem").toString();
    Tool.run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
            key,
            "-out",
            certificate)
        .succeeded();
    station = Tool.start(command("", certificate, key));
    String[] ports = line(station, "ports ").split(" ");
    plain = Integer.parseInt(ports[1]);
    secure = Integer.parseInt(ports[2]);
    warmUp();
  }

  /// What is loaded and made once is there from now on.
  private static void warmUp() throws Exception {
    int good = 0;
    for (int i = 0; good < 20; i++) {
      try {
        echo(plain);
        secretEcho();
        good++;
      } catch (IOException e) { // the first handshakes may take too long
        assertTrue(i < 10, e::toString);
      }
    }
  }

  private static String[] command(String limit, String... arguments) {
    var words = new ArrayList<String>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED", "-Xmx512m"));
    words.add("--enable-native-access=ALL-UNNAMED");
    if (Program.LOOP != null) {
      words.add("-Dweft.loop=" + Program.LOOP);
    }
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), Station.class.getName()));
    words.addAll(List.of(arguments));
    if (!limit.isEmpty()) {
      words.addAll(0, List.of("sh", "-c", limit + " && exec \"$@\"", "sh"));
    }
    return words.toArray(String[]::new);
  }

  @AfterAll
  static void end() throws Exception {
    if (station != null) {
      station.endInput();
      Tool.Result result = station.await();
      assertEquals(0, result.status(), result::toString);
      assertEquals("beginning to listen\n", result.err());
    }
  }

  private static String line(Tool tool, String start) throws Exception {
    return tool.nextLine(start);
  }

  private static Report report() throws Exception {
    station.write("report\n");
    return Report.parse(line(station, "report "));
  }

  @BeforeEach
  void noteWhatIsThere() throws Exception {
    before = report();
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    assertArrayEquals(new byte[] {1, 2, 3}, echo(plain));
    secretEcho();
    Report after = report();
    for (int i = 0; i < 50 && !isLike(after, before); i++) {
      Thread.sleep(100);
      after = report();
    }
    assertTrue(isLike(after, before), "before " + before + "\nafter " + after);
  }

  private static boolean isLike(Report after, Report before) {
    return after.connections == 0
        && after.tasks == before.tasks
        && after.descriptors == before.descriptors
        && after.heap < before.heap + 4 * KIB * KIB
        && after.direct < POOL_BYTES_MAX;
  }

  private static Socket connect(int port, char mode) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(30_000);
    socket.setTcpNoDelay(true);
    socket.getOutputStream().write(mode);
    return socket;
  }

  private static byte[] echo(int port) throws IOException {
    try (Socket socket = connect(port, 'e')) {
      socket.getOutputStream().write(new byte[] {1, 2, 3});
      socket.shutdownOutput();
      return socket.getInputStream().readAllBytes();
    }
  }

  private static void secretEcho() throws Exception {
    try (Socket socket = Tool.trustingSocket(secure)) {
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(new byte[] {'e', 1, 2, 3});
      assertArrayEquals(new byte[] {1, 2, 3}, socket.getInputStream().readNBytes(3));
    }
  }

  private static SocketChannel open(int port, char mode) throws IOException {
    SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_LINGER, 0); // no TIME_WAIT for the next test
    channel.write(ByteBuffer.wrap(new byte[] {(byte) mode}));
    return channel;
  }

  /// How many descriptors a process may have, here and there.
  private static int descriptorsMax() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/limits"))) {
      String[] words =
          lines.filter(l -> l.startsWith("Max open files")).findFirst().orElseThrow().split(" +");
      return words[3].equals("unlimited") ? Integer.MAX_VALUE : Integer.parseInt(words[3]);
    }
  }

  /* ---- Many ---- */

  @Test
  void thousandsOfIdleConnectionsAndSomeActive() throws Exception {
    int count = Math.min(IDLE, descriptorsMax() - 500);
    if (count < IDLE) {
      System.out.println("only " + count + " connections, because ulimit -n allows no more");
    }
    var channels = new ArrayList<SocketChannel>();
    try {
      for (int i = 0; i < count; i++) {
        channels.add(open(plain, 'e'));
      }
      Report idle = report();
      while (idle.connections < count) {
        Thread.sleep(50);
        idle = report();
      }
      System.out.printf(
          "%d idle connections: %d bytes of heap and %d of direct memory each%n",
          count, (idle.heap - before.heap) / count, (idle.direct - before.direct) / count);
      assertTrue(idle.memory() - before.memory() < 10L * KIB * count, idle::toString);
      int active = Math.min(ACTIVE, count);
      talk(channels.subList(0, active), 20);
    } finally {
      for (SocketChannel channel : channels) {
        channel.close();
      }
    }
  }

  /// Sends a message over each connection and waits for all to come back, again and again.
  private static void talk(List<SocketChannel> channels, int rounds) throws IOException {
    byte[] message = new byte[KIB];
    new Random(5).nextBytes(message);
    long begin = System.nanoTime();
    try (Selector selector = Selector.open()) {
      for (SocketChannel channel : channels) {
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(KIB));
      }
      for (int round = 0; round < rounds; round++) {
        for (SelectionKey key : selector.keys()) {
          ((ByteBuffer) key.attachment()).clear();
          int sent = ((SocketChannel) key.channel()).write(ByteBuffer.wrap(message));
          assertEquals(KIB, sent);
        }
        int left = channels.size();
        while (left > 0) {
          assertTrue(selector.select(30_000) > 0, left + " messages are missing");
          for (SelectionKey key : selector.selectedKeys()) {
            ByteBuffer received = (ByteBuffer) key.attachment();
            assertTrue(((SocketChannel) key.channel()).read(received) > 0);
            if (!received.hasRemaining()) {
              assertArrayEquals(message, received.array());
              left--;
            }
          }
          selector.selectedKeys().clear();
        }
      }
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    int messages = channels.size() * rounds;
    System.out.printf(
        "%d active connections: %d messages of 1 KiB in %.1f s, %.0f a second%n",
        channels.size(), messages, seconds, messages / seconds);
  }

  @Test
  void aStormOfConnections() throws Exception {
    long begin = System.nanoTime();
    try (var threads = Executors.newFixedThreadPool(8)) {
      var storms = new ArrayList<Future<?>>();
      for (int thread = 0; thread < 8; thread++) {
        storms.add(threads.submit(() -> storm(STORM / 8)));
      }
      for (Future<?> storm : storms) {
        storm.get();
      }
    }
    System.out.printf(
        "%d connections made and closed in %.1f s%n", STORM, (System.nanoTime() - begin) / 1e9);
  }

  private static Void storm(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), plain)) {
        socket.setSoLinger(i % 4 != 0, 0);
        if (i % 2 == 0) {
          socket.getOutputStream().write(new byte[] {'e', 1});
        }
        if (i % 4 == 0) {
          assertEquals(1, socket.getInputStream().read());
        }
      }
    }
    return null;
  }

  /* ---- Slow ---- */

  @Test
  void whoDoesNotReadDoesNotFillTheMemory() throws Exception {
    int count = 100;
    var channels = new ArrayList<SocketChannel>();
    try {
      for (int i = 0; i < count; i++) {
        channels.add(open(plain, 'f'));
      }
      while (report().connections < count) { // the first ones keep the server busy
        Thread.sleep(50);
      }
      Thread.sleep(1000); // the time in which it would grow
      Report during = report();
      assertEquals(count, during.connections);
      long each = (during.memory() - before.memory()) / count;
      System.out.println("a client that does not read: " + each + " bytes");
      assertTrue(each < 300 * KIB, during::toString);
    } finally {
      for (SocketChannel channel : channels) {
        channel.close();
      }
    }
  }

  @Test
  void whoIsNotReadDoesNotFillTheMemory() throws Exception {
    int count = 50;
    station.write("deafen\n");
    report(); // it has heard that
    var channels = new ArrayList<SocketChannel>();
    try {
      for (int i = 0; i < count; i++) {
        channels.add(open(plain, 'd'));
      }
      ByteBuffer data = ByteBuffer.allocateDirect(256 * KIB);
      long sent = 0;
      int idleRounds = 0;
      while (idleRounds < 10 && sent < 4L * KIB * KIB * KIB) {
        long now = 0;
        for (SocketChannel channel : channels) {
          channel.configureBlocking(false);
          now += Math.max(0, channel.write(data.clear()));
        }
        sent += now;
        idleRounds = now == 0 ? idleRounds + 1 : 0;
        Thread.sleep(now == 0 ? 20 : 0);
      }
      Report during = report();
      long each = (during.memory() - before.memory()) / count;
      System.out.printf(
          "a client that is not read: %d bytes here, of %d that it has sent%n", each, sent / count);
      assertTrue(each < 600 * KIB, during::toString);
    } finally {
      for (SocketChannel channel : channels) {
        channel.close();
      }
      station.write("hear\n"); // who does not read does not see a reset either
    }
  }

  @Test
  void slowWritersGetTheirAnswers() throws Exception {
    var sockets = new ArrayList<Socket>();
    for (int i = 0; i < 200; i++) {
      sockets.add(connect(plain, 'e'));
    }
    for (int round = 0; round < 20; round++) {
      for (Socket socket : sockets) {
        socket.getOutputStream().write(round);
      }
      for (Socket socket : sockets) {
        assertEquals(round, socket.getInputStream().read());
      }
    }
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  /* ---- Rude ---- */

  @Test
  void connectionsThatAreReset() throws Exception {
    byte[] data = new byte[100_000];
    for (int i = 0; i < 300; i++) {
      try (Socket socket = connect(i % 3 == 0 ? secure : plain, "efd".charAt(i % 3))) {
        socket.setSoLinger(true, 0);
        socket.setSoTimeout(5);
        try {
          socket.getOutputStream().write(data, 0, 1 + 331 * i % data.length);
          socket.getInputStream().readNBytes(37 * i);
        } catch (IOException e) {
          // time is up, or the other end has had enough
        }
      }
    }
  }

  @Test
  void clientsThatSayNothingToTls() throws Exception {
    var sockets = new ArrayList<Socket>();
    for (int i = 0; i < 200; i++) {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), secure);
      sockets.add(socket);
      if (i % 2 == 0) { // the beginning of a ClientHello
        socket.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1, 0});
      }
    }
    Report during = report();
    for (int i = 0; i < 200 && during.connections > 0; i++) {
      Thread.sleep(50); // the server gives each of them two seconds
      during = report();
    }
    assertEquals(0, during.connections);
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  @Test
  void clientsThatHaveClosedOneHalf() throws Exception {
    var sockets = new ArrayList<Socket>();
    for (int i = 0; i < 200; i++) {
      Socket socket = connect(plain, 'e');
      sockets.add(socket);
      socket.getOutputStream().write(new byte[1000]);
      socket.shutdownOutput();
    }
    for (Socket socket : sockets) {
      assertEquals(1000, socket.getInputStream().readAllBytes().length);
    }
    assertEquals(0, report().connections);
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  @Test
  void garbageAtFullSpeed() throws Exception {
    AtomicLong sent = new AtomicLong();
    AtomicLong connections = new AtomicLong();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    try (var threads = Executors.newFixedThreadPool(3)) {
      var senders = new ArrayList<Future<?>>();
      for (int seed = 0; seed < 3; seed++) {
        Random random = new Random(seed);
        senders.add(
            threads.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    sent.addAndGet(garbage(random, end));
                    connections.incrementAndGet();
                  }
                  return null;
                }));
      }
      int served = 0;
      while (System.nanoTime() < end) {
        secretEcho(); // somebody well-behaved, meanwhile
        served++;
      }
      for (Future<?> sender : senders) {
        sender.get();
      }
      System.out.printf(
          "garbage: %d MB over %d TLS connections in 3 s, %d good connections served meanwhile%n",
          sent.get() / 1_000_000, connections.get(), served);
      assertTrue(served > 0);
    }
  }

  /// Sends random bytes until the connection is closed; some begin like TLS.
  private static long garbage(Random random, long end) throws IOException {
    byte[] bytes = new byte[64 * KIB];
    random.nextBytes(bytes);
    boolean likeTls = random.nextBoolean();
    long sent = 0;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), secure)) {
      socket.setSoLinger(true, 0);
      if (likeTls) { // records of the right form with the wrong content
        for (int at = 0; at < bytes.length; at += 4096) {
          byte[] head = {22, 3, 3, 15, (byte) 0xfb};
          System.arraycopy(head, 0, bytes, at, head.length);
        }
      }
      while (System.nanoTime() < end) {
        socket.getOutputStream().write(bytes);
        sent += bytes.length;
      }
    } catch (SocketException e) {
      // it has had enough
    }
    return sent;
  }

  /* ---- Nothing left to give ---- */

  @Test
  void aServerWithoutDescriptorsGoesOnWhenItHasThemAgain() throws Exception {
    Tool small = Tool.start(command("ulimit -n 80"));
    try (small) {
      int port = Integer.parseInt(line(small, "ports ").split(" ")[1]);
      echo(port);
      var sockets = new ArrayList<Socket>();
      for (int i = 0; i < 120; i++) { // more than it can accept; the system takes the rest
        sockets.add(connect(port, 'e'));
      }
      small.awaitError("accepting failed");
      Socket first = sockets.getFirst();
      for (int i = 0; i < 10; i++) { // those who are in are served
        first.getOutputStream().write(i);
        assertEquals(i, first.getInputStream().read());
      }
      for (Socket socket : sockets.subList(0, 100)) {
        socket.close();
      }
      for (Socket socket : sockets.subList(100, 120)) { // and now those who had to wait
        socket.getOutputStream().write(7);
        assertEquals(7, socket.getInputStream().read());
        socket.close();
      }
      assertArrayEquals(new byte[] {1, 2, 3}, echo(port));
      small.write("report\n");
      Report after = Report.parse(line(small, "report "));
      assertTrue(after.descriptors < 60, after::toString);
      small.endInput();
      assertEquals(0, small.await().status());
    }
  }
}
