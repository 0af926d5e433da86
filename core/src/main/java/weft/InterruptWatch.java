package weft;

import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/// Hears that somebody interrupts the thread of a loop during a run, and ends the run.
///
/// To ask for the thread's status now and then would not do: the JDK clears it each time a
/// coroutine comes or goes. But the thread that interrupts closes the interruptible channel, of
/// whatever make, that the interrupted one uses. The [Wire] is one that can do nothing else. To
/// close it queues a step, as from any other thread, which wakes the loop and throws.
///
/// Who interrupts first sets the status, and then looks for a channel. Where a selector is in the
/// wire's place by then, only the status tells. But if the wire is back in time, its closing
/// follows, and that is no second interrupt. (If a coroutine leaves between the two, and the loop
/// gets as far as to its selector, nothing tells: about once in a thousand times, in a loop that
/// only bounces a byte, on two processors.)
final class InterruptWatch {
  /// So soon after the status has told, a wire is closed for the same interrupt.
  private static final long SAME_NANOS = 100_000_000;

  private final AbstractEventLoop loop;
  private Wire wire;
  private boolean statusHasTold;
  private long statusTold;

  InterruptWatch(AbstractEventLoop loop) {
    this.loop = loop;
    wire = new Wire();
  }

  /// Runs `body` on the calling thread and throws [KeyboardInterrupt] out of one of the loop's
  /// steps if the thread is interrupted. What comes too late for that is left to the caller, as the
  /// thread's status.
  void during(Runnable body) {
    wire = new Wire();
    wire.stretch();
    try {
      body.run();
    } finally {
      wire.release();
    }
  }

  /// To be called when the loop's thread may have used a selector, which takes the wire's place.
  void renew() {
    wire.stretch();
  }

  private final class Wire extends AbstractInterruptibleChannel implements Runnable {
    private boolean stretching;
    private boolean closedByStatus;
    private boolean told;

    void stretch() {
      stretching = true;
      begin(); // closes this if the status is set
      stretching = false;
    }

    void release() {
      try {
        end(true);
      } catch (AsynchronousCloseException interrupted) {
        // As isOpen says, too.
      }
      if (!isOpen() && !told && !isSame()) {
        Thread.currentThread().interrupt();
      }
      told = true;
    }

    @Override
    protected void implCloseChannel() {
      closedByStatus = stretching; // or by both at once, which is the same
      loop.enqueueFromOutside(this);
    }

    @Override
    public void run() {
      if (told) {
        return;
      }
      told = true;
      if (isSame()) {
        wire = new Wire();
        wire.stretch();
        return;
      }
      if (closedByStatus) {
        statusHasTold = true;
        statusTold = loop.timeNanos();
      }
      Thread.interrupted();
      throw new KeyboardInterrupt("the thread of the event loop was interrupted");
    }

    private boolean isSame() {
      return statusHasTold
          && !closedByStatus
          && loop.timeNanos() - statusTold < SAME_NANOS
          && !Thread.currentThread().isInterrupted();
    }
  }
}
