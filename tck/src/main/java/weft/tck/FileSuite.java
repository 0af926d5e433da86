package weft.tck;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weft.CancelledError;
import weft.Coroutine;
import weft.Task;
import weft.Weft;
import weft.io.AsyncFile;

/// Files: `AsyncFile`.
public abstract class FileSuite extends LoopSuite {
  @TempDir Path folder;

  /// For subclasses.
  protected FileSuite() {}

  /* ---- Whole files ---- */

  @Test
  void textIsWrittenAndRead() {
    run(
        () -> {
          Path path = folder.resolve("text");
          AsyncFile.writeString(path, "grüße\nzwei\n");
          assertEquals("grüße\nzwei\n", AsyncFile.readString(path));
          assertEquals(List.of("grüße", "zwei"), AsyncFile.readAllLines(path));
          AsyncFile.writeString(path, CharBuffer.wrap("mehr"), APPEND);
          assertEquals("grüße\nzwei\nmehr", AsyncFile.readString(path));
          AsyncFile.writeString(path, "grüße", ISO_8859_1);
          assertEquals("grüße", AsyncFile.readString(path, ISO_8859_1));
          assertEquals(List.of("grüße"), AsyncFile.readAllLines(path, ISO_8859_1));
          assertThrows(CharacterCodingException.class, () -> AsyncFile.readString(path));
        });
  }

  @Test
  void bytesAreWrittenAndRead() {
    run(
        () -> {
          Path path = folder.resolve("bytes");
          AsyncFile.write(path, bytes(100_000));
          assertArrayEquals(bytes(100_000), AsyncFile.readAllBytes(path));
          AsyncFile.write(path, new byte[] {1});
          assertArrayEquals(new byte[] {1}, AsyncFile.readAllBytes(path));
          assertThrows(
              FileAlreadyExistsException.class,
              () -> AsyncFile.write(path, new byte[] {2}, CREATE_NEW));
        });
  }

  @Test
  void aBufferThatCannotBeFilledIsRefused() {
    run(
        () -> {
          Path path = folder.resolve("bytes");
          AsyncFile.write(path, bytes(100));
          try (AsyncFile file = AsyncFile.open(path)) {
            ByteBuffer readOnly = ByteBuffer.allocate(10).asReadOnlyBuffer();
            assertThrows(IllegalArgumentException.class, () -> file.read(readOnly));
            assertThrows(IllegalArgumentException.class, () -> file.read(readOnly, 5));
            assertArrayEquals(bytes(100), file.read(200)); // from the start, where it stayed
          }
        });
  }

  @Test
  void exceptionsArriveAsTheyAre() {
    run(
        () -> {
          Path path = folder.resolve("absent");
          assertThrows(NoSuchFileException.class, () -> AsyncFile.readString(path));
          assertThrows(NoSuchFileException.class, () -> AsyncFile.readAllBytes(path));
          assertThrows(NoSuchFileException.class, () -> AsyncFile.readAllLines(path));
          assertThrows(NoSuchFileException.class, () -> AsyncFile.open(path));
          assertThrows(NoSuchFileException.class, () -> AsyncFile.writeString(path, "", WRITE));
          assertThrows(IOException.class, () -> AsyncFile.readString(folder));
          var lines = AsyncFile.lines(path);
          var thrown = assertThrows(UncheckedIOException.class, lines::hasNext);
          assertInstanceOf(NoSuchFileException.class, thrown.getCause());
        });
  }

  @Test
  void linesAreReadAsTheyAreAskedFor() {
    run(
        () -> {
          Path path = folder.resolve("lines");
          StringBuilder text = new StringBuilder();
          for (int i = 0; i < 50_000; i++) {
            text.append("line ").append(i).append(i % 2 == 0 ? "\n" : "\r\n");
          }
          AsyncFile.writeString(path, text + "last");
          int count = 0;
          try (var lines = AsyncFile.lines(path)) {
            for (String line : lines) {
              assertEquals(count == 50_000 ? "last" : "line " + count, line);
              count++;
            }
          }
          assertEquals(50_001, count);
          try (var lines = AsyncFile.lines(path, ISO_8859_1)) {
            assertEquals("line 0", lines.next());
          }
          AsyncFile.writeString(path, "");
          assertFalse(AsyncFile.lines(path).hasNext());
        });
  }

