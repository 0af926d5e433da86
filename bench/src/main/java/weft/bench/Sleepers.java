package weft.bench;

import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import weft.Weft;

/// Heap bytes that a sleeping task holds: `Sleepers weft|threads COUNT`, in a JVM of its own.
///
/// The used heap after full collections with all of them asleep, less the used heap before, by
/// their number. Whatever keeps a task findable (the loop's set of tasks, its timer, the JDK's own
/// bookkeeping of threads) is in the figure.
final class Sleepers {
  private static final Duration LONG = Duration.ofHours(1);
  private static int started;

  private Sleepers() {}

  /// Prints one figure, in bytes, and leaves by `halt`: waking a million sleepers tells nothing.
  public static void main(String[] args) throws InterruptedException {
    int count = Integer.parseInt(args[1]);
    boolean tasks = args[0].equals("weft");
    double bytes = tasks ? Weft.run(() -> tasks(count)) : threads(count);
    System.out.println(bytes);
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static double tasks(int count) {
    started = 0;
    startTasks(1_000); // Classes, buffers and the like: not to be charged to a task.
    long before = used();
    startTasks(count);
    return (used() - before) / (double) count;
  }

  private static void startTasks(int count) {
    int wanted = started + count;
    for (int i = 0; i < count; i++) {
      var _ =
          createTask(
              () -> {
                started++;
                sleep(LONG);
              });
    }
    while (started < wanted) {
      sleep(Duration.ZERO);
    }
    sleep(Duration.ZERO);
  }

  private static double threads(int count) throws InterruptedException {
    startThreads(1_000);
    long before = used();
    startThreads(count);
    return (used() - before) / (double) count;
  }

  private static void startThreads(int count) throws InterruptedException {
    var asleep = new CountDownLatch(count);
    Thread last = Thread.currentThread();
    for (int i = 0; i < count; i++) {
      last =
          Thread.startVirtualThread(
              () -> {
                asleep.countDown();
                try {
                  Thread.sleep(LONG);
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
    }
    asleep.await();
    while (last.getState() != Thread.State.TIMED_WAITING) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
