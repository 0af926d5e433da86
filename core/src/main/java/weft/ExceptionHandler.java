package weft;

/// Takes the errors that nobody awaits; set with [EventLoop#setExceptionHandler].
@FunctionalInterface
public interface ExceptionHandler {
  /// Called on the loop's thread while it runs, in the context of the task or callback that failed.
  /// Of a failure that nobody has seen only what is told is left, and no context: it is reported
  /// when the task was collected, if the loop does not run on the collector's thread, or when the
  /// loop closes. May call [EventLoop#defaultExceptionHandler]. If it fails itself, the default
  /// handler reports both.
  void handle(EventLoop loop, ErrorContext error);
}
