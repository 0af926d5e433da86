package weft;

import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/// Operating system signals: the one file that knows `sun.misc.Signal`, which the JDK keeps for
/// this purpose though it is not standard.
final class Signals {
  private Signals() {}

  /// Runs a reaction on every signal of this name, on a thread of the JDK's, if only the JDK's own
  /// default handler stands there.
  ///
  /// @return what undoes it; null if the program handles the signal itself, or the JVM refuses
  static @Nullable Runnable handle(String name, Runnable reaction) {
    try {
      Signal signal = new Signal(name);
      SignalHandler before = Signal.handle(signal, received -> reaction.run());
      if (!isDefault(before)) {
        Signal.handle(signal, before);
        return null;
      }
      return () -> Signal.handle(signal, before);
    } catch (IllegalArgumentException | LinkageError unavailable) {
      return null; // -Xrs, or a JDK without the class
    }
  }

  /// Sends this process a signal.
  static void raise(String name) {
    Signal.raise(new Signal(name));
  }

  private static boolean isDefault(SignalHandler handler) {
    String type = handler.getClass().getName();
    return handler == SignalHandler.SIG_DFL
        || type.startsWith("java.lang.Terminator")
        || type.startsWith("jdk.internal.misc.Signal")
        || type.startsWith("sun.misc.Signal");
  }
}
