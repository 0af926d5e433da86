package weft.sync;

/// A flag that coroutines of one loop can wait for; asyncio's `Event`.
public final class AsyncEvent {
  private final Binding binding = new Binding();
  private final Waiters waiters = new Waiters(binding);
  private boolean set;

  /// An event that is not set.
  public AsyncEvent() {}

  /// Suspends until the event is set; asyncio's `wait()`. A cancellation point only when it is not
  /// set yet.
  ///
  /// Who waits when [#set] is called is woken even if [#clear] follows at once, so the event may be
  /// clear again when this returns.
  public void waitSet() {
    binding.check();
    if (!set) {
      waiters.await(waiters.add(this));
    }
  }

  /// Sets the flag and wakes all who wait, in the order in which they came. Does not suspend.
  public void set() {
    binding.check();
    set = true;
    waiters.wakeAll();
  }

  /// Clears the flag: from now on [#waitSet] waits. Does not suspend.
  public void clear() {
    binding.check();
    set = false;
  }

  /// Whether the flag is set.
  public boolean isSet() {
    return set;
  }

  @Override
  public String toString() {
    return "<AsyncEvent " + (set ? "set" : "unset") + waiters.describe("waiters") + ">";
  }
}
