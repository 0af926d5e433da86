package weft;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// A thread outside the loop that waits for a promise of the loop.
final class ForeignWait {
  private final CountDownLatch latch = new CountDownLatch(1);

  private ForeignWait() {}

  static void await(Promise<?> promise, long timeoutNanos)
      throws InterruptedException, TimeoutException {
    AbstractEventLoop loop = promise.loop;
    ForeignWait wait = new ForeignWait();
    Consumer<Promise<?>> ended = p -> wait.end();
    loop.foreignWaits.add(wait);
    try {
      if (loop.isClosed() || !loop.post(() -> promise.onDone(ended))) {
        wait.end();
      }
      if (!wait.latch.await(timeoutNanos, TimeUnit.NANOSECONDS)) {
        throw new TimeoutException();
      }
    } finally {
      loop.foreignWaits.remove(wait);
      if (!promise.isDone()) {
        loop.post(() -> promise.removeDoneCallback(ended));
      }
    }
    if (!promise.isDone()) {
      throw new IllegalStateException(
          "the event loop is closed, and " + promise + " will never be completed");
    }
  }

  private void end() {
    latch.countDown();
  }

  void loopClosed() {
    end();
  }
}
