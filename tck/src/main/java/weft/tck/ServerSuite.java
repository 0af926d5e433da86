package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import weft.Task;
import weft.io.Net;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamWriter;

/// `Server`: binding, serving, closing.
public abstract class ServerSuite extends IoSuite {
  private static final String V4 = "127.0.0.1";
  private static final Duration LONG = Duration.ofHours(1);

  private final List<Recorded> made = new ArrayList<>();

  /// For subclasses.
  protected ServerSuite() {}

  private Recorded make() {
    var protocol = new Recorded();
    made.add(protocol);
    return protocol;
  }

  private Server serve() throws IOException {
    return serve(ServerOptions.defaults());
  }

  private Server serve(ServerOptions options) throws IOException {
    return Net.createServer(this::make, V4, 0, options);
  }

  /// A client whose connection the server has taken.
  private Peer client(Server server) throws IOException {
    int before = made.size();
    var peer = dial(server);
    until(() -> made.size() > before && !made.getLast().events.isEmpty());
    return peer;
  }

  private static void finish(Server server) {
    server.close();
    server.closeClients();
    server.waitClosed();
    assertEquals(0, server.connections());
  }

  private boolean refused(InetSocketAddress address) throws IOException {
    try {
      dial(address);
      return false;
    } catch (ConnectException e) {
      return true;
    }
  }

  @Test
  void L80_aConnectionThatIsLostAtOnceIsMadeFirst() {
    List<Consumer<Server>> ways = List.of(Server::closeClients, Server::abortClients);
    run(
        () -> {
          for (Consumer<Server> end : ways) {
            made.clear();
            Server[] server = new Server[1];
            server[0] =
                Net.createServer(
                    () -> {
                      loop.callSoon(() -> end.accept(server[0])); // before it is told
                      return make();
                    },
                    V4,
                    0);
            try {
              dial(addressOf(server[0]));
            } catch (SocketException e) { // the reset may come before the call returns
              assertTrue(e.toString().contains("reset"), e::toString);
            }
            until(() -> !made.isEmpty());
            await(made.getFirst().lost);
            assertEquals(List.of("made", "lost"), made.getFirst().events);
            finish(server[0]);
          }
        });
  }

  /* ---- Binding ---- */

  @Test
  void L94_portZeroIsAFreePort() {
    run(
        () -> {
          Server server = serve();
          assertEquals(1, server.addresses().size());
          assertTrue(addressOf(server).getPort() > 0);
          assertEquals(V4, addressOf(server).getAddress().getHostAddress());
          assertTrue(server.isServing());
          assertSame(loop, server.loop());
          assertEquals(0, server.connections());
          assertTrue(server.toString().contains(V4), server::toString);
          finish(server);
          assertTrue(server.toString().contains("closed"), server::toString);
        });
  }

  @Test
  void L94_severalHostsAreServed() {
    run(
        () -> {
          Server server =
              Net.createServer(this::make, List.of(V4, "127.0.0.2"), 0, ServerOptions.defaults());
          assertEquals(2, server.addresses().size());
          for (var address : server.addresses()) {
            dial(address).close();
          }
          until(() -> made.size() == 2);
          finish(server);
        });
  }

  @Test
  void L94_withoutAHostBothFamiliesAreServed() {
    assumeTrue(hasIpv6(), "needs IPv6");
    run(
        () -> {
          Server server = Net.createServer(this::make, (String) null, 0);
          int port = addressOf(server).getPort();
          var first = dial(new InetSocketAddress(InetAddress.ofLiteral(V4), port));
          var second = dial(new InetSocketAddress(InetAddress.ofLiteral("::1"), port));
          first.write("4");
          second.write("6");
          until(() -> made.stream().mapToInt(Recorded::received).sum() == 2);
          finish(server);
        });
  }

