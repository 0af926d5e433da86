package weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Steps from other threads on their way to the ready queue, and the question whether the loop has
/// to be woken for them.
///
/// A stack that producers push on with one compare-and-set and the loop takes as a whole and turns
/// around: first in, first out for each producer and over all. Before it waits, the loop raises
/// `asleep` and then looks whether the stack is empty; a producer pushes and then looks at
/// `asleep`. Both accesses are volatile on both sides, so at least one of the two sees the other
/// (Dekker), and a wake-up is never lost. Whoever lowers `asleep` makes the one system call; a loop
/// that is awake costs none.
final class Inbox {
  private static final VarHandle TOP;
  private static final VarHandle ASLEEP;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      TOP = lookup.findVarHandle(Inbox.class, "top", Node.class);
      ASLEEP = lookup.findVarHandle(Inbox.class, "asleep", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final Node CLOSED = new Node(() -> {}, null);

  private final Runnable wakeup;
  private volatile @Nullable Node top;
  private volatile boolean asleep;

  private static final class Node {
    private final Runnable step;
    private @Nullable Node next;

    Node(Runnable step, @Nullable Node next) {
      this.step = step;
      this.next = next;
    }
  }

  /// @param wakeup makes the loop's wait return; any thread
  Inbox(Runnable wakeup) {
    this.wakeup = wakeup;
  }

  /// Any thread. Returns false if the inbox is closed.
  boolean push(Runnable step) {
    Node node = new Node(step, null);
    Node seen;
    do {
      seen = top;
      if (seen == CLOSED) {
        return false;
      }
      node.next = seen;
    } while (!TOP.compareAndSet(this, seen, node));
    if (asleep && ASLEEP.compareAndSet(this, true, false)) {
      wakeup.run();
    }
    return true;
  }

  /// Loop thread: announces a wait. Returns false if there is something to do instead.
  boolean fallAsleep() {
    asleep = true;
    if (top == null) {
      return true;
    }
    asleep = false;
    return false;
  }

  /// Loop thread: the wait is over.
  void wakeUp() {
    asleep = false;
  }

  /// Loop thread: moves what has come in to the ready queue, in order.
  void drainTo(ReadyQueue ready) {
    if (top == null) {
      return;
    }
    Node newestFirst = (Node) TOP.getAndSet(this, null);
    Node oldestFirst = null;
    while (newestFirst != null) {
      Node next = newestFirst.next;
      newestFirst.next = oldestFirst;
      oldestFirst = newestFirst;
      newestFirst = next;
    }
    for (Node node = oldestFirst; node != null; node = node.next) {
      ready.add(node.step);
    }
  }

  /// Refuses everything from now on and drops what is there.
  void close() {
    TOP.setVolatile(this, CLOSED);
  }
}
