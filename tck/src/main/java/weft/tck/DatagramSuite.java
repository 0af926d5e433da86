package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.createTask;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.ContextVar;
import weft.io.BaseTransport;
import weft.io.DatagramOptions;
import weft.io.ExtraInfo;
import weft.io.Net;

/// Datagrams on their way, and what goes wrong with them.
public abstract class DatagramSuite extends Datagrams {
  /// For subclasses.
  protected DatagramSuite() {}

  /* ---- Sending and receiving ---- */

  @Test
  void datagramsGoBothWays() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          left.transport().sendTo(utf8("ping"), name(right));
          got(right, "ping");
          right.transport().sendTo(utf8("pong"), right.senders.getFirst());
          got(left, "pong");
          assertEquals(List.of(name(right)), left.senders);
          close(left, right);
        });
  }

  @Test
  void L105_aConnectedSocketNeedsNoTarget() {
    run(
        () -> {
          Noted server = bound();
          Noted client = open(name(server)).protocol();
          client.transport().sendTo(utf8("one"), null);
          client.transport().sendTo(utf8("two"), name(server));
          got(server, "one", "two");
          assertEquals(name(server), client.transport().extraInfo(ExtraInfo.PEERNAME));
          server.transport().sendTo(utf8("three"), server.senders.getFirst());
          got(client, "three");
          close(server, client);
        });
  }

  @Test
  void L105_aConnectedSocketHearsNobodyElse() {
    run(
        () -> {
          Noted server = bound();
          Noted stranger = bound();
          Noted client = open(name(server)).protocol();
          stranger.transport().sendTo(utf8("psst"), name(client));
          server.transport().sendTo(utf8("hello"), name(client));
          got(client, "hello");
          turns(3);
          assertEquals(List.of("hello"), client.texts);
          close(server, stranger, client);
        });
  }

  @Test
  void L105_anotherTargetIsRefused() {
    run(
        () -> {
          Noted server = bound();
          Noted other = bound();
          Noted client = open(name(server)).protocol();
          assertThrows(
              IllegalArgumentException.class,
              () -> client.transport().sendTo(utf8("x"), name(other)));
          client.transport().sendTo(utf8("y"), null);
          got(server, "y");
          close(server, other, client);
        });
  }

  @Test
  void L105_anUnconnectedSocketNeedsATarget() {
    run(
        () -> {
          Noted one = bound();
          assertThrows(
              IllegalArgumentException.class, () -> one.transport().sendTo(utf8("x"), null));
          assertNull(one.transport().extraInfo(ExtraInfo.PEERNAME));
          close(one);
        });
  }

  @Test
  void L103_eachIsOneAndInOrder() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          var expected = new ArrayList<String>();
          for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 50; i++) {
              String text = "x".repeat(i % 7) + (round * 50 + i);
              left.transport().sendTo(utf8(text), name(right));
              expected.add(text);
            }
            until(() -> right.texts.size() == expected.size());
          }
          assertEquals(expected, right.texts);
          close(left, right);
        });
  }

  @Test
  void L103_anEmptyOneArrives() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          left.transport().sendTo(utf8("a"), name(right));
          left.transport().sendTo(new byte[0], name(right));
          left.transport().sendTo(utf8("b"), name(right));
          got(right, "a", "", "b");
          close(left, right);
        });
  }

  @Test
  void L103_anEmptyOneArrivesAtAConnectedSocket() {
    run(
        () -> {
          Noted server = bound();
          Noted client = open(name(server)).protocol();
          server.transport().sendTo(ByteBuffer.allocate(0), name(client));
          got(client, "");
          close(server, client);
        });
  }

  @Test
  void anEmptyOneLeavesAConnectedSocketOrIsAnError() {
    run(
        () -> {
          Noted server = bound();
          Noted client = open(name(server)).protocol();
          client.transport().sendTo(new byte[0], null);
          client.transport().sendTo(utf8("next"), null);
          until(() -> server.texts.contains("next"));
          until(() -> client.failures.size() == 1 || server.texts.size() == 2);
          assertEquals(client.failures.isEmpty(), server.texts.getFirst().isEmpty());
          close(server, client);
        });
  }

  @Test
  void theLargestDatagramArrives() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          byte[] large = new byte[65_507];
          Arrays.fill(large, (byte) 'x');
          left.transport().setOption(StandardSocketOptions.SO_SNDBUF, 200_000);
          left.transport().sendTo(large, name(right));
          until(() -> !right.texts.isEmpty());
          assertEquals(65_507, right.texts.getFirst().length());
          close(left, right);
        });
  }

  @Test
  void whatTheBufferHasRemainingIsSent() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          var heap = ByteBuffer.wrap(utf8("0123456789"), 2, 3);
          left.transport().sendTo(heap, name(right));
          assertFalse(heap.hasRemaining());
          var direct = ByteBuffer.allocateDirect(4).put(utf8("abcd")).flip().position(1);
          left.transport().sendTo(direct, name(right));
          assertFalse(direct.hasRemaining());
          left.transport().sendTo(ByteBuffer.wrap(utf8("ro")).asReadOnlyBuffer(), name(right));
          got(right, "234", "bcd", "ro");
          close(left, right);
        });
  }

  @Test
  void theArrayIsTheCallersAgain() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          byte[] array = utf8("before");
          for (int i = 0; i < 20; i++) {
            left.transport().sendTo(array, name(right));
            Arrays.fill(array, (byte) ('a' + i));
          }
          until(() -> right.texts.size() == 20);
          assertEquals("before", right.texts.get(0));
          assertEquals("ssssss", right.texts.get(19));
          close(left, right);
        });
  }

  @Test
  void aProtocolMayAnswerFromWithinItsCallbacks() {
    run(
        () -> {
          var echo =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void datagramReceived(ByteBuffer data, SocketAddress sender) {
                              transport().sendTo(data, sender);
                            }
                          },
                      ANY,
                      null)
                  .protocol();
          var client =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void connectionMade(BaseTransport made) {
                              super.connectionMade(made);
                              transport().sendTo(utf8("early"), null);
                            }
                          },
                      null,
                      name(echo))
                  .protocol();
          got(client, "early");
          close(echo, client);
        });
  }

  @Test
  void aPlainSocketIsUnderstood() {
    run(
        () -> {
          DatagramChannel peer = plain();
          Noted one = bound();
          peer.send(ByteBuffer.wrap(utf8("to weft")), name(one));
          got(one, "to weft");
          one.transport().sendTo(utf8("from weft"), one.senders.getFirst());
          assertEquals("from weft", read(peer));
          close(one);
        });
  }

  @Test
  void ipv6Works() {
    run(
        () -> {
          assumeTrue(hasIpv6(), "this machine has no IPv6 loopback address");
          var local = address("::1", 0);
          Noted left = Net.createDatagramEndpoint(Noted::new, local, null).protocol();
          Noted right = Net.createDatagramEndpoint(Noted::new, null, name(left)).protocol();
          right.transport().sendTo(utf8("six"), null);
          got(left, "six");
          left.transport().sendTo(utf8("back"), left.senders.getFirst());
          got(right, "back");
          close(left, right);
        });
  }

  /* ---- Errors ---- */

  private static String message(@Nullable Throwable thrown) {
    return thrown == null ? "nothing" : String.valueOf(thrown.getMessage());
  }

  @Test
  void L104_aRefusedDatagramIsToldAndTheTransportGoesOn() {
    run(
        () -> {
          InetSocketAddress silent = nobody();
          Noted client = open(silent).protocol();
          client.transport().sendTo(utf8("x"), null);
          until(() -> !client.failures.isEmpty());
          assertInstanceOf(PortUnreachableException.class, client.failures.getFirst());
          assertFalse(client.transport().isClosing());
          Noted server = Net.createDatagramEndpoint(Noted::new, silent, null).protocol();
          server.transport().sendTo(utf8("here now"), name(client));
          got(client, "here now");
          client.transport().sendTo(utf8("good"), null);
          until(() -> !server.texts.isEmpty() || client.failures.size() > 1);
          close(client, server);
        });
  }

  @Test
  void L104_anUnconnectedSocketHearsOthersAfterARefusal() {
    run(
        () -> {
          Noted one = bound();
          one.transport().sendTo(utf8("x"), nobody());
          Noted two = bound();
          two.transport().sendTo(utf8("y"), name(one));
          got(one, "y");
          one.transport().sendTo(utf8("z"), name(two));
          got(two, "z");
          close(one, two);
        });
  }

  @Test
  void L104_aDatagramThatIsTooLongIsToldAndTheTransportGoesOn() {
    run(
        () -> {
          Noted one = bound();
          Noted two = bound();
          one.transport().sendTo(new byte[70_000], name(two));
          assertTrue(one.failures.isEmpty(), "told from within the call");
          one.transport().sendTo(utf8("short"), name(two));
          until(() -> !one.failures.isEmpty());
          got(two, "short");
          assertEquals(1, one.failures.size());
          assertEquals(0, one.transport().writeBufferSize());
          close(one, two);
        });
  }

  @Test
  void L104_anAddressOfAnotherFamilyIsTold() {
    run(
        () -> {
          assumeTrue(hasIpv6(), "this machine has no IPv6 loopback address");
          Noted one = bound();
          one.transport().sendTo(utf8("x"), address("::1", 9));
          until(() -> !one.failures.isEmpty());
          assertFalse(one.transport().isClosing());
          close(one);
        });
  }

  @Test
  void L104_aProtocolThatFailsOnADatagramGetsTheNextOne() {
    run(
        () -> {
          Noted one =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void datagramReceived(ByteBuffer data, SocketAddress sender) {
                              if (data.get(data.position()) == 'x') {
                                throw new IllegalStateException("on purpose");
                              }
                              super.datagramReceived(data, sender);
                            }
                          },
                      ANY,
                      null)
                  .protocol();
          one.transport().sendTo(utf8("x"), name(one));
          one.transport().sendTo(utf8("y"), name(one));
          got(one, "y");
          assertFalse(one.transport().isClosing());
          close(one);
        });
    expectErrors(1);
    assertEquals("on purpose", message(errors().getFirst().exception()));
  }

  @Test
  void L104_aProtocolThatFailsInErrorReceivedGoesOn() {
    run(
        () -> {
          Noted one =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void errorReceived(IOException failure) {
                              throw new IllegalStateException("on purpose");
                            }
                          },
                      ANY,
                      null)
                  .protocol();
          one.transport().sendTo(new byte[70_000], name(one));
          one.transport().sendTo(utf8("short"), name(one));
          got(one, "short");
          until(() -> errors().size() == 1);
          assertFalse(one.transport().isClosing());
          close(one);
        });
    expectErrors(1);
  }

  /* ---- Opening ---- */

  @Test
  void theProtocolKnowsBeforeTheCallerGoesOn() {
    run(
        () -> {
          var made = open(null);
          assertEquals(List.of("made"), made.protocol().events);
          assertSame(made.protocol().transport(), made.transport());
          assertSame(made.protocol(), made.transport().protocol());
          assertNotEquals(0, name(made.protocol()).getPort());
          assertFalse(made.transport().isClosing());
          assertTrue(made.transport().isReading());
          close(made.protocol());
        });
  }

  @Test
  void anAddressOrAFamilyIsNeeded() {
    run(
        () ->
            assertThrows(
                IllegalArgumentException.class,
                () -> Net.createDatagramEndpoint(Noted::new, null, null)));
  }

  @Test
  void aFamilyAloneWillDo() {
    run(
        () -> {
          Noted one =
              Net.createDatagramEndpoint(
                      Noted::new,
                      null,
                      null,
                      DatagramOptions.defaults().family(StandardProtocolFamily.INET))
                  .protocol();
          DatagramChannel peer = plain();
          one.transport().sendTo(utf8("x"), peer.getLocalAddress());
          assertEquals("x", read(peer));
          close(one);
        });
  }

  @Test
  void namesAreLookedUpInTheFamily() {
    var four = DatagramOptions.defaults().family(StandardProtocolFamily.INET);
    var six = DatagramOptions.defaults().family(StandardProtocolFamily.INET6);
    var address = InetSocketAddress.createUnresolved("127.0.0.1", 0);
    var name = InetSocketAddress.createUnresolved("localhost", 0);
    run(
        () -> {
          assertThrows(
              UnknownHostException.class,
              () -> Net.createDatagramEndpoint(Noted::new, address, null, six));
          Noted one = Net.createDatagramEndpoint(Noted::new, name, null, four).protocol();
          assertInstanceOf(Inet4Address.class, name(one).getAddress());
          close(one);
        });
  }

  @Test
  void namesAreLookedUp() {
    run(
        () -> {
          Noted server =
              Net.createDatagramEndpoint(
                      Noted::new, InetSocketAddress.createUnresolved("127.0.0.1", 0), null)
                  .protocol();
          int port = name(server).getPort();
          Noted client =
              Net.createDatagramEndpoint(
                      Noted::new, null, InetSocketAddress.createUnresolved("127.0.0.1", port))
                  .protocol();
          client.transport().sendTo(utf8("x"), null);
          got(server, "x");
          close(server, client);
        });
  }

  @Test
  void L94_anAddressThatIsTakenIsNamed() {
    run(
        () -> {
          Noted one = bound();
          var thrown =
              assertThrows(
                  BindException.class,
                  () -> Net.createDatagramEndpoint(Noted::new, name(one), null));
          assertTrue(
              String.valueOf(thrown.getMessage()).endsWith(": " + name(one)), thrown::getMessage);
          close(one);
        });
  }

  @Test
  void aPortCanBeShared() {
    run(
        () -> {
          var options = DatagramOptions.defaults().reusePort(true);
          Noted one;
          try {
            one = Net.createDatagramEndpoint(Noted::new, ANY, null, options).protocol();
          } catch (UnsupportedOperationException e) {
            assumeTrue(false, "the system cannot share ports");
            return;
          }
          Noted two = Net.createDatagramEndpoint(Noted::new, name(one), null, options).protocol();
          assertEquals(name(one), name(two));
          close(one, two);
        });
  }

  @Test
  void aSocketOfTheJdkBecomesATransport() {
    run(
        () -> {
          var socket = DatagramChannel.open(StandardProtocolFamily.INET).bind(ANY);
          Noted one = Net.createDatagramEndpoint(Noted::new, socket).protocol();
          assertFalse(socket.isBlocking());
          Noted two = open(name(one)).protocol();
          two.transport().sendTo(utf8("given"), null);
          got(one, "given");
          close(one, two);
          until(() -> !socket.isOpen());
        });
  }

  @Test
  void L105_aConnectedSocketOfTheJdkStaysConnected() {
    run(
        () -> {
          Noted one = bound();
          var socket = DatagramChannel.open(StandardProtocolFamily.INET).bind(ANY);
          socket.connect(name(one));
          Noted two = Net.createDatagramEndpoint(Noted::new, socket).protocol();
          assertEquals(name(one), two.transport().extraInfo(ExtraInfo.PEERNAME));
          two.transport().sendTo(utf8("x"), null);
          got(one, "x");
          assertThrows(
              IllegalArgumentException.class, () -> two.transport().sendTo(utf8("x"), name(two)));
          close(one, two);
        });
  }

  @Test
  void aFactoryThatFailsLeavesNothingOpen() {
    run(
        () -> {
          var thrown =
              assertThrows(
                  IllegalStateException.class,
                  () ->
                      Net.createDatagramEndpoint(
                          () -> {
                            throw new IllegalStateException("on purpose");
                          },
                          ANY,
                          null));
          assertEquals("on purpose", thrown.getMessage());
          assertThrows(
              NullPointerException.class,
              () -> Net.createDatagramEndpoint(() -> LoopSuite.<Noted>nothing(), ANY, null));
        });
  }

  @Test
  void aCancelledOpeningLeavesNothingOpen() {
    run(
        () -> {
          var opening = createTask(() -> open(null));
          turns(1);
          opening.cancel();
          settle(List.of(opening));
          assertTrue(opening.cancelled());
        });
  }

  @Test
  void theCallbacksRunInTheContextOfTheCreator() {
    run(
        () -> {
          var user = new ContextVar<String>("user");
          var seen = new ArrayList<String>();
          user.set("creator");
          Noted one =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void datagramReceived(ByteBuffer data, SocketAddress sender) {
                              seen.add(user.get());
                              super.datagramReceived(data, sender);
                            }

                            @Override
                            public void connectionLost(@Nullable Throwable why) {
                              seen.add(user.get());
                              super.connectionLost(why);
                            }
                          },
                      ANY,
                      null)
                  .protocol();
          user.set("later");
          one.transport().sendTo(utf8("x"), name(one));
          got(one, "x");
          close(one);
          assertEquals(List.of("creator", "creator"), seen);
        });
  }
}