  @Test
  void oneFamilyMayBeChosen() {
    assumeTrue(hasIpv6(), "needs IPv6");
    assumeTrue(canServeOneFamily(), "this loop cannot serve one family only");
    run(
        () -> {
          Server server =
              Net.createServer(
                  this::make,
                  (String) null,
                  0,
                  ServerOptions.defaults().family(StandardProtocolFamily.INET));
          int port = addressOf(server).getPort();
          assertTrue(refused(new InetSocketAddress(InetAddress.ofLiteral("::1"), port)));
          assertFalse(refused(new InetSocketAddress(InetAddress.ofLiteral(V4), port)));
          finish(server);
        });
  }

  @Test
  void theAddressOfTheNewerFamilyIsServed() {
    assumeTrue(hasIpv6(), "needs IPv6");
    run(
        () -> {
          Server server = Net.createServer(this::make, "::1", 0);
          client(server).write("6");
          until(() -> made.getFirst().received() == 1);
          finish(server);
        });
  }

  @Test
  void L94_anAddressInUseIsNamed() {
    run(
        () -> {
          Server server = serve();
          int port = addressOf(server).getPort();
          var thrown =
              assertThrows(BindException.class, () -> Net.createServer(this::make, V4, port));
          assertTrue(
              String.valueOf(thrown.getMessage()).contains(V4 + ":" + port),
              () -> "message: " + thrown.getMessage());
          finish(server);
        });
  }

  @Test
  void anAddressOfAnotherMachineCannotBeBound() {
    run(
        () -> {
          var thrown =
              assertThrows(
                  BindException.class, () -> Net.createServer(this::make, "203.0.113.7", 0));
          assertTrue(String.valueOf(thrown.getMessage()).contains("203.0.113.7"));
          var hosts = List.of("203.0.113.7", V4);
          Server server = Net.createServer(this::make, hosts, 0, ServerOptions.defaults());
          assertEquals(1, server.addresses().size());
          finish(server);
        });
  }

  @Test
  void L94_oneAddressInUseLeavesNoneBound() {
    run(
        () -> {
          Server server = serve();
          int port = addressOf(server).getPort();
          assertThrows(
              BindException.class,
              () ->
                  Net.createServer(
                      this::make, List.of("127.0.0.2", V4), port, ServerOptions.defaults()));
          assertTrue(refused(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.2"), port)));
          finish(server);
        });
  }

  @Test
  void aPortCanBeBoundAgainAlthoughConnectionsLinger() {
    run(
        () -> {
          Server first = serve();
          int port = addressOf(first).getPort();
          var peer = client(first);
          made.getFirst().transport().close(); // the side that closes first lingers
          assertEquals("", peer.readAll());
          peer.close();
          finish(first);
          finish(Net.createServer(this::make, V4, port));
        });
  }

  @Test
  void aPortIsFreeInTheStepThatClosesItsServer() {
    run(
        () -> {
          var options = ServerOptions.defaults().reuseAddress(false);
          Server first = serve(options);
          int port = addressOf(first).getPort();
          turns(3); // it accepts now
          first.close();
          finish(Net.createServer(this::make, V4, port, options));
        });
  }

  @Test
  void connectionsAreKeptAliveIfThatIsAskedFor() {
    run(
        () -> {
          for (boolean asked : new boolean[] {true, false}) {
            made.clear();
            Server server = serve(ServerOptions.defaults().keepAlive(asked));
            client(server);
            var kept = made.getFirst().transport().getOption(StandardSocketOptions.SO_KEEPALIVE);
            assertEquals(asked, kept);
            finish(server);
          }
        });
  }

  @Test
  void severalServersMayShareAPort() {
    run(
        () -> {
          var options = ServerOptions.defaults().reusePort(true);
          Server first = serve(options);
          Server second = Net.createServer(this::make, V4, addressOf(first).getPort(), options);
          for (int i = 0; i < 8; i++) {
            client(first).close();
          }
          finish(first);
          client(second);
          finish(second);
        });
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    var options = ServerOptions.defaults();
    assertThrows(IllegalArgumentException.class, () -> options.backlog(0));
    assertThrows(IllegalArgumentException.class, () -> options.limit(0));
    run(
        () -> {
          assertThrows(
              IllegalArgumentException.class, () -> Net.createServer(this::make, V4, 65_536));
          assertThrows(IllegalArgumentException.class, () -> Net.createServer(this::make, V4, -1));
        });
  }

  @Test
  void aListeningSocketCanBeHandedOver() {
    run(
        () -> {
          var socket =
              ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.ofLiteral(V4), 0));
          var address = socket.getLocalAddress();
          Server server = Net.createServer(this::make, socket, ServerOptions.defaults());
          assertEquals(List.of(address), server.addresses());
          client(server);
          finish(server);
          assertFalse(socket.isOpen());
        });
  }

