package weft.tck;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import weft.AbstractEventLoop;
import weft.TimerHandle;

/// The smallest loop that passes the kit: a queue, a heap of timers, and an inbox that is also what
/// the loop sleeps on. It can do no input or output.
class ToyLoop extends AbstractEventLoop {
  private final ArrayDeque<Runnable> ready = new ArrayDeque<>();
  private final PriorityQueue<TimerHandle> timers = new PriorityQueue<>();
  private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
  private final Object closing = new Object();
  private boolean stopping;
  private boolean disposed;

  @Override
  protected void runUntilStopped() {
    try {
      do {
        poll(ready.isEmpty() && !stopping ? nanosToNextTimer() : 0);
        queueDueTimers();
        for (int batch = ready.size(); batch > 0; batch--) {
          ready.remove().run();
        }
      } while (!stopping);
    } finally {
      stopping = false;
    }
  }

  private void poll(long timeoutNanos) {
    Runnable step = inbox.poll();
    if (step == null && timeoutNanos > 0) {
      beforePoll(timeoutNanos);
      boolean idle = ready.isEmpty() && !stopping; // a hook may have scheduled something
      step = waitForStep(idle ? Math.min(timeoutNanos, nanosToNextTimer()) : 0);
      afterPoll();
    }
    for (; step != null; step = inbox.poll()) {
      ready.add(step);
    }
  }

  /// Returns the first step that arrives, or null when the time is up.
  @Nullable Runnable waitForStep(long timeoutNanos) {
    try {
      return inbox.poll(timeoutNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  private long nanosToNextTimer() {
    TimerHandle next = timers.peek();
    if (next == null) {
      return Long.MAX_VALUE;
    }
    long now = timeNanos();
    return next.whenNanos() <= now ? 0 : next.whenNanos() - now;
  }

  private void queueDueTimers() {
    long now = timeNanos();
    for (TimerHandle next; (next = timers.peek()) != null && next.whenNanos() <= now; ) {
      ready.add(timers.remove());
    }
  }

  @Override
  protected void enqueue(Runnable step) {
    ready.add(step);
  }

  @Override
  protected boolean enqueueThreadsafe(Runnable step) {
    synchronized (closing) {
      return !disposed && inbox.add(step);
    }
  }

  @Override
  protected void schedule(TimerHandle timer) {
    timers.add(timer);
  }

  @Override
  protected void unschedule(TimerHandle timer) {
    timers.remove(timer);
  }

  @Override
  protected void requestStop() {
    stopping = true;
  }

  @Override
  protected void dispose() {
    synchronized (closing) {
      disposed = true;
      inbox.clear();
    }
    ready.clear();
    timers.clear();
  }

  @Override
  public long timeNanos() {
    return System.nanoTime();
  }

  @Override
  public String name() {
    return "toy";
  }
}
