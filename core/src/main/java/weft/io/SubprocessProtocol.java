package weft.io;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Is told what a child process does. The end of the process may come before the last data.
public interface SubprocessProtocol extends BaseProtocol {
  /// The child has written to a pipe: 1 is its output, 2 its errors. The buffer is lent for the
  /// call.
  default void pipeDataReceived(int fd, ByteBuffer data) {}

  /// A pipe was closed, by either side.
  default void pipeConnectionLost(int fd, @Nullable Throwable reason) {}

  /// The process has ended.
  default void processExited() {}
}
