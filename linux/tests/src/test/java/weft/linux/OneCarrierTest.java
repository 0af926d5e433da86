package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.Weft.await;
import static weft.Weft.sleep;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.EventLoop;
import weft.VoidBody;
import weft.Weft;

/// The portable engine in a JVM with one thread for all virtual threads: a loop that waits does not
/// keep it from the others.
@Tag("slow")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OneCarrierTest {
  private static final int LOOPS = 5;
  private static final Duration SHORT = Duration.ofMillis(2);
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "uring"})
  void loopsThatWaitLetOthersRun(String loop) throws Exception {
    List<String> options =
        List.of(
            "-Dweft.engine=portable",
            "-Djdk.virtualThreadScheduler.parallelism=1",
            "-Djdk.virtualThreadScheduler.maxPoolSize=1");
    String said = Jvm.run(Jvm.command(options, Child.class, loop), folder);
    assertEquals("all have ended", said.strip());
  }

  /// Runs in a JVM of its own.
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      Thread.ofPlatform().daemon().start(Child::exitWhenItHangs);
      waitForAVirtualThread(args[0]);
      waitForEachOther(args[0]);
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread.getName().equals("weft wait") && !thread.join(LONG)) {
          System.out.println(thread + " is left");
        }
      }
      System.out.println("all have ended");
    }

    private static void exitWhenItHangs() {
      try {
        Thread.sleep(LONG);
      } catch (InterruptedException e) {
        // Then at once.
      }
      System.out.println("it hangs");
      Runtime.getRuntime().halt(1);
    }

    private static void waitForAVirtualThread(String name) {
      CompletableFuture<String> future = new CompletableFuture<>();
      run(
          name,
          () -> {
            Thread.startVirtualThread(
                () -> {
                  pause();
                  future.complete("done");
                });
            assertEquals("done", await(future));
          });
    }

    /// Many loops at once, each of which waits for what a virtual thread does when all are waiting.
    private static void waitForEachOther(String name) throws InterruptedException {
      CountDownLatch waiting = new CountDownLatch(LOOPS);
      AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
      CompletableFuture<String> future = new CompletableFuture<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < LOOPS; i++) {
        Thread thread =
            Thread.ofPlatform()
                .uncaughtExceptionHandler((of, error) -> thrown.set(error))
                .unstarted(
                    () ->
                        run(
                            name,
                            () -> {
                              for (int turn = 0; turn < 10; turn++) {
                                sleep(SHORT);
                              }
                              waiting.countDown();
                              assertEquals("done", await(future));
                            }));
        threads.add(thread);
        thread.start();
      }
      waiting.await();
      Thread.startVirtualThread(
          () -> {
            pause();
            future.complete("done");
          });
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(null, thrown.get());
    }

    private static void pause() {
      try {
        Thread.sleep(SHORT);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private static void run(String name, VoidBody body) {
      EventLoop loop = EventLoop.create(name);
      try {
        loop.runUntilComplete(Weft.async(body));
      } finally {
        loop.close();
      }
    }
  }
}
