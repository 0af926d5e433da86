package weft.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import weft.spi.StreamChannel;

/// What a driver does with what is written to peers that do not read, or go.
abstract class SendTest extends DriverTest {
  /// Of what is sent with the wait, the system takes a part in the end, and then nothing.
  @Test
  void smallWritesToAPeerThatSleepsKeepTheirOrder() throws IOException {
    Pair pair = pair();
    Recorder.on(pair.near);
    Recorder far = new Recorder();
    pair.far.listener(far);
    byte[] all = random(8_000_000);
    for (int from = 0; from < all.length; from += 1000) {
      pair.near.write(ByteBuffer.wrap(all, from, 1000));
      driver.poll(0);
      driver.dispatch();
    }
    assertTrue(pair.near.backlog() > 0, "it takes everything");
    pair.far.resumeReading();
    until(() -> far.total == all.length);
    assertArrayEquals(all, far.bytes.toByteArray());
    assertEquals(0, pair.near.backlog());
  }

  @Test
  void smallWritesToAPeerThatHasGoneFail() throws IOException {
    Pair pair = pair();
    Recorder near = new Recorder();
    pair.near.listener(near);
    pair.far.abort();
    until(
        () -> {
          pair.near.write(text("anybody?"));
          return near.failure != null;
        });
    pair.near.write(text("nobody"));
    assertEquals(0, pair.near.backlog());
  }

  @Test
  void whatThePeerSaidBeforeItWentIsReceived() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Accepted connected = new Accepted();
      driver.connect(server.getLocalSocketAddress(), null, connected);
      Socket peer = server.accept();
      until(() -> connected.channels.size() == 1);
      StreamChannel near = connected.channels.getFirst();
      Recorder recorder = Recorder.on(near);
      near.write(ByteBuffer.allocate(30_000_000));
      settle();
      peer.getOutputStream().write("413".getBytes());
      peer.close(); // with much unread, which is a reset
      until(() -> recorder.failure != null);
      assertEquals(3, recorder.total);
    }
  }
}
