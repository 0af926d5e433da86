package weft.linux;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/// Ends a driver's wait from any thread.
///
/// An eventfd is written to, which the driver watches edge-triggered, so that nobody ever has to
/// read it. Threads that write are counted: the descriptor is closed by whoever leaves last, so
/// that nobody writes to a number that has become somebody else's.
final class Waker {
  private static final int CLOSED = 1 << 31;

  private final int eventfd;
  private final AtomicInteger users = new AtomicInteger();

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
}
