package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.taskGroup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.RunOptions;
import weft.Task;
import weft.Weft;
import weft.io.ClientHandler;
import weft.io.ConnectOptions;
import weft.io.Net;
import weft.io.Server;
import weft.io.Streams;

/// Streams from end to end: `openConnection`, `startServer`, flow control of the reader,
/// connections that break at every byte.
public abstract class StreamConnectionSuite extends IoSuite {
  /// For subclasses.
  protected StreamConnectionSuite() {}

  private static Streams open(Server server) throws IOException {
    return Net.openConnection("127.0.0.1", addressOf(server).getPort());
  }

  /* ---- Echo ---- */

  @Test
  void L16_anInterruptEndsALoopThatIsBusyWithBytes() throws InterruptedException {
    var here = Thread.currentThread();
    for (int i = 0; i < 5; i++) {
      var over = new CountDownLatch(1);
      var others = new ArrayList<Thread>();
      assertThrows(
          KeyboardInterrupt.class,
          () ->
              Weft.run(
                  () -> {
                    others.add(Thread.ofPlatform().start(() -> interruptUntil(over, here)));
                    bounce();
                  },
                  RunOptions.defaults().loopFactory(this::newLoop)));
      over.countDown();
      others.getFirst().join();
      Thread.interrupted(); // by one that came too late
    }
  }

