package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import weft.io.BaseProtocol;
import weft.io.BaseTransport;
import weft.io.DatagramOptions;
import weft.io.Net;
import weft.io.WaterMarks;

/// The transport of datagrams: groups, flow control, pausing, the end.
public abstract class DatagramTransportSuite extends Datagrams {
  /// For subclasses.
  protected DatagramTransportSuite() {}

  @Test
  void L69_anotherThreadIsRefused() {
    run(
        () -> {
          Noted one = bound();
          List<Executable> calls =
              List.of(
                  () -> one.transport().sendTo(utf8("x"), name(one)),
                  one.transport()::close,
                  one.transport()::abort,
                  one.transport()::pauseReading,
                  one.transport()::resumeReading);
          for (Executable call : calls) {
            elsewhere(() -> assertThrows(IllegalStateException.class, call));
          }
          assertFalse(one.transport().isClosing());
          close(one);
        });
  }

  @Test
  void L104_whatIsWrongWithAnAddressIsSaidInWords() {
    run(
        () -> {
          Noted one = bound();
          var targets =
              List.of(InetSocketAddress.createUnresolved("nowhere.invalid", 9), address("::1", 9));
          for (InetSocketAddress target : targets) {
            one.transport().sendTo(utf8("x"), target);
          }
          until(() -> one.failures.size() == 2);
          for (int i = 0; i < 2; i++) {
            String message = String.valueOf(one.failures.get(i).getMessage());
            assertTrue(message.endsWith(": " + targets.get(i)), message);
            assertFalse(message.contains("null") || message.contains("Exception"), message);
          }
          close(one);
        });
  }

  /* ---- Broadcast and multicast ---- */

  @Test
  void withoutLeaveABroadcastIsRefused() {
    run(
        () -> {
          Noted one = bound();
          one.transport().sendTo(utf8("x"), address("127.255.255.255", name(one).getPort()));
          until(() -> !one.failures.isEmpty());
          close(one);
        });
  }

  @Test
  void withLeaveASocketIsNotConnected() {
    run(
        () -> {
          Noted server = bound();
          Noted stranger = bound();
          Noted one =
              Net.createDatagramEndpoint(
                      Noted::new,
                      ANY,
                      name(server),
                      DatagramOptions.defaults().allowBroadcast(true))
                  .protocol();
          assertTrue(one.transport().getOption(StandardSocketOptions.SO_BROADCAST));
          one.transport().sendTo(utf8("to the peer"), null);
          got(server, "to the peer");
          stranger.transport().sendTo(utf8("psst"), name(one));
          got(one, "psst");
          assertThrows(
              IllegalArgumentException.class,
              () -> one.transport().sendTo(utf8("x"), name(stranger)));
          close(server, stranger, one);
        });
  }

  @Test
  void aBroadcastReachesEverybody() {
    run(
        () -> {
          var wildcard = address("0.0.0.0", 0);
          Noted hearer = Net.createDatagramEndpoint(Noted::new, wildcard, null).protocol();
          Noted one =
              Net.createDatagramEndpoint(
                      Noted::new, ANY, null, DatagramOptions.defaults().allowBroadcast(true))
                  .protocol();
          one.transport().sendTo(utf8("all"), address("127.255.255.255", name(hearer).getPort()));
          until(() -> !hearer.texts.isEmpty() || !one.failures.isEmpty());
          assumeTrue(one.failures.isEmpty(), "the loopback network has no broadcasts");
          assertEquals(List.of("all"), hearer.texts);
          close(hearer, one);
        });
  }

  private static NetworkInterface loopback() throws IOException {
    var network = NetworkInterface.getByInetAddress(InetAddress.ofLiteral("127.0.0.1"));
    assumeTrue(network != null, "this machine has no loopback network");
    return Objects.requireNonNull(network);
  }

