package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.timeout;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.Task;
import weft.io.ConnectOptions;
import weft.io.Net;
import weft.io.Sockets;

/// Sockets of the JDK used by hand: connections.
public abstract class SocketsSuite extends SocketPairs {
  /// For subclasses.
  protected SocketsSuite() {}

  /* ---- Streams ---- */

  @Test
  void bytesGoBothWays() {
    run(
        () -> {
          Pair pair = pair();
          Sockets.sendAll(pair.left(), utf8("ping"));
          assertEquals("ping", text(Sockets.recv(pair.right(), 100)));
          Sockets.sendAll(pair.right(), ByteBuffer.wrap(utf8("xpong"), 1, 4));
          assertEquals("pong", text(Sockets.recv(pair.left(), 100)));
        });
  }

  @Test
  void recvTakesNoMoreThanAskedFor() {
    run(
        () -> {
          Pair pair = pair();
          Sockets.sendAll(pair.left(), utf8("abcdef"));
          assertEquals("ab", text(Sockets.recv(pair.right(), 2)));
          assertEquals("cdef", text(Sockets.recv(pair.right(), 100)));
        });
  }

  @Test
  void recvOfNothingDoesNotWait() {
    run(() -> assertEquals(0, Sockets.recv(pair().right(), 0).length));
  }

  @Test
  void aNegativeNumberOfBytesIsRefused() {
    run(
        () -> {
          Pair pair = pair();
          assertThrows(IllegalArgumentException.class, () -> Sockets.recv(pair.left(), -1));
          var channel = datagrams();
          assertThrows(IllegalArgumentException.class, () -> Sockets.recvFrom(channel, -1));
        });
  }

  @Test
  void theEndIsAnEmptyRecv() {
    run(
        () -> {
          Pair pair = pair();
          Sockets.sendAll(pair.left(), utf8("bye"));
          pair.left().shutdownOutput();
          assertEquals("bye", text(readAll(pair.right())));
          assertEquals(0, Sockets.recv(pair.right(), 10).length);
          assertEquals(-1, Sockets.recvInto(pair.right(), ByteBuffer.allocate(1)));
          Sockets.sendAll(pair.right(), utf8("still here"));
          assertEquals("still here", text(Sockets.recv(pair.left(), 100)));
        });
  }

  @Test
  void recvIntoFillsTheCallersBuffer() {
    run(
        () -> {
          Pair pair = pair();
          var target = ByteBuffer.allocateDirect(8).put((byte) 'x');
          assertEquals(0, Sockets.recvInto(pair.right(), ByteBuffer.allocate(0)));
          var receiving = createTask(() -> Sockets.recvInto(pair.right(), target));
          turns(2);
          Sockets.sendAll(pair.left(), utf8("12345"));
          assertEquals(5, await(receiving, IOException.class));
          byte[] got = new byte[6];
          target.flip().get(got);
          assertEquals("x12345", text(got));
        });
  }

  @Test
  void aResetIsAnException() {
    run(
        () -> {
          Pair pair = pair();
          var receiving = createTask(() -> Sockets.recv(pair.left(), 10));
          turns(2);
          pair.right().setOption(StandardSocketOptions.SO_LINGER, 0);
          pair.right().close();
          assertThrows(IOException.class, () -> await(receiving, IOException.class));
        });
  }

  @Test
  void muchIsSentWhole() {
    run(
        () -> {
          Pair pair = pair();
          byte[] much = pattern(8 << 20);
          var sending =
              createTask(
                  () -> {
                    Sockets.sendAll(pair.left(), much);
                    pair.left().shutdownOutput();
                  });
          assertArrayEquals(much, readAll(pair.right()));
          await(sending);
        });
  }

  @Test
  void muchIsSentBothWaysAtTheSameTime() {
    run(
        () -> {
          Pair pair = pair();
          byte[] much = pattern(2 << 20);
          var received =
              await(gather(() -> both(pair.left(), much), () -> both(pair.right(), much)));
          assertArrayEquals(much, received.get(0));
          assertArrayEquals(much, received.get(1));
        });
  }

  private static byte[] both(SocketChannel channel, byte[] data) throws IOException {
    var sending =
        createTask(
            () -> {
              Sockets.sendAll(channel, data);
              channel.shutdownOutput();
            });
    byte[] received = readAll(channel);
    await(sending);
    return received;
  }

