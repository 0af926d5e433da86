package weft;

import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/// Says once, in the log, that the slower engine is in use and which flag would help.
final class Engines {
  private static final AtomicBoolean SAID = new AtomicBoolean();

  private Engines() {}

  static void announce() {
    String flag = Fiber.missingFlag();
    if (flag != null && SAID.compareAndSet(false, true)) {
      Debug.logger()
          .log(
              Level.INFO,
              "coroutines run on the portable engine: switches are slower, and blocking calls block"
                  + " the loop. For the direct engine start java with "
                  + flag);
    }
  }
}
