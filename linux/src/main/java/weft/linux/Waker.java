package weft.linux;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Ends a driver's wait from any thread, and when its thread is interrupted.
///
/// An eventfd is written to, which the driver watches edge-triggered, so that nobody ever has to
/// read it. Threads that write are counted: the descriptor is closed by whoever leaves last, so
/// that nobody writes to a number that has become somebody else's.
final class Waker {
  private static final int CLOSED = 1 << 31;

  private final int eventfd;
  private final AtomicInteger users = new AtomicInteger();
  private final Interruption interruption = new Interruption(this);

  /// Whether the next wait, or the one going on, is to end at once.
  private volatile boolean woken;

  Waker(Linux linux) throws IOException {
    eventfd = Errno.check(linux.eventfd());
  }

  /// To be watched by the driver, edge-triggered.
  int eventfd() {
    return eventfd;
  }

  /// Any thread.
  void wake() {
    if (woken) {
      return;
    }
    woken = true;
    int now;
    do {
      now = users.get();
      if (now < 0) {
        return;
      }
    } while (!users.compareAndSet(now, now + 1));
    Linux.wake(eventfd);
    if (users.decrementAndGet() == CLOSED) {
      new Linux().close(eventfd);
    }
  }

  boolean woken() {
    return woken;
  }

  /// To be called after each wait.
  void reset() {
    if (woken) {
      woken = false;
    }
  }

  /// From now on an interrupt of this thread wakes as well.
  void beforeWait() {
    interruption.before();
  }

  void afterWait() {
    interruption.after();
  }

  /// Repeating it does nothing.
  void close() {
    int now;
    do {
      now = users.get();
      if (now < 0) {
        return;
      }
    } while (!users.compareAndSet(now, now | CLOSED));
    if (now == 0) {
      new Linux().close(eventfd);
    }
  }

  /// The JDK lets a selector, of whatever make, hear that its thread is interrupted. This one does
  /// nothing else.
  private static final class Interruption extends AbstractSelector {
    private final Waker waker;

    Interruption(Waker waker) {
      super(SelectorProvider.provider());
      this.waker = waker;
    }

    void before() {
      begin();
    }

    void after() {
      end();
    }

    @Override
    public Selector wakeup() {
      waker.wake();
      return this;
    }

    @Override
    protected void implCloseSelector() {}

    @Override
    protected SelectionKey register(
        java.nio.channels.spi.AbstractSelectableChannel channel,
        int operations,
        @Nullable Object attachment) {
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
