package weft;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Hears that somebody interrupts the thread of a loop during a run, and ends the run.
///
/// To ask for the thread's status now and then would not do: the JDK clears it each time a
/// coroutine comes or goes. But the thread that interrupts wakes the selector, of whatever make,
/// that the interrupted one uses. The [Wire] is one that can do nothing else. Woken, it queues a
/// step, as from any other thread, which wakes the loop and throws.
///
/// Who interrupts first sets the status, and then looks for a selector. Where another one is in the
/// wire's place by then, only the status tells. But if the wire is back in time, its waking
/// follows, and that is no second interrupt. (If a coroutine leaves between the two, and the loop
/// gets as far as to its own selector, nothing tells: about once in a thousand times, in a loop
/// that only bounces a byte, on two processors.)
///
/// There is no lock in all this but the JDK's own, because it may be a coroutine of the loop that
/// interrupts. (If it waits for that lock because another thread interrupts in the same instant,
/// the loop's thread can wait behind it for ever; from JDK 26 on for a moment, see JDK-8369019.)
final class InterruptWatch {
  /// So soon after the status has told, a wire is cut for the same interrupt.
  private static final long SAME_NANOS = 100_000_000;

  private enum State {
    WHOLE,
    CUT,

    /// Nothing that comes counts any more: the interrupt was told, or the run is over.
    DONE
  }

  private final AbstractEventLoop loop;
  private @Nullable Wire wire;
  private boolean statusHasTold;
  private long statusTold;

  InterruptWatch(AbstractEventLoop loop) {
    this.loop = loop;
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

  /// To be called when the loop's thread may have used a selector or a channel, which take the
  /// wire's place.
  void renew() {
    if (wire != null) {
      wire.stretch();
    }
  }

  /// Whether an interrupt was heard that has not ended the run yet.
  boolean isPending() {
    return wire != null && wire.state.get() == State.CUT;
  }

  /// For one run, and one interrupt.
  private final class Wire extends AbstractSelector implements Runnable {
    private final AtomicReference<State> state = new AtomicReference<>(State.WHOLE);
    private boolean stretching;
    private boolean cutByStatus;

    Wire() {
      super(SelectorProvider.provider());
    }

    void stretch() {
      stretching = true;
      begin(); // wakes this if the status is set
      stretching = false;
    }

    void release() {
      end();
      if (state.getAndSet(State.DONE) == State.CUT && !isSame()) {
        Thread.currentThread().interrupt();
      }
    }

    /// Any thread.
    @Override
    public Selector wakeup() {
      if (state.compareAndSet(State.WHOLE, State.CUT)) {
        cutByStatus = stretching; // or by both at once, which is the same
        loop.enqueueFromOutside(this);
        loop.blocked.lookAgain();
      }
      return this;
    }

    /// The step.
    @Override
    public void run() {
      if (!state.compareAndSet(State.CUT, State.DONE)) {
        return;
      }
      if (isSame()) {
        wire = new Wire();
        wire.stretch();
        return;
      }
      if (cutByStatus) {
        statusHasTold = true;
        statusTold = loop.timeNanos();
      }
      Thread.interrupted();
      throw new KeyboardInterrupt("the thread of the event loop was interrupted");
    }

    private boolean isSame() {
      return statusHasTold
          && !cutByStatus
          && loop.timeNanos() - statusTold < SAME_NANOS
          && !Thread.currentThread().isInterrupted();
    }

    /* ---- What a selector has besides ---- */

    @Override
    protected void implCloseSelector() {}

    @Override
    protected SelectionKey register(
        AbstractSelectableChannel channel, int operations, @Nullable Object attachment) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Set<SelectionKey> keys() {
      return Set.of();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
      return Set.of();
    }

    @Override
    public int selectNow() {
      return 0;
    }

    @Override
    public int select(long timeoutMillis) {
      return 0;
    }

    @Override
    public int select() {
      return 0;
    }

    @Override
    public int selectNow(Consumer<SelectionKey> action) {
      return 0;
    }
  }
}
