package weft.tck;

import java.awt.EventQueue;
import java.awt.SecondaryLoop;
import java.awt.Toolkit;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import javax.swing.Timer;
import org.jspecify.annotations.Nullable;
import weft.AbstractEventLoop;
import weft.LoopExit;
import weft.TimerHandle;

/// A loop inside another one. Its turns are events of AWT and Swing, and between them the toolkit
/// handles its own, which may schedule something here. It can do no input or output.
///
/// A run is a secondary loop of the toolkit. It has to begin on the event dispatch thread, and on
/// the direct engine. Callbacks are calls of the toolkit like any other; a coroutine is on the same
/// thread under an identity of its own, so `EventQueue.isDispatchThread` is false there.
final class SwingLoop extends AbstractEventLoop {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final ArrayDeque<Runnable> ready = new ArrayDeque<>();
  private final PriorityQueue<TimerHandle> timers = new PriorityQueue<>();
  private final ArrayDeque<Runnable> inbox = new ArrayDeque<>(); // and disposed: with its lock
  private final Timer alarm = new Timer(0, event -> turn());
  private @Nullable SecondaryLoop run;
  private @Nullable LoopExit exit;
  private boolean turning;
  private boolean turnPosted;
  private boolean waiting;
  private boolean stopping;
  private boolean disposed;

  SwingLoop() {
    alarm.setRepeats(false);
  }

  @Override
  protected void runUntilStopped() {
    if (!EventQueue.isDispatchThread()) {
      throw new IllegalStateException("run this loop on the event dispatch thread");
    }
    SecondaryLoop entered = Toolkit.getDefaultToolkit().getSystemEventQueue().createSecondaryLoop();
    run = entered;
    postTurn();
    try {
      entered.enter();
    } finally {
      alarm.stop();
      run = null;
      waiting = false;
      stopping = false;
    }
    LoopExit thrown = exit;
    if (thrown != null) {
      exit = null;
      throw thrown;
    }
  }

  /// An event of the toolkit. One that comes in the middle of a turn, since a callback has opened a
  /// dialogue, leaves all to that turn.
  private void turn() {
    SecondaryLoop current = run;
    if (current == null || turning) {
      return;
    }
    turning = true;
    turnPosted = false;
    alarm.stop();
    try {
      if (waiting) {
        waiting = false;
        afterPoll();
      }
      takeInbox();
      queueDueTimers();
      for (int batch = ready.size(); batch > 0; batch--) {
        ready.remove().run();
      }
      if (stopping) {
        current.exit();
      } else {
        next();
      }
    } catch (LoopExit thrown) {
      exit = thrown;
      current.exit();
    } finally {
      turning = false;
    }
  }

  private void takeInbox() {
    synchronized (inbox) {
      ready.addAll(inbox);
      inbox.clear();
    }
  }

  private void queueDueTimers() {
    long now = timeNanos();
    for (TimerHandle next; (next = timers.peek()) != null && next.whenNanos() <= now; ) {
      ready.add(timers.remove());
    }
  }

  /// Posts the next turn, or has it posted by whatever happens first.
  private void next() {
    long timeout = nanosToNextTimer();
    if (isIdle() && timeout > 0) {
      waiting = true;
      beforePoll(timeout);
      timeout = nanosToNextTimer();
    }
    if (!isIdle() || stopping || timeout <= 0) {
      postTurn();
    } else if (timeout < Long.MAX_VALUE) {
      long millis = Math.ceilDiv(timeout, NANOS_PER_MILLI);
      alarm.setInitialDelay((int) Math.min(millis, Integer.MAX_VALUE));
      alarm.restart();
    }
  }

  private boolean isIdle() {
    synchronized (inbox) {
      return ready.isEmpty() && inbox.isEmpty();
    }
  }

  private long nanosToNextTimer() {
    TimerHandle next = timers.peek();
    return next == null ? Long.MAX_VALUE : next.whenNanos() - timeNanos();
  }

  private void postTurn() {
    if (!turnPosted) {
      turnPosted = true;
      EventQueue.invokeLater(this::turn);
    }
  }

  /// Something was scheduled. In a turn that is for the turn to find.
  private void scheduled() {
    if (run != null && !turning) {
      postTurn();
    }
  }

  @Override
  protected void enqueue(Runnable step) {
    ready.add(step);
    scheduled();
  }

  @Override
  protected boolean enqueueThreadsafe(Runnable step) {
    synchronized (inbox) {
      if (disposed) {
        return false;
      }
      inbox.add(step);
    }
    EventQueue.invokeLater(this::turn);
    return true;
  }

  @Override
  protected void schedule(TimerHandle timer) {
    timers.add(timer);
    scheduled();
  }

  @Override
  protected void unschedule(TimerHandle timer) {
    timers.remove(timer);
  }

  @Override
  protected void requestStop() {
    stopping = true;
    scheduled();
  }

  @Override
  protected void dispose() {
    synchronized (inbox) {
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
    return "swing";
  }
}
