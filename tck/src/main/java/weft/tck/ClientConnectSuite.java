package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.ExceptionGroup;
import weft.Task;
import weft.io.ConnectOptions;
import weft.io.Connected;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.io.Server;
import weft.io.Transport;

/// Connecting: one address and several, failures, time limits, cancellation, happy eyeballs.
///
/// Names with several addresses are those of a resolver of the suite's own: in
/// `x7f000001.x7f000002.weft.test` they stand in hexadecimal.
public abstract class ClientConnectSuite extends IoSuite {
  private static final String V4 = "127.0.0.1";
  private static final String SUFFIX = ".weft.test";
  private static final Duration LONG = Duration.ofHours(1);

  /// For subclasses.
  protected ClientConnectSuite() {}

  private static String name(String... addresses) {
    var name = new StringBuilder();
    for (String address : addresses) {
      byte[] bytes = InetAddress.ofLiteral(address).getAddress();
      name.append('x').append(HexFormat.of().formatHex(bytes)).append('.');
    }
    return name.substring(0, name.length() - 1) + SUFFIX;
  }

  /// Knows the addresses of such a name, and no other name.
  private static List<InetAddress> lookup(String host) throws IOException {
    var addresses = new ArrayList<InetAddress>();
    for (String part : host.substring(0, host.length() - SUFFIX.length()).split("\\.", -1)) {
      if (!part.startsWith("x")) {
        throw new UnknownHostException(host);
      }
      byte[] address = HexFormat.of().parseHex(part, 1, part.length());
      addresses.add(InetAddress.getByAddress(host, address));
    }
    return addresses;
  }

  private static Connected<Transport, Recorded> connect(
      String host, int port, ConnectOptions options) throws IOException {
    boolean ours = host.endsWith(SUFFIX);
    return Net.createConnection(
        Recorded::new, host, port, ours ? options.resolver(ClientConnectSuite::lookup) : options);
  }

  private static Connected<Transport, Recorded> connect(String host, int port) throws IOException {
    return connect(host, port, ConnectOptions.defaults());
  }

  private static void end(Connected<Transport, Recorded> connected) {
    connected.transport().close();
    await(connected.protocol().lost);
  }

  private static InetSocketAddress peerOf(Connected<Transport, Recorded> connected) {
    return assertInstanceOf(
        InetSocketAddress.class, connected.transport().extraInfo(ExtraInfo.PEERNAME));
  }

  private static String hostOf(Connected<Transport, Recorded> connected) {
    return peerOf(connected).getAddress().getHostAddress();
  }

  private static InetSocketAddress at(String literal, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
  }

