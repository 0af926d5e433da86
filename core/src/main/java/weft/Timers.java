package weft;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The armed timers: the earliest first, equal deadlines in the order of arming. Loop thread only.
///
/// A heap with four children to a node, which halves the depth of a binary one. Deadlines lie in an
/// array of their own, so that sifting reads consecutive memory and not one object per comparison.
/// A cancelled timer stays until it comes to the top or until more than half of the heap is
/// cancelled, which makes cancelling a store and a count, and its cost constant however many timers
/// there are.
final class Timers {
  private static final int PURGE_MIN = 100;

  private long[] deadlines = new long[64];
  private @Nullable TimerHandle[] timers = new TimerHandle[64];
  private int size;
  private int cancelled;

  int size() {
    return size;
  }

  void add(TimerHandle timer) {
    if (size == timers.length) {
      deadlines = Arrays.copyOf(deadlines, size * 2);
      timers = Arrays.copyOf(timers, size * 2);
    }
    timer.armed = true;
    siftUp(size++, timer);
  }

  /// Called once for an armed timer that was cancelled.
  void cancelled() {
    cancelled++;
    if (cancelled > PURGE_MIN && cancelled > size / 2) {
      purge();
    }
  }

  /// The earliest deadline, or [Long#MAX_VALUE] if no timer is armed.
  long nextDeadline() {
    dropCancelledTop();
    return size == 0 ? Long.MAX_VALUE : deadlines[0];
  }

  /// Moves the timers that are due to the ready queue, in order.
  void drainDue(long nowNanos, ReadyQueue ready) {
    dropCancelledTop();
    while (size > 0 && deadlines[0] <= nowNanos) {
      ready.add(pop());
      dropCancelledTop();
    }
  }

  void clear() {
    Arrays.fill(timers, null);
    size = 0;
    cancelled = 0;
  }

  private void dropCancelledTop() {
    while (size > 0 && top().cancelled()) {
      pop();
      cancelled--;
    }
  }

  @SuppressWarnings("NullAway") // size > 0
  private TimerHandle top() {
    return timers[0];
  }

  private TimerHandle pop() {
    TimerHandle earliest = top();
    earliest.armed = false;
    int last = --size;
    TimerHandle moved = timers[last];
    timers[last] = null;
    if (last > 0 && moved != null) {
      siftDown(0, moved);
    }
    return earliest;
  }

  private void purge() {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      TimerHandle timer = timers[i];
      if (timer != null && !timer.cancelled()) {
        timers[kept] = timer;
        deadlines[kept] = timer.whenNanos;
        kept++;
      } else if (timer != null) {
        timer.armed = false;
      }
    }
    Arrays.fill(timers, kept, size, null);
    size = kept;
    cancelled = 0;
    for (int i = (kept - 2) >> 2; i >= 0; i--) {
      TimerHandle timer = timers[i];
      if (timer != null) {
        siftDown(i, timer);
      }
    }
  }

  private void siftUp(int at, TimerHandle timer) {
    long when = timer.whenNanos;
    while (at > 0) {
      int parent = (at - 1) >> 2;
      long parentWhen = deadlines[parent];
      if (parentWhen < when || (parentWhen == when && isBefore(timers[parent], timer))) {
        break;
      }
      place(at, parentWhen, timers[parent]);
      at = parent;
    }
    place(at, when, timer);
  }

  private void siftDown(int at, TimerHandle timer) {
    long when = timer.whenNanos;
    while (true) {
      int first = (at << 2) + 1;
      if (first >= size) {
        break;
      }
      int least = first;
      int end = Math.min(first + 4, size);
      for (int child = first + 1; child < end; child++) {
        if (deadlines[child] < deadlines[least]
            || (deadlines[child] == deadlines[least] && isBefore(timers[child], timers[least]))) {
          least = child;
        }
      }
      long leastWhen = deadlines[least];
      if (when < leastWhen || (when == leastWhen && isBefore(timer, timers[least]))) {
        break;
      }
      place(at, leastWhen, timers[least]);
      at = least;
    }
    place(at, when, timer);
  }

  @SuppressWarnings("NullAway") // both are within the heap
  private static boolean isBefore(@Nullable TimerHandle a, @Nullable TimerHandle b) {
    return a.compareTo(b) < 0;
  }

  private void place(int at, long when, @Nullable TimerHandle timer) {
    deadlines[at] = when;
    timers[at] = timer;
  }
}