  @Test
  void anAcceptedSocketCanBeHandedOver() {
    run(
        () -> {
          try (var listening =
              ServerSocketChannel.open()
                  .bind(new InetSocketAddress(InetAddress.ofLiteral(V4), 0))) {
            var peer = dial(listening.getLocalAddress());
            SocketChannel accepted = await(away(listening::accept));
            var made = Net.connectAcceptedSocket(Recorded::new, accepted, ServerOptions.defaults());
            peer.write("hello");
            until(() -> made.protocol().received() == 5);
            made.transport().close();
            await(made.protocol().lost);
            assertFalse(accepted.isOpen());
          }
        });
  }

  /* ---- Serving ---- */

  @Test
  void L92_aServerMayBeginLater() {
    run(
        () -> {
          Server server = serve(ServerOptions.defaults().startServing(false));
          assertFalse(server.isServing());
          var peer = dial(server);
          peer.write("early");
          letTheRestArrive();
          assertEquals(0, made.size());
          server.startServing();
          server.startServing();
          assertTrue(server.isServing());
          until(() -> made.size() == 1 && made.getFirst().received() == 5);
          finish(server);
          assertThrows(IllegalStateException.class, server::startServing);
        });
  }

  @Test
  void L92_serveForeverEndsWithTheServer() {
    run(
        () -> {
          Server server = serve(ServerOptions.defaults().startServing(false));
          Task<?> task = createTask(server::serveForever);
          turns(2);
          assertTrue(server.isServing());
          assertThrows(IllegalStateException.class, server::serveForever);
          client(server).close();
          server.close();
          await(task);
          assertThrows(IllegalStateException.class, server::serveForever);
          server.waitClosed();
        });
  }

  @Test
  void L92_cancellingServeForeverClosesTheServer() {
    run(
        () -> {
          Server server = serve();
          Task<?> task = createTask(server::serveForever);
          turns(2);
          task.cancel();
          failure(task);
          assertTrue(task.cancelled());
          assertFalse(server.isServing());
          server.waitClosed();
        });
  }

  @Test
  void aBurstOfClientsIsServed() {
    run(
        () -> {
          int clients = 200;
          Server server = serve(ServerOptions.defaults().backlog(256));
          var peers = new ArrayList<SocketChannel>();
          for (int i = 0; i < clients; i++) {
            var channel = SocketChannel.open(addressOf(server));
            closeLater(channel);
            peers.add(channel);
          }
          until(() -> server.connections() == clients);
          assertEquals(clients, made.size());
          for (SocketChannel peer : peers) {
            peer.close();
          }
          until(() -> server.connections() == 0);
          finish(server);
        });
  }

  @Test
  void aSmallBacklogServesOneAfterTheOther() {
    run(
        () -> {
          Server server = serve(ServerOptions.defaults().backlog(1));
          for (int i = 1; i <= 10; i++) {
            client(server);
            assertEquals(i, server.connections());
          }
          finish(server);
        });
  }

  @Test
  void aProtocolThatCannotBeMadeHarmsOnlyItsConnection() {
    run(
        () -> {
          var failed = new int[1];
          Server server =
              Net.createServer(
                  () -> {
                    if (failed[0]++ == 0) {
                      throw new ArithmeticException("on purpose");
                    }
                    return make();
                  },
                  V4,
                  0);
          assertEquals("", dial(server).readAll());
          client(server);
          assertEquals(1, server.connections());
          finish(server);
        });
  }

