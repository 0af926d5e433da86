package weft.nio;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The thread pool of a driver's channel group, which is the loop: what the JDK submits waits here
/// until the loop polls.
///
/// So a completion changes threads once, from the one inside the group that talks to the system to
/// the loop's; and the JDK, which hands nothing to a pool of fixed size before the system has
/// reported, may try each operation at once.
///
/// **No wake-up is lost.** A submitted task is first queued, then the driver is woken. The loop
/// first looks into the queue, then waits, then looks again: a task that the first look has missed
/// makes the wait return at once, and the second look sees it.
final class ProactorPool extends AbstractExecutorService {
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Runnable wakeup;
  private volatile @Nullable Thread loopThread;
  private volatile boolean closed;

  ProactorPool(Runnable wakeup) {
    this.wakeup = wakeup;
  }

  @Override
  public void execute(Runnable task) {
    if (!closed) {
      tasks.add(task);
      if (Thread.currentThread() != loopThread) {
        wakeup.run();
      }
    }
  }

  /// Tells which thread is the loop's.
  void enter() {
    Thread current = Thread.currentThread();
    if (loopThread != current) {
      loopThread = current;
    }
  }

  /// Runs what was submitted. Called on the loop's thread.
  void runAll() {
    for (Runnable task; (task = tasks.poll()) != null; ) {
      task.run();
    }
  }

  /// From now on tasks are dropped: they come from operations that the end of the channels ends.
  void end() {
    closed = true;
    tasks.clear();
    loopThread = null;
  }

  /* ---- What the group asks when it ends; its own thread is not one of ours ---- */

  @Override
  public void shutdown() {}

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return closed;
  }

  @Override
  public boolean isTerminated() {
    return closed;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return closed;
  }
}
