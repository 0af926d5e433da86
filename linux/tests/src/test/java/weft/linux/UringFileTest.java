package weft.linux;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.sleep;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weft.Coroutine;
import weft.EventLoop;
import weft.Task;
import weft.Weft;
import weft.io.AsyncFile;
import weft.tck.LoopSuite;

/// Files that the `uring` loop reads and writes by itself.
class UringFileTest extends LoopSuite {
  @TempDir Path folder;

  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("uring");
  }

  private void withoutExecutor() {
    ExecutorService ended = Executors.newSingleThreadExecutor();
    ended.shutdown();
    loop.setDefaultExecutor(ended);
  }

  @Test
  void noExecutorIsNeeded() {
    withoutExecutor();
    Path path = folder.resolve("file");
    run(
        () -> {
          try (AsyncFile file = AsyncFile.open(path, CREATE, READ, WRITE)) {
            file.write("one two three");
            assertEquals(13, file.position());
            file.write(ByteBuffer.wrap("TWO".getBytes()), 4);
            file.force(true);
            file.force(false);
            file.position(4);
            assertEquals("TWO three", new String(file.read(100)));
            assertEquals(0, file.read(100).length);
            assertEquals(-1, file.read(ByteBuffer.allocate(1)));
            assertEquals(0, file.read(ByteBuffer.allocate(0)));
            assertEquals("one", new String(file.read(3, 0)));
            assertEquals(13, file.position());
          }
          AsyncFile file = AsyncFile.open(path);
          assertEquals("one TWO three", new String(file.read(1000)));
          assertThrows(NonWritableChannelException.class, () -> file.write("x"));
          file.close();
          assertThrows(ClosedChannelException.class, () -> file.read(1));
          try (AsyncFile again = AsyncFile.open(path, WRITE, TRUNCATE_EXISTING)) {
            assertThrows(NonReadableChannelException.class, () -> again.read(1));
            again.write("short");
          }
          assertEquals("short", Files.readString(path));
          AsyncFile.open(folder.resolve("new"), WRITE, CREATE_NEW).close();
          assertTrue(Files.exists(folder.resolve("new")));
        });
  }

  @Test
  void muchDataGoesThroughManyFiles() {
    byte[] bytes = new byte[1_300_000];
    new Random(7).nextBytes(bytes);
    run(
        () -> {
          List<Coroutine<Boolean>> copies = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            Path path = folder.resolve("file" + i);
            copies.add(
                Weft.async(
                    () -> {
                      try (AsyncFile file = AsyncFile.open(path, CREATE, READ, WRITE)) {
                        file.write(bytes);
                        file.position(0);
                        assertArrayEquals(bytes, file.read(2_000_000));
                        ByteBuffer target = ByteBuffer.allocateDirect(500_000);
                        assertEquals(500_000, file.read(target, 100_000));
                        assertEquals(ByteBuffer.wrap(bytes, 100_000, 500_000), target.flip());
                      }
                      return Files.mismatch(path, Files.write(folder.resolve("b"), bytes)) < 0;
                    }));
          }
          assertFalse(await(gather(copies)).contains(false));
        });
  }

  /// As text such a name is another one.
  @Test
  void aNameNeedNotBeText() throws Exception {
    String make = "printf old > \"$(printf 'caf\\351')\"";
    Process shell = new ProcessBuilder("sh", "-c", make).directory(folder.toFile()).start();
    assertEquals(0, shell.waitFor());
    try (Stream<Path> files = Files.list(folder)) {
      Path odd = files.findFirst().orElseThrow();
      run(
          () -> {
            try (AsyncFile file = AsyncFile.open(odd, CREATE, WRITE, TRUNCATE_EXISTING)) {
              file.write("new");
            }
          });
      assertEquals("new", Files.readString(odd));
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void aCancelledReadNeverTouchesAnything() {
    Path path = folder.resolve("file");
    run(
        () -> {
          byte[] bytes = new byte[400_000];
          Arrays.fill(bytes, (byte) 1);
          Files.write(path, bytes);
          for (int i = 0; i < 100; i++) {
            int turns = i % 4;
            ByteBuffer target = ByteBuffer.allocate(400_000);
            AsyncFile file = AsyncFile.open(path);
            Task<Integer> read = createTask(() -> file.read(target));
            for (int turn = 0; turn < turns; turn++) {
              sleep(Duration.ZERO);
            }
            read.cancel();
            sleep(Duration.ZERO);
            int position = target.position();
            for (int turn = 0; turn < 5; turn++) {
              sleep(Duration.ZERO);
            }
            assertEquals(position, target.position());
            for (int at = position; at < target.capacity(); at += 1000) {
              assertEquals(0, target.get(at));
            }
            file.close();
          }
        });
  }

  @Test
  void theLoopMayCloseWhileFilesAreAtWork() throws Exception {
    Path path = folder.resolve("file");
    Files.write(path, new byte[300_000]);
    long before = 0;
    for (int i = 0; i < 30; i++) {
      if (i == 5) {
        before = count();
      }
      int turns = i % 5;
      EventLoop other = newLoop();
      List<AsyncFile> files = new ArrayList<>();
      other.runUntilComplete(
          Weft.async(
              () -> {
                AsyncFile file = AsyncFile.open(path, READ, WRITE);
                files.add(file);
                List<Task<?>> tasks = new ArrayList<>();
                tasks.add(createTask(() -> file.read(ByteBuffer.allocate(300_000))));
                tasks.add(createTask(() -> AsyncFile.open(path, WRITE).write(new byte[200_000])));
                tasks.add(createTask(() -> AsyncFile.open(path, WRITE).force(true)));
                for (int turn = 0; turn < turns; turn++) {
                  sleep(Duration.ZERO);
                }
                tasks.forEach(Task::cancel);
                sleep(Duration.ZERO);
              }));
      other.close();
      assertThrows(RuntimeException.class, () -> files.getFirst().channel());
    }
    assertTrue(count() <= before, () -> "descriptors are left");
  }

  @Test
  void aChannelTakesOverWhereItStands() {
    Path path = folder.resolve("file");
    run(
        () -> {
          try (AsyncFile file = AsyncFile.open(path, CREATE, READ, WRITE)) {
            file.write("0123456789");
            assertEquals(10, file.size());
            file.truncate(8);
            assertEquals(8, file.position());
            file.position(3);
            assertEquals(3, file.channel().position());
            assertEquals("34", new String(file.read(2)));
            assertEquals(5, file.channel().position());
            file.channel().position(6);
            assertEquals("67", new String(file.read(100)));
            file.write("end");
            assertEquals(11, file.size());
          }
          assertEquals("01234567end", Files.readString(path));
        });
  }

  private static long count() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