  @Test
  void aBlockingChannelBecomesNonBlocking() {
    run(
        () -> {
          Pair pair = pair();
          assertFalse(pair.left().isBlocking());
          assertFalse(pair.right().isBlocking());
          pair.right().configureBlocking(true);
          Sockets.sendAll(pair.left(), utf8("x"));
          assertEquals("x", text(Sockets.recv(pair.right(), 1)));
          assertFalse(pair.right().isBlocking());
        });
  }

  @Test
  void aClosedChannelIsAnException() {
    run(
        () -> {
          Pair pair = pair();
          pair.left().close();
          assertThrows(ClosedChannelException.class, () -> Sockets.recv(pair.left(), 1));
          assertThrows(
              ClosedChannelException.class, () -> Sockets.sendAll(pair.left(), new byte[1]));
        });
  }

  @Test
  void unixSocketsWorkAlike() {
    run(
        () -> {
          var address = UnixDomainSocketAddress.of(folder.resolve("u"));
          try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
              var client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            Sockets.connect(client, address);
            try (var accepted = Sockets.accept(server)) {
              Sockets.sendAll(client, utf8("unix"));
              assertEquals("unix", text(Sockets.recv(accepted, 10)));
            }
          }
        });
  }

  @Test
  void aChannelOfATransportIsRefused() {
    run(
        () -> {
          Pair pair = pair();
          var made = Net.createConnection(Recorded::new, pair.left(), ConnectOptions.defaults());
          assertThrows(IllegalArgumentException.class, () -> Sockets.recv(pair.left(), 1));
          made.transport().close();
          await(made.protocol().lost);
        });
  }

  @Test
  void outsideOfALoopIsRefused() throws Exception {
    try (var channel = SocketChannel.open()) {
      assertThrows(IllegalStateException.class, () -> Sockets.recv(channel, 1));
    }
  }

  /* ---- Suspending ---- */

  @Test
  void L100_whatNeedNotWaitDoesNotSuspend() {
    run(
        () -> {
          Pair pair = pair();
          Sockets.sendAll(pair.left(), utf8("abc"));
          var others = createTask(() -> steps.at(2));
          Sockets.sendAll(pair.left(), utf8("def"));
          Sockets.recv(pair.right(), 1);
          Sockets.recvInto(pair.right(), ByteBuffer.allocate(1));
          steps.at(1);
          await(others);
          steps.end(3);
        });
  }

  @Test
  void L100_recvWaitsUntilSomethingComes() {
    run(
        () -> {
          Pair pair = pair();
          var receiving = createTask(() -> Sockets.recv(pair.right(), 10));
          turns(5);
          assertFalse(receiving.done());
          Sockets.sendAll(pair.left(), utf8("now"));
          assertEquals("now", text(await(receiving, IOException.class)));
        });
  }

  @Test
  void L100_sendAllWaitsForRoom() {
    run(
        () -> {
          Pair pair = pair();
          var sending = createTask(() -> Sockets.sendAll(pair.left(), new byte[MUCH]));
          turns(5);
          assertFalse(sending.done());
          receive(pair.right(), MUCH);
          await(sending);
        });
  }

  private static void receive(SocketChannel channel, int count) throws IOException {
    for (int left = count; left > 0; ) {
      left -= Sockets.recv(channel, left).length;
    }
  }

  /* ---- Several on one channel ---- */

  @Test
  void L101_aReaderAndAWriterDoNotUnhookEachOther() {
    run(
        () -> {
          Pair pair = pair();
          var receiving = createTask(() -> Sockets.recv(pair.left(), 10));
          var sending = createTask(() -> Sockets.sendAll(pair.left(), new byte[MUCH]));
          turns(3);
          Sockets.sendAll(pair.right(), utf8("first"));
          assertEquals("first", text(await(receiving, IOException.class)));
          assertFalse(sending.done());
          var next = createTask(() -> Sockets.recv(pair.left(), 10));
          receive(pair.right(), MUCH);
          await(sending);
          turns(3);
          assertFalse(next.done());
          Sockets.sendAll(pair.right(), utf8("second"));
          assertEquals("second", text(await(next, IOException.class)));
        });
  }

  @Test
  void L101_aCancelledReaderLeavesTheWriterAlone() {
    run(
        () -> {
          Pair pair = pair();
          var receiving = createTask(() -> Sockets.recv(pair.left(), 10));
          var sending = createTask(() -> Sockets.sendAll(pair.left(), new byte[MUCH]));
          turns(3);
          receiving.cancel();
          receive(pair.right(), MUCH);
          await(sending);
          settle(List.of(receiving));
          assertTrue(receiving.cancelled());
        });
  }

  @Test
  void L101_aCancelledReaderLeavesItsSuccessorAlone() {
    run(
        () -> {
          Pair pair = pair();
          var first = createTask(() -> Sockets.recv(pair.right(), 10));
          turns(3);
          var second = createTask(() -> Sockets.recv(pair.right(), 10));
          first.cancel(); // ends after the second has begun to wait, in the same turn
          turns(3);
          assertTrue(first.cancelled());
          assertFalse(second.done());
          Sockets.sendAll(pair.left(), utf8("mine"));
          assertEquals("mine", text(await(second, IOException.class)));
        });
  }

  @Test
  void L101_aCancelledRecvLosesNothing() {
    run(
        () -> {
          Pair pair = pair();
          for (int i = 0; i < 50; i++) {
            var receiving = createTask(() -> Sockets.recv(pair.right(), 10));
            turns(i % 4);
            Sockets.sendAll(pair.left(), new byte[] {(byte) i});
            turns(i % 3);
            receiving.cancel();
            byte[] got;
            settle(List.of(receiving));
            got = receiving.cancelled() ? Sockets.recv(pair.right(), 10) : receiving.result();
            assertArrayEquals(new byte[] {(byte) i}, got);
          }
        });
  }

  @Test
  void L101_aTimeoutOverRecvLosesNothing() {
    run(
        () -> {
          Pair pair = pair();
          assertThrows(
              TimeoutException.class, () -> timeout(ms(5), () -> Sockets.recv(pair.right(), 10)));
          Sockets.sendAll(pair.left(), utf8("later"));
          assertEquals("later", text(Sockets.recv(pair.right(), 10)));
        });
  }

  @Test
  void L101_aCancelledSendAllHasSentABeginning() {
    run(
        () -> {
          Pair pair = pair();
          byte[] much = pattern(16 << 20);
          var buffer = ByteBuffer.wrap(much);
          var sending = createTask(() -> Sockets.sendAll(pair.left(), buffer));
          turns(5);
          sending.cancel();
          settle(List.of(sending));
          int sent = buffer.position();
          assertTrue(sent > 0 && sent < much.length);
          pair.left().shutdownOutput();
          byte[] received = readAll(pair.right());
          assertEquals(sent, received.length);
          assertArrayEquals(Arrays.copyOf(much, sent), received);
        });
  }

  @Test
  void L101_manyCancelledReadersLeaveNothingBehind() {
    run(
        () -> {
          Pair pair = pair();
          for (int i = 0; i < 200; i++) {
            var receiving = createTask(() -> Sockets.recv(pair.right(), 1));
            turns(1);
            receiving.cancel();
          }
          turns(2);
          assertFalse(loop.removeReader(pair.right()));
          assertFalse(loop.removeWriter(pair.right()));
        });
  }

  @Test
  void L101_nothingIsWatchedOnceItIsOver() {
    run(
        () -> {
          Pair pair = pair();
          var receiving = createTask(() -> Sockets.recv(pair.right(), 1));
          turns(3);
          Sockets.sendAll(pair.left(), new byte[1]);
          await(receiving, IOException.class);
          assertFalse(loop.removeReader(pair.right()));
        });
  }

  @Test
  void L102_aSecondReaderIsRefused() {
    run(
        () -> {
          Pair pair = pair();
          var first = createTask(() -> Sockets.recv(pair.right(), 10));
          turns(2);
          assertThrows(IllegalStateException.class, () -> Sockets.recv(pair.right(), 10));
          Sockets.sendAll(pair.left(), utf8("first"));
          assertEquals("first", text(await(first, IOException.class)));
        });
  }

  @Test
  void L102_aSecondWriterIsRefused() {
    run(
        () -> {
          Pair pair = pair();
          var first = createTask(() -> Sockets.sendAll(pair.left(), new byte[MUCH]));
          turns(2);
          assertThrows(
              IllegalStateException.class, () -> Sockets.sendAll(pair.left(), new byte[10]));
          assertFalse(first.done());
          first.cancel();
          turns(2);
        });
  }

  /* ---- Connecting and accepting ---- */

  @Test
  void connectLooksNamesUp() {
    run(
        () -> {
          var server = server();
          var port = ((InetSocketAddress) server.getLocalAddress()).getPort();
          try (var client = SocketChannel.open(StandardProtocolFamily.INET)) {
            Sockets.connect(client, InetSocketAddress.createUnresolved("localhost", port));
            assertTrue(client.isConnected());
            Sockets.accept(server).close();
          }
        });
  }

  @Test
  void connectToAnUnknownNameFails() {
    run(
        () -> {
          try (var client = SocketChannel.open()) {
            assertThrows(
                UnknownHostException.class,
                () ->
                    Sockets.connect(
                        client, InetSocketAddress.createUnresolved("nowhere.invalid", 1)));
          }
        });
  }

  @Test
  void connectToNobodyIsRefused() {
    run(
        () -> {
          InetSocketAddress closed;
          try (var server = ServerSocketChannel.open().bind(ANY)) {
            closed = (InetSocketAddress) server.getLocalAddress();
          }
          var client = SocketChannel.open();
          assertThrows(ConnectException.class, () -> Sockets.connect(client, closed));
          assertFalse(client.isOpen());
        });
  }

  @Test
  void acceptWaitsForAConnection() {
    run(
        () -> {
          var server = server();
          var accepting = createTask(() -> Sockets.accept(server));
          turns(3);
          assertFalse(accepting.done());
          try (var client = SocketChannel.open()) {
            Sockets.connect(client, server.getLocalAddress());
            try (var accepted = await(accepting, IOException.class)) {
              assertFalse(accepted.isBlocking());
              assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
            }
          }
        });
  }

  @Test
  void acceptTakesTheConnectionsInTheirOrder() {
    run(
        () -> {
          var server = server();
          for (int i = 0; i < 5; i++) {
            var client = SocketChannel.open();
            closeLater(client);
            Sockets.connect(client, server.getLocalAddress());
            Sockets.sendAll(client, new byte[] {(byte) i});
          }
          for (int i = 0; i < 5; i++) {
            try (var accepted = Sockets.accept(server)) {
              assertEquals(i, Sockets.recv(accepted, 1)[0]);
            }
          }
        });
  }

  @Test
  void L101_aCancelledAcceptSwallowsNoConnection() {
    run(
        () -> {
          var server = server();
          for (int i = 0; i < 10; i++) {
            var accepting = createTask(() -> Sockets.accept(server));
            turns(i % 3);
            try (var client = SocketChannel.open()) {
              if (i % 2 == 0) {
                accepting.cancel();
                Sockets.connect(client, server.getLocalAddress());
              } else {
                Sockets.connect(client, server.getLocalAddress());
                accepting.cancel();
              }
              settle(List.of(accepting));
              try (var accepted =
                  accepting.cancelled() ? Sockets.accept(server) : accepting.result()) {
                assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
              }
            }
          }
        });
  }

  @Test
  void L101_aCancelledConnectGoesOnInTheSystem() {
    run(
        () -> {
          var server = server();
          try (var client = SocketChannel.open()) {
            var connecting = createTask(() -> Sockets.connect(client, server.getLocalAddress()));
            turns(1);
            connecting.cancel();
            settle(List.of(connecting));
            if (connecting.cancelled()) {
              Sockets.connect(client, server.getLocalAddress());
            }
            assertTrue(client.isConnected());
            try (var accepted = Sockets.accept(server)) {
              assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
            }
          }
        });
  }

  @Test
  void aTaskThatWaitsEndsWithTheLoop() {
    run(
        () -> {
          Pair pair = pair();
          Task<byte[]> waiting = createTask(() -> Sockets.recv(pair.right(), 1));
          abandon(waiting);
          turns(2);
        });
  }
}
