package weft.cli;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import weft.ThrowableGroup;

/// Cuts stack traces down to what the user wrote, in a throwable and all that hangs on it.
///
/// Everything above the user's topmost frame and below his lowest one goes. Between them only the
/// plumbing goes: a JDK method that calls the user back, such as `ArrayList.forEach`, says
/// something. A trace without any frame of the user's stays whole, unless there is a cause to look
/// at instead.
final class Traces {
  private final Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private Traces() {}

  static void trim(Throwable thrown) {
    new Traces().visit(thrown);
  }

  private void visit(Throwable thrown) {
    if (!seen.add(thrown)) {
      return;
    }
    StackTraceElement[] frames = thrown.getStackTrace();
    boolean says = thrown.getCause() == null || Arrays.stream(frames).anyMatch(Traces::isUsers);
    thrown.setStackTrace(says ? trimmed(frames) : new StackTraceElement[0]);
    if (thrown.getCause() != null) {
      visit(thrown.getCause());
    }
    for (Throwable suppressed : thrown.getSuppressed()) {
      visit(suppressed);
    }
    if (thrown instanceof ThrowableGroup group) {
      group.exceptions().forEach(this::visit);
    }
  }

  static StackTraceElement[] trimmed(StackTraceElement[] frames) {
    int first = 0;
    while (first < frames.length && !isUsers(frames[first])) {
      first++;
    }
    if (first == frames.length) {
      return frames;
    }
    int end = frames.length;
    while (!isUsers(frames[end - 1])) {
      end--;
    }
    StackTraceElement[] kept = new StackTraceElement[end - first];
    int count = 0;
    for (int i = first; i < end; i++) {
      if (!isPlumbing(frames[i])) {
        kept[count++] = frames[i];
      }
    }
    return Arrays.copyOf(kept, count);
  }

  private static boolean isUsers(StackTraceElement frame) {
    return !isJdk(frame) && !isWeft(frame);
  }

  private static boolean isPlumbing(StackTraceElement frame) {
    String name = frame.getClassName();
    return isWeft(frame)
        || (isJdk(frame)
            && (name.startsWith("jdk.internal.")
                || name.startsWith("java.lang.reflect.")
                || name.startsWith("java.lang.invoke.")));
  }

  private static boolean isJdk(StackTraceElement frame) {
    String module = frame.getModuleName();
    return module != null && (module.startsWith("java.") || module.startsWith("jdk."));
  }

  private static boolean isWeft(StackTraceElement frame) {
    String name = frame.getClassName();
    if (!name.startsWith("weft.")) {
      return false;
    }
    String rest = name.substring(5);
    return rest.indexOf('.') < 0
        || rest.startsWith("cli.")
        || rest.startsWith("sync.")
        || rest.startsWith("spi.")
        || rest.startsWith("nio.")
        || rest.startsWith("io.");
  }
}
