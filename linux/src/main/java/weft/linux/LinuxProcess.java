package weft.linux;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A child process for those who know the JDK's. It has no streams: the pipes are channels of the
/// driver. Its exit value is 128 + n after signal n, as the JDK has it.
///
/// When the driver is closed before the process has ended, this sees to it that it is reaped: the
/// JDK tells of the end without reaping, on a thread of its own.
///
/// Thread: any.
final class LinuxProcess extends Process {
  /// No exit status.
  static final int RUNNING = Integer.MIN_VALUE;

  /// The exit status, where somebody else has reaped the process.
  private static final int UNKNOWN = 255;

  private static final int SIGNAL_STATUS = 128;
  private static final int SIGKILL = 9;
  private static final long REAP_NANOS = 1_000_000;

  private final ProcessHandle handle;
  private final CompletableFuture<Process> end = new CompletableFuture<>();
  private volatile int status = RUNNING;

  /// Once the driver is closed, and until the process is reaped. Guarded by `this`.
  private @Nullable Descriptor pidfd;

  LinuxProcess(ProcessHandle handle) {
    this.handle = handle;
  }

  /// Reaps a process if it has ended, and gives back its exit status, negative after a signal.
  static int reap(Linux linux, int idType, int id) {
    int[] outcome = new int[2];
    int done = linux.waitid(idType, id, outcome);
    if (done < 0) {
      return done == -Errno.EINTR ? RUNNING : UNKNOWN;
    }
    return switch (outcome[0]) {
      case 0 -> RUNNING;
      case Linux.CLD_EXITED -> outcome[1];
      default -> -outcome[1];
    };
  }

  /// Ends and reaps a process for which there is nobody. Takes over its pidfd.
  static void giveUp(Descriptor pidfd) {
    Linux linux = new Linux();
    Descriptor mine = pidfd.moved(linux);
    linux.pidfdSendSignal(mine.fd(), SIGKILL);
    Thread.ofPlatform()
        .daemon()
        .name("weft-reaper")
        .start(
            () -> {
              while (reap(linux, Linux.P_PIDFD, mine.fd()) == RUNNING) {
                LockSupport.parkNanos(REAP_NANOS);
              }
              mine.close();
            });
  }

  /// It has ended, and is reaped.
  void ended(int exitStatus) {
    status = exitStatus;
    end.complete(this);
  }

  /// The exit status, negative after a signal; [#RUNNING] if there is none yet.
  int status() {
    return status;
  }

  /// The driver does not care for it any more.
  synchronized void orphan(@Nullable Descriptor last) {
    pidfd = last == null ? null : last.moved(new Linux());
    handle.onExit().thenRun(this::reapOrphan);
  }

  private void reapOrphan() {
    int exit;
    synchronized (this) {
      exit = reap(new Linux(), Linux.P_PID, (int) pid());
      Descriptor last = pidfd;
      pidfd = null;
      if (last != null) {
        last.close();
      }
    }
    ended(exit == RUNNING ? UNKNOWN : exit);
  }

  /// Sends a signal after the driver was closed.
  synchronized void signalOrphan(int number) {
    Descriptor last = pidfd;
    if (last != null) {
      new Linux().pidfdSendSignal(last.fd(), number);
    }
  }

  /* ---- As the JDK has it ---- */

  @Override
  public OutputStream getOutputStream() {
    return OutputStream.nullOutputStream();
  }

  @Override
  public InputStream getInputStream() {
    return InputStream.nullInputStream();
  }

  @Override
  public InputStream getErrorStream() {
    return InputStream.nullInputStream();
  }

  @Override
  public int waitFor() throws InterruptedException {
    try {
      return end.get().exitValue();
    } catch (ExecutionException e) {
      throw new AssertionError(e); // it only completes
    }
  }

  @Override
  public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
    try {
      end.get(timeout, unit);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new AssertionError(e); // it only completes
    }
  }

  @Override
  public int exitValue() {
    int exit = status;
    if (exit == RUNNING) {
      throw new IllegalThreadStateException("process has not exited");
    }
    return exit < 0 ? SIGNAL_STATUS - exit : exit;
  }

  @Override
  public boolean isAlive() {
    return status == RUNNING;
  }

  @Override
  public void destroy() {
    if (isAlive()) {
      handle.destroy();
    }
  }

  @Override
  public LinuxProcess destroyForcibly() {
    if (isAlive()) {
      handle.destroyForcibly();
    }
    return this;
  }

  @Override
  public boolean supportsNormalTermination() {
    return true;
  }

  @Override
  public long pid() {
    return handle.pid();
  }

  @Override
  public ProcessHandle toHandle() {
    return handle;
  }

  @Override
  public CompletableFuture<Process> onExit() {
    return end.copy();
  }

  @Override
  public String toString() {
    return "Process[pid="
        + pid()
        + ", exitValue="
        + (isAlive() ? "\"not exited\"" : exitValue())
        + "]";
  }
}
