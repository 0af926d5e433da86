package weft.nio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.spi.Chunk;
import weft.spi.ListenChannel;
import weft.spi.StreamChannel;

/// The byte streams of a driver, whichever it is.
abstract class StreamsTest extends DriverTest {
  /// Whether an abort can reach the peer as a reset.
  abstract boolean abortResets();

  private static Ear echo(StreamChannel channel) {
    return new Ear(channel) {
      @Override
      public void received(Chunk chunk) {
        super.received(new Lending(chunk.data().duplicate()));
        channel.write(chunk.data());
      }
    };
  }

  private record Lending(ByteBuffer data) implements Chunk {
    @Override
    public void keep() {}

    @Override
    public void release() {}
  }

  private void untilHeard(Ear ear, int bytes) {
    until(() -> ear.heard.size() >= bytes);
  }

  @Test
  void whatIsSentArrives() {
    Ends ends = connection();
    ends.resume();
    ends.client().say("over");
    untilHeard(ends.server(), 4);
    ends.server().say("and out");
    untilHeard(ends.client(), 7);
    assertEquals("over", ends.server().text());
    assertEquals("and out", ends.client().text());
  }

  @Test
  void muchIsSentInBothDirectionsAtOnce() {
    Ends ends = connection();
    ends.resume();
    byte[] bytes = pattern(8 << 20);
    writeInPieces(ends.client().channel, bytes);
    writeInPieces(ends.server().channel, bytes);
    untilHeard(ends.server(), bytes.length);
    untilHeard(ends.client(), bytes.length);
    assertArrayEquals(bytes, ends.server().heard.toByteArray());
    assertArrayEquals(bytes, ends.client().heard.toByteArray());
    assertEquals(0, ends.client().channel.backlog());
  }

  @Test
  void messagesAsLongAsABufferAreEchoed() {
    Ends ends = connection(anyPort(), StreamsTest::echo);
    ends.server().channel.resumeReading();
    Ear client = new Ear(ends.client().channel);
    client.channel.resumeReading();
    int expected = 0;
    for (int kibibytes : new int[] {2, 16, 18, 128, 146, 1, 2, 16, 256}) {
      byte[] message = pattern(kibibytes * 1024);
      client.channel.write(ByteBuffer.wrap(message));
      expected += message.length;
      untilHeard(client, expected);
    }
    assertEquals(expected, client.heard.size());
  }

  @Test
  void smallWritesWaitForThePollAndLeaveTogether() {
    Ends ends = connection();
    ends.resume();
    for (int i = 0; i < 1000; i++) {
      ends.client().say("%04d".formatted(i));
    }
    assertEquals(4000, ends.client().channel.backlog());
    untilHeard(ends.server(), 4000);
    assertTrue(ends.server().text().startsWith("000000010002"));
    assertTrue(ends.server().text().endsWith("0999"));
    assertTrue(ends.server().chunks <= 2, () -> ends.server().chunks + " chunks");
  }

  @Test
  void theOutputEndsAfterTheBacklog() {
    Ends ends = connection();
    assertTrue(ends.client().channel.canShutdownOutput());
    byte[] bytes = pattern(3 << 20);
    ends.client().channel.write(ByteBuffer.wrap(bytes));
    ends.client().channel.shutdownOutput();
    ends.client().channel.shutdownOutput();
    ends.client().say("too late");
    ends.resume();
    until(() -> ends.server().ends > 0);
    assertArrayEquals(bytes, ends.server().heard.toByteArray());
    ends.server().say("still here");
    ends.server().channel.shutdownOutput();
    until(() -> ends.client().ends > 0);
    assertEquals("still here", ends.client().text());
    turns(3);
    assertEquals(1, ends.client().ends);
    assertEquals(1, ends.server().ends);
    assertFalse(ends.server().channel.isClosed());
  }

  @Test
  void aResetIsToldOnce() throws IOException {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    try (Socket peer = new Socket()) {
      peer.connect(listener.localAddress());
      until(accepted::done);
      peer.setSoLinger(true, 0);
    }
    Ear ear = new Ear(accepted.value());
    ear.channel.resumeReading();
    until(() -> ear.failures > 0);
    ear.say("to nobody");
    ear.channel.resumeReading();
    turns(3);
    assertEquals(1, ear.calls());
    assertFalse(ear.channel.isClosed());
    assertEquals(0, ear.channel.backlog());
  }

