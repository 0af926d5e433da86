package weft;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The steps that are due: a ring that grows, first in, first out. Loop thread only.
///
/// All are [Runnable]s, but an array of an interface would be asked at each store whether the step
/// fits, which takes a search; and a call by class is compiled better than one by interface.
final class ReadyQueue {
  private @Nullable Object[] ring = new Object[64];
  private int head;
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  void add(Runnable step) {
    if (size == ring.length) {
      grow();
    }
    ring[(head + size) & (ring.length - 1)] = step;
    size++;
  }

  /// Runs exactly the steps that are here now; what they add waits for the next batch. Ends early
  /// with what a step throws; the rest stays.
  void runBatch() {
    for (int left = size; left > 0; left--) {
      @Nullable Object[] steps = ring;
      int at = head;
      Object step = steps[at];
      steps[at] = null;
      head = (at + 1) & (steps.length - 1);
      size--;
      if (step instanceof Handle handle) {
        handle.run();
      } else if (step instanceof Fiber fiber) {
        fiber.run();
      } else {
        ((Runnable) step).run();
      }
    }
  }

  private void grow() {
    int length = ring.length;
    @Nullable Object[] larger = Arrays.copyOfRange(ring, head, head + length * 2);
    System.arraycopy(ring, 0, larger, length - head, head);
    Arrays.fill(larger, length, larger.length, null);
    ring = larger;
    head = 0;
  }

  void clear() {
    Arrays.fill(ring, null);
    head = 0;
    size = 0;
  }
}
