package weft;

/// Watches a loop: tools implement what they need. Added with [EventLoop#addInstrument].
///
/// Every method is called on the loop's thread and must neither block, suspend nor throw; an
/// instrument that throws is removed and reported to the exception handler. A task is created on
/// the stack of whoever creates it and ends on its own; the other calls come outside any coroutine.
public interface Instrument {
  /// A task was made.
  default void taskCreated(Task<?> task) {}

  /// A task has ended.
  default void taskDone(Task<?> task) {}

  /// The loop is about to run a task until it suspends or ends.
  default void beforeStep(Task<?> task) {}

  /// A task has suspended or ended.
  default void afterStep(Task<?> task) {}

  /// The loop is about to wait.
  ///
  /// @param timeoutNanos for how long at most; [Long#MAX_VALUE] is without limit
  default void beforePoll(long timeoutNanos) {}

  /// The loop has waited.
  default void afterPoll() {}
}
