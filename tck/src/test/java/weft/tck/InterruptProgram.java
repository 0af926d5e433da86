package weft.tck;

import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import weft.CancelledError;
import weft.EventLoop;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.SystemExit;
import weft.Weft;

/// A program that waits to be interrupted, run as a process of its own by [InterruptTest]. It
/// prints what happens to it.
final class InterruptProgram {
  private InterruptProgram() {}

  public static void main(String[] args) {
    try {
      Weft.run(() -> body(args[0]));
      System.out.println("returned");
    } catch (KeyboardInterrupt e) {
      System.out.println("KeyboardInterrupt");
    } catch (SystemExit e) {
      System.out.println("SystemExit " + e.status());
    } catch (CancelledError e) {
      System.out.println("CancelledError");
    }
    if (args[0].equals("handler kept")) {
      System.out.println("ready");
      LockSupport.parkNanos(Duration.ofMinutes(1).toNanos());
    }
  }

  private static void body(String what) {
    createTask(
        () -> {
          try {
            sleep(Duration.ofMinutes(1));
          } finally {
            System.out.println("leftover cleaned");
          }
        });
    sleep(Duration.ZERO);
    if (what.startsWith("handler")) {
      handleSignals(what);
      return;
    }
    System.out.println("ready");
    try {
      if (what.equals("busy")) {
        while (true) {
          sleep(Duration.ZERO);
        }
      }
      sleep(Duration.ofMinutes(1));
    } catch (CancelledError e) {
      System.out.println("cancelled");
      switch (what) {
        case "swallow" -> {}
        case "linger" -> sleep(Duration.ofMinutes(1));
        default -> throw e;
      }
    }
  }

  /// Has a signal handler for the time of one signal, or until the end.
  private static void handleSignals(String what) {
    EventLoop loop = EventLoop.running();
    for (String signal : List.of("INT", "TERM")) {
      Promise<Void> handled = loop.createPromise();
      loop.addSignalHandler(signal, () -> handled.setResult(null));
      System.out.println("ready");
      handled.await();
      System.out.println("handled " + signal);
    }
    if (what.equals("handler kept")) {
      return;
    }
    loop.removeSignalHandler("INT");
    System.out.println("ready");
    sleep(Duration.ofMinutes(1));
  }
}
