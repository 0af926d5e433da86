package weft;

/// Takes the errors that nobody awaits; set with [EventLoop#setExceptionHandler].
@FunctionalInterface
public interface ExceptionHandler {
  /// Called on the loop's thread, in the context of the task or callback that failed. May call
  /// [EventLoop#defaultExceptionHandler]. If it fails itself, the default handler reports both.
  void handle(EventLoop loop, ErrorContext error);
}