  /// More than once: where the loop waits with a selector of the JDK, one may get lost.
  private static void interruptUntil(CountDownLatch over, Thread thread) {
    try {
      for (int millis = 3; !over.await(millis, TimeUnit.MILLISECONDS); millis = 3_000) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Sends a byte to and fro for ever.
  private static void bounce() throws IOException {
    ClientHandler echo =
        (reader, writer) -> {
          for (byte[] got; (got = reader.read(10)).length > 0; ) {
            writer.write(got);
          }
        };
    try (var server = Net.startServer(echo, "127.0.0.1", 0);
        var streams = Net.openConnection("127.0.0.1", addressOf(server).getPort())) {
      while (true) {
        streams.writer().write(new byte[1]);
        assertEquals(1, streams.reader().readExactly(1).length);
      }
    }
  }

  @Test
  void linesGoToAndFro() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    for (String line : reader) {
                      writer.write("<" + line + ">\n");
                    }
                  });
          try (Streams streams = open(server)) {
            for (String word : List.of("one", "", "grüße")) {
              streams.writer().write(word + "\r\n");
              assertEquals("<" + word + ">", streams.reader().readLine());
            }
          }
          end(server);
        });
  }

  @Test
  void muchGoesToAndFro() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    for (ByteBuffer chunk = reader.readChunk();
                        chunk != null;
                        chunk = reader.readChunk()) {
                      writer.write(chunk);
                    }
                  });
          byte[] data = pattern(3_000_000);
          Streams streams = open(server);
          Task<?> writing =
              createTask(
                  () -> {
                    streams.writer().write(data);
                    streams.writer().writeEof();
                  });
          assertArrayEquals(data, streams.reader().read());
          await(writing);
          streams.close();
          end(server);
        });
  }

  @Test
  void manyClientsAreServedAtOnce() {
    run(
        () -> {
          Server server =
              serve((reader, writer) -> writer.write(reader.readLine() + " to you too\n"));
          taskGroup(
              group -> {
                for (int i = 0; i < 50; i++) {
                  String text = "hello " + i;
                  group.createTask(
                      () -> {
                        try (Streams streams = open(server)) {
                          streams.writer().write(text + "\n");
                          assertEquals(text + " to you too", streams.reader().readLine());
                          assertNull(streams.reader().readLine());
                        }
                      });
                }
              });
          end(server);
        });
  }

  @Test
  void L78_bothDirectionsEndOnTheirOwn() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    writer.write("welcome\n");
                    writer.writeEof();
                    String all = text(reader.read());
                    assertEquals("question", all);
                    assertTrue(reader.atEof());
                  });
          Streams streams = open(server);
          assertEquals("welcome", streams.reader().readLine());
          assertNull(streams.reader().readLine());
          streams.writer().write("question");
          streams.writer().writeEof();
          streams.close();
          streams.writer().waitClosed();
          end(server);
        });
  }

  /* ---- The reader's flow control ---- */

  private Line limited(int limit) throws IOException {
    return line(ConnectOptions.defaults().limit(limit));
  }

  private static boolean reading(Line line) {
    return line.writer().transport().isReading();
  }

  @Test
  void L74_moreThanTwiceTheLimitPausesTheConnection() {
    run(
        () -> {
          Line line = limited(1_000);
          line.peer().write(pattern(2_000));
          until(() -> line.reader().toString().contains("2000 bytes"));
          assertTrue(reading(line));
          line.peer().write(new byte[1]);
          until(() -> !reading(line));
          line.reader().readExactly(1_000);
          assertFalse(reading(line));
          line.reader().readExactly(1);
          assertTrue(reading(line));
          end(line);
        });
  }

  @Test
  void L74_aReadThatHasToWaitResumesTheConnection() {
    run(
        () -> {
          Line line = limited(10);
          byte[] data = pattern(500_000);
          var sent = line.peer().writing(data);
          until(() -> !reading(line));
          assertArrayEquals(data, line.reader().readExactly(data.length));
          await(sent);
          end(line);
        });
  }

  @Test
  void L74_whatIsNotReadMakesThePeerWait() {
    run(
        () -> {
          Line line = limited(1_000);
          int total = 30_000_000;
          var sent = line.peer().writing(new byte[total]);
          until(() -> !reading(line));
          letTheRestArrive();
          assertFalse(sent.done());
          int read = 0;
          for (ByteBuffer chunk = line.reader().readChunk();
              chunk != null;
              chunk = read < total ? line.reader().readChunk() : null) {
            read += chunk.remaining();
          }
          assertEquals(total, read);
          await(sent);
          end(line);
        });
  }

  @Test
  void theLimitOfALineIsThatOfTheConnection() {
    run(
        () -> {
          Line line = limited(10);
          line.peer().write("0123456789\n0123456789x\nok\n");
          assertEquals("0123456789", line.reader().readLine());
          assertThrows(weft.io.LimitOverrunException.class, () -> line.reader().readLine());
          end(line);
        });
  }

  /* ---- Chunks ---- */

  @Test
  void L75_aChunkStaysAsItIsWhileOthersReceive() {
    run(
        () -> {
          Line line = line();
          var chunks = new ArrayList<ByteBuffer>();
          Task<?> task =
              createTask(
                  () -> {
                    ByteBuffer arrived = line.reader().readChunk();
                    if (arrived != null) {
                      chunks.add(arrived);
                    }
                  });
          turns(2);
          line.peer().write("chunk");
          await(task);
          ByteBuffer chunk = chunks.getFirst();
          line.peer().write("later");
          Line other = line();
          byte[] data = pattern(500_000);
          var sent = other.peer().writing(data);
          assertArrayEquals(data, other.reader().readExactly(data.length));
          await(sent);
          byte[] bytes = new byte[chunk.remaining()];
          chunk.get(bytes);
          assertEquals("chunk", text(bytes));
          assertEquals("later", text(line.reader().readExactly(5)));
          end(other);
          end(line);
        });
  }

  @Test
  void L75_chunksHoldAllTheBytes() {
    run(
        () -> {
          Line line = line();
          byte[] data = pattern(2_000_000);
          var sent = line.peer().writing(data);
          var all = new ByteArrayOutputStream();
          while (all.size() < data.length) {
            ByteBuffer chunk = line.reader().readChunk();
            if (chunk == null) {
              break;
            }
            byte[] bytes = new byte[chunk.remaining()];
            chunk.get(bytes);
            all.writeBytes(bytes);
            if (all.size() % 3 == 0) {
              turns(1);
            }
          }
          await(sent);
          assertArrayEquals(data, all.toByteArray());
          end(line);
        });
  }

  @Test
  void L73_aChunkThatArrivesForACancelledReadIsKept() {
    run(
        () -> {
          Line line = line();
          for (int round = 0; round < 20; round++) {
            Task<?> task =
                createTask(
                    () -> {
                      line.reader().readChunk();
                    });
            turns(2);
            line.peer().write("0123456789");
            if (round % 2 == 0) {
              until(() -> task.done() || task.cancel());
            } else {
              turns(round);
              task.cancel();
            }
            boolean taken = failure(task) == null;
            if (!taken) {
              assertEquals("0123456789", text(line.reader().readExactly(10)));
            }
          }
          end(line);
        });
  }

  @Test
  void aLineSplitAcrossChunksIsOne() {
    run(
        () -> {
          Line line = line();
          Task<String> task = createTask(() -> String.valueOf(line.reader().readLine()));
          for (String piece : List.of("gr", "\u00fc\u00df", "e", "\r", "\n")) {
            line.peer().write(piece);
            turns(3);
          }
          assertEquals("gr\u00fc\u00dfe", await(task));
          end(line);
        });
  }

  /* ---- Broken at every byte ---- */

  private static final String REQUEST = "request\n";
  private static final String ANSWER = "answer\n";

  /// One side of the exchange as the client sees it: the answer, or how it failed.
  private static String asked(Line line) {
    try {
      line.writer().write(REQUEST);
      String answer = line.reader().readLine();
      line.writer().close();
      line.writer().waitClosed();
      return answer == null ? "end" : answer;
    } catch (IOException e) {
      line.writer().close();
      return "failed";
    }
  }

  private void broken(int ofRequest, int ofAnswer, boolean reset) throws IOException {
    Line line = line();
    Task<String> task = createTask(() -> asked(line));
    line.peer().read(ofRequest);
    if (ofAnswer > 0) {
      line.peer().write(ANSWER.substring(0, ofAnswer));
    }
    if (reset) {
      line.peer().reset();
    } else {
      line.peer().close();
    }
    String outcome = await(task);
    String whole = ANSWER.substring(0, Math.max(0, ofAnswer)).strip();
    var allowed = new ArrayList<String>();
    if (reset ? ofAnswer == ANSWER.length() : !whole.isEmpty()) {
      allowed.add(whole);
    } else if (!reset) {
      allowed.add("end");
    }
    if (reset || ofRequest < REQUEST.length()) {
      allowed.add("failed");
    }
    assertTrue(
        allowed.contains(outcome),
        () -> outcome + " after " + ofRequest + " and " + ofAnswer + " bytes, reset " + reset);
  }

  @Test
  void L77_aClientNoticesAResetAtEveryByte() {
    run(
        () -> {
          for (int read = 0; read <= REQUEST.length(); read++) {
            broken(read, 0, true);
          }
          for (int written = 1; written <= ANSWER.length(); written++) {
            broken(REQUEST.length(), written, true);
          }
        });
  }

  @Test
  void L77_aClientNoticesAnEndAtEveryByte() {
    run(
        () -> {
          for (int read = 0; read <= REQUEST.length(); read++) {
            broken(read, 0, false);
          }
          for (int written = 1; written <= ANSWER.length(); written++) {
            broken(REQUEST.length(), written, false);
          }
        });
  }

  @Test
  void aServerSurvivesAResetAtEveryByte() {
    run(
        () -> {
          var requests = new ArrayList<String>();
          Server server =
              serve(
                  (reader, writer) -> {
                    String request = reader.readLine();
                    if (request != null) {
                      requests.add(request);
                      writer.write(ANSWER);
                      writer.drain();
                    }
                  });
          for (int sent = 0; sent <= REQUEST.length(); sent++) {
            var peer = dial(server);
            if (sent > 0) {
              peer.write(REQUEST.substring(0, sent));
            }
            peer.reset();
          }
          var last = dial(server);
          last.write(REQUEST);
          assertEquals(ANSWER, last.readAll());
          end(server);
          for (String request : requests) {
            assertTrue("request".equals(request), request);
          }
        });
  }

  @Test
  void aServerSurvivesAnEndAtEveryByte() {
    run(
        () -> {
          var requests = new ArrayList<@Nullable String>();
          Server server = serve((reader, writer) -> requests.add(reader.readLine()));
          for (int sent = 0; sent <= REQUEST.length(); sent++) {
            var peer = dial(server);
            if (sent > 0) {
              peer.write(REQUEST.substring(0, sent));
            }
            peer.shutdownOutput();
            assertEquals("", peer.readAll());
          }
          end(server);
          assertEquals(
              Arrays.asList(
                  null, "r", "re", "req", "requ", "reque", "reques", "request", "request"),
              requests);
        });
  }

  @Test
  void L84_aReaderThatFailsBreaksOnlyItsConnection() {
    expectErrors(1);
    run(
        () -> {
          Line line = line();
          line.reader().feedEof();
          line.peer().write("nobody wants this");
          until(() -> line.writer().isClosing());
          var lost = assertThrows(IOException.class, () -> line.writer().waitClosed());
          assertInstanceOf(IllegalStateException.class, lost.getCause());
          Line other = line();
          other.peer().write("x");
          assertEquals(1, other.reader().read(10).length);
          end(other);
        });
  }

  @Test
  void aBufferIsNotTakenFromTheTaskThatHasIt() {
    run(
        () -> {
          Line line = line();
          Line other = line();
          Promise<Boolean> read = loop.createPromise();
          Promise<Boolean> gate = loop.createPromise();
          var holding =
              createTask(
                  () -> {
                    ByteBuffer data = Objects.requireNonNull(line.reader().readChunk());
                    read.setResult(true);
                    await(gate);
                    byte[] copy = new byte[data.remaining()];
                    data.get(copy);
                    return text(copy);
                  });
          line.peer().write("ours");
          await(read);
          line.writer().close();
          for (int i = 0; i < 3; i++) {
            other.peer().write("other people's");
            assertEquals("other people's", text(other.reader().readExactly(14)));
          }
          gate.setResult(true);
          assertEquals("ours", await(holding));
          line.writer().waitClosed();
          end(other);
        });
  }
}
