package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.timeout;
import static weft.Weft.toThread;
import static weft.io.Net.openConnection;
import static weft.io.Net.startServer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import weft.EventLoop;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.RunOptions;
import weft.Task;
import weft.VoidBody;
import weft.spi.Driver;

class TestingSnippetsTest {
  // @start region="clock"
  /// Time passes at once: where another driver waits for a timer, this one moves its clock.
  static final class InstantTime implements Driver {
    private final AtomicLong now = new AtomicLong();
    private final Semaphore wakeups = new Semaphore(0);

    @Override
    public void poll(long timeoutNanos) {
      if (wakeups.tryAcquire()) {
        wakeups.drainPermits(); // another thread has called
      } else if (timeoutNanos < Long.MAX_VALUE) {
        now.addAndGet(timeoutNanos);
      } else { // there is no timer: only another thread can help
        try {
          wakeups.acquire();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt(); // the loop sees to it
        }
      }
    }

    @Override
    public void wakeup() {
      wakeups.release();
    }

    @Override
    public long nanoTime() {
      return now.get();
    }

    @Override
    public void close() {}
  }

  // @end region="clock"

  // @start region="instantly"
  static void instantly(VoidBody test) {
    run(test, RunOptions.defaults().loopFactory(() -> EventLoop.create(new InstantTime())));
  }

  // @end region="instantly"

  /// The code under test of the page: tries three times, and waits longer each time.
  // @start region="patient"
  static void patiently(VoidBody attempt) throws Exception {
    for (int seconds = 1; ; seconds *= 10) {
      try {
        timeout(Duration.ofSeconds(30), attempt::run);
        return;
      } catch (TimeoutException late) {
        if (seconds == 100) {
          throw late;
        }
        sleep(Duration.ofSeconds(seconds));
      }
    }
  }

  // @end region="patient"

  @Test
  void hoursPassAtOnce() {
    long before = System.nanoTime();
    // @start region="hours"
    instantly(
        () -> {
          EventLoop loop = EventLoop.running();
          VoidBody stuck = () -> sleep(Duration.ofHours(1));
          assertThrows(TimeoutException.class, () -> patiently(stuck));
          assertEquals(Duration.ofSeconds(30 + 1 + 30 + 10 + 30), loop.time());
        });
    // @end region="hours"
    assertTrue(System.nanoTime() - before < Duration.ofSeconds(60).toNanos());
  }

  @Test
  void otherThreadsAndInterruptsReachIt() {
    instantly(() -> assertEquals("done", await(toThread(() -> "done"))));
    Thread runner = Thread.currentThread();
    assertThrows(
        KeyboardInterrupt.class,
        () ->
            instantly(
                () -> {
                  createTask(
                      () ->
                          await(
                              toThread(
                                  () -> {
                                    runner.interrupt();
                                    return null;
                                  })));
                  await(new Promise<Void>());
                }));
  }

  // @start region="clean"
  /// Runs a test, and fails if it leaves tasks behind, or failures that nobody has seen.
  static void cleanly(VoidBody test) {
    List<String> left = new ArrayList<>();
    run(
        () -> {
          EventLoop loop = EventLoop.running();
          loop.setExceptionHandler((on, error) -> left.add(error.toString()));
          Set<Task<?>> before = new HashSet<>(loop.allTasks());
          test.run();
          for (Task<?> task : loop.allTasks()) {
            if (!before.contains(task)) {
              left.add(task.toString());
            }
          }
        });
    if (!left.isEmpty()) {
      throw new AssertionError(String.join("\n", left));
    }
  }

  // @end region="clean"

  @Test
  void leftoversFail() {
    cleanly(() -> await(createTask(() -> sleep(Duration.ZERO))));
    String forgotten =
        assertThrows(
                AssertionError.class,
                () -> cleanly(() -> createTask(() -> sleep(Duration.ofHours(1)))))
            .getMessage();
    assertTrue(forgotten.startsWith("<Task pending name='Task-"), forgotten);
    String unseen =
        assertThrows(
                AssertionError.class,
                () ->
                    cleanly(
                        () -> {
                          createTask(async(() -> Integer.parseInt("x")));
                          sleep(Duration.ZERO);
                        }))
            .getMessage();
    assertTrue(unseen.contains("never retrieved"), unseen);
  }

  @Test
  void aServerInTheTest() {
    // @start region="server"
    run(
        () -> {
          try (var server =
                  startServer(
                      (in, out) -> out.write("hello " + in.readLine() + "\n"), "127.0.0.1", 0);
              var client = openConnection("127.0.0.1", server.port())) {
            client.writer().write("ada\n");
            assertEquals("hello ada", client.reader().readLine());
          }
        });
    // @end region="server"
  }
}
