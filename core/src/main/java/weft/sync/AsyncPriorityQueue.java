package weft.sync;

import java.util.Comparator;
import java.util.PriorityQueue;

/// A queue from which the least item is taken first; asyncio's `PriorityQueue`. Whole items are
/// compared; which of two equal ones comes first is not said. Let items carry a number, and compare
/// that last, where it matters.
///
/// @param <T> the items
public final class AsyncPriorityQueue<T> extends AsyncQueue<T> {
  /// A queue without a limit, of items in their natural order.
  public AsyncPriorityQueue() {
    this(0);
  }

  /// A queue of at most `maxSize` items in their natural order; 0 or less means no limit.
  public AsyncPriorityQueue(int maxSize) {
    super(maxSize, new PriorityQueue<>());
  }

  /// A queue without a limit, of items in the given order.
  public AsyncPriorityQueue(Comparator<? super T> order) {
    this(0, order);
  }

  /// A queue of at most `maxSize` items in the given order; 0 or less means no limit.
  public AsyncPriorityQueue(int maxSize, Comparator<? super T> order) {
    super(maxSize, new PriorityQueue<>(order));
  }
}
