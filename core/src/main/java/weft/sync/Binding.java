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
}
