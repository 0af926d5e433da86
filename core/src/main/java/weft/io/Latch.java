package weft.io;

import weft.EventLoop;
import weft.Promise;

/// What tasks wait for until it has happened once.
final class Latch {
  private final Promise<Boolean> opened;

  Latch(EventLoop loop) {
    opened = loop.createPromise();
  }

  /// Lets those go on who wait. Repeating it does nothing, nor does it matter if the only one who
  /// waited was cancelled.
  void open() {
    if (!opened.done()) {
      opened.setResult(true);
    }
  }

  /// Suspends until it is open. Cancelling the task ends the latch as well, which is therefore for
  /// one task, unless it is waited for through [#promise].
  void await() {
    opened.await();
  }

  Promise<Boolean> promise() {
    return opened;
  }
}
