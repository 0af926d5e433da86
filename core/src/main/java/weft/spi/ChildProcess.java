package weft.spi;

import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A child process that a driver has started, and whose end it sees. The driver reaps it; if the
/// driver is closed before, somebody else does, so that it becomes no zombie.
public interface ChildProcess {
  /// The process as the JDK sees one. Any thread; valid after the driver was closed. It has no
  /// streams, and its exit value is 128 + n if signal n has ended it, as the JDK has it.
  Process process();

  /// This end of a pipe to a stream of the process; null if that stream is no pipe. The channel is
  /// the caller's, who closes it; the driver does on closing.
  ///
  /// @param fd 0 for its input, 1 for its output, 2 for its errors
  @Nullable StreamChannel pipe(int fd);

  /// Has somebody told the exit status when the process has ended, or -n if signal n has ended it.
  /// Told once, by [Driver#dispatch].
  void whenExited(IntConsumer told);

  /// Sends a signal, by its number in the system; to this process and no other, even if it has
  /// ended and its identifier was given away. Does nothing if the system refuses. May be called
  /// after the driver was closed.
  void signal(int number);
}
