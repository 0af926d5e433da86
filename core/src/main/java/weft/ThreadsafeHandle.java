package weft;

import java.util.concurrent.locks.ReentrantLock;

/// A handle that any thread may cancel: cancelling and asking wait while the callback runs, so that
/// after `cancel()` it is certain that the callback does not run.
final class ThreadsafeHandle extends Handle {
  private final ReentrantLock lock = new ReentrantLock();

  ThreadsafeHandle(AbstractEventLoop loop, Runnable callback, Object captured) {
    super(loop, callback, captured);
  }

  @Override
  public void run() {
    lock.lock();
    try {
      super.run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void cancel() {
    lock.lock();
    try {
      super.cancel();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean cancelled() {
    lock.lock();
    try {
      return super.cancelled();
    } finally {
      lock.unlock();
    }
  }
}