  @Test
  void anAbortIsSeenByThePeer() {
    Ends ends = connection();
    ends.resume();
    turns(1);
    ends.client().channel.abort();
    ends.client().channel.abort();
    until(() -> ends.server().calls() > 0);
    assertEquals(abortResets() ? 1 : 0, ends.server().failures);
  }

  @Test
  void aPausedChannelGetsNothing() {
    Ends ends = connection();
    ends.server().channel.resumeReading();
    turns(1);
    ends.server().channel.pauseReading();
    ends.client().say("patience");
    ends.client().channel.shutdownOutput();
    turns(5);
    assertEquals(0, ends.server().calls());
    ends.server().channel.resumeReading();
    assertEquals(0, ends.server().calls());
    until(() -> ends.server().ends > 0);
    assertEquals("patience", ends.server().text());
  }

  @Test
  void aListenerMayPauseWithinTheCall() {
    Ends ends =
        connection(
            anyPort(),
            channel ->
                new Ear(channel) {
                  @Override
                  public void received(Chunk chunk) {
                    super.received(chunk);
                    channel.pauseReading();
                  }
                });
    byte[] bytes = pattern(1 << 20);
    ends.client().channel.write(ByteBuffer.wrap(bytes));
    ends.resume();
    Ear server = ends.server();
    for (int round = 1; server.heard.size() < bytes.length; round++) {
      int expected = round;
      until(() -> server.chunks >= expected);
      turns(1);
      assertEquals(round, server.chunks);
      server.channel.resumeReading();
    }
    assertArrayEquals(bytes, server.heard.toByteArray());
  }

  @Test
  void theBacklogDrainsAndTellsSo() {
    Ends ends = connection();
    Ear client = ends.client();
    byte[] bytes = pattern(16 << 20);
    client.channel.write(ByteBuffer.wrap(bytes));
    client.channel.whenBacklogAtMost(1 << 20);
    turns(5);
    assertTrue(client.channel.backlog() > 1 << 20);
    assertEquals(0, client.calls());
    ends.server().channel.resumeReading();
    until(() -> client.drains > 0);
    assertTrue(client.channel.backlog() <= 1 << 20);
    untilHeard(ends.server(), bytes.length);
    assertArrayEquals(bytes, ends.server().heard.toByteArray());
    turns(2);
    assertEquals(1, client.drains);
  }

  @Test
  void anEmptyBacklogIsToldByTheNextDispatch() {
    Ends ends = connection();
    ends.client().channel.whenBacklogAtMost(0);
    assertEquals(0, ends.client().drains);
    driver.poll(Long.MAX_VALUE);
    assertEquals(0, ends.client().drains);
    driver.dispatch();
    assertEquals(1, ends.client().drains);
  }

  @Test
  void aHeldWriteDrains() {
    Ends ends = connection();
    ends.client().say("a few bytes");
    ends.client().channel.whenBacklogAtMost(0);
    until(() -> ends.client().drains > 0);
    assertEquals(0, ends.client().channel.backlog());
  }

  @Test
  void aChannelIsClosedWithOperationsUnderWay() {
    Ends ends = connection();
    ends.client().channel.resumeReading();
    ends.client().channel.write(ByteBuffer.wrap(pattern(16 << 20)));
    ends.client().channel.whenBacklogAtMost(0);
    turns(3);
    ends.client().channel.close();
    ends.client().channel.close();
    ends.client().say("nothing");
    ends.client().channel.resumeReading();
    ends.client().channel.pauseReading();
    ends.client().channel.whenBacklogAtMost(0);
    ends.client().channel.shutdownOutput();
    assertTrue(ends.client().channel.isClosed());
    assertEquals(0, ends.client().channel.backlog());
    ends.server().channel.resumeReading();
    until(() -> ends.server().ends + ends.server().failures > 0);
    assertEquals(0, ends.client().calls());
    ends.server().channel.close();
    until(() -> buffers(driver).lent() == 0);
  }

