package weft.io;

import org.jspecify.annotations.Nullable;

/// A child process and its pipes.
public interface SubprocessTransport extends BaseTransport {
  /// The identifier of the process.
  long pid();

  /// The exit status; null while it runs. After a signal as [Subprocess#returnCode].
  @Nullable Integer returnCode();

  /// The transport of a pipe: 0 is the child's input, 1 its output, 2 its errors; null if that is
  /// not a pipe.
  @Nullable BaseTransport pipeTransport(int fd);

  /// Sends a signal such as `TERM`. Does nothing if the process has ended.
  void sendSignal(String signal);

  /// Asks the process to end.
  void terminate();

  /// Ends the process.
  void kill();
}