  @Test
  void inDebugModeAProtocolThatCannotBeMadeIsReported() {
    loop.setDebug(true);
    loop.setSlowCallbackDuration(LONG);
    run(
        () -> {
          Server server =
              Net.createServer(
                  () -> {
                    throw new ArithmeticException("on purpose");
                  },
                  V4,
                  0);
          assertEquals("", dial(server).readAll());
          finish(server);
        });
    expectErrors(1);
  }

  /* ---- Closing ---- */

  @Test
  void L91_afterCloseNobodyIsLetInAndNobodyPutOut() {
    run(
        () -> {
          Server server = serve();
          var peer = client(server);
          var address = addressOf(server);
          server.close();
          server.close();
          assertFalse(server.isServing());
          assertEquals(List.of(), server.addresses());
          assertTrue(refused(address));
          peer.write("still here");
          until(() -> made.getFirst().received() == 10);
          made.getFirst().transport().write(utf8("me too"));
          assertEquals("me too", peer.read(6));
          assertEquals(1, server.connections());
          peer.close();
          server.waitClosed();
        });
  }

  @Test
  void L91_waitClosedOfAClosedServerReturns() {
    run(
        () -> {
          Server server = serve();
          server.close();
          loop.callSoon(() -> steps.at(2));
          server.waitClosed();
          steps.at(1);
          turns(1);
          steps.end(3);
        });
  }

  @Test
  void L91_waitClosedWaitsForTheClose() {
    run(
        () -> {
          Server server = serve();
          Task<?> task = createTask(server::waitClosed);
          turns(3);
          assertFalse(task.done());
          server.close();
          await(task);
        });
  }

  @Test
  void L91_waitClosedWaitsForTheLastConnection() {
    run(
        () -> {
          Server server = serve();
          var first = client(server);
          var second = client(server);
          server.close();
          Task<?> task = createTask(server::waitClosed);
          first.close();
          until(() -> server.connections() == 1);
          turns(3);
          assertFalse(task.done());
          second.close();
          await(task);
          assertEquals(0, server.connections());
        });
  }

  @Test
  void L91_waitClosedWaitsForTheCloseAfterTheLastConnection() {
    run(
        () -> {
          Server server = serve();
          var peer = client(server);
          Task<?> first = createTask(server::waitClosed);
          Task<?> second = createTask(server::waitClosed);
          peer.close();
          until(() -> server.connections() == 0);
          turns(3);
          assertFalse(first.done());
          server.close();
          await(first);
          await(second);
        });
  }

  @Test
  void L91_theCloseAndTheLastConnectionMayComeTogether() {
    run(
        () -> {
          Server server = serve();
          client(server);
          Task<?> task = createTask(server::waitClosed);
          turns(2);
          made.getFirst().transport().abort();
          server.close();
          await(task);
        });
  }

  @Test
  void aCancelledWaitClosedDisturbsNobody() {
    run(
        () -> {
          Server server = serve();
          Task<?> first = createTask(server::waitClosed);
          Task<?> second = createTask(server::waitClosed);
          turns(2);
          first.cancel();
          failure(first);
          assertTrue(first.cancelled());
          server.close();
          await(second);
        });
  }

