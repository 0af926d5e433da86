package weft.cli;

import java.lang.Thread.UncaughtExceptionHandler;
import weft.KeyboardInterrupt;
import weft.SystemExit;

/// What happens to an exception that nobody catches: an exit status, or a trace that starts at the
/// user's line.
final class Uncaught implements UncaughtExceptionHandler {
  private static final int INTERRUPTED = 128 + 2;

  private final Thread main;

  Uncaught(Thread main) {
    this.main = main;
  }

  @Override
  public void uncaughtException(Thread thread, Throwable thrown) {
    if (thread == main && thrown instanceof SystemExit exit) {
      System.exit(exit.status());
    }
    if (thread == main && thrown instanceof KeyboardInterrupt) {
      System.exit(INTERRUPTED);
    }
    if (!Boolean.getBoolean("weft.debug")) {
      Traces.trim(thrown);
    }
    System.err.print("Exception in thread \"" + thread.getName() + "\" ");
    thrown.printStackTrace();
  }
}
