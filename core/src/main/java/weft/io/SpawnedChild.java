package weft.io;

import org.jspecify.annotations.Nullable;
import weft.spi.ChildProcess;
import weft.spi.StreamChannel;

/// A child process that the driver of the loop has started.
final class SpawnedChild extends Child {
  private static final int KILL = 9;

  private final ChildProcess child;

  SpawnedChild(ChildProcess child) {
    this.child = child;
  }

  @Override
  Process process() {
    return child.process();
  }

  @Override
  @Nullable StreamChannel pipe(int fd) {
    return child.pipe(fd);
  }

  @Override
  void whenExited(Runnable action) {
    child.whenExited(
        status -> {
          returnCode = status;
          action.run();
        });
  }

  @Override
  void kill() {
    child.signal(KILL);
  }

  @Override
  void send(String name, int number) {
    child.signal(number);
  }
}
