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

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import weft.Task;
import weft.io.ConnectOptions;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.io.Transport;
import weft.io.WaterMarks;

/// `StreamWriter`: writing, waiting for room, closing.
public abstract class StreamWriterSuite extends IoSuite {
  /// For subclasses.
  protected StreamWriterSuite() {}

  private Line narrow() throws IOException {
    return narrowLine(ConnectOptions.defaults());
  }

  private static @Nullable Throwable cause(@Nullable Throwable thrown) {
    return thrown instanceof CompletionException wrapper ? wrapper.getCause() : thrown;
  }

  /* ---- Writing ---- */

  @Test
  void L69_anotherThreadIsRefused() {
    run(
        () -> {
          Line line = line();
          try (var server = Net.startServer((reader, writer) -> {}, "127.0.0.1", 0)) {
            Transport transport = line.writer().transport();
            List<Executable> calls =
                List.of(
                    () -> line.writer().write("lost"),
                    () -> line.writer().writeLines(List.of(utf8("lost"))),
                    line.writer()::writeEof,
                    line.writer()::close,
                    line.writer()::abort,
                    transport::close,
                    transport::abort,
                    transport::pauseReading,
                    transport::resumeReading,
                    loop::checkThread,
                    server::closeClients,
                    server::abortClients,
                    server::close);
            for (Executable call : calls) {
              elsewhere(() -> assertThrows(IllegalStateException.class, call));
            }
            loop.checkThread();
            assertTrue(server.isServing());
          }
          line.writer().write("kept");
          end(line);
          assertEquals("kept", line.peer().readAll());
        });
    loop.checkThread();
  }

  @Test
  void textsBytesAndBuffersArriveInOrder() {
    run(
        () -> {
          Line line = line();
          line.writer().write("grüße, ");
          line.writer().write(utf8("world"));
          line.writer().write(ByteBuffer.wrap(utf8("-! -"), 1, 2));
          line.writer().writeLines(List.of(utf8("a\n"), utf8(""), utf8("b\n")));
          line.writer().write("");
          line.writer().close();
          assertEquals("grüße, world! a\nb\n", line.peer().readAll());
          line.writer().waitClosed();
        });
  }

  @Test
  void writingDoesNotSuspendWhileThereIsRoom() {
    run(
        () -> {
          Line line = line();
          loop.callSoon(() -> steps.at(2));
          line.writer().write("a");
          line.writer().drain();
          line.writer().write("b");
          steps.at(1);
          turns(1);
          steps.end(3);
          end(line);
        });
  }

  @Test
  void whatIsWrittenIsTheCallersAgain() {
    run(
        () -> {
          Line line = line();
          byte[] data = utf8("abc");
          line.writer().write(data);
          Arrays.fill(data, (byte) 'x');
          assertEquals("abc", line.peer().read(3));
          end(line);
        });
  }

  @Test
  void L76_aWriteSuspendsAboveTheHighMark() {
    run(
        () -> {
          Line line = narrow();
          int written = fill(line.writer().transport());
          Task<?> task = createTask(() -> line.writer().write("more"));
          turns(5);
          assertFalse(task.done());
          byte[] all = await(line.peer().reading(written + 4));
          await(task);
          assertEquals(written + 4, all.length);
          end(line);
        });
  }

  /// The second write takes the first one along, so that nothing is left to be sent later.
  @Test
  void L76_aLargeWriteBehindASmallOneThatPausedResumes() {
    run(
        () -> {
          Line line = line();
          line.writer().transport().setWriteBufferLimits(new WaterMarks(0));
          line.writer().transport().write(ByteBuffer.wrap(pattern(100)));
          line.writer().transport().write(ByteBuffer.wrap(pattern(20_000)));
          line.writer().drain();
          assertEquals(20_100, await(line.peer().reading(20_100)).length);
          end(line);
        });
  }

