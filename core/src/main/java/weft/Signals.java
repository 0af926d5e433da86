package weft;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/// Operating system signals, through `sun.misc.Signal`: the one file that knows it. The JDK
/// supports that class for exactly this purpose, but the compiler cannot be kept from warning of
/// it; hence the reflection.
final class Signals {
  private Signals() {}

  /// Runs a reaction on every signal of this name, on a thread of the JDK's, if only the JDK's own
  /// default handler stands there.
  ///
  /// @return what undoes it; null if the program handles the signal itself, or the JVM refuses
  static @Nullable Runnable handle(String name, Runnable reaction) {
    try {
      Class<?> signalClass = Class.forName("sun.misc.Signal");
      Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
      InvocationHandler invocations =
          (proxy, method, arguments) ->
              switch (method.getName()) {
                case "handle" -> {
                  reaction.run();
                  yield null;
                }
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "Weft's handler of SIG" + name;
              };
      Object ours =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(), new Class<?>[] {handlerClass}, invocations);
      Object signal = signalClass.getConstructor(String.class).newInstance(name);
      var install = signalClass.getMethod("handle", signalClass, handlerClass);
      Object before = install.invoke(null, signal, ours);
      if (!isDefault(before)) {
        install.invoke(null, signal, before);
        return null;
      }
      return () -> {
        try {
          install.invoke(null, signal, before);
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException("the handler of SIG" + name + " cannot be restored", e);
        }
      };
    } catch (ReflectiveOperationException | LinkageError unavailable) {
      return null;
    }
  }

  private static boolean isDefault(@Nullable Object handler) {
    String type = handler == null ? "" : handler.getClass().getName();
    return type.startsWith("java.lang.Terminator")
        || type.startsWith("jdk.internal.misc.Signal")
        || type.startsWith("sun.misc.Signal");
  }
}
