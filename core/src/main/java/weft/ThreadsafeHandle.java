package weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/// A handle that any thread may cancel: cancelling and asking wait while the callback runs, so that
/// after `cancel()` it is certain that the callback does not run.
///
/// Whoever moves the state away from WAITING decides: the loop, which then runs the callback, or
/// the one who cancels. Waiting for a running callback is so rare that it is done by looking again
/// and again, which spares every handle a lock.
final class ThreadsafeHandle extends Handle {
  private static final int WAITING = 0;
  private static final int RUNNING = 1;
  private static final int OVER = 2;

  private static final long LOOK_AGAIN_NANOS = 20_000;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(ThreadsafeHandle.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile int state;

  ThreadsafeHandle(AbstractEventLoop loop, Runnable callback, Object captured) {
    super(loop, callback, captured);
  }

  @Override
  public void run() {
    if (!STATE.compareAndSet(this, WAITING, RUNNING)) {
      return;
    }
    try {
      super.run();
    } finally {
      state = OVER;
    }
  }

  @Override
  public void cancel() {
    if (STATE.compareAndSet(this, WAITING, OVER)) {
      super.cancel();
    } else {
      awaitEnd();
    }
  }

  @Override
  public boolean cancelled() {
    awaitEnd();
    return super.cancelled();
  }

  /// Nobody on the loop's thread waits: the callback not for its own end, nor a coroutine for a
  /// callback that stands in a lock, which may be the coroutine's.
  private void awaitEnd() {
    while (state == RUNNING && !Fiber.isOn(loop)) {
      LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
    }
  }
}