  @Test
  void aServerMayBeClosedByItsHandler() {
    run(
        () -> {
          var servers = new ArrayList<Server>();
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    servers.getFirst().close();
                    writer.write("bye");
                  },
                  V4,
                  0);
          servers.add(server);
          assertEquals("bye", dial(server).readAll());
          server.waitClosed();
          assertFalse(server.isServing());
        });
  }

  @Test
  void aServerIsClosedAtTheEndOfABlock() {
    run(
        () -> {
          Server outer;
          try (Server server = serve()) {
            outer = server;
          }
          assertFalse(outer.isServing());
          outer.waitClosed();
        });
  }

  @Test
  void L93_closeClientsSendsWhatIsWritten() {
    run(
        () -> {
          Server server = serve();
          var first = client(server);
          var second = client(server);
          byte[] data = pattern(2_000_000);
          made.getFirst().transport().write(data);
          server.closeClients();
          assertEquals("", second.readAll());
          assertEquals(data.length, await(first.readingAll()).length);
          until(() -> server.connections() == 0);
          assertTrue(server.isServing());
          finish(server);
        });
  }

  @Test
  void L93_abortClientsDropsWhatIsWritten() {
    run(
        () -> {
          Server server = serve();
          var first = client(server);
          var second = client(server);
          fill(made.getFirst().transport());
          server.close();
          server.abortClients();
          server.waitClosed();
          assertReset(first);
          assertReset(second);
        });
  }

  @Test
  void L93_shutdownWaitsForThoseThatEndByThemselves() {
    run(
        () -> {
          Server server = serve();
          var peer = client(server);
          Task<?> task = createTask(() -> server.shutdown(LONG));
          turns(3);
          assertFalse(task.done());
          assertFalse(server.isServing());
          peer.close();
          await(task);
        });
  }

  @Test
  void L93_shutdownClosesThoseThatDoNot() {
    run(
        () -> {
          Server server = serve();
          var peer = client(server);
          made.getFirst().transport().write(utf8("bye"));
          server.shutdown(ms(10));
          assertEquals("bye", peer.readAll());
          assertEquals(0, server.connections());
        });
  }

  @Test
  void L93_shutdownAbortsThoseThatCannotBeClosed() {
    run(
        () -> {
          Server server = serve();
          var peer = client(server);
          fill(made.getFirst().transport());
          server.shutdown(ms(10));
          assertEquals(0, server.connections());
          assertReset(peer);
        });
  }

  @Test
  void L93_shutdownOfAnIdleServerReturns() {
    run(
        () -> {
          Server server = serve();
          server.shutdown(LONG);
          server.shutdown(LONG);
          server.waitClosed();
        });
  }

  @Test
  void L93_aCancelledShutdownAborts() {
    run(
        () -> {
          Server server = serve();
          var peer = client(server);
          Task<?> task = createTask(() -> server.shutdown(LONG));
          turns(3);
          task.cancel();
          failure(task);
          assertTrue(task.cancelled());
          server.waitClosed();
          assertReset(peer);
        });
  }

  /* ---- With the loop ---- */

  private void abandonCurrent() {
    Task<?> current = Task.current();
    if (current != null) {
      abandon(current);
    }
  }

  @Test
  void L99_serversThatAreOpenWhenTheLoopClosesAreClosed() {
    run(
        () -> {
          Server first = serve();
          client(first);
          client(first);
          fill(made.getFirst().transport());
          serve(ServerOptions.defaults().startServing(false));
          var second = serve();
          client(second);
          second.close();
        });
    loop.close();
  }

  @Test
  void L99_handlersThatAreAtWorkWhenTheLoopClosesAreUnwound() {
    var writers = new ArrayList<StreamWriter>();
    var unwound = new ArrayList<String>();
    run(
        () -> {
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    writers.add(writer);
                    abandonCurrent();
                    try {
                      reader.readLine();
                    } finally {
                      unwound.add("unwound");
                    }
                  },
                  V4,
                  0);
          dial(server);
          until(() -> writers.size() == 1);
          turns(3);
        });
    loop.close();
    assertEquals(List.of("unwound"), unwound);
    assertTrue(writers.getFirst().isClosing());
    expectErrors(1); // a task that was pending
  }

  @Test
  void anyBacklogIsTaken() {
    run(
        () -> {
          var options = ServerOptions.defaults().backlog(Integer.MAX_VALUE);
          Server server =
              Net.startServer(
                  (reader, writer) -> writer.write(reader.readExactly(5)), "127.0.0.1", 0, options);
          Peer peer = dial(server);
          peer.write("hello");
          assertEquals("hello", peer.read(5));
          server.close();
          server.waitClosed();
        });
  }
}
