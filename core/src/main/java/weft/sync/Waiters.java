package weft.sync;

import org.jspecify.annotations.Nullable;
import weft.Promise;

/// The coroutines that wait for one thing, first come, first served.
final class Waiters {
  // A waiter is in one of three states. Queued: in the list below, its promise pending. Woken: its
  // promise has a value and it is out of the list, but its task has not run yet. Cancelled: its
  // promise was cancelled, and its task has not run yet; it leaves the list when it runs, or
  // earlier, when somebody looks for a waiter to wake. So the first of the list is found, and any
  // waiter removed, in constant time however many wait and however they are cancelled.
  //
  // A task cancelled after it was woken keeps a promise with a value: it learns of the cancellation
  // when it runs, and must then pass on what it was woken for.

  private final Binding binding;
  private @Nullable Waiter first;
  private @Nullable Waiter last;
  private int queued;
  private int woken;

  Waiters(Binding binding) {
    this.binding = binding;
  }

  /// Whether nobody waits, not even a cancelled waiter that has not run yet.
  boolean isEmpty() {
    return first == null && woken == 0;
  }

  /// Whether somebody was woken and has not run yet.
  boolean anyoneWoken() {
    return woken > 0;
  }

  /// Puts a new waiter for `primitive` at the end. The caller must [#await] it.
  Waiter add(Object primitive) {
    var waiter = new Waiter(binding.beginWait(primitive).createPromise());
    waiter.previous = last;
    if (last == null) {
      first = waiter;
    } else {
      last.next = waiter;
    }
    last = waiter;
    waiter.queued = true;
    queued++;
    return waiter;
  }

  /// Suspends the calling coroutine until `waiter` is woken; it waits no more when this returns or
  /// throws.
  void await(Waiter waiter) {
    try {
      waiter.promise.await();
    } finally {
      binding.endWait();
      if (waiter.queued) {
        remove(waiter);
      } else if (waiter.woken()) {
        woken--;
      }
    }
  }

  /// Wakes the one who has waited longest. False when there is none.
  boolean wakeFirst() {
    Waiter waiter = firstQueued();
    if (waiter == null) {
      return false;
    }
    remove(waiter);
    woken++;
    waiter.promise.setResult(true);
    return true;
  }

  /// Wakes all, in order.
  void wakeAll() {
    while (wakeFirst()) {}
  }

  /// How many wait, as a part of the owner's text: empty when nobody does.
  String describe(String name) {
    int size = queued + woken;
    return size == 0 ? "" : ", " + name + ": " + size;
  }

  private @Nullable Waiter firstQueued() {
    Waiter waiter = first;
    while (waiter != null && waiter.promise.cancelled()) {
      remove(waiter);
      waiter = first;
    }
    return waiter;
  }

  private void remove(Waiter waiter) {
    Waiter previous = waiter.previous;
    Waiter next = waiter.next;
    if (previous == null) {
      first = next;
    } else {
      previous.next = next;
    }
    if (next == null) {
      last = previous;
    } else {
      next.previous = previous;
    }
    waiter.previous = null;
    waiter.next = null;
    waiter.queued = false;
    queued--;
  }

  /// One coroutine that waits.
  static final class Waiter {
    private final Promise<Boolean> promise;
    private @Nullable Waiter previous;
    private @Nullable Waiter next;
    private boolean queued;

    private Waiter(Promise<Boolean> promise) {
      this.promise = promise;
    }

    /// Whether it was woken, even if its task was cancelled afterwards.
    boolean woken() {
      return promise.done() && !promise.cancelled();
    }
  }
}
