package weft.sync;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Queue;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A queue between the coroutines of one loop, first in, first out; asyncio's `Queue`.
///
/// [#put] waits while the queue is full, [#get] while it is empty. Consumers may report each item
/// as done, for [#join]; [#shutdown()] ends the stream, and with it a `for` over the queue. Items
/// come out in the order of the queue; among several consumers that wait, it is not said who gets
/// which. An item is never null.
///
/// @param <T> the items
public sealed class AsyncQueue<T> implements Iterable<T>
    permits AsyncLifoQueue, AsyncPriorityQueue {
  // Waiters are only told that it is worth looking again: an item or a free place that appears
  // wakes one of them, which looks when it runs, and waits again, at the end, if a newcomer was
  // faster. Who is woken and then cancelled wakes the next if there still is what it was woken for.

  private static final int SHOWN_MAX = 10;

  private final Binding binding = new Binding();
  private final Waiters getters = new Waiters(binding);
  private final Waiters putters = new Waiters(binding);
  private final Waiters joiners = new Waiters(binding);
  private final Queue<T> items;
  private final int maxSize;
  private int unfinished;
  private boolean shutDown;

  /// A queue without a limit.
  public AsyncQueue() {
    this(0);
  }

  /// A queue of at most `maxSize` items; 0 or less means no limit.
  public AsyncQueue(int maxSize) {
    this(maxSize, new ArrayDeque<>());
  }

  /// A queue whose order is that of `items`, which is empty and has no limit of its own.
  AsyncQueue(int maxSize, Queue<T> items) {
    this.maxSize = maxSize;
    this.items = items;
  }

  /// Puts `item` into the queue, and suspends while that is full. A cancellation point only when it
  /// has to wait; a caller that is cancelled has put nothing.
  ///
  /// @throws QueueShutDownException if the queue is shut down before `item` is in
  public final void put(T item) {
    Objects.requireNonNull(item, "a queue holds no null: shutdown() ends a stream");
    binding.check();
    while (isFull()) {
      if (shutDown) {
        throw refused();
      }
      waitForPlace();
    }
    add(item);
  }

  /// Puts `item` into the queue, or fails. Does not suspend.
  ///
  /// @throws QueueFullException if there is no place
  /// @throws QueueShutDownException if the queue is shut down
  public final void putNowait(T item) {
    Objects.requireNonNull(item, "a queue holds no null: shutdown() ends a stream");
    binding.check();
    if (isFull() && !shutDown) {
      throw new QueueFullException("all " + maxSize + " places are taken: put(item) waits for one");
    }
    add(item);
  }

  /// Takes the next item, and suspends while there is none. A cancellation point only when it has
  /// to wait; a caller that is cancelled has taken nothing.
  ///
  /// @throws QueueShutDownException if the queue is shut down and has no more items
  public final T get() {
    T item = takeWhenThere();
    if (item == null) {
      throw drained();
    }
    return item;
  }

  /// Takes the next item, or fails. Does not suspend.
  ///
  /// @throws QueueEmptyException if there is none
  /// @throws QueueShutDownException if there is none and the queue is shut down
  public final T getNowait() {
    binding.check();
    return take();
  }

  /// Takes the items as they come: `for (T item : queue)`. It ends when the queue is shut down and
  /// has no more. `hasNext` takes as [#get] does, and suspends while there is nothing to take; what
  /// it has taken is the iterator's. So whatever goes through an `Iterable` empties the queue.
  @Override
  public final Iterator<T> iterator() {
    return new Iterator<>() {
      private @Nullable T taken;

      @Override
      public boolean hasNext() {
        if (taken == null) {
          taken = takeWhenThere();
        }
        return taken != null;
      }

      @Override
      public T next() {
        T item = hasNext() ? taken : null;
        if (item == null) {
          throw new NoSuchElementException("the queue is shut down and has no more items");
        }
        taken = null;
        return item;
      }
    };
  }

  /// Reports an item that was taken as done. [#join] waits for as many reports as items were put.
  ///
  /// @throws IllegalStateException if there are more reports than items
  public final void taskDone() {
    binding.check();
    if (unfinished == 0) {
      throw new IllegalStateException("taskDone() was called more often than items were put");
    }
    unfinished--;
    wakeJoiners();
  }

  /// Suspends until every item that was put has been taken and reported as done. A cancellation
  /// point only when it has to wait.
  public final void join() {
    binding.check();
    if (unfinished > 0) {
      joiners.await(joiners.add(this));
    }
  }

  /// Ends the stream: nothing can be put any more, not even by those who wait for a place, and
  /// [#get] fails as soon as the items that are there have been taken. [#join] still waits until
  /// they are reported as done. Does not suspend; a second time it does nothing.
  public final void shutdown() {
    shutdown(false);
  }

  /// Ends the stream. If `immediate`, the items that are there are dropped, and [#join] waits for
  /// the reports of those only that were taken before.
  public final void shutdown(boolean immediate) {
    binding.check();
    shutDown = true;
    if (immediate) {
      unfinished = Math.max(0, unfinished - items.size());
      items.clear();
      wakeJoiners();
    }
    getters.wakeAll();
    putters.wakeAll();
  }

  /// The number of items in the queue; asyncio's `qsize()`.
  public final int size() {
    return items.size();
  }

  /// Whether there is no item.
  public final boolean isEmpty() {
    return items.isEmpty();
  }

  /// Whether there is no place for another item.
  public final boolean isFull() {
    return maxSize > 0 && items.size() >= maxSize;
  }

  /// The number of places; 0 or less means no limit.
  public final int maxSize() {
    return maxSize;
  }

  /// The state with the first few items, in no particular order unless the queue is a plain one.
  @Override
  public String toString() {
    return "<"
        + getClass().getSimpleName()
        + " maxSize: "
        + maxSize
        + describeItems()
        + getters.describe("getters")
        + putters.describe("putters")
        + (unfinished == 0 ? "" : ", tasks: " + unfinished)
        + (shutDown ? ", shutdown" : "")
        + ">";
  }

  private void add(T item) {
    if (shutDown) {
      throw refused();
    }
    items.add(item);
    unfinished++;
    getters.wakeFirst();
  }

  /// Waits for an item; null if the queue is shut down and has no more.
  private @Nullable T takeWhenThere() {
    binding.check();
    while (items.isEmpty()) {
      if (shutDown) {
        return null;
      }
      waitForItem();
    }
    return take();
  }

  private T take() {
    T item = items.poll();
    if (item == null) {
      throw shutDown ? drained() : new QueueEmptyException("no item is there: get() waits for one");
    }
    putters.wakeFirst();
    return item;
  }

  private void waitForPlace() {
    Waiters.Waiter putter = putters.add(this);
    try {
      putters.await(putter);
    } catch (Throwable thrown) {
      if (putter.woken() && !isFull()) {
        putters.wakeFirst();
      }
      throw thrown;
    }
  }

  private void waitForItem() {
    Waiters.Waiter getter = getters.add(this);
    try {
      getters.await(getter);
    } catch (Throwable thrown) {
      if (getter.woken() && !items.isEmpty()) {
        getters.wakeFirst();
      }
      throw thrown;
    }
  }

  private void wakeJoiners() {
    if (unfinished == 0) {
      joiners.wakeAll();
    }
  }

  private String describeItems() {
    if (items.isEmpty()) {
      return "";
    }
    int more = items.size() - SHOWN_MAX;
    return items.stream()
        .limit(SHOWN_MAX)
        .map(String::valueOf)
        .collect(
            Collectors.joining(", ", ", items: [", more > 0 ? ", and " + more + " more]" : "]"));
  }

  private static QueueShutDownException refused() {
    return new QueueShutDownException("the queue was shut down: nothing more can be put");
  }

  private static QueueShutDownException drained() {
    return new QueueShutDownException("the queue was shut down and has no more items");
  }
}
