package weft;

import org.jspecify.annotations.Nullable;

/// SIGINT and SIGTERM for the time of one run. The first cancels the main task; the second ends the
/// run at the next opportunity; the third ends the process.
final class Interrupts {
  private static final Object LOCK = new Object();
  private static @Nullable Interrupts active;

  private final AbstractEventLoop loop;
  private final Task<?> main;
  private final Thread thread;
  private @Nullable Runnable restoreInt;
  private @Nullable Runnable restoreTerm;
  private volatile int count;
  private volatile boolean terminated;

  private Interrupts(AbstractEventLoop loop, Task<?> main) {
    this.loop = loop;
    this.main = main;
    this.thread = Thread.currentThread();
  }

  /// Takes the signals over, unless another run of this process has them.
  static Interrupts install(AbstractEventLoop loop, Task<?> main) {
    Interrupts interrupts = new Interrupts(loop, main);
    synchronized (LOCK) {
      if (active == null) {
        active = interrupts;
        interrupts.restoreInt = Signals.handle("INT", () -> interrupts.react(false));
        interrupts.restoreTerm = Signals.handle("TERM", () -> interrupts.react(true));
      }
    }
    return interrupts;
  }

  void uninstall() {
    synchronized (LOCK) {
      if (active == this) {
        active = null;
        restore(restoreInt);
        restore(restoreTerm);
      }
    }
  }

  private static void restore(@Nullable Runnable restore) {
    if (restore != null) {
      restore.run();
    }
  }

  /// Runs on a thread of the JDK's.
  private synchronized void react(boolean terminate) {
    terminated |= terminate;
    count++;
    switch (count) {
      case 1 -> loop.post(main::cancel);
      case 2 -> {
        loop.post(
            () -> {
              throw exit();
            });
        thread.interrupt();
      }
      default -> Runtime.getRuntime().halt(terminated ? 143 : 130);
    }
  }

  /// Whether the main task was cancelled by a signal.
  boolean happened() {
    return count > 0;
  }

  LoopExit exit() {
    return terminated ? new SystemExit(143) : new KeyboardInterrupt("interrupted by SIGINT");
  }
}
