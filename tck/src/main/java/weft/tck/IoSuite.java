package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.Weft.await;
import static weft.Weft.sleep;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import weft.Body;
import weft.Promise;
import weft.io.BaseProtocol;
import weft.io.ClientHandler;
import weft.io.ConnectOptions;
import weft.io.Net;
import weft.io.Server;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.io.Transport;
import weft.io.WriteTransport;

/// The base of the suites for input and output. A descriptor that is left open fails the test.
/// Everything happens on the loopback addresses; the other end is a plain blocking socket.
public abstract class IoSuite extends LoopSuite {
  private static final String V4 = "127.0.0.1";

  static final int NARROW_BYTES = 16 * 1024;

  /// What `pattern` repeats; no part of it is like another.
  private static final byte[] PATTERN = new byte[251 * 256];

  static {
    for (int i = 0; i < PATTERN.length; i++) {
      PATTERN[i] = (byte) (i * 31 + i / 251);
    }
  }

  private static final AtomicBoolean WARM = new AtomicBoolean();

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final Descriptors before;

  /// For subclasses.
  protected IoSuite() {
    if (WARM.compareAndSet(false, true)) {
      warmUp();
    }
    before = Descriptors.now();
  }

  /// Whether the loop can watch channels: `addReader`, `addWriter`.
  protected boolean canWatch() {
    return true;
  }

  /// Whether a server on all addresses of IPv4 leaves those of IPv6 alone.
  protected boolean canServeOneFamily() {
    return true;
  }

