package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.waitFor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.io.Net;
import weft.io.Sockets;

/// Sockets of the JDK used by hand: datagrams and files.
public abstract class SocketsDatagramSuite extends SocketPairs {
  /// For subclasses.
  protected SocketsDatagramSuite() {}

  /* ---- Datagrams ---- */

  @Test
  void datagramsComeWithTheirSender() {
    run(
        () -> {
          var left = datagrams();
          var right = datagrams();
          assertEquals(5, Sockets.sendTo(left, utf8("hello"), right.getLocalAddress()));
          var datagram = Sockets.recvFrom(right, 100);
          assertEquals("hello", text(datagram.data()));
          assertEquals(left.getLocalAddress(), datagram.sender());
        });
  }

  @Test
  void recvFromWaitsForADatagram() {
    run(
        () -> {
          var left = datagrams();
          var right = datagrams();
          var receiving = createTask(() -> Sockets.recvFrom(right, 100));
          turns(3);
          assertFalse(receiving.done());
          Sockets.sendTo(left, utf8("x"), right.getLocalAddress());
          assertEquals("x", text(await(receiving, IOException.class).data()));
        });
  }

  @Test
  void anEmptyDatagramArrives() {
    run(
        () -> {
          var left = datagrams();
          var right = datagrams();
          assertEquals(0, Sockets.sendTo(left, new byte[0], right.getLocalAddress()));
          var datagram = Sockets.recvFrom(right, 100);
          assertEquals(0, datagram.data().length);
          assertEquals(left.getLocalAddress(), datagram.sender());
        });
  }

  @Test
  void aDatagramThatIsTooLongIsCutOff() {
    run(
        () -> {
          var left = datagrams();
          var right = datagrams();
          Sockets.sendTo(left, utf8("abcdef"), right.getLocalAddress());
          Sockets.sendTo(left, utf8("next"), right.getLocalAddress());
          assertEquals("abc", text(Sockets.recvFrom(right, 3).data()));
          var target = ByteBuffer.allocate(2);
          assertEquals(left.getLocalAddress(), Sockets.recvFromInto(right, target));
          assertEquals("ne", text(target.array()));
        });
  }

  @Test
  void aConnectedDatagramSocketNeedsNoTarget() {
    run(
        () -> {
          var left = datagrams();
          var right = datagrams();
          left.connect(right.getLocalAddress());
          assertEquals(1, Sockets.sendTo(left, utf8("a"), null));
          assertEquals(1, Sockets.sendTo(left, utf8("b"), right.getLocalAddress()));
          assertEquals("a", text(Sockets.recvFrom(right, 9).data()));
          assertEquals("b", text(Sockets.recvFrom(right, 9).data()));
          assertThrows(
              UnsupportedOperationException.class, () -> Sockets.sendTo(left, new byte[0], null));
        });
  }

  @Test
  void sendToLooksNamesUp() {
    run(
        () -> {
          var left = datagrams();
          var right = datagrams();
          int port = ((InetSocketAddress) right.getLocalAddress()).getPort();
          assertTrue(
              Net.getAddrInfo("localhost", port).getFirst().getAddress().isLoopbackAddress());
          Sockets.sendTo(
              left, utf8("named"), InetSocketAddress.createUnresolved("127.0.0.1", port));
          assertEquals("named", text(Sockets.recvFrom(right, 9).data()));
        });
  }

  @Test
  void aRefusedDatagramIsAnExceptionOfALaterCall() {
    run(
        () -> {
          var left = datagrams();
          InetSocketAddress nobody;
          try (var right = DatagramChannel.open(StandardProtocolFamily.INET).bind(ANY)) {
            nobody = (InetSocketAddress) right.getLocalAddress();
          }
          left.connect(nobody);
          Sockets.sendTo(left, utf8("x"), null);
          assertThrows(PortUnreachableException.class, () -> Sockets.recvFrom(left, 9));
          assertTrue(left.isOpen());
        });
  }

  @Test
  void aCancelledRecvFromLosesNothing() {
    run(
        () -> {
          var left = datagrams();
          var right = datagrams();
          assertThrows(
              TimeoutException.class, () -> waitFor(() -> Sockets.recvFrom(right, 9), ms(5)));
          Sockets.sendTo(left, utf8("x"), right.getLocalAddress());
          assertEquals("x", text(Sockets.recvFrom(right, 9).data()));
          assertFalse(loop.removeReader(right));
        });
  }

