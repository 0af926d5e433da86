package weft.sync;

import java.util.ArrayDeque;
import java.util.Collections;

/// A queue from which the latest item is taken first; asyncio's `LifoQueue`.
///
/// @param <T> the items
public final class AsyncLifoQueue<T> extends AsyncQueue<T> {
  /// A queue without a limit.
  public AsyncLifoQueue() {
    this(0);
  }

  /// A queue of at most `maxSize` items; 0 or less means no limit.
  public AsyncLifoQueue(int maxSize) {
    super(maxSize, Collections.asLifoQueue(new ArrayDeque<>()));
  }
}
