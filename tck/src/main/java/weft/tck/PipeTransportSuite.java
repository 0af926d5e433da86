package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import weft.Promise;
import weft.io.BaseTransport;
import weft.io.Net;
import weft.io.Protocol;
import weft.io.ReadTransport;
import weft.io.WriteTransport;

/// The ends of a pipe of the system as transports: how they begin, flow and end.
public abstract class PipeTransportSuite extends IoSuite {
  /// For subclasses.
  protected PipeTransportSuite() {}

  @BeforeEach
  void loopMustAdoptPipes() throws IOException {
    Pipe pipe = Pipe.open();
    try {
      loop.driver().adopt(pipe.source()).close();
    } catch (UnsupportedOperationException e) {
      assumeTrue(false, e.getMessage());
    } finally {
      pipe.source().close();
      pipe.sink().close();
    }
  }

  /// Notes what it is told.
  private final class Noted implements Protocol {
    final List<String> events = new ArrayList<>();
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final Promise<Boolean> lost = loop.createPromise();
    @Nullable Throwable reason;

    @Override
    public void connectionMade(BaseTransport made) {
      events.add("made");
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      byte[] copy = new byte[data.remaining()];
      data.get(copy);
      bytes.writeBytes(copy);
    }

    @Override
    public boolean eofReceived() {
      events.add("eof");
      return true;
    }

    @Override
    public void pauseWriting() {
      events.add("pause");
    }

    @Override
    public void resumeWriting() {
      events.add("resume");
    }

    @Override
    public void connectionLost(@Nullable Throwable why) {
      events.add("lost");
      reason = why;
      lost.setResult(true);
    }
  }

  /// A transport for one end, and the other end as the JDK made it, which blocks.
  private record Reading(ReadTransport transport, Noted protocol, Pipe.SinkChannel sink) {}

  private record Writing(WriteTransport transport, Noted protocol, Pipe.SourceChannel source) {}

  private Reading reading() throws IOException {
    Pipe pipe = Pipe.open();
    closeLater(pipe.sink());
    var made = Net.connectReadPipe(Noted::new, pipe.source());
    return new Reading(made.transport(), made.protocol(), pipe.sink());
  }

  private Writing writing() throws IOException {
    Pipe pipe = Pipe.open();
    closeLater(pipe.source());
    var made = Net.connectWritePipe(Noted::new, pipe.sink());
    return new Writing(made.transport(), made.protocol(), pipe.source());
  }

  private static byte[] readAll(Pipe.SourceChannel source) throws IOException {
    var all = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(100_000);
    while (source.read(buffer.clear()) >= 0) {
      all.write(buffer.array(), 0, buffer.position());
    }
    return all.toByteArray();
  }

  private static int writeAll(Pipe.SinkChannel sink, byte[] data) throws IOException {
    int written = sink.write(ByteBuffer.wrap(data));
    sink.close();
    return written;
  }

  @Test
  void L119_theEndOfTheInputIsToldAndThenTheLoss() {
    run(
        () -> {
          Reading one = reading();
          byte[] much = pattern(1 << 20);
          var written = away(() -> writeAll(one.sink(), much));
          await(one.protocol().lost);
          assertEquals(much.length, await(written));
          assertArrayEquals(much, one.protocol().bytes.toByteArray());
          assertEquals(List.of("made", "eof", "lost"), one.protocol().events);
          assertNull(one.protocol().reason);
          assertTrue(one.transport().isClosing());
        });
  }

  @Test
  void muchIsWritten() {
    run(
        () -> {
          Writing one = writing();
          byte[] much = pattern(2 << 20);
          one.transport().write(much);
          assertEquals(List.of("made", "pause"), one.protocol().events);
          assertTrue(one.transport().writeBufferSize() > 0);
          one.transport().close();
          byte[] received = await(away(() -> readAll(one.source())));
          assertArrayEquals(much, received);
          await(one.protocol().lost);
          assertNull(one.protocol().reason);
          assertEquals(1, one.protocol().events.stream().filter("lost"::equals).count());
        });
  }

