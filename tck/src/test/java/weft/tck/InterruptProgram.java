package weft.tck;

import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.time.Duration;
import weft.CancelledError;
import weft.KeyboardInterrupt;
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
}
