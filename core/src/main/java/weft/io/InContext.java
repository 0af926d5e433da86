package weft.io;

import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Handle;

/// Runs a protocol's callbacks in the context in which this object was made. What they throw is
/// reported.
final class InContext {
  private final Handle handle;
  private @Nullable Runnable due;

  InContext(EventLoop loop) {
    this.handle = loop.createHandle(this::runDue);
  }

  void run(Runnable callback) {
    Runnable outer = due;
    due = callback;
    try {
      handle.run();
    } finally {
      due = outer;
    }
  }

  private void runDue() {
    Runnable callback = due;
    if (callback != null) {
      callback.run();
    }
  }
}