  /// Lets the JDK open the descriptors that it keeps for itself.
  private static void warmUp() {
    Thread waiting = Thread.ofVirtual().unstarted(IoSuite::useEverything);
    try {
      useEverything();
      waiting.start();
      waiting.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void useEverything() {
    try (var listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var channels =
            ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.ofLiteral(V4), 0));
        var selector = Selector.open();
        var datagrams = DatagramChannel.open();
        var channel = SocketChannel.open(channels.getLocalAddress())) {
      var pipe = Pipe.open();
      pipe.sink().close();
      pipe.source().close();
      channels.accept().close();
      Thread connecting =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try (var socket = new Socket(listening.getInetAddress(), port(listening))) {
                      socket.getOutputStream().write(1);
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      try (var socket = listening.accept()) {
        socket.getInputStream().readAllBytes();
      }
      connecting.join();
      selector.selectNow();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int port(ServerSocket socket) {
    return socket.getLocalPort();
  }

  @Override
  void afterClose() {
    for (AutoCloseable one : opened.reversed()) {
      try {
        one.close();
      } catch (Exception e) {
        throw new AssertionError("a peer could not be closed", e);
      }
    }
    for (Thread thread : List.copyOf(threads)) {
      try {
        if (!thread.join(Duration.ofSeconds(5))) {
          throw new AssertionError("a peer's thread stays: " + thread);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    before.verify();
  }

  /// Has something closed at the end of the test.
  final void closeLater(AutoCloseable one) {
    opened.add(one);
  }

  /* ---- Waiting ---- */

  /// Suspends until a condition holds, which something else brings about.
  static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      sleep(ms(1));
    }
  }

  /// Runs `body` on a thread of its own, where it may block.
  final <T> Promise<T> away(Body<T> body) {
    Promise<T> outcome = loop.createPromise();
    Runnable work =
        () -> {
          try {
            T value = body.call();
            back(() -> outcome.setResult(value), outcome);
          } catch (Throwable thrown) {
            back(() -> outcome.setException(thrown), outcome);
          }
        };
    threads.add(Thread.ofPlatform().daemon().name("weft-tck-peer").start(work));
    return outcome;
  }

  private void back(Runnable completion, Promise<?> outcome) {
    try {
      loop.callSoonThreadsafe(
          () -> {
            if (!outcome.done()) {
              completion.run();
            }
          });
    } catch (IllegalStateException closed) {
      // The test is over.
    }
  }

  /* ---- Connections ---- */

  /// A plain listening socket on the IPv4 loopback address.
  final ServerSocket listen() throws IOException {
    return listen(V4, 50);
  }

  /// A plain listening socket.
  final ServerSocket listen(String host, int backlog) throws IOException {
    var socket = new ServerSocket(0, backlog, InetAddress.ofLiteral(host));
    closeLater(socket);
    return socket;
  }

  /// The next connection of a listening socket.
  final Peer accept(ServerSocket listening) throws IOException {
    return new Peer(this, await(away(listening::accept), IOException.class));
  }

  /// A plain client of a server.
  final Peer dial(Server server) throws IOException {
    return dial(addressOf(server));
  }

  /// Serves clients on a free port.
  static Server serve(ClientHandler handler) throws IOException {
    return Net.startServer(handler, V4, 0);
  }

  /// Closes a server and waits until its last connection is gone.
  static void end(Server server) {
    server.close();
    server.waitClosed();
    assertEquals(0, server.connections());
  }

  /// A plain client of whoever listens at an address.
  final Peer dial(SocketAddress address) throws IOException {
    var socket = new Socket();
    closeLater(socket);
    await(
        away(
            () -> {
              socket.connect(address, 20_000);
              return true;
            }),
        IOException.class);
    return new Peer(this, socket);
  }

  /// The first address of a server.
  static InetSocketAddress addressOf(Server server) {
    return (InetSocketAddress) server.addresses().getFirst();
  }

  /// A transport and what is at its other end.
  record Link<P extends BaseProtocol>(Transport transport, P protocol, Peer peer) {}

  /// Connects a protocol to a peer.
  final <P extends BaseProtocol> Link<P> link(Supplier<P> protocol) throws IOException {
    try (ServerSocket listening = listen()) {
      var connected = Net.createConnection(protocol, V4, listening.getLocalPort());
      return new Link<>(connected.transport(), connected.protocol(), accept(listening));
    }
  }

  /// Connects a protocol to a peer whose side of the connection holds little, so that writing soon
  /// has to wait.
  final <P extends BaseProtocol> Link<P> narrowLink(Supplier<P> protocol) throws IOException {
    try (ServerSocket listening = listenNarrow()) {
      var connected = Net.createConnection(protocol, V4, listening.getLocalPort());
      connected.transport().setOption(StandardSocketOptions.SO_SNDBUF, NARROW_BYTES);
      return new Link<>(connected.transport(), connected.protocol(), accept(listening));
    }
  }

  /// A plain listening socket whose connections hold little.
  final ServerSocket listenNarrow() throws IOException {
    var socket = new ServerSocket();
    closeLater(socket);
    socket.setReceiveBufferSize(NARROW_BYTES);
    socket.bind(new InetSocketAddress(InetAddress.ofLiteral(V4), 0));
    return socket;
  }

  /// Fails unless the peer sees that its connection was aborted: a reset, where the loop's sockets
  /// can be told to send one, which they can if they know `SO_LINGER`.
  final void assertReset(Peer peer) throws IOException {
    if (peer.outcome().equals("end") && knowsLinger()) {
      throw new AssertionError("the peer sees the end where it should see a reset");
    }
  }

  private boolean knowsLinger() throws IOException {
    var probe = link(Recorded::new);
    try {
      probe.transport().getOption(StandardSocketOptions.SO_LINGER);
      return true;
    } catch (UnsupportedOperationException e) {
      return false;
    } finally {
      end(probe);
    }
  }

  /// Writes until the protocol is told to pause; returns how many bytes that took.
  static int fill(WriteTransport transport) {
    byte[] piece = pattern(50_000);
    int written = 0;
    while (transport.writeBufferSize() <= transport.writeBufferLimits().high()) {
      transport.write(piece);
      written += piece.length;
    }
    return written;
  }

  /// Suspends until bytes have gone to and fro on another connection, after which anything that was
  /// under way before has arrived.
  final void letTheRestArrive() throws IOException {
    var other = link(Recorded::new);
    for (int trip = 1; trip <= 3; trip++) {
      other.transport().write(utf8("x"));
      other.peer().read(1);
      other.peer().write("y");
      int expected = trip;
      until(() -> other.protocol().received() == expected);
    }
    end(other);
  }

  /// A stream and what is at its other end.
  record Line(StreamReader reader, StreamWriter writer, Peer peer) {}

  /// Connects a stream to a peer.
  final Line line() throws IOException {
    return line(ConnectOptions.defaults());
  }

  /// Connects a stream to a peer whose side of the connection holds little.
  final Line narrowLine(ConnectOptions options) throws IOException {
    try (ServerSocket listening = listenNarrow()) {
      Line line = line(options, listening);
      line.writer().transport().setOption(StandardSocketOptions.SO_SNDBUF, NARROW_BYTES);
      return line;
    }
  }

  /// Connects a stream to a peer.
  final Line line(ConnectOptions options) throws IOException {
    try (ServerSocket listening = listen()) {
      return line(options, listening);
    }
  }

  private Line line(ConnectOptions options, ServerSocket listening) throws IOException {
    Streams streams = Net.openConnection(V4, listening.getLocalPort(), options);
    return new Line(streams.reader(), streams.writer(), accept(listening));
  }

  /// Closes a stream and waits until it is.
  static void end(Line line) throws IOException {
    line.writer().close();
    line.writer().waitClosed();
  }

  /// Closes a transport and waits until it is.
  static void end(Link<? extends Recorded> link) {
    link.transport().close();
    await(link.protocol().lost);
  }

  /* ---- Bytes ---- */

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] data) {
    return new String(data, StandardCharsets.UTF_8);
  }

  /// So many bytes, each part of which is different from the next.
  static byte[] pattern(int count) {
    byte[] data = new byte[count];
    for (int i = 0; i < count; i += PATTERN.length) {
      System.arraycopy(PATTERN, 0, data, i, Math.min(PATTERN.length, count - i));
    }
    return data;
  }

  /// Whether this machine has the IPv6 loopback address.
  static boolean hasIpv6() {
    try {
      return NetworkInterface.getByInetAddress(InetAddress.ofLiteral("::1")) != null;
    } catch (IOException e) {
      return false;
    }
  }
}
