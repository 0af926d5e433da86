package weft.bench;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// The JDK's internal continuation: the floor under every switch.
///
/// Reached by constant method handles, which the compiler folds to direct calls, so that nothing
/// here needs internal classes to compile. Running it needs `--add-exports
/// java.base/jdk.internal.vm=ALL-UNNAMED`.
final class RawContinuation {
  private static final MethodHandle NEW;
  private static final MethodHandle RUN;
  private static final MethodHandle YIELD;
  private static final Object SCOPE;

  static {
    try {
      var lookup = MethodHandles.lookup();
      var type = Class.forName("jdk.internal.vm.Continuation");
      var scope = Class.forName("jdk.internal.vm.ContinuationScope");
      SCOPE =
          lookup
              .findConstructor(scope, MethodType.methodType(void.class, String.class))
              .invoke("weft.bench");
      NEW =
          lookup
              .findConstructor(type, MethodType.methodType(void.class, scope, Runnable.class))
              .asType(MethodType.methodType(Object.class, Object.class, Runnable.class));
      RUN =
          lookup
              .findVirtual(type, "run", MethodType.methodType(void.class))
              .asType(MethodType.methodType(void.class, Object.class));
      YIELD =
          lookup
              .findStatic(type, "yield", MethodType.methodType(boolean.class, scope))
              .asType(MethodType.methodType(boolean.class, Object.class));
    } catch (Throwable e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Object continuation;

  RawContinuation(Runnable body) {
    try {
      continuation = NEW.invokeExact(SCOPE, body);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// A continuation that leaves again as soon as it is entered, for ever.
  static RawContinuation endless() {
    return new RawContinuation(
        () -> {
          while (true) {
            leave();
          }
        });
  }

  /// Enters it; returns when it leaves or ends.
  void run() {
    try {
      RUN.invokeExact(continuation);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Leaves the continuation that is running.
  static void leave() {
    try {
      boolean left = (boolean) YIELD.invokeExact(SCOPE);
      assert left;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