  /* ---- Files ---- */

  private FileChannel file(byte[] content) throws IOException {
    Path path = folder.resolve("file");
    Files.write(path, content);
    var file = FileChannel.open(path);
    closeLater(file);
    return file;
  }

  @Test
  void aFileIsSent() {
    run(
        () -> {
          Pair pair = pair();
          byte[] content = pattern(5 << 20);
          FileChannel file = file(content);
          var sending =
              createTask(
                  () -> {
                    long sent = Sockets.sendFile(pair.left(), file);
                    pair.left().shutdownOutput();
                    return sent;
                  });
          assertArrayEquals(content, readAll(pair.right()));
          assertEquals(content.length, await(sending, IOException.class));
          assertEquals(content.length, file.position());
        });
  }

  @Test
  void aPartOfAFileIsSent() {
    run(
        () -> {
          Pair pair = pair();
          FileChannel file = file(utf8("0123456789"));
          assertEquals(4, Sockets.sendFile(pair.left(), file, 3, 4L));
          assertEquals(7, file.position());
          assertEquals("3456", text(Sockets.recv(pair.right(), 100)));
          assertEquals(2, Sockets.sendFile(pair.left(), file, 8, 100L));
          assertEquals("89", text(Sockets.recv(pair.right(), 100)));
          assertEquals(0, Sockets.sendFile(pair.left(), file, 10, null));
          assertEquals(0, Sockets.sendFile(pair.left(), file, 20, null));
        });
  }

  @Test
  void anEmptyFileIsNothing() {
    run(() -> assertEquals(0, Sockets.sendFile(pair().left(), file(new byte[0]))));
  }

  @Test
  void wrongPartsOfAFileAreRefused() {
    run(
        () -> {
          Pair pair = pair();
          FileChannel file = file(new byte[5]);
          for (long offset : new long[] {-1, 0}) {
            assertThrows(
                IllegalArgumentException.class,
                () -> Sockets.sendFile(pair.left(), file, offset, offset));
          }
        });
  }

  @Test
  void aCancelledSendFileTellsByThePositionHowFarItCame() {
    run(
        () -> {
          Pair pair = pair();
          byte[] content = pattern(16 << 20);
          FileChannel file = file(content);
          var sending = createTask(() -> Sockets.sendFile(pair.left(), file));
          int received = Sockets.recv(pair.right(), 1000).length;
          turns(3);
          sending.cancel();
          settle(List.of(sending));
          assertTrue(sending.cancelled());
          pair.left().shutdownOutput();
          received += readAll(pair.right()).length;
          assertEquals(file.position(), received);
          assertTrue(received > 0 && received < content.length);
        });
  }

  @Test
  void aFileThatIsSentGivesOthersATurn() {
    run(
        () -> {
          Pair pair = pair();
          FileChannel file = file(pattern(4 << 20));
          var sending = createTask(() -> Sockets.sendFile(pair.left(), file));
          int others = 0;
          while (!sending.done()) {
            others++;
            Sockets.recv(pair.right(), 1 << 20);
          }
          assertTrue(others > 3);
          await(sending, IOException.class);
        });
  }

  @Test
  void aPeerThatGoesAwayBreaksSendFile() {
    run(
        () -> {
          Pair pair = pair();
          byte[] content = pattern(16 << 20);
          FileChannel file = file(content);
          var sending = createTask(() -> Sockets.sendFile(pair.left(), file));
          Sockets.recv(pair.right(), 1000);
          turns(3);
          pair.right().close();
          var failure = failure(sending);
          assertNotNull(failure);
          assertInstanceOf(IOException.class, failure.getCause());
          assertTrue(file.position() > 0 && file.position() < content.length);
        });
  }

  @Test
  void theClockOfTheLoopGoesOnMeanwhile() {
    run(
        () -> {
          Pair pair = pair();
          var receiving = createTask(() -> Sockets.recv(pair.right(), 1));
          sleep(Duration.ofMillis(2));
          assertFalse(receiving.done());
          assertNull(failure(createTask(() -> Sockets.sendAll(pair.left(), new byte[1]))));
          await(receiving, IOException.class);
        });
  }
}
