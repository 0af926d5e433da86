package weft.sync;

/// A number of permits for the coroutines of one loop; asyncio's `Semaphore`.
///
/// Fair: a permit goes to who has waited longest, and a newcomer never overtakes. [#release] may be
/// called more often than [#acquire] and adds permits then; [AsyncBoundedSemaphore] refuses that.
public sealed class AsyncSemaphore permits AsyncBoundedSemaphore {
  // A permit is handed over when it is released: the count goes down as the waiter is woken, not as
  // it runs. Who is woken and then cancelled puts the permit back. Newcomers queue behind a waiter
  // that is awake even if permits are left, so every waiter that runs hands on what is left. So
  // nobody waits for a permit that is left unless one of those who wait is awake.

  private final Binding binding = new Binding();
  private final Waiters waiters = new Waiters(binding);
  private final Held held = this::release;
  private int value;

  /// A semaphore of one permit.
  public AsyncSemaphore() {
    this(1);
  }

  /// A semaphore of `value` permits.
  ///
  /// @throws IllegalArgumentException if `value` is negative
  public AsyncSemaphore(int value) {
    if (value < 0) {
      throw new IllegalArgumentException("a semaphore starts with 0 permits or more, not " + value);
    }
    this.value = value;
  }

  /// Takes a permit, and suspends until it is this caller's turn. A cancellation point only when it
  /// has to wait; a caller that is cancelled has no permit, and none is lost.
  ///
  /// @return closes to a [#release]
  public final Held acquire() {
    if (!tryAcquire()) {
      waitForPermit();
    }
    return held;
  }

  /// Takes a permit if that needs no waiting: one is left and nobody waits for it.
  public final boolean tryAcquire() {
    checkThread();
    if (locked()) {
      return false;
    }
    value--;
    return true;
  }

  /// Adds a permit and hands it to the one who has waited longest. Does not suspend.
  public void release() {
    checkThread();
    value = Math.incrementExact(value);
    wakeNext();
  }

  /// Whether [#acquire] would have to wait: no permit is left, or others wait already.
  public final boolean locked() {
    return value == 0 || !waiters.isEmpty();
  }

  @Override
  public String toString() {
    return "<"
        + getClass().getSimpleName()
        + (locked() ? " locked" : " unlocked, value: " + value)
        + waiters.describe("waiters")
        + ">";
  }

  /// The permits that nobody holds.
  final int value() {
    return value;
  }

  /// Refuses a call from a thread that is not the loop's.
  final void checkThread() {
    binding.check();
  }

  private void waitForPermit() {
    Waiters.Waiter waiter = waiters.add(this);
    try {
      waiters.await(waiter);
    } catch (Throwable thrown) {
      if (waiter.woken()) {
        value++;
      }
      throw thrown;
    } finally {
      while (value > 0 && wakeNext()) {}
    }
  }

  private boolean wakeNext() {
    boolean woken = waiters.wakeFirst();
    if (woken) {
      value--;
    }
    return woken;
  }
}