  @Test
  void aGroupCanBeJoined() {
    run(
        () -> {
          NetworkInterface network = loopback();
          var wildcard = address("0.0.0.0", 0);
          Noted hearer =
              Net.createDatagramEndpoint(
                      Noted::new, wildcard, null, DatagramOptions.defaults().reuseAddress(true))
                  .protocol();
          var group = InetAddress.ofLiteral("239.195.7.11");
          Noted one = bound();
          try {
            hearer.transport().join(group, network, null);
            one.transport().setOption(StandardSocketOptions.IP_MULTICAST_IF, network);
          } catch (IOException | UnsupportedOperationException e) {
            close(hearer, one);
            assumeTrue(false, "no multicast on the loopback network: " + e.getMessage());
          }
          one.transport()
              .sendTo(utf8("group"), new InetSocketAddress(group, name(hearer).getPort()));
          until(() -> !hearer.texts.isEmpty() || !one.failures.isEmpty());
          assertEquals(List.of("group"), hearer.texts);
          close(hearer, one);
        });
  }

  @Test
  void aGroupCanBeJoinedForOneSource() {
    run(
        () -> {
          NetworkInterface network = loopback();
          var wildcard = address("0.0.0.0", 0);
          Noted hearer = Net.createDatagramEndpoint(Noted::new, wildcard, null).protocol();
          var group = InetAddress.ofLiteral("232.195.7.12");
          Noted one = bound();
          try {
            hearer.transport().join(group, network, name(one).getAddress());
            one.transport().setOption(StandardSocketOptions.IP_MULTICAST_IF, network);
          } catch (IOException | UnsupportedOperationException e) {
            close(hearer, one);
            assumeTrue(false, "no multicast on the loopback network: " + e.getMessage());
          }
          one.transport()
              .sendTo(utf8("source"), new InetSocketAddress(group, name(hearer).getPort()));
          until(() -> !hearer.texts.isEmpty() || !one.failures.isEmpty());
          assertEquals(List.of("source"), hearer.texts);
          close(hearer, one);
        });
  }

  /* ---- Flow control ---- */

  @Test
  void theMarksCanBeSet() {
    run(
        () -> {
          Noted one = bound();
          assertEquals(WaterMarks.DEFAULT, one.transport().writeBufferLimits());
          var marks = new WaterMarks(100, 50);
          one.transport().setWriteBufferLimits(marks);
          assertEquals(marks, one.transport().writeBufferLimits());
          assertEquals(0, one.transport().writeBufferSize());
          close(one);
        });
  }

