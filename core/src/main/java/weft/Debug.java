package weft;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What debug mode remembers and reports.
final class Debug {
  /// Sees objects that were dropped too early. Its thread starts with the first use of this class.
  static final Cleaner CLEANER = Cleaner.create();

  /// Debug mode: the coroutines that nobody has used yet.
  private static final Set<NeverAwaited> UNUSED = ConcurrentHashMap.newKeySet();

  private static final boolean BY_DEFAULT =
      isOn(System.getProperty("weft.debug")) || isOn(System.getenv("WEFT_DEBUG"));

  private static final int FRAMES_MAX = 10;

  private static final List<String> LIBRARIES =
      List.of(
          "java.", "javax.", "jdk.", "sun.", "weft.io.", "weft.sync.", "weft.nio.", "weft.linux.");

  private Debug() {}

  private static boolean isOn(@Nullable String setting) {
    return setting != null
        && (setting.isEmpty() || setting.equals("1") || setting.equalsIgnoreCase("true"));
  }

  /// Whether `-Dweft.debug` or `WEFT_DEBUG` ask for debug mode.
  static boolean byDefault() {
    return BY_DEFAULT;
  }

  static boolean enabledHere() {
    if (BY_DEFAULT) {
      return true;
    }
    AbstractEventLoop loop = Fiber.running();
    return loop != null && loop.debug;
  }

  static Logger logger() {
    return System.getLogger("weft");
  }

  static Throwable trace(String what) {
    return new Throwable(what);
  }

  /* ---- Dropped objects ---- */

  /// Says that a body has returned what it should have awaited. Not only in debug mode: it is the
  /// first mistake that one makes.
  static void returnedUnawaited(Task<?> task, Coroutine<?> coroutine) {
    logger()
        .log(
            Level.WARNING,
            "the body of {0} has returned {1} and not awaited it: await it there, or hand over the"
                + " coroutine itself, as in createTask(f()) instead of createTask(() -> f())",
            task.name(),
            coroutine);
  }

  static Cleaner.Cleanable watchNeverAwaited(Coroutine<?> coroutine) {
    NeverAwaited watch =
        new NeverAwaited(
            coroutine.toString(), trace("coroutine made"), closeWatch(Fiber.running()));
    UNUSED.add(watch);
    Cleaner.Cleanable cleanable = CLEANER.register(coroutine, watch);
    return () -> {
      watch.used = true;
      cleanable.clean();
    };
  }

  private static @Nullable Object closeWatch(@Nullable AbstractEventLoop loop) {
    return loop == null ? null : loop.closeWatch;
  }

  static void forget(Cleaner.Cleanable watch) {
    watch.clean();
  }

  private static final class NeverAwaited implements Runnable {
    private final String text;
    private final Throwable created;

    /// That of the loop on which it was made; the loop itself must not be kept.
    private final @Nullable Object loopCloseWatch;

    private volatile boolean used;

    NeverAwaited(String text, Throwable created, @Nullable Object loopCloseWatch) {
      this.text = text;
      this.created = created;
      this.loopCloseWatch = loopCloseWatch;
    }

    @Override
    public void run() {
      if (UNUSED.remove(this) && !used) {
        logger().log(Level.WARNING, text + " was never awaited; made at:" + lines(created));
      }
    }
  }

  /// To be called when the loop is made, and when it is put into debug mode.
  static void watchUnclosed(AbstractEventLoop loop) {
    if (loop.debug && loop.closeWatch == null && !loop.isClosed()) {
      AtomicReference<@Nullable String> open = new AtomicReference<>(loop.getClass().getName());
      Throwable created = trace("loop made, or put into debug mode");
      loop.closeWatch = open;
      CLEANER.register(
          loop,
          () -> {
            if (open.get() != null) {
              logger()
                  .log(
                      Level.WARNING,
                      "unclosed event loop "
                          + open
                          + "; made, or put into debug mode, at:"
                          + lines(created));
            }
          });
    }
  }

