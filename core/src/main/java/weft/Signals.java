package weft;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/// Operating system signals: the one file that knows `sun.misc.Signal`, which the JDK keeps for
/// this purpose though it is not standard.
///
/// A signal belongs to the process. While anybody in Weft cares for one, a hook of ours stands
/// where the JDK has room for one handler. It tells all that were [added][#add]; if there are none,
/// the [fallback][#handle]. When nobody is left, what stood there before is put back; so the order
/// in which they come and go does not matter.
final class Signals {
  private static final Map<String, Hook> HOOKS = new HashMap<>();

  private Signals() {}

  /// Runs a reaction on every signal of this name that nobody has [added][#add] a handler for, on a
  /// thread of the JDK's, if only the JDK's own default handler stands there.
  ///
  /// @return what undoes it; null if the program handles the signal itself, or the JVM refuses
  static @Nullable Runnable handle(String name, Runnable reaction) {
    try {
      synchronized (HOOKS) {
        Hook hook = Hook.of(name);
        if (!isDefault(hook.before)) {
          hook.removeIfUnused();
          return null;
        }
        hook.fallback = reaction;
        return () -> hook.dropFallback();
      }
    } catch (IllegalArgumentException | LinkageError unavailable) {
      return null; // -Xrs, or a JDK without the class
    }
  }

  /// Runs a reaction on every signal of this name, on a thread of the JDK's.
  ///
  /// @return what undoes it
  /// @throws IllegalArgumentException if there is no such signal or it cannot be handled
  static Runnable add(String name, Runnable reaction) {
    if (name.equals("KILL") || name.equals("STOP")) {
      throw new IllegalArgumentException("SIG" + name + " cannot be caught by any program");
    }
    requireKnown(name);
    try {
      synchronized (HOOKS) {
        Hook hook = Hook.of(name);
        hook.added.add(reaction);
        return () -> hook.remove(reaction);
      }
    } catch (IllegalArgumentException reserved) {
      throw new IllegalArgumentException(
          "the JVM keeps SIG" + name + " to itself (with -Xrs also HUP, INT and TERM)", reserved);
    }
  }

  /// @throws IllegalArgumentException if there is no such signal
  static void requireKnown(String name) {
    try {
      var _ = new Signal(name);
    } catch (IllegalArgumentException unknown) {
      throw new IllegalArgumentException("there is no signal SIG" + name + " here", unknown);
    }
  }

  /// Sends this process a signal, to do what it would do without Weft.
  static void raiseDefault(String name) {
    Signal signal = new Signal(name);
    synchronized (HOOKS) {
      Hook hook = HOOKS.remove(name);
      if (hook != null) {
        Signal.handle(signal, hook.before);
      }
    }
    Signal.raise(signal);
  }

  private static boolean isDefault(SignalHandler handler) {
    String type = handler.getClass().getName();
    return handler == SignalHandler.SIG_DFL
        || type.startsWith("java.lang.Terminator")
        || type.startsWith("jdk.internal.misc.Signal")
        || type.startsWith("sun.misc.Signal");
  }

  /// One signal that Weft handles. Guarded by [#HOOKS].
  private static final class Hook {
    private final SignalHandler handler = received -> received();
    final Signal signal;
    final SignalHandler before;
    final List<Runnable> added = new ArrayList<>();
    @Nullable Runnable fallback;

    private Hook(Signal signal) {
      this.signal = signal;
      this.before = Signal.handle(signal, handler);
    }

    static Hook of(String name) {
      return HOOKS.computeIfAbsent(name, n -> new Hook(new Signal(n)));
    }

    private void received() {
      List<Runnable> told;
      synchronized (HOOKS) {
        Runnable last = fallback;
        told = added.isEmpty() && last != null ? List.of(last) : List.copyOf(added);
      }
      told.forEach(Runnable::run);
    }

    void remove(Runnable reaction) {
      synchronized (HOOKS) {
        added.remove(reaction);
        removeIfUnused();
      }
    }

    void dropFallback() {
      synchronized (HOOKS) {
        fallback = null;
        removeIfUnused();
      }
    }

    void removeIfUnused() {
      if (added.isEmpty() && fallback == null && HOOKS.remove(signal.getName(), this)) {
        SignalHandler found = Signal.handle(signal, before);
        if (found != handler) {
          Signal.handle(signal, found); // the program has put its own there meanwhile
        }
      }
    }
  }
}
