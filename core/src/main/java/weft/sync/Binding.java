package weft.sync;

import org.jspecify.annotations.Nullable;
import weft.EventLoop;

/// The loop that a primitive belongs to: the one on which a coroutine first had to wait for it.
final class Binding {
  private @Nullable EventLoop loop;

  /// The running loop, to which `owner` is bound from now on.
  EventLoop bind(Object owner) {
    EventLoop running = EventLoop.running();
    if (loop == null) {
      loop = running;
    } else if (loop != running) {
      throw new IllegalStateException(
          owner
              + " is bound to another loop, the one on which it was first waited for: make one for"
              + " each loop, or wait for it through runCoroutineThreadsafe");
    }
    return running;
  }

  /// Refuses a call from another thread while the loop runs, before it has changed anything.
  void check(Object owner) {
    EventLoop bound = loop;
    if (bound == null || !bound.isRunning()) {
      return;
    }
    EventLoop here = null;
    try {
      here = EventLoop.running();
    } catch (IllegalStateException outside) {
      // no loop runs on this thread
    }
    if (here != bound) {
      throw new IllegalStateException(
          owner + " belongs to an event loop that runs on another thread; use callSoonThreadsafe");
    }
  }
}
