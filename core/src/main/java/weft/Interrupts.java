package weft;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// SIGINT and SIGTERM for the time of one run. The first cancels the main task, the second ends the
/// run, the third does what it would do without Weft: the JVM shuts down. So does a SIGTERM that
/// the loop has not noticed after some seconds, because something blocks it.
///
/// The signals belong to the process: all runs that are under way are told.
final class Interrupts {
  private static final long UNNOTICED_MAX_MILLIS = 5_000;

  private static final int SHUTDOWN_BEGIN_MAX_MILLIS = 1_000;

  private static final List<Interrupts> ACTIVE = new ArrayList<>();
  private static @Nullable Runnable restoreInt;
  private static @Nullable Runnable restoreTerm;

  private final AbstractEventLoop loop;
  private final Task<?> main;
  private int count;
  private volatile boolean terminated;
  private volatile int noticed;
  private volatile boolean over;

  private Interrupts(AbstractEventLoop loop, Task<?> main) {
    this.loop = loop;
    this.main = main;
  }

  /// Takes the signals over, unless the program handles them itself.
  static Interrupts install(AbstractEventLoop loop, Task<?> main) {
    Interrupts interrupts = new Interrupts(loop, main);
    synchronized (ACTIVE) {
      if (ACTIVE.isEmpty()) {
        restoreInt = Signals.handle("INT", () -> received("INT"));
        restoreTerm = Signals.handle("TERM", () -> received("TERM"));
      }
      ACTIVE.add(interrupts);
    }
    return interrupts;
  }

  void uninstall() {
    over = true;
    synchronized (ACTIVE) {
      ACTIVE.remove(this);
      if (ACTIVE.isEmpty()) {
        restoreDefaults();
      }
    }
  }

  private static void restoreDefaults() {
    for (Runnable restore : new Runnable[] {restoreInt, restoreTerm}) {
      if (restore != null) {
        restore.run();
      }
    }
    restoreInt = null;
    restoreTerm = null;
  }

  /// Ends the JVM as the signal would have done without Weft: shutdown hooks, exit status 128 + n.
  static void raiseDefault(String name) {
    synchronized (ACTIVE) {
      restoreDefaults();
    }
    Signals.raiseDefault(name);
    awaitShutdown();
  }

  /// Waits until the JVM has begun to shut down, so that the exit status is the signal's and not
  /// that of a main thread which happens to end first; not for long, in case nothing shuts down.
  private static void awaitShutdown() {
    try {
      for (int millis = 0; millis < SHUTDOWN_BEGIN_MAX_MILLIS; millis++) {
        Thread unused = new Thread(() -> {});
        Runtime.getRuntime().addShutdownHook(unused);
        Runtime.getRuntime().removeShutdownHook(unused);
        Thread.sleep(1);
      }
    } catch (IllegalStateException shuttingDown) {
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Runs on a thread of the JDK's.
  private static void received(String name) {
    boolean last = false;
    synchronized (ACTIVE) {
      for (Interrupts each : ACTIVE) {
        last |= each.react(name.equals("TERM"));
      }
    }
    if (last) {
      raiseDefault(name);
    }
  }

  /// Returns whether patience is at an end.
  private boolean react(boolean terminate) {
    boolean firstTerminate = terminate && !terminated;
    terminated |= terminate;
    count++;
    int number = count;
    if (firstTerminate) {
      Thread.ofPlatform().daemon().name("weft-sigterm").start(() -> endIfUnnoticed(number));
    }
    if (count == 1) {
      loop.post(
          () -> {
            noticed = number;
            main.cancel();
          });
    } else if (count == 2) {
      loop.post(
          () -> {
            noticed = number;
            if (!over) {
              throw exit();
            }
          });
    }
    return count > 2;
  }

  private void endIfUnnoticed(int number) {
    try {
      Thread.sleep(UNNOTICED_MAX_MILLIS);
    } catch (InterruptedException e) {
      return;
    }
    if (noticed < number && !over) {
      raiseDefault("TERM");
    }
  }

  /// Whether the main task was cancelled by a signal.
  boolean happened() {
    return count > 0;
  }

  /// Whether it was SIGTERM, so that the process has to end after the run.
  boolean terminated() {
    return terminated;
  }

  LoopExit exit() {
    return terminated ? new SystemExit(143) : new KeyboardInterrupt("interrupted by SIGINT");
  }
}