  @Test
  void L106_pauseAndResumeAlternate() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          left.transport().setWriteBufferLimits(new WaterMarks(0, 0));
          for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 20; i++) {
              left.transport().sendTo(new byte[100], name(right));
              assertEquals(left.transport().writeBufferSize() > 0, paused(left));
            }
            int due = (round + 1) * 20;
            until(() -> right.texts.size() == due && !paused(left));
          }
          close(left, right);
        });
  }

  private static boolean paused(Noted one) {
    return one.events.lastIndexOf("pause") > one.events.lastIndexOf("resume");
  }

  /* ---- Pausing ---- */

  @Test
  void aPausedTransportTellsNothing() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          right.transport().pauseReading();
          right.transport().pauseReading();
          assertFalse(right.transport().isReading());
          left.transport().sendTo(utf8("a"), name(right));
          left.transport().sendTo(utf8("b"), name(right));
          turns(10);
          assertEquals(List.of(), right.texts);
          right.transport().resumeReading();
          right.transport().resumeReading();
          assertTrue(right.transport().isReading());
          got(right, "a", "b");
          close(left, right);
        });
  }

  @Test
  void pausingBetweenTwoDatagramsHoldsTheSecondBack() {
    run(
        () -> {
          Noted right =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void datagramReceived(ByteBuffer data, SocketAddress sender) {
                              super.datagramReceived(data, sender);
                              transport().pauseReading();
                            }
                          },
                      ANY,
                      null)
                  .protocol();
          Noted left = bound();
          for (String each : List.of("a", "b", "c")) {
            left.transport().sendTo(utf8(each), name(right));
          }
          until(() -> !right.texts.isEmpty());
          turns(5);
          assertEquals(List.of("a"), right.texts);
          right.transport().resumeReading();
          got(right, "a", "b");
          turns(5);
          assertEquals(List.of("a", "b"), right.texts);
          close(left, right);
        });
  }

  @Test
  void pausingInConnectionMadeHoldsEverythingBack() {
    run(
        () -> {
          Noted right =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void connectionMade(BaseTransport made) {
                              super.connectionMade(made);
                              transport().pauseReading();
                            }
                          },
                      ANY,
                      null)
                  .protocol();
          right.transport().sendTo(utf8("self"), name(right));
          turns(10);
          assertEquals(List.of(), right.texts);
          right.transport().resumeReading();
          got(right, "self");
          close(right);
        });
  }

  /* ---- The end ---- */

  @Test
  void L106_closeSendsWhatWasWritten() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          for (int i = 0; i < 50; i++) {
            left.transport().sendTo(utf8("" + i), name(right));
          }
          left.transport().close();
          assertTrue(left.transport().isClosing());
          until(() -> right.texts.size() == 50);
          await(left.lost);
          assertNull(left.reason);
          close(right);
        });
  }

  @Test
  void L106_theEndIsToldOnceAndLater() {
    run(
        () -> {
          Noted one = bound();
          one.transport().close();
          assertEquals(List.of("made"), one.events);
          one.transport().close();
          one.transport().abort();
          await(one.lost);
          one.transport().abort();
          one.transport().close();
          turns(3);
          assertEquals(List.of("made", "lost"), one.events);
          assertNull(one.reason);
          assertFalse(one.transport().isReading());
        });
  }

  @Test
  void L106_abortIsNoError() {
    run(
        () -> {
          Noted one = bound();
          one.transport().abort();
          assertTrue(one.transport().isClosing());
          assertEquals(List.of("made"), one.events);
          await(one.lost);
          assertNull(one.reason);
          assertEquals(List.of("made", "lost"), one.events);
        });
  }

  @Test
  void nothingIsToldAfterClose() {
    run(
        () -> {
          Noted left = bound();
          Noted right =
              Net.createDatagramEndpoint(
                      () ->
                          new Noted() {
                            @Override
                            public void datagramReceived(ByteBuffer data, SocketAddress sender) {
                              super.datagramReceived(data, sender);
                              transport().close();
                            }
                          },
                      ANY,
                      null)
                  .protocol();
          left.transport().sendTo(utf8("a"), name(right));
          left.transport().sendTo(utf8("b"), name(right));
          await(right.lost);
          assertEquals(List.of("a"), right.texts);
          close(left);
        });
  }

  @Test
  void whatIsSentAfterCloseIsDropped() {
    run(
        () -> {
          Noted left = bound();
          Noted right = bound();
          close(left);
          for (int i = 0; i < 10; i++) {
            left.transport().sendTo(utf8("late"), name(right));
          }
          turns(5);
          assertEquals(List.of(), right.texts);
          left.transport().resumeReading();
          assertFalse(left.transport().isReading());
          close(right);
        });
  }

  @Test
  void anotherProtocolTakesOver() {
    run(
        () -> {
          Noted one = bound();
          one.transport().sendTo(utf8("first"), name(one));
          got(one, "first");
          Noted two = new Noted();
          one.transport().setProtocol(two);
          assertSame(two, one.transport().protocol());
          one.transport().sendTo(utf8("second"), name(one));
          got(two, "second");
          one.transport().close();
          await(two.lost);
          assertEquals(List.of("made"), one.events);
        });
  }

  @Test
  void aProtocolOfAnotherKindHearsNothing() {
    run(
        () -> {
          var made = Net.createDatagramEndpoint(() -> new BaseProtocol() {}, ANY, null);
          made.transport().sendTo(utf8("x"), address(made.transport()));
          turns(5);
          made.transport().close();
          turns(2);
          assertTrue(made.transport().isClosing());
        });
  }

  @Test
  void aTransportThatIsLeftOpenEndsWithTheLoop() {
    run(
        () -> {
          Noted one = bound();
          one.transport().sendTo(utf8("x"), name(one));
          got(one, "x");
          assertArrayEquals(new String[] {"made"}, one.events.toArray());
        });
  }
}
