package weft.cli;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import weft.EventLoopProvider;

/// Runs a program's `main`: `Launch CLASS [args…]`, with the program on the class path after Weft's
/// own jars.
///
/// It stands between the JVM and the program only to give the exit status and the stack trace that
/// a user expects. What `main` throws leaves this `main` too, so that, as with plain `java`, the
/// JVM first waits for the threads that are no daemons.
public final class Launch {
  /// The elements that the script puts on the class path before the program's own.
  private static final int OWN_JARS = 3;

  private Launch() {}

  /// Runs the program.
  ///
  /// @param args the program's class, then its arguments
  public static void main(String[] args) throws Throwable {
    Thread.setDefaultUncaughtExceptionHandler(new Uncaught(Thread.currentThread()));
    checkLoop();
    Class<?> type = find(args[0]);
    if (Boolean.getBoolean("weft.cli.temporary")) {
      unlinkProgram();
    }
    String[] rest = new String[args.length - 1];
    System.arraycopy(args, 1, rest, 0, rest.length);
    Method main = findMain(type, String[].class);
    boolean wantsArguments = main != null;
    if (main == null) {
      main = findMain(type);
    }
    if (main == null) {
      throw fail(1, "class " + type.getName() + " has no main method; write `void main() {…}`");
    }
    try {
      Object receiver = Modifier.isStatic(main.getModifiers()) ? null : newInstance(type);
      main.setAccessible(true);
      if (wantsArguments) {
        main.invoke(receiver, (Object) rest);
      } else {
        main.invoke(receiver);
      }
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /// A loop that was asked for by name and cannot be had is a mistake of usage, said at once.
  private static void checkLoop() {
    String name = System.getProperty("weft.loop");
    if (name == null && System.getenv("WEFT_LOOP") == null) {
      return;
    }
    try {
      EventLoopProvider.chosen(name);
    } catch (RuntimeException e) {
      throw fail(2, e.getMessage());
    }
  }

  private static Class<?> find(String name) {
    try {
      return Class.forName(name, false, ClassLoader.getSystemClassLoader());
    } catch (ClassNotFoundException | NoClassDefFoundError e) {
      String hint =
          Files.exists(Path.of(name + ".java")) ? "; did you mean " + name + ".java?" : "";
      throw fail(2, "no class " + name + " on the class path (" + classPath() + ")" + hint);
    }
  }

  private static String classPath() {
    String[] path = System.getProperty("java.class.path").split(File.pathSeparator, OWN_JARS + 1);
    return path[path.length - 1];
  }

  /// A program that could not be put into the cache is deleted as soon as the JVM has it open.
  private static void unlinkProgram() throws java.io.IOException {
    Path jar = Path.of(classPath().split(File.pathSeparator, 2)[0]);
    Files.deleteIfExists(jar);
    Files.deleteIfExists(jar.resolveSibling("main"));
    for (Path folder : List.of(jar.resolve(".."), jar.resolve("../.."))) {
      Files.deleteIfExists(folder.normalize());
    }
  }

  /// As the JVM looks for it (JLS 12.1.4): not private, static or not, inherited or not. Asking the
  /// JDK for one method by name would do, but the exception for "none" is slow to make.
  private static @Nullable Method findMain(Class<?> type, Class<?>... parameters) {
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      Method main = findMain(c.getDeclaredMethods(), parameters);
      if (main != null) {
        return main;
      }
    }
    return type.getInterfaces().length == 0 ? null : findMain(type.getMethods(), parameters);
  }

  private static @Nullable Method findMain(Method[] methods, Class<?>[] parameters) {
    for (Method method : methods) {
      if (method.getName().equals("main")
          && method.getReturnType() == void.class
          && !Modifier.isPrivate(method.getModifiers())
          && Arrays.equals(method.getParameterTypes(), parameters)) {
        return method;
      }
    }
    return null;
  }

  private static Object newInstance(Class<?> type) throws ReflectiveOperationException {
    Constructor<?> constructor;
    try {
      constructor = type.getDeclaredConstructor();
    } catch (NoSuchMethodException e) {
      throw fail(1, "class " + type.getName() + " needs a constructor without parameters");
    }
    constructor.setAccessible(true);
    return constructor.newInstance();
  }

  private static Error fail(int status, @Nullable String message) {
    System.err.println("weft: " + message);
    System.exit(status);
    return new AssertionError();
  }
}
