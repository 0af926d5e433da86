package weft.sync;

/// A mutual exclusion lock for the coroutines of one loop; asyncio's `Lock`.
///
/// Fair: who waits longest gets it next, and a newcomer never overtakes. Not reentrant. It belongs
/// to nobody in particular: any task, or a callback, may release it.
public final class AsyncLock {
  // Release frees the lock and wakes the first waiter, which takes it when it runs. In between the
  // lock is free and yet promised: at most one waiter is awake, and newcomers queue behind it. Who
  // is woken and then cancelled wakes the next. So nobody waits for a lock that is free unless one
  // of those who wait is awake.

  private final Binding binding = new Binding();
  private final Waiters waiters = new Waiters(binding);
  private final Held held = this::release;
  private boolean locked;

  /// An unlocked lock.
  public AsyncLock() {}

  /// Takes the lock, and suspends until it is this caller's turn. A cancellation point only when it
  /// has to wait; a caller that is cancelled does not have the lock, and costs nobody a turn.
  ///
  /// @return closes to a [#release]
  public Held acquire() {
    if (!tryAcquire()) {
      waitForTurn();
    }
    return held;
  }

  /// Takes the lock if that needs no waiting: it is free and nobody waits for it.
  public boolean tryAcquire() {
    checkThread();
    if (locked || !waiters.isEmpty()) {
      return false;
    }
    locked = true;
    return true;
  }

  /// Frees the lock and wakes the one who has waited longest. Does not suspend.
  ///
  /// @throws IllegalStateException if the lock is free
  public void release() {
    checkThread();
    if (!locked) {
      throw new IllegalStateException(
          "this AsyncLock is not held: release it once for each acquire");
    }
    locked = false;
    wakeNext();
  }

  /// Whether somebody has the lock. False between a release and the step of the waiter that it
  /// woke, although [#tryAcquire] is refused then.
  public boolean locked() {
    return locked;
  }

  @Override
  public String toString() {
    return "<AsyncLock " + (locked ? "locked" : "unlocked") + waiters.describe("waiters") + ">";
  }

  /// Refuses a call from a thread that is not the loop's.
  void checkThread() {
    binding.check();
  }

  private void waitForTurn() {
    Waiters.Waiter waiter = waiters.add(this);
    try {
      waiters.await(waiter);
    } catch (Throwable thrown) {
      wakeNext();
      throw thrown;
    }
    assert !locked : "two waiters were awake";
    locked = true;
  }

  private void wakeNext() {
    if (!locked && !waiters.anyoneWoken()) {
      waiters.wakeFirst();
    }
  }
}
