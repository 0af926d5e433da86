package weft.linux;

import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import weft.spi.ChildProcess;
import weft.spi.StreamChannel;

/// A child process, watched by its pidfd, which becomes readable when the process has ended. Until
/// the driver has reaped it the descriptor means this process and no other.
final class LinuxChild extends Source implements ChildProcess {
  private final LinuxProcess process;
  private final @Nullable SocketStream[] pipes;
  private @Nullable IntConsumer told;

  /// Takes over the pidfd. The pipes are closed by whoever asks for them.
  LinuxChild(
      LinuxDriver driver, Descriptor pidfd, LinuxProcess process, @Nullable SocketStream[] pipes) {
    super(driver, pidfd);
    this.process = process;
    this.pipes = pipes;
    driver.arm(this, Linux.IN);
  }

  @Override
  public Process process() {
    return process;
  }

  @Override
  public @Nullable StreamChannel pipe(int fd) {
    return fd >= 0 && fd < pipes.length ? pipes[fd] : null;
  }

  @Override
  void ready(int events) {
    int status = LinuxProcess.reap(driver.linux, Linux.P_PIDFD, fd());
    if (status != LinuxProcess.RUNNING) {
      end();
      process.ended(status);
      attend();
    }
  }

  @Override
  void attend() {
    IntConsumer listener = told;
    if (listener != null && isClosed() && !process.isAlive()) {
      told = null;
      listener.accept(process.status());
    }
  }

  @Override
  public void whenExited(IntConsumer listener) {
    told = listener;
    if (isClosed()) {
      driver.attend(this);
    }
  }

  @Override
  public void signal(int number) {
    if (isClosed()) {
      process.signalOrphan(number);
    } else {
      driver.linux.pidfdSendSignal(fd(), number);
    }
  }

  /// Called when the driver is closed.
  @Override
  void close() {
    if (!isClosed()) {
      process.orphan(surrender());
    }
  }
}