  @Test
  void aListenerMayCloseWithinTheCall() {
    Ends ends = connection();
    StreamChannel closing = ends.server().channel;
    Ear server =
        new Ear(closing) {
          @Override
          public void received(Chunk chunk) {
            super.received(chunk);
            closing.write(ByteBuffer.allocate(3 << 20));
            closing.whenBacklogAtMost(Long.MAX_VALUE);
            closing.close();
          }
        };
    ends.resume();
    ends.client().channel.write(ByteBuffer.allocate(3 << 20));
    until(() -> ends.client().ends + ends.client().failures > 0);
    turns(3);
    assertEquals(1, server.calls());
  }

  @Test
  void aKeptChunkIsLeftAlone() {
    List<Chunk> kept = new ArrayList<>();
    Ends ends =
        connection(
            anyPort(),
            channel ->
                new Ear(channel) {
                  @Override
                  public void received(Chunk chunk) {
                    chunk.keep();
                    chunk.keep();
                    chunk.release();
                    chunks++;
                    kept.add(chunk);
                  }
                });
    ends.resume();
    for (int i = 0; i < 5; i++) {
      int expected = i + 1;
      ends.client().say("message " + i);
      until(() -> ends.server().chunks == expected);
    }
    for (int i = 0; i < 5; i++) {
      assertEquals((byte) ('0' + i), kept.get(i).data().get(8));
    }
    ends.server().channel.close();
    turns(1);
    kept.forEach(Chunk::release);
    assertThrows(IllegalStateException.class, () -> kept.get(0).release());
  }

  @Test
  void aChunkThatIsKeptAndReleasedWithinTheCallIsLentOnce() {
    Ends ends =
        connection(
            anyPort(),
            channel ->
                new Ear(channel) {
                  @Override
                  public void received(Chunk chunk) {
                    chunk.keep();
                    super.received(chunk);
                    chunk.release();
                  }
                });
    ends.resume();
    byte[] bytes = pattern(1 << 20);
    ends.client().channel.write(ByteBuffer.wrap(bytes));
    ends.server().channel.write(ByteBuffer.wrap(bytes));
    untilHeard(ends.server(), bytes.length);
    untilHeard(ends.client(), bytes.length);
    assertArrayEquals(bytes, ends.server().heard.toByteArray());
  }

  @Test
  void theRestIsToldAfterAListenerHasThrown() {
    Ends ends =
        connection(
            anyPort(),
            channel ->
                new Ear(channel) {
                  @Override
                  public void received(Chunk chunk) {
                    super.received(chunk);
                    throw new IllegalCallerException("a bug in a listener");
                  }
                });
    ends.resume();
    ends.client().say("1");
    ends.server().say("2");
    turns(0);
    ends.client().channel.whenBacklogAtMost(0);
    ends.server().channel.whenBacklogAtMost(0);
    int thrown = 0;
    while (ends.client().drains + ends.server().drains < 2 || thrown < 2) {
      driver.poll(1_000_000_000);
      try {
        driver.dispatch();
      } catch (IllegalCallerException e) {
        thrown++;
      }
    }
    assertEquals("1", ends.server().text());
    assertEquals("2", ends.client().text());
  }

  @Test
  void aNewListenerGetsWhatWasNotTold() {
    Ends ends = connection();
    ends.server().channel.resumeReading();
    turns(1);
    ends.server().channel.pauseReading();
    ends.client().say("for the next");
    turns(5);
    Ear next = new Ear(ends.server().channel);
    next.channel.resumeReading();
    untilHeard(next, 12);
    assertEquals(0, ends.server().calls());
    assertEquals("for the next", next.text());
  }

  @Test
  void aChannelKnowsItsAddressesAndOptions() throws IOException {
    Ends ends = connection();
    StreamChannel client = ends.client().channel;
    assertEquals(ends.server().channel.remoteAddress(), client.localAddress());
    assertEquals(ends.server().channel.localAddress(), client.remoteAddress());
    client.setOption(StandardSocketOptions.TCP_NODELAY, true);
    assertTrue(client.getOption(StandardSocketOptions.TCP_NODELAY));
    assertTrue(client.supportedOptions().contains(StandardSocketOptions.SO_KEEPALIVE));
    client.close();
    turns(1);
    assertNull(client.localAddress());
    assertNull(client.remoteAddress());
  }
}