  @Test
  void L119_theEndOfTheOutputIsAClose() {
    run(
        () -> {
          Writing one = writing();
          assertTrue(one.transport().canWriteEof());
          one.transport().write(utf8("last"));
          one.transport().writeEof();
          assertTrue(one.transport().isClosing());
          one.transport().write(utf8("too late"));
          assertEquals("last", text(await(away(() -> readAll(one.source())))));
          await(one.protocol().lost);
          assertNull(one.protocol().reason);
        });
  }

  @Test
  void L119_aReaderThatGoesAwayBreaksTheWriter() {
    run(
        () -> {
          Writing one = writing();
          one.source().close();
          for (int i = 0; i < 3 && !one.protocol().lost.done(); i++) {
            one.transport().write(pattern(100_000));
            turns(3);
          }
          await(one.protocol().lost);
          assertInstanceOf(IOException.class, one.protocol().reason);
          assertEquals("lost", one.protocol().events.getLast());
          assertFalse(one.protocol().events.contains("eof"), one.protocol().events::toString);
        });
    // Writing to a lost connection may be logged from the fifth time on, not before.
  }

  @Test
  void abortDropsWhatWasWritten() {
    run(
        () -> {
          Writing one = writing();
          one.transport().write(pattern(4 << 20));
          one.transport().abort();
          assertEquals(List.of("made", "pause"), one.protocol().events);
          await(one.protocol().lost);
          assertNull(one.protocol().reason);
          assertTrue(await(away(() -> readAll(one.source()))).length < 4 << 20);
        });
  }

  @Test
  void aPausedReaderIsToldNothing() {
    run(
        () -> {
          Reading one = reading();
          one.transport().pauseReading();
          assertFalse(one.transport().isReading());
          var written = away(() -> writeAll(one.sink(), utf8("held back")));
          await(written);
          turns(10);
          assertEquals(0, one.protocol().bytes.size());
          assertEquals(List.of("made"), one.protocol().events);
          one.transport().resumeReading();
          await(one.protocol().lost);
          assertEquals("held back", text(one.protocol().bytes.toByteArray()));
        });
  }

  @Test
  void aClosedReaderLeavesTheWriterABrokenPipe() {
    run(
        () -> {
          Reading one = reading();
          one.transport().close();
          assertEquals(List.of("made"), one.protocol().events);
          await(one.protocol().lost);
          assertEquals(List.of("made", "lost"), one.protocol().events);
          assertThrows(
              IOException.class,
              () -> await(away(() -> writeAll(one.sink(), pattern(100))), IOException.class));
        });
  }

  @Test
  void theProtocolCanBeReplaced() {
    run(
        () -> {
          Reading one = reading();
          Noted other = new Noted();
          one.transport().setProtocol(other);
          await(away(() -> writeAll(one.sink(), utf8("for another"))));
          await(other.lost);
          assertEquals("for another", text(other.bytes.toByteArray()));
          assertEquals(List.of("made"), one.protocol().events);
        });
  }

  @Test
  void aCancelledConnectLeavesNothingOpen() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          closeLater(pipe.sink());
          var connecting = createTask(() -> Net.connectReadPipe(Noted::new, pipe.source()));
          turns(1);
          connecting.cancel();
          settle(List.of(connecting));
          assertTrue(connecting.cancelled());
          until(() -> !pipe.source().isOpen());
        });
  }

  @Test
  void aFactoryThatFailsClosesThePipe() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          closeLater(pipe.sink());
          assertThrows(
              IllegalStateException.class,
              () ->
                  Net.<Noted>connectReadPipe(
                      () -> {
                        throw new IllegalStateException("on purpose");
                      },
                      pipe.source()));
          until(() -> !pipe.source().isOpen());
        });
  }

  @Test
  void aPipeBetweenTwoTransportsFlows() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          var source = Net.connectReadPipe(Noted::new, pipe.source());
          var sink = Net.connectWritePipe(Noted::new, pipe.sink());
          byte[] much = pattern(3 << 20);
          sink.transport().writeLines(List.of(ByteBuffer.wrap(much), ByteBuffer.wrap(utf8("end"))));
          sink.transport().close();
          await(source.protocol().lost);
          await(sink.protocol().lost);
          assertEquals(much.length + 3, source.protocol().bytes.size());
          assertEquals(List.of("made", "eof", "lost"), source.protocol().events);
        });
  }
}