  /// A port on which nobody listens.
  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral(V4))) {
      return socket.getLocalPort();
    }
  }

  private static ConnectOptions staggered(Duration delay) {
    return ConnectOptions.defaults().happyEyeballsDelay(delay);
  }

  /// Two that listen at one port, each at its address.
  private record Twins(ServerSocket first, ServerSocket second) {
    int port() {
      return first.getLocalPort();
    }
  }

  /// At a port that nobody else has at either address.
  private Twins twins(int backlog) throws IOException {
    while (true) {
      var first = listen(V4, backlog);
      var second = new ServerSocket();
      closeLater(second);
      try {
        second.bind(at("127.0.0.2", first.getLocalPort()));
        return new Twins(first, second);
      } catch (BindException taken) {
        first.close();
      }
    }
  }

  private ServerSocket blackhole(String host) throws IOException {
    return filled(listen(host, 1));
  }

  /// Connects until it is full, after which a connection is neither made nor refused.
  private ServerSocket filled(ServerSocket socket) throws IOException {
    var address = new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
    for (int i = 0; i < 20; i++) {
      var channel = SocketChannel.open();
      closeLater(channel);
      channel.configureBlocking(false);
      channel.connect(address);
      letTheRestArrive();
      if (!channel.finishConnect()) {
        return socket;
      }
    }
    abort("a full backlog does not keep connections waiting here");
    throw new AssertionError();
  }

  /* ---- One address ---- */

  @Test
  void L95_aRefusedConnectionNamesTheAddress() {
    run(
        () -> {
          int port = freePort();
          var thrown = assertThrows(ConnectException.class, () -> connect(V4, port));
          assertTrue(
              String.valueOf(thrown.getMessage()).contains(V4 + ":" + port),
              () -> "message: " + thrown.getMessage());
        });
  }

  @Test
  void L95_anUnknownNameIsAnUnknownHost() {
    run(
        () -> {
          var options = ConnectOptions.defaults().resolver(ClientConnectSuite::lookup);
          String nobody = "nobody" + SUFFIX;
          assertThrows(UnknownHostException.class, () -> connect(nobody, 1));
          assertThrows(UnknownHostException.class, () -> Net.openConnection(nobody, 1, options));
        });
  }

  @Test
  void localhostIsKnown() {
    run(
        () -> {
          var listening = listen();
          var connected = connect("localhost", listening.getLocalPort());
          accept(listening).write("hello");
          until(() -> connected.protocol().received() == 5);
          end(connected);
        });
  }

  @Test
  void theNewerFamilyCanBeConnectedTo() {
    assumeTrue(hasIpv6(), "needs IPv6");
    run(
        () -> {
          var listening = listen("::1", 10);
          var connected = connect("::1", listening.getLocalPort());
          accept(listening).write("hello");
          until(() -> connected.protocol().received() == 5);
          end(connected);
        });
  }

  @Test
  void manyConnectionsAreMadeAtOnce() {
    run(
        () -> {
          var listening = listen(V4, 128);
          var tasks = new ArrayList<Task<Connected<Transport, Recorded>>>();
          for (int i = 0; i < 60; i++) {
            tasks.add(createTask(() -> connect(V4, listening.getLocalPort())));
          }
          for (var task : tasks) {
            end(await(task));
          }
        });
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    var options = ConnectOptions.defaults();
    assertThrows(IllegalArgumentException.class, () -> options.limit(0));
    assertThrows(IllegalArgumentException.class, () -> options.interleave(-1));
    run(
        () -> {
          assertThrows(IllegalArgumentException.class, () -> connect(V4, 65_536));
          assertThrows(IllegalArgumentException.class, () -> connect(V4, -1));
          assertThrows(NullPointerException.class, () -> connect(nothing(), 1));
        });
  }

  @Test
  void connectingNeedsACoroutine() {
    assertThrows(IllegalStateException.class, () -> Net.openConnection(V4, 1));
  }

  /* ---- The local address ---- */

  @Test
  void theLocalAddressMayBeChosen() {
    run(
        () -> {
          var listening = listen();
          var local = at("127.0.0.2", 0);
          var connected =
              connect(V4, listening.getLocalPort(), ConnectOptions.defaults().localAddress(local));
          var peer = accept(listening);
          assertEquals("127.0.0.2", peer.socket().getInetAddress().getHostAddress());
          end(connected);
        });
  }

  @Test
  void theNameOfALocalAddressIsLookedUp() {
    run(
        () -> {
          var listening = listen();
          var local = InetSocketAddress.createUnresolved(name("::1", "127.0.0.2"), 0);
          var options = ConnectOptions.defaults().localAddress(local);
          var connected = connect(name(V4), listening.getLocalPort(), options);
          var peer = accept(listening);
          assertEquals("127.0.0.2", peer.socket().getInetAddress().getHostAddress());
          end(connected);
          var unknown = options.localAddress(InetSocketAddress.createUnresolved("y.weft.test", 0));
          assertThrows(
              UnknownHostException.class,
              () -> connect(name(V4), listening.getLocalPort(), unknown));
        });
  }

  @Test
  void aLocalAddressOfTheOtherFamilyIsRefused() {
    run(
        () -> {
          var listening = listen();
          var local = at("::1", 0);
          var options = ConnectOptions.defaults().localAddress(local);
          assertThrows(IOException.class, () -> connect(V4, listening.getLocalPort(), options));
        });
  }

  @Test
  void aLocalAddressInUseIsAnIoException() {
    run(
        () -> {
          var listening = listen();
          var used = listen();
          var local = at(V4, used.getLocalPort());
          var options = ConnectOptions.defaults().localAddress(local);
          assertThrows(IOException.class, () -> connect(V4, listening.getLocalPort(), options));
        });
  }

  /* ---- Several addresses ---- */

  @Test
  void L95_theNextAddressIsTriedAfterAFailure() {
    run(
        () -> {
          String host = name("127.0.0.3", "127.0.0.2", V4);
          var listening = listen("127.0.0.2", 10);
          var connected = connect(host, listening.getLocalPort());
          assertEquals("127.0.0.2", hostOf(connected));
          end(connected);
        });
  }

  @Test
  void L95_theFirstAddressThatAnswersIsTaken() {
    run(
        () -> {
          String host = name(V4, "127.0.0.2");
          var listening = listen();
          var connected = connect(host, listening.getLocalPort());
          assertEquals(V4, hostOf(connected));
          end(connected);
        });
  }

  @Test
  void L95_ifAllFailAllAreNamed() {
    run(
        () -> {
          String host = name(V4, "127.0.0.2");
          int port = freePort();
          var thrown = assertThrows(IOException.class, () -> connect(host, port));
          String message = String.valueOf(thrown.getMessage());
          assertTrue(message.contains(V4 + ":" + port), message);
          assertTrue(message.contains("127.0.0.2:" + port), message);
          assertEquals(2, thrown.getSuppressed().length);
        });
  }

  @Test
  void L95_allErrorsIsAGroupOfThem() {
    run(
        () -> {
          String host = name("127.0.0.3", V4, "127.0.0.2");
          int port = freePort();
          var options = ConnectOptions.defaults().allErrors(true);
          var thrown = assertThrows(ExceptionGroup.class, () -> connect(host, port, options));
          assertEquals(List.of("127.0.0.3", V4, "127.0.0.2"), tried(thrown, port));
        });
  }

  /// The addresses in the order in which they have failed.
  private static List<String> tried(ExceptionGroup group, int port) {
    var hosts = new ArrayList<String>();
    for (Throwable failure : group.exceptions()) {
      String message = String.valueOf(failure.getMessage());
      int end = message.lastIndexOf(":" + port);
      hosts.add(message.substring(message.lastIndexOf('/', end) + 1, end));
    }
    return hosts;
  }

  @Test
  void addressesOfOneFamilyMayBeChosen() {
    assumeTrue(hasIpv6(), "needs IPv6");
    run(
        () -> {
          String host = name("::1", V4);
          var listening = listen();
          var options = ConnectOptions.defaults().family(StandardProtocolFamily.INET);
          var connected = connect(host, listening.getLocalPort(), options.allErrors(true));
          assertEquals(V4, hostOf(connected));
          end(connected);
          assertThrows(UnknownHostException.class, () -> connect("::1", 1, options));
        });
  }

  @Test
  void ofSeveralAddressesThoseOfTheLocalOnesFamilyAreTried() {
    assumeTrue(hasIpv6(), "needs IPv6");
    run(
        () -> {
          String host = name("::1", V4);
          var listening = listen();
          var local = at(V4, 0);
          var connected =
              connect(
                  host, listening.getLocalPort(), ConnectOptions.defaults().localAddress(local));
          assertEquals(V4, hostOf(connected));
          end(connected);
        });
  }

  /* ---- Giving up ---- */

  @Test
  void L96_aTimeLimitEndsTheAttempt() {
    run(
        () -> {
          var hole = blackhole(V4);
          var options = ConnectOptions.defaults().timeout(ms(30));
          var thrown =
              assertThrows(
                  SocketTimeoutException.class, () -> connect(V4, hole.getLocalPort(), options));
          assertTrue(String.valueOf(thrown.getMessage()).contains(V4));
        });
  }

  @Test
  void L96_aTimeLimitThatIsKeptDoesNothing() {
    run(
        () -> {
          var listening = listen();
          var connected =
              connect(V4, listening.getLocalPort(), ConnectOptions.defaults().timeout(LONG));
          end(connected);
        });
  }

  private void cancelledAfter(int turns, String host, int port, ConnectOptions options) {
    var task = createTask(() -> connect(host, port, options));
    turns(turns);
    task.cancel();
    if (failure(task) == null) {
      end(task.result());
    } else {
      assertTrue(task.cancelled(), () -> "after " + turns + " turns: " + task);
    }
  }

  @Test
  void L96_aCancelledAttemptLeavesNothingOpen() {
    run(
        () -> {
          var hole = blackhole(V4);
          for (int turns = 1; turns < 6; turns++) {
            cancelledAfter(turns, V4, hole.getLocalPort(), ConnectOptions.defaults());
            cancelledAfter(turns, V4, hole.getLocalPort(), staggered(ms(1)));
          }
        });
  }

  @Test
  void L96_cancelledAtAnyTurnNothingIsLeftOpen() {
    run(
        () -> {
          var listening = listen(V4, 100);
          String host = name("127.0.0.3", V4);
          for (int turns = 0; turns < 12; turns++) {
            cancelledAfter(turns, V4, listening.getLocalPort(), ConnectOptions.defaults());
            cancelledAfter(turns, host, listening.getLocalPort(), ConnectOptions.defaults());
            cancelledAfter(turns, host, listening.getLocalPort(), staggered(LONG));
            cancelledAfter(turns, host, listening.getLocalPort(), staggered(Duration.ZERO));
          }
        });
  }

  @Test
  void L99_anAttemptThatRunsWhenTheLoopClosesIsGivenUp() {
    run(
        () -> {
          var hole = blackhole(V4);
          Task<?> task = createTask(() -> connect(V4, hole.getLocalPort()));
          turns(3);
          assertFalse(task.done());
          abandon(task);
        });
    loop.close();
    expectErrors(1); // a task that was pending
  }

  /* ---- Happy eyeballs ---- */

  @Test
  void L97_theNextAddressIsTriedAfterTheDelay() {
    run(
        () -> {
          String host = name(V4, "127.0.0.2");
          var twins = twins(1);
          filled(twins.first());
          var connected = connect(host, twins.port(), staggered(ms(5)));
          assertEquals("127.0.0.2", hostOf(connected));
          accept(twins.second()).write("hello");
          until(() -> connected.protocol().received() == 5);
          end(connected);
        });
  }

  @Test
  void L97_theNextAddressIsTriedAtOnceAfterAFailure() {
    run(
        () -> {
          String host = name("127.0.0.3", "127.0.0.2", V4);
          var listening = listen();
          var connected = connect(host, listening.getLocalPort(), staggered(LONG));
          assertEquals(V4, hostOf(connected));
          end(connected);
        });
  }

  @Test
  void L97_whileTheFirstAnswersInTimeTheSecondIsNotTried() {
    run(
        () -> {
          String host = name(V4, "127.0.0.2");
          var twins = twins(50);
          var connected = connect(host, twins.port(), staggered(LONG));
          assertEquals(V4, hostOf(connected));
          letTheRestArrive();
          twins.second().setSoTimeout(1);
          assertThrows(SocketTimeoutException.class, twins.second()::accept);
          end(connected);
        });
  }

  @Test
  void L97_ofSeveralThatAnswerOneIsKept() {
    run(
        () -> {
          String host = name(V4, "127.0.0.2");
          var twins = twins(50);
          for (int round = 0; round < 20; round++) {
            var connected = connect(host, twins.port(), staggered(Duration.ZERO));
            assertEquals(List.of("made"), connected.protocol().events);
            end(connected);
          }
        });
  }

  @Test
  void L97_ifAllFailAllAreNamed() {
    run(
        () -> {
          String host = name(V4, "127.0.0.2");
          int port = freePort();
          var thrown = assertThrows(IOException.class, () -> connect(host, port, staggered(LONG)));
          assertTrue(String.valueOf(thrown.getMessage()).contains("127.0.0.2:" + port));
        });
  }

  private static List<String> order(String host, int interleave) throws IOException {
    int port = freePort();
    var options = staggered(LONG).interleave(interleave).allErrors(true);
    var thrown = assertThrows(ExceptionGroup.class, () -> connect(host, port, options));
    return tried(thrown, port);
  }

  @Test
  void L97_theFamiliesAlternate() {
    assumeTrue(hasIpv6(), "needs IPv6");
    run(
        () -> {
          String host = name(V4, "127.0.0.2", "127.0.0.3", "::1");
          String v6 = "[0:0:0:0:0:0:0:1]";
          assertEquals(List.of(V4, v6, "127.0.0.2", "127.0.0.3"), order(host, 1));
          assertEquals(List.of(V4, "127.0.0.2", v6, "127.0.0.3"), order(host, 2));
          assertEquals(List.of(V4, "127.0.0.2", "127.0.0.3", v6), order(host, 0));
        });
  }

  @Test
  void L97_aTimeLimitEndsAllAttempts() {
    run(
        () -> {
          String host = name(V4, "127.0.0.2");
          var hole = blackhole(V4);
          int port = hole.getLocalPort();
          var options = staggered(LONG).timeout(ms(30));
          assertThrows(SocketTimeoutException.class, () -> connect(host, port, options));
        });
  }

  /* ---- Sockets of one's own ---- */

  @Test
  void aConnectedSocketCanBeHandedOver() {
    run(
        () -> {
          var listening = listen();
          var socket = SocketChannel.open(at(V4, listening.getLocalPort()));
          var peer = accept(listening);
          var connected = Net.createConnection(Recorded::new, socket, ConnectOptions.defaults());
          peer.write("hello");
          until(() -> connected.protocol().received() == 5);
          connected.transport().write(utf8("you"));
          assertEquals("you", peer.read(3));
          end(connected);
          assertFalse(socket.isOpen());
        });
  }

  @Test
  void aSocketThatIsNotConnectedIsRefused() {
    run(
        () -> {
          try (var socket = SocketChannel.open()) {
            assertThrows(
                IllegalArgumentException.class,
                () -> Net.createConnection(Recorded::new, socket, ConnectOptions.defaults()));
          }
        });
  }

  @Test
  void theWildcardAsADestinationIsThisMachine() {
    run(
        () -> {
          Server server = Net.createServer(Recorded::new, "0.0.0.0", 0);
          int port = addressOf(server).getPort();
          var made = Net.createConnection(Recorded::new, "0.0.0.0", port);
          until(() -> server.connections() == 1);
          made.transport().close();
          await(made.protocol().lost);
          server.close();
          server.waitClosed();
        });
  }

  @Test
  void smallPiecesAreSentAtOnceOnSocketsFromElsewhere() {
    run(
        () -> {
          try (ServerSocket listening = listen();
              SocketChannel socket = SocketChannel.open(listening.getLocalSocketAddress())) {
            var options = ConnectOptions.defaults();
            var made = Net.createConnection(Recorded::new, socket, options);
            assertTrue(made.transport().getOption(StandardSocketOptions.TCP_NODELAY));
            made.transport().close();
            await(made.protocol().lost);
          }
        });
  }
}
