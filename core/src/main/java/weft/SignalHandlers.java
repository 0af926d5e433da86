package weft;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// The signal handlers of one loop.
final class SignalHandlers {
  private record Registration(Handle handle, Runnable undo) {}

  private final AbstractEventLoop loop;
  private final Map<String, Registration> registrations = new HashMap<>();

  SignalHandlers(AbstractEventLoop loop) {
    this.loop = loop;
  }

  void add(String signal, Runnable callback, Object captured) {
    String name = bare(signal);
    Handle handle = new Handle(loop, Objects.requireNonNull(callback, "callback"), captured);
    Registration registration =
        new Registration(handle, Signals.add(name, () -> loop.enqueueFromOutside(handle)));
    Registration before = registrations.put(name, registration);
    if (before != null) {
      end(before);
    }
  }

  boolean remove(String signal) {
    Registration registration = registrations.remove(bare(signal));
    if (registration == null) {
      Signals.requireKnown(bare(signal));
      return false;
    }
    end(registration);
    return true;
  }

  void close() {
    registrations.values().forEach(SignalHandlers::end);
    registrations.clear();
  }

  /// A signal that has arrived already is not told any more.
  private static void end(Registration registration) {
    registration.undo().run();
    registration.handle().cancel();
  }

  private static String bare(String signal) {
    return signal.startsWith("SIG") ? signal.substring(3) : signal;
  }
}
