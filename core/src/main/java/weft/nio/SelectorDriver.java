package weft.nio;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import weft.spi.Driver;

/// A driver over [java.nio.channels.Selector].
///
/// While no channel is registered there is nothing to select: the driver then parks the thread,
/// which is timed in nanoseconds where a selector counts milliseconds, wakes faster, and opens no
/// descriptor.
final class SelectorDriver implements Driver {
  private volatile boolean woken;
  private volatile @Nullable Thread sleeper;

  @Override
  public void poll(long timeoutNanos) {
    if (timeoutNanos > 0 && !woken) {
      sleeper = Thread.currentThread();
      if (!woken) {
        if (timeoutNanos == Long.MAX_VALUE) {
          LockSupport.park(this);
        } else {
          LockSupport.parkNanos(this, timeoutNanos);
        }
      }
      sleeper = null;
    }
    if (woken) {
      woken = false;
    }
  }

  @Override
  public void wakeup() {
    woken = true;
    Thread thread = sleeper;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public void close() {}
}
