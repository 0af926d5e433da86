package weft;

import org.jspecify.annotations.Nullable;

/// An error that ends the run of the loop: thrown by a task or a callback, it is stored on the task
/// like any other and thrown out of [EventLoop#runForever] and its siblings at once. What is still
/// queued waits for the next run.
public abstract sealed class LoopExit extends Error permits KeyboardInterrupt, SystemExit {
  LoopExit(@Nullable String message) {
    super(message);
  }
}