  @Test
  void theLoopGoesOnMeanwhile() {
    Gate gate = new Gate();
    loop.setDefaultExecutor(gate.executor);
    run(
        () -> {
          Path path = folder.resolve("busy");
          Task<Void> writer = createTask(() -> AsyncFile.writeString(path, "text"));
          turns(20);
          assertFalse(writer.done());
          gate.open();
          await(writer);
          assertEquals("text", Files.readString(path));
        });
  }

  @Test
  void filesAreForCoroutines() {
    Path path = folder.resolve("callback");
    List<Throwable> thrown = new ArrayList<>();
    loop.callSoon(
        () ->
            thrown.add(
                assertThrows(
                    IllegalStateException.class, () -> AsyncFile.writeString(path, "text"))));
    runBriefly();
    assertTrue(thrown.toString().contains("coroutine"), thrown.toString());
    assertFalse(Files.exists(path));
  }

  @Test
  void theArrayIsTheCallersAgainAtOnceWhenAWriteIsCancelled() {
    Gate gate = new Gate();
    loop.setDefaultExecutor(gate.executor);
    run(
        () -> {
          Path path = folder.resolve("copied");
          byte[] bytes = {1, 2, 3};
          Task<Void> writer = createTask(() -> AsyncFile.write(path, bytes));
          turns(2);
          bytes[0] = 9;
          gate.open();
          await(writer);
          assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(path));
        });
  }

  /* ---- Open files ---- */

  @Test
  void anOpenFileKeepsAPosition() {
    run(
        () -> {
          Path path = folder.resolve("open");
          try (AsyncFile file = AsyncFile.open(path, CREATE, READ, WRITE)) {
            assertTrue(file.isOpen());
            file.write("hello ");
            file.write("world".getBytes(UTF_8));
            file.write(UTF_8.encode("!"));
            assertEquals(12, file.position());
            assertEquals(12, file.size());
            file.position(6);
            assertEquals("wor", new String(file.read(3), UTF_8));
            assertEquals(9, file.position());
            assertEquals("ld!", new String(file.read(1000), UTF_8));
            assertEquals(0, file.read(1000).length);
            assertEquals(0, file.read(0).length);
            assertEquals(-1, file.read(ByteBuffer.allocate(1)));
            file.force(true);
          }
          assertEquals("hello world!", Files.readString(path));
        });
  }

  @Test
  void positionalOperationsLeaveThePosition() {
    run(
        () -> {
          try (AsyncFile file = AsyncFile.open(folder.resolve("at"), CREATE, READ, WRITE)) {
            file.write("0123456789");
            file.position(4);
            assertEquals("789", new String(file.read(10, 7), UTF_8));
            file.write(UTF_8.encode("ab"), 1);
            ByteBuffer target = ByteBuffer.allocate(3);
            assertEquals(3, file.read(target, 0));
            assertEquals("0ab", UTF_8.decode(target.flip()).toString());
            assertEquals(0, file.read(10, 100).length);
            assertEquals(-1, file.read(ByteBuffer.allocate(3), 100));
            assertEquals(4, file.position());
            file.truncate(2);
            assertEquals(2, file.size());
            assertThrows(IllegalArgumentException.class, () -> file.read(1, -1));
            assertThrows(IllegalArgumentException.class, () -> file.read(-1));
            assertThrows(IllegalArgumentException.class, () -> file.position(-1));
            assertThrows(IllegalArgumentException.class, () -> file.truncate(-1));
            assertThrows(
                IllegalArgumentException.class, () -> file.write(ByteBuffer.allocate(1), -1));
          }
        });
  }

  @Test
  void largeBuffersOfEveryKindAreMovedWhole() {
    run(
        () -> {
          int size = 3_000_000;
          try (AsyncFile file = AsyncFile.open(folder.resolve("large"), CREATE, READ, WRITE)) {
            ByteBuffer source = ByteBuffer.allocateDirect(size).put(bytes(size)).flip();
            file.write(source.asReadOnlyBuffer());
            source.clear();
            file.write(source, size);
            assertFalse(source.hasRemaining());
            assertEquals(2L * size, file.size());
            assertEquals(size, file.position());
            ByteBuffer target = ByteBuffer.allocateDirect(size);
            while (target.hasRemaining()) {
              assertTrue(file.read(target) > 0);
            }
            assertEquals(source.clear(), target.flip());
            assertArrayEquals(bytes(size), file.read(size, 0));
          }
        });
  }

  @Test
  void anEmptyBufferIsNoError() {
    run(
        () -> {
          try (AsyncFile file = AsyncFile.open(folder.resolve("empty"), CREATE, READ, WRITE)) {
            file.write(new byte[0]);
            file.write("x");
            file.position(0);
            assertEquals(0, file.read(ByteBuffer.allocate(0)));
          }
        });
  }

  @Test
  void concurrentCallsAreDoneInTheirOrder() {
    run(
        () -> {
          Path path = folder.resolve("order");
          try (AsyncFile file = AsyncFile.open(path, CREATE, WRITE)) {
            StringBuilder expected = new StringBuilder();
            List<Coroutine<Void>> writes = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
              String text = "<" + i + "x".repeat(50_000 * (i % 3)) + ">";
              expected.append(text);
              writes.add(Weft.async(() -> file.write(text)));
            }
            await(gather(writes));
            assertEquals(expected.toString(), Files.readString(path));
          }
        });
  }

  @Test
  void closingWaitsForWhatWasCalledBefore() {
    Gate gate = new Gate();
    run(
        () -> {
          Path path = folder.resolve("closing");
          AsyncFile file = AsyncFile.open(path, CREATE, WRITE);
          loop.setDefaultExecutor(gate.executor);
          Task<Void> first = createTask(() -> file.write("first"));
          Task<Void> second = createTask(() -> file.write(" second"));
          turns(2);
          Task<Void> closing = createTask(file::close);
          turns(2);
          assertFalse(file.isOpen());
          assertThrows(ClosedChannelException.class, () -> file.write("late"));
          assertThrows(ClosedChannelException.class, () -> file.read(1));
          assertThrows(ClosedChannelException.class, file::size);
          file.close(); // at once
          gate.open();
          await(closing);
          await(first);
          await(second);
          assertEquals("first second", Files.readString(path));
          assertClosed(file);
        });
  }

  @Test
  void aFileThatWasNotOpenedForReadingCannotBeRead() {
    run(
        () -> {
          try (AsyncFile file = AsyncFile.open(folder.resolve("wrong"), CREATE, WRITE)) {
            assertThrows(NonReadableChannelException.class, () -> file.read(1));
            file.write("still usable");
          }
        });
  }

  @Test
  void aWriteThatHasNotBegunIsCancelledAltogether() {
    Gate gate = new Gate();
    run(
        () -> {
          Path path = folder.resolve("cancelled");
          AsyncFile file = AsyncFile.open(path, CREATE, WRITE);
          loop.setDefaultExecutor(gate.executor);
          Task<Void> first = createTask(() -> file.write("first"));
          Task<Void> second = createTask(() -> file.write("second"));
          Task<Void> third = createTask(() -> file.write("third"));
          turns(2);
          first.cancel();
          second.cancel();
          turns(2);
          assertTrue(first.cancelled());
          assertTrue(second.cancelled());
          gate.open();
          await(third);
          file.close();
          String written = Files.readString(path);
          boolean begun = written.startsWith("first"); // by a driver that waits for no executor
          assertEquals(begun ? "firstthird" : "third", written);
        });
  }

  @Test
  void anAbandonedReadDoesNotTouchTheBufferAndHoldsTheOthersBack() throws Exception {
    Path fifo = fifo();
    run(
        () -> {
          AsyncFile file = AsyncFile.open(fifo, READ, WRITE); // a reader and the writer to it
          ByteBuffer target = ByteBuffer.allocate(4);
          Task<Integer> abandoned = createTask(() -> file.read(target));
          untilInRead();
          abandoned.cancel();
          assertInstanceOf(CancelledError.class, failure(abandoned));
          Task<byte[]> next = createTask(() -> file.read(10));
          turns(5);
          assertFalse(next.done());
          try (AsyncFile writer = AsyncFile.open(fifo, WRITE)) {
            writer.write("lost");
            writer.write("kept");
            assertEquals("kept", new String(await(next), UTF_8));
          }
          assertEquals(0, target.position());
          assertArrayEquals(new byte[4], target.array());
          file.close();
        });
  }

  @Test
  void closingBreaksAnAbandonedReadOff() throws Exception {
    Path fifo = fifo();
    run(
        () -> {
          Task<Void> reading =
              createTask(
                  () -> {
                    try (AsyncFile file = AsyncFile.open(fifo, READ, WRITE)) {
                      file.read(1);
                    }
                  });
          untilInRead();
          reading.cancel();
          assertInstanceOf(CancelledError.class, failure(reading));

          AsyncFile file = AsyncFile.open(fifo, READ, WRITE);
          Task<byte[]> read = createTask(() -> file.read(1));
          turns(2);
          Task<Void> closing = createTask(file::close);
          untilInRead();
          assertFalse(closing.done());
          read.cancel();
          await(closing);
          assertFalse(file.channel().isOpen());
        });
  }

  @Test
  void aCancelledOpeningLeavesNoFileOpen() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "needs Linux");
    Path path = folder.resolve("opening");
    Files.writeString(path, "text");
    Gate gate = new Gate();
    loop.setDefaultExecutor(gate.executor);
    run(
        () -> {
          for (int i = 0; i < 50; i++) {
            Task<AsyncFile> opening = createTask(() -> AsyncFile.open(path));
            turns(2);
            gate.open();
            turns(i % 5);
            opening.cancel();
            Throwable thrown = failure(opening);
            if (thrown == null) {
              opening.result().close();
            }
            await(loop.runInExecutor(null, () -> 0));
          }
        });
    assertEquals(0, openDescriptors(path));
  }

  @Test
  void aFileIsClosedOutsideOfACoroutineAndAfterTheLoop() {
    AsyncFile[] files = new AsyncFile[2];
    Path path = folder.resolve("left");
    run(
        () -> {
          files[0] = AsyncFile.open(path, CREATE, WRITE);
          files[1] = AsyncFile.open(path, CREATE, WRITE);
          loop.callSoon(() -> close(files[0]));
          turns(2);
          assertFalse(files[0].isOpen());
        });
    loop.close();
    close(files[1]);
    assertClosed(files[1]);
  }

  /// Its channel is closed; where it never had one, it gets none any more.
  private static void assertClosed(AsyncFile file) {
    assertFalse(file.isOpen());
    try {
      assertFalse(file.channel().isOpen());
    } catch (UncheckedIOException e) {
      assertInstanceOf(ClosedChannelException.class, e.getCause());
    }
  }

  private static void close(AsyncFile file) {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (i * 31 + i / 256);
    }
    return bytes;
  }

  private static long openDescriptors(Path path) throws IOException {
    Path real = path.toRealPath();
    long count = 0;
    try (var entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path entry : entries) {
        try {
          count += Files.readSymbolicLink(entry).equals(real) ? 1 : 0;
        } catch (NoSuchFileException e) {
          // It was closed meanwhile.
        }
      }
    }
    return count;
  }

  private Path fifo() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/mkfifo")), "needs mkfifo");
    Path path = folder.resolve("fifo");
    assertEquals(0, new ProcessBuilder("/usr/bin/mkfifo", path.toString()).start().waitFor());
    return path;
  }

  /// Waits until a thread of the executor is inside of a read, as far as can be seen.
  private void untilInRead() {
    while (Thread.getAllStackTraces().entrySet().stream()
        .noneMatch(
            e ->
                e.getKey().getName().startsWith("weft-")
                    && List.of(e.getValue()).toString().contains("UnixFileDispatcherImpl.read"))) {
      turns(1);
    }
  }

  /// An executor of one thread that does nothing until it is let go.
  private static final class Gate {
    private final CountDownLatch latch = new CountDownLatch(1);
    final ExecutorService executor =
        Executors.newSingleThreadExecutor(
            job -> Thread.ofPlatform().daemon().name("weft-tck-gate").unstarted(job));

    Gate() {
      executor.execute(
          () -> {
            try {
              latch.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }

    void open() {
      latch.countDown();
    }
  }
}
