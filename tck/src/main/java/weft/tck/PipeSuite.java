package weft.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.EventLoop;
import weft.Promise;
import weft.io.BaseTransport;
import weft.io.Net;
import weft.io.Protocol;
import weft.io.ReadTransport;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.WriteTransport;

/// Pipes: `connectReadPipe` and `connectWritePipe`, over channels and over blocking streams.
public abstract class PipeSuite extends LoopSuite {
  /// For subclasses.
  protected PipeSuite() {}

  @Test
  void aPipeOfTheSystemCarriesBytes() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          var reading = Net.connectReadPipe(() -> new Recorder(loop), pipe.source());
          var writing = Net.connectWritePipe(() -> new Recorder(loop), pipe.sink());
          exchange(reading.transport(), reading.protocol(), writing.transport());
          writing.protocol().end();
          assertEquals(null, writing.protocol().reason);
        });
  }

  @Test
  void aPairOfStreamsCarriesBytes() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          InputStream source = Channels.newInputStream(pipe.source());
          OutputStream sink = Channels.newOutputStream(pipe.sink());
          var reading = Net.connectReadPipe(() -> new Recorder(loop), source);
          var writing = Net.connectWritePipe(() -> new Recorder(loop), sink);
          exchange(reading.transport(), reading.protocol(), writing.transport());
          writing.protocol().end();
          while (pipe.source().isOpen() || pipe.sink().isOpen()) {
            sleep(ms(1));
          }
        });
  }

  @Test
  void aPipeOfTheSystemAsStreams() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          talk(Net.openReadPipe(pipe.source()), Net.openWritePipe(pipe.sink()));
        });
  }

  @Test
  void streamsOfTheJdkAsStreams() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          var reader = Net.openReadPipe(Channels.newInputStream(pipe.source()));
          talk(reader, Net.openWritePipe(Channels.newOutputStream(pipe.sink())));
          while (pipe.source().isOpen() || pipe.sink().isOpen()) {
            sleep(ms(1));
          }
        });
  }

  @Test
  void aStreamIsClosedBeforeTheEndIsTold() {
    run(
        () -> {
          var bytes = new ByteArrayOutputStream();
          var writer = Net.openWritePipe(new GZIPOutputStream(bytes));
          writer.write("kept back until the end");
          writer.close();
          writer.waitClosed();
          try (var packed = new GZIPInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertEquals("kept back until the end", new String(packed.readAllBytes(), UTF_8));
          }
        });
  }

  @Test
  void aStreamThatCannotBeClosedIsAFailure() {
    run(
        () -> {
          OutputStream full =
              new FilterOutputStream(OutputStream.nullOutputStream()) {
                @Override
                public void close() throws IOException {
                  throw new IOException("no space left");
                }
              };
          var writer = Net.openWritePipe(full);
          writer.write("lost");
          writer.close();
          var thrown = assertThrows(IOException.class, writer::waitClosed);
          assertEquals("no space left", thrown.getMessage());
        });
  }

  /// More than a pipe holds, so that the writer has to wait for the reader.
  private static void talk(StreamReader reader, StreamWriter writer) throws IOException {
    int lines = 30_000;
    var writing =
        createTask(
            () -> {
              for (int i = 0; i < lines; i++) {
                writer.write("line " + i + "\n");
              }
              writer.close();
              writer.waitClosed();
            });
    for (int i = 0; i < lines; i++) {
      assertEquals("line " + i, reader.readLine());
    }
    assertEquals(null, reader.readLine());
    await(writing);
    assertThrows(IOException.class, () -> writer.write("late"));
  }

  private void exchange(ReadTransport source, Recorder recorder, WriteTransport sink) {
    assertTrue(source.isReading());
    assertTrue(sink.canWriteEof());
    sink.write("hello ".getBytes(UTF_8));
    sink.write("world".getBytes(UTF_8));
    while (recorder.text.size() < 11) {
      sleep(ms(1));
    }
    source.pauseReading();
    byte[] much = new byte[500_000];
    Arrays.fill(much, (byte) 'x');
    sink.write(much);
    sleep(ms(20));
    assertEquals(11, recorder.text.size());
    assertTrue(sink.writeBufferSize() > 0);
    source.resumeReading();
    sink.writeEof();
    recorder.end();
    assertEquals(11 + much.length, recorder.text.size());
    assertTrue(recorder.text.toString(UTF_8).startsWith("hello worldxxx"));
    assertEquals(1, recorder.ends);
    assertEquals(null, recorder.reason);
    assertTrue(sink.isClosing());
  }

  @Test
  void aStreamThatFailsBreaksTheConnection() {
    run(
        () -> {
          InputStream failing =
              new InputStream() {
                @Override
                public int read() throws IOException {
                  throw new IOException("on purpose");
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                  throw new IOException("on purpose");
                }
              };
          var reading = Net.connectReadPipe(() -> new Recorder(loop), failing);
          reading.protocol().end();
          assertEquals("on purpose", message(reading.protocol()));

          OutputStream full =
              new OutputStream() {
                @Override
                public void write(int value) throws IOException {
                  throw new IOException("no room");
                }
              };
          var writing = Net.connectWritePipe(() -> new Recorder(loop), full);
          writing.transport().write(new byte[10]);
          writing.protocol().end();
          assertEquals("no room", message(writing.protocol()));
        });
  }

  @Test
  void aStreamThatThrowsWhateverBreaksTheConnection() {
    run(
        () -> {
          InputStream failing =
              new InputStream() {
                @Override
                public int read() {
                  throw new IllegalStateException("on purpose");
                }

                @Override
                public int read(byte[] target, int offset, int length) {
                  throw new IllegalStateException("on purpose");
                }
              };
          var reading = Net.connectReadPipe(() -> new Recorder(loop), failing);
          reading.protocol().end();
          assertInstanceOf(IllegalStateException.class, cause(reading.protocol()));

          OutputStream full =
              new OutputStream() {
                @Override
                public void write(int value) {
                  throw new IllegalStateException("no room");
                }
              };
          var writing = Net.connectWritePipe(() -> new Recorder(loop), full);
          writing.transport().write(new byte[10]);
          writing.protocol().end();
          assertInstanceOf(IllegalStateException.class, cause(writing.protocol()));
        });
  }

  private static @Nullable Throwable cause(Recorder recorder) {
    return assertInstanceOf(IOException.class, recorder.reason).getCause();
  }

  private static String message(Recorder recorder) {
    return String.valueOf(assertInstanceOf(IOException.class, recorder.reason).getMessage());
  }

  @Test
  void aPausedReaderTakesOnePieceAhead() {
    run(
        () -> {
          AtomicInteger reads = new AtomicInteger();
          InputStream endless =
              new InputStream() {
                @Override
                public int read() {
                  return 0;
                }

                @Override
                public int read(byte[] target, int offset, int length) {
                  reads.incrementAndGet();
                  return length;
                }
              };
          var reading = Net.connectReadPipe(() -> new Recorder(loop), endless);
          while (reading.protocol().text.size() < 1_000_000) {
            sleep(ms(1));
          }
          reading.transport().pauseReading();
          int size = reading.protocol().text.size();
          int before = reads.get();
          sleep(ms(30));
          assertTrue(reads.get() <= before + 1, reads::toString);
          assertEquals(size, reading.protocol().text.size());
          reading.transport().close();
          reading.protocol().end();
        });
  }

  @Test
  void whatIsWrittenInOneGoLeavesTogether() {
    run(
        () -> {
          AtomicInteger writes = new AtomicInteger();
          CountDownLatch gate = new CountDownLatch(1);
          OutputStream counting =
              new OutputStream() {
                @Override
                public void write(int value) {
                  throw new AssertionError("one by one");
                }

                @Override
                public void write(byte[] data, int offset, int length) throws IOException {
                  try {
                    gate.await();
                  } catch (InterruptedException e) {
                    throw new IOException(e);
                  }
                  writes.incrementAndGet();
                }
              };
          var writing = Net.connectWritePipe(() -> new Recorder(loop), counting);
          for (int i = 0; i < 1000; i++) {
            writing.transport().write(new byte[10]);
          }
          gate.countDown();
          writing.transport().close();
          writing.protocol().end();
          assertTrue(writes.get() <= 2, () -> writes + " writes");
        });
  }

  @Test
  void closingClosesAStreamInWhichAThreadIsWaiting() {
    run(
        () -> {
          Pipe pipe = Pipe.open();
          var reading =
              Net.connectReadPipe(() -> new Recorder(loop), Channels.newInputStream(pipe.source()));
          sleep(ms(10));
          reading.transport().close();
          assertFalse(reading.transport().isReading());
          reading.protocol().end();
          while (pipe.source().isOpen()) {
            sleep(ms(1));
          }
          pipe.sink().close();
        });
  }

  @Test
  void aLoopThatClosesLetsTheStreamsGo() throws Exception {
    EventLoop other = newLoop();
    AtomicBoolean closed = new AtomicBoolean();
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 0;
          }

          @Override
          public int read(byte[] target, int offset, int length) {
            return length;
          }

          @Override
          public void close() {
            closed.set(true);
          }
        };
    other.runUntilComplete(
        weft.Weft.async(
            () ->
                Net.connectReadPipe(() -> new Recorder(other), endless)
                    .transport()
                    .pauseReading()));
    other.close();
    for (int i = 0; i < 500 && !closed.get(); i++) {
      Thread.sleep(10);
    }
    assertTrue(closed.get());
  }

  /// Writes down what it is told.
  private static final class Recorder implements Protocol {
    final ByteArrayOutputStream text = new ByteArrayOutputStream();
    int ends;
    @Nullable Throwable reason;
    private final Promise<Boolean> end;

    Recorder(EventLoop loop) {
      end = loop.createPromise();
    }

    void end() {
      await(end);
    }

    @Override
    public void connectionMade(BaseTransport made) {
      assertEquals(0, text.size());
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      text.writeBytes(bytes);
    }

    @Override
    public boolean eofReceived() {
      ends++;
      return true;
    }

    @Override
    public void connectionLost(@Nullable Throwable why) {
      reason = why;
      end.setResult(true);
    }
  }
}
