package weft.sync;

import java.util.function.BooleanSupplier;
import weft.CancelledError;
import weft.Task;

/// A lock, and a place to wait for a change of what the lock protects; asyncio's `Condition`.
///
/// Several conditions may share one lock. To wait or to notify, hold the lock: `try (var _ =
/// condition.acquire()) { condition.waitUntil(() -> ready); }`.
///
/// The names: `Object` owns `wait`, `notify` and `notifyAll`, which mean a monitor. Called on a
/// condition by mistake they fail at once with [IllegalMonitorStateException].
///
/// | asyncio | here |
/// |---|---|
/// | `wait()` | [#waitNotified] |
/// | `wait_for(predicate)` | [#waitUntil] |
/// | `notify()` | [#notifyOne] |
/// | `notify(n)` | [#notifyMany] |
/// | `notify_all()` | [#notifyWaiters] |
public final class AsyncCondition {
  private final Binding binding = new Binding();
  private final Waiters waiters = new Waiters(binding);
  private final AsyncLock lock;

  /// A condition with a lock of its own.
  public AsyncCondition() {
    this(new AsyncLock());
  }

  /// A condition on `lock`, which may be in use and may be shared.
  public AsyncCondition(AsyncLock lock) {
    this.lock = lock;
  }

  /// Takes the lock, as [AsyncLock#acquire] does.
  ///
  /// @return closes to a [#release]
  public Held acquire() {
    checkThread();
    return lock.acquire();
  }

  /// Takes the lock if that needs no waiting.
  public boolean tryAcquire() {
    checkThread();
    return lock.tryAcquire();
  }

  /// Frees the lock. Does not suspend.
  ///
  /// @throws IllegalStateException if the lock is free
  public void release() {
    checkThread();
    lock.release();
  }

  /// Whether somebody has the lock.
  public boolean locked() {
    return lock.locked();
  }

  /// Frees the lock, suspends until notified, and takes the lock again; asyncio's `wait()`.
  ///
  /// Holds the lock again however it ends. A cancellation is thrown only then: cancelled more than
  /// once, it throws the latest error. A notification that reaches a waiter which is being
  /// cancelled goes on to the next. A waiter may also find that the change it was notified of is
  /// gone again: wait in a loop, or use [#waitUntil].
  ///
  /// @throws IllegalStateException if the lock is free
  public void waitNotified() {
    checkThread();
    requireLocked("wait for");
    if (Task.current() == null) {
      throw new IllegalStateException("only a coroutine can wait for an AsyncCondition");
    }
    Waiters.Waiter waiter = waiters.add(this);
    lock.release();
    try {
      try {
        waiters.await(waiter);
      } finally {
        acquireAgain();
      }
    } catch (Throwable thrown) {
      if (waiter.woken()) {
        waiters.wakeFirst();
      }
      throw thrown;
    }
  }

  /// Waits until `predicate` is true; asyncio's `wait_for`. It is asked at once, and after each
  /// notification, always while the lock is held, unless it is true at once: then nothing suspends,
  /// and the lock is not looked at.
  ///
  /// @throws IllegalStateException if it has to wait and the lock is free
  public void waitUntil(BooleanSupplier predicate) {
    checkThread();
    while (!predicate.getAsBoolean()) {
      waitNotified();
    }
  }

  /// Wakes the one who has waited longest; asyncio's `notify()`. It goes on when it has the lock,
  /// which the caller still holds. Does not suspend.
  ///
  /// @throws IllegalStateException if the lock is free
  public void notifyOne() {
    notifyMany(1);
  }

  /// Wakes up to `n` who wait, those who have waited longest; asyncio's `notify(n)`.
  ///
  /// @throws IllegalStateException if the lock is free
  public void notifyMany(int n) {
    checkThread();
    requireLocked("notify");
    for (int left = n; left > 0 && waiters.wakeFirst(); left--) {}
  }

  /// Wakes all who wait; asyncio's `notify_all()`.
  ///
  /// @throws IllegalStateException if the lock is free
  public void notifyWaiters() {
    notifyMany(Integer.MAX_VALUE);
  }

  @Override
  public String toString() {
    return "<AsyncCondition "
        + (locked() ? "locked" : "unlocked")
        + waiters.describe("waiters")
        + ">";
  }

  /// Takes the lock whatever happens, then throws the latest cancellation that tried to prevent it.
  private void acquireAgain() {
    CancelledError latest = null;
    while (true) {
      try {
        lock.acquire();
        break;
      } catch (CancelledError cancelled) {
        latest = cancelled;
      }
    }
    if (latest != null) {
      throw latest;
    }
  }

  private void checkThread() {
    lock.checkThread();
    binding.check();
  }

  private void requireLocked(String action) {
    if (!lock.locked()) {
      throw new IllegalStateException(
          "acquire the lock of an AsyncCondition before you " + action + " it");
    }
  }
}