  @Test
  void L76_aSlowReaderKeepsTheBacklogBelowTheMarks() {
    run(
        () -> {
          Line line = narrow();
          int pieces = 400;
          int size = 5_000;
          long[] largest = new long[1];
          Task<?> task =
              createTask(
                  () -> {
                    byte[] piece = pattern(size);
                    for (int i = 0; i < pieces; i++) {
                      line.writer().write(piece);
                      long waiting = line.writer().transport().writeBufferSize();
                      largest[0] = Math.max(largest[0], waiting);
                      assertTrue(waiting <= WaterMarks.DEFAULT.high());
                    }
                    line.writer().close();
                  });
          int total = 0;
          for (int read = -1; read != 0; total += read) {
            read = await(line.peer().reading(100_000)).length;
          }
          await(task);
          assertEquals(pieces * size, total);
          assertTrue(largest[0] > 0);
          line.writer().waitClosed();
        });
  }

  @Test
  void L76_oneResumeReleasesAllWhoWait() {
    run(
        () -> {
          Line line = narrow();
          int written = fill(line.writer().transport());
          var released = new ArrayList<Integer>();
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 10; i++) {
            int number = i;
            tasks.add(
                createTask(
                    () -> {
                      line.writer().drain();
                      released.add(number);
                    }));
          }
          turns(5);
          assertEquals(List.of(), released);
          await(line.peer().reading(written));
          for (Task<?> task : tasks) {
            await(task);
          }
          assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), released);
          end(line);
        });
  }

  @Test
  void aCancelledDrainLeavesTheOthersWaiting() {
    run(
        () -> {
          Line line = narrow();
          int written = fill(line.writer().transport());
          Task<?> first = createTask(() -> line.writer().drain());
          Task<?> second = createTask(() -> line.writer().drain());
          turns(2);
          first.cancel();
          failure(first);
          assertTrue(first.cancelled());
          assertFalse(second.done());
          await(line.peer().reading(written));
          await(second);
          end(line);
        });
  }

  @Test
  void aCancelledWriteIsSentAllTheSame() {
    run(
        () -> {
          Line line = narrow();
          int written = fill(line.writer().transport());
          Task<?> task = createTask(() -> line.writer().write("more"));
          turns(2);
          task.cancel();
          failure(task);
          assertTrue(task.cancelled());
          line.writer().close();
          byte[] all = await(line.peer().readingAll());
          assertEquals("more", text(Arrays.copyOfRange(all, written, all.length)));
          line.writer().waitClosed();
        });
  }

  @Test
  void L76_aCallbackWritesWithoutWaiting() {
    run(
        () -> {
          Line line = narrow();
          int written = fill(line.writer().transport());
          loop.callSoon(
              () -> {
                try {
                  line.writer().write("from a callback");
                  line.writer().writeLines(List.of(utf8("!")));
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
          turns(2);
          line.writer().close();
          byte[] all = await(line.peer().readingAll());
          assertEquals("from a callback!", text(Arrays.copyOfRange(all, written, all.length)));
          line.writer().waitClosed();
        });
  }

  @Test
  void thePiecesOfSeveralTasksStayWhole() {
    run(
        () -> {
          Line line = narrow();
          int size = 30_000;
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 5; i++) {
            byte[] piece = new byte[size];
            Arrays.fill(piece, (byte) ('a' + i));
            tasks.add(
                createTask(
                    () -> {
                      for (int round = 0; round < 5; round++) {
                        line.writer().write(piece);
                      }
                    }));
          }
          byte[] all = await(line.peer().reading(25 * size));
          int[] seen = new int[5];
          for (int at = 0; at < all.length; at += size) {
            byte[] piece = Arrays.copyOfRange(all, at, at + size);
            byte[] expected = new byte[size];
            Arrays.fill(expected, piece[0]);
            assertArrayEquals(expected, piece);
            seen[piece[0] - 'a']++;
          }
          assertArrayEquals(new int[] {5, 5, 5, 5, 5}, seen);
          settle(tasks);
          end(line);
        });
  }

  /* ---- As an output stream ---- */

  @Test
  void anOutputStreamWrites() {
    run(
        () -> {
          Line line = line();
          var out = line.writer().asOutputStream();
          out.write('a');
          out.write(utf8("-bc-"), 1, 2);
          out.write(new byte[0]);
          out.flush();
          assertEquals("abc", line.peer().read(3));
          out.close();
          assertTrue(line.writer().isClosing());
          line.writer().waitClosed();
          assertEquals("", line.peer().readAll());
        });
  }

  @Test
  void printersAndEncodersWriteIntoAStream() {
    run(
        () -> {
          Line line = line();
          var print = new PrintStream(line.writer().asOutputStream(), true, StandardCharsets.UTF_8);
          print.printf("%d %s\n", 7, "grüße");
          assertFalse(print.checkError());
          var text = new OutputStreamWriter(line.writer().asOutputStream(), StandardCharsets.UTF_8);
          text.write("世界\n");
          text.close();
          assertEquals("7 grüße\n世界\n", line.peer().readAll());
          line.writer().waitClosed();
        });
  }

  @Test
  void aDataOutputStreamWritesIntoAStream() {
    run(
        () -> {
          Line line = line();
          var data = new DataOutputStream(line.writer().asOutputStream());
          data.writeInt(42);
          data.writeUTF("grüße");
          data.close();
          byte[] all = await(line.peer().readingAll());
          var read = new DataInputStream(new java.io.ByteArrayInputStream(all));
          assertEquals(42, read.readInt());
          assertEquals("grüße", read.readUTF());
          line.writer().waitClosed();
        });
  }

  @Test
  void anOutputStreamWaitsForRoom() {
    run(
        () -> {
          Line line = narrow();
          byte[] data = new byte[1_000_000];
          var dice = new Dice(7);
          for (int i = 0; i < data.length; i++) {
            data[i] = (byte) dice.roll(256);
          }
          Task<?> task =
              createTask(
                  () -> {
                    var zip = new GZIPOutputStream(line.writer().asOutputStream());
                    zip.write(data);
                    zip.close();
                  });
          turns(5);
          assertFalse(task.done());
          byte[] zipped = await(line.peer().readingAll());
          await(task);
          var unzipped = new GZIPInputStream(new java.io.ByteArrayInputStream(zipped));
          assertArrayEquals(data, unzipped.readAllBytes());
          line.writer().waitClosed();
        });
  }

  /* ---- Closing ---- */

  @Test
  void L77_afterCloseAWriteIsAnIoException() {
    run(
        () -> {
          Line line = line();
          assertFalse(line.writer().isClosing());
          line.writer().close();
          assertTrue(line.writer().isClosing());
          assertThrows(IOException.class, () -> line.writer().write("x"));
          assertThrows(IOException.class, () -> line.writer().writeLines(List.of()));
          assertThrows(IOException.class, () -> line.writer().drain());
          line.writer().waitClosed();
          assertThrows(IOException.class, () -> line.writer().write(new byte[1]));
          assertEquals("", line.peer().readAll());
        });
  }

  @Test
  void closingTwiceDoesNothing() {
    run(
        () -> {
          Line line = line();
          line.writer().write("bye");
          line.writer().close();
          line.writer().close();
          line.writer().waitClosed();
          line.writer().close();
          line.writer().waitClosed();
          assertEquals("bye", line.peer().readAll());
        });
  }

  @Test
  void waitClosedWaitsUntilEverythingIsSent() {
    run(
        () -> {
          Line line = narrow();
          int written = fill(line.writer().transport());
          line.writer().close();
          Task<?> first = createTask(() -> line.writer().waitClosed());
          Task<?> second = createTask(() -> line.writer().waitClosed());
          turns(5);
          assertFalse(first.done());
          second.cancel();
          failure(second);
          assertEquals(written, await(line.peer().readingAll()).length);
          await(first);
        });
  }

  @Test
  void waitClosedReturnsAlthoughDataIsUnread() {
    run(
        () -> {
          Line line = line();
          line.peer().write("unread");
          until(() -> line.reader().toString().contains("6 bytes"));
          line.writer().close();
          line.writer().waitClosed();
          assertEquals("unread", text(line.reader().read()));
          assertTrue(line.reader().atEof());
        });
  }

  @Test
  void theReaderIsAtItsEndWhenTheWriterIsClosed() {
    run(
        () -> {
          Line line = line();
          Task<Integer> task = createTask(() -> line.reader().read(1).length);
          turns(2);
          line.writer().close();
          assertEquals(0, await(task));
          line.writer().waitClosed();
          assertTrue(line.reader().atEof());
        });
  }

  @Test
  void L77_aResetIsTheReasonThatWaitClosedThrows() {
    run(
        () -> {
          Line line = line();
          line.peer().reset();
          assertThrows(IOException.class, () -> line.writer().waitClosed());
          assertThrows(IOException.class, () -> line.writer().waitClosed());
          assertThrows(IOException.class, () -> line.writer().write("x"));
          assertThrows(IOException.class, () -> line.writer().drain());
          assertInstanceOf(IOException.class, line.reader().exception());
        });
  }

  @Test
  void L77_writingToAPeerThatIsGoneEndsWithAnIoException() {
    run(
        () -> {
          Line line = line();
          line.peer().close();
          assertThrows(
              IOException.class,
              () -> {
                for (int i = 0; i < 5_000; i++) {
                  line.writer().write("x");
                  line.writer().drain();
                  turns(1);
                }
              });
          line.writer().close();
          assertThrows(IOException.class, () -> line.writer().waitClosed());
        });
  }

  @Test
  void L77_aWriteThatWaitsLearnsOfAReset() {
    run(
        () -> {
          Line line = narrow();
          fill(line.writer().transport());
          Task<?> task = createTask(() -> line.writer().write("x"));
          turns(2);
          line.peer().reset();
          assertInstanceOf(IOException.class, cause(failure(task)));
        });
  }

  @Test
  void aDrainThatWaitsEndsWhenTheConnectionIsAborted() {
    run(
        () -> {
          Line line = narrow();
          fill(line.writer().transport());
          Task<?> task = createTask(() -> line.writer().drain());
          turns(2);
          line.writer().abort();
          await(task);
          line.writer().waitClosed();
          assertThrows(IOException.class, () -> line.writer().write("x"));
        });
  }

  @Test
  void anAbortIsAResetForThePeer() {
    run(
        () -> {
          Line line = line();
          line.writer().write("x");
          line.writer().abort();
          assertTrue(line.writer().isClosing());
          line.writer().waitClosed();
          assertReset(line.peer());
        });
  }

  /* ---- Half closing ---- */

  @Test
  void L78_writeEofEndsTheOutputOnly() {
    run(
        () -> {
          Line line = line();
          assertTrue(line.writer().canWriteEof());
          line.writer().write("question");
          line.writer().writeEof();
          assertEquals("question", line.peer().readAll());
          line.peer().write("answer");
          assertEquals("answer", text(line.reader().readExactly(6)));
          assertThrows(IllegalStateException.class, () -> line.writer().write("more"));
          end(line);
        });
  }

  @Test
  void L78_theEndOfThePeerLeavesTheOutputOpen() {
    run(
        () -> {
          Line line = line();
          line.peer().write("bye");
          line.peer().shutdownOutput();
          assertEquals("bye", text(line.reader().read()));
          assertTrue(line.reader().atEof());
          assertFalse(line.writer().isClosing());
          line.writer().write("still here");
          assertEquals("still here", line.peer().read(10));
          end(line);
        });
  }

  /* ---- Facts ---- */

  @Test
  void factsComeFromTheTransport() {
    run(
        () -> {
          Line line = line();
          assertEquals(
              line.peer().socket().getLocalSocketAddress(),
              line.writer().extraInfo(ExtraInfo.PEERNAME));
          assertEquals(
              line.writer().transport().extraInfo(ExtraInfo.SOCKNAME),
              line.writer().extraInfo(ExtraInfo.SOCKNAME));
          assertNull(line.writer().extraInfo(ExtraInfo.ALPN));
          assertTrue(line.writer().toString().contains("StreamWriter"));
          end(line);
        });
  }
}
