package weft;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Hears that somebody interrupts the thread of a loop, and ends the run.
///
/// To ask for the thread's status now and then would not do: the JDK clears it each time a
/// coroutine leaves the thread. But it lets a selector, of whatever make, hear at once that a
/// thread is interrupted; this one does nothing else. The thread that interrupts queues a step, as
/// any other thread would, which wakes the loop and throws.
final class InterruptWatch extends AbstractSelector implements Runnable {
  private final AbstractEventLoop loop;

  /// Whether the run owes an interrupt. Whoever ends it takes it along.
  private volatile boolean pending;

  InterruptWatch(AbstractEventLoop loop) {
    super(SelectorProvider.provider());
    this.loop = loop;
  }

  /// Runs `body` on the calling thread and throws [KeyboardInterrupt] out of one of the loop's
  /// steps if the thread is interrupted. What comes too late for that is left to the caller, as the
  /// thread's status.
  void during(Runnable body) {
    begin();
    try {
      body.run();
    } finally {
      end();
      if (pending) {
        pending = false;
        Thread.currentThread().interrupt();
      }
    }
  }

  /// To be called when the loop's thread may have used a selector, which takes this one's place.
  void renew() {
    begin();
  }

  /// The JDK has an interrupt to report. Any thread.
  @Override
  public Selector wakeup() {
    if (!pending) {
      pending = true;
      loop.enqueueFromOutside(this);
    }
    return this;
  }

  @Override
  public void run() {
    if (pending) {
      pending = false;
      Thread.interrupted();
      throw new KeyboardInterrupt("the thread of the event loop was interrupted");
    }
  }

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