  static void closed(AbstractEventLoop loop) {
    AtomicReference<@Nullable String> closing = loop.closeWatch;
    if (closing == null) {
      return;
    }
    closing.set(null);
    for (NeverAwaited watch : UNUSED) {
      if (watch.loopCloseWatch == closing) {
        watch.run(); // a short program ends before the garbage collector runs
      }
    }
  }

  /* ---- Slow steps, cycles ---- */

  static void reportSlow(AbstractEventLoop loop, Object what, long tookNanos) {
    if (tookNanos >= Durations.nanos(loop.slowCallbackDuration())) {
      logger()
          .log(
              Level.WARNING,
              String.format("Executing %s took %.3f seconds", what, tookNanos / 1e9));
    }
  }

  /// Called before a wait without limit: a cycle of waits can only be ended by a cancellation now.
  static void reportCycles(AbstractEventLoop loop) {
    Set<List<String>> reported = loop.reportedCycles;
    for (List<Task<?>> cycle : AwaitGraph.cycles(loop.allTasks())) {
      List<String> names = cycle.stream().<String>map(Task::name).toList();
      if (reported.add(names)) {
        logger()
            .log(
                Level.WARNING,
                "await cycle, each of these tasks waits for the next one:\n"
                    + cycle.stream()
                        .map(
                            t ->
                                "  "
                                    + t
                                    + Arrays.stream(t.stack())
                                        .limit(FRAMES_MAX)
                                        .map(f -> "\n      at " + f)
                                        .collect(Collectors.joining()))
                        .collect(Collectors.joining("\n")));
      }
    }
  }

  /* ---- Texts ---- */

  /// The text of a user's object, which may fail to make one.
  static String text(@Nullable Object object) {
    return shorten(wholeText(object));
  }

  static String wholeText(@Nullable Object object) {
    try {
      return String.valueOf(object);
    } catch (Throwable failed) {
      return object == null ? "null" : object.getClass().getName() + " (toString failed)";
    }
  }

  static String shorten(String text) {
    return text.length() <= 200 ? text : text.substring(0, 197) + "...";
  }

  /// A callback's class, without what the JDK adds to a lambda's.
  static String describe(Object callback) {
    if (callback instanceof Fiber) {
      return "step";
    }
    String name = callback.getClass().getName();
    int lambda = name.indexOf("$$Lambda");
    if (lambda >= 0) {
      return name.substring(0, lambda) + " lambda";
    }
    return callback.getClass().isHidden() ? name : text(callback);
  }

  private static String lines(Throwable trace) {
    return Arrays.stream(userFrames(trace.getStackTrace()))
        .map(f -> "\n    " + f)
        .collect(Collectors.joining());
  }

  /// Drops the frames of Weft's own core and of the JDK's threads at both ends of a stack.
  static StackTraceElement[] userFrames(StackTraceElement[] frames) {
    int from = 0;
    int to = frames.length;
    while (from < to && isMachinery(frames[from])) {
      from++;
    }
    while (to > from && isMachinery(frames[to - 1])) {
      to--;
    }
    return Arrays.copyOfRange(frames, from, to);
  }

  /// The innermost line that is neither Weft's nor the JDK's, as ` at Hello.java:12`.
  static String place(StackTraceElement[] frames) {
    for (StackTraceElement frame : frames) {
      if (frame.getFileName() != null && !isMachinery(frame) && !isLibrary(frame.getClassName())) {
        return " at " + frame.getFileName() + ":" + frame.getLineNumber();
      }
    }
    return "";
  }

  private static boolean isLibrary(String className) {
    return LIBRARIES.stream().anyMatch(className::startsWith);
  }

  private static boolean isMachinery(StackTraceElement frame) {
    String name = frame.getClassName();
    return name.startsWith("java.lang.VirtualThread")
        || name.startsWith("java.lang.Thread")
        || name.startsWith("jdk.internal.vm.")
        || CoreClasses.contains(name);
  }
}
