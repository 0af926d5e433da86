package weft;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What the two kinds of exception groups share.
final class Groups {
  private Groups() {}

  static List<Throwable> members(List<? extends Throwable> members) {
    if (members.isEmpty()) {
      throw new IllegalArgumentException("an exception group needs at least one member");
    }
    return List.copyOf(members);
  }

  static String withCount(String message, List<Throwable> members) {
    int count = members.size();
    return message + " (" + count + " sub-exception" + (count == 1 ? ")" : "s)");
  }

  static ThrowableGroup.Split split(ThrowableGroup group, Predicate<? super Throwable> matches) {
    if (matches.test(group.asThrowable())) {
      return new ThrowableGroup.Split(group, null);
    }
    List<Throwable> matching = new ArrayList<>();
    List<Throwable> rest = new ArrayList<>();
    for (Throwable member : group.exceptions()) {
      if (member instanceof ThrowableGroup nested) {
        ThrowableGroup.Split split = split(nested, matches);
        if (split.matching() != null) {
          matching.add(split.matching().asThrowable());
        }
        if (split.rest() != null) {
          rest.add(split.rest().asThrowable());
        }
      } else {
        (matches.test(member) ? matching : rest).add(member);
      }
    }
    return new ThrowableGroup.Split(derive(group, matching), derive(group, rest));
  }

  private static @Nullable ThrowableGroup derive(ThrowableGroup group, List<Throwable> members) {
    if (members.isEmpty()) {
      return null;
    }
    Throwable original = group.asThrowable();
    Throwable derived = ThrowableGroup.of(group.message(), members).asThrowable();
    derived.setStackTrace(original.getStackTrace());
    if (original.getCause() != null) {
      derived.initCause(original.getCause());
    }
    beside(group).forEach(derived::addSuppressed);
    return (ThrowableGroup) derived;
  }

  /// What was suppressed for the sake of the group, such as the time-out of the block that it left;
  /// the members are among the suppressed as well.
  private static List<Throwable> beside(ThrowableGroup group) {
    return Arrays.stream(group.asThrowable().getSuppressed())
        .filter(suppressed -> !group.exceptions().contains(suppressed))
        .toList();
  }

  /// The stack trace of a group: its own frames, then each member's whole trace, numbered and
  /// indented.
  static String render(ThrowableGroup group) {
    StringBuilder text = new StringBuilder();
    Throwable self = group.asThrowable();
    text.append(self).append('\n');
    for (StackTraceElement frame : self.getStackTrace()) {
      text.append("\tat ").append(frame).append('\n');
    }
    int number = 0;
    for (Throwable member : group.exceptions()) {
      number++;
      text.append("  +---------------- ").append(number).append(" ----------------\n");
      trace(member).lines().forEach(line -> text.append("  | ").append(line).append('\n'));
    }
    text.append("  +------------------------------------");
    for (Throwable suppressed : beside(group)) {
      text.append("\nSuppressed: ").append(trace(suppressed).stripTrailing());
    }
    Throwable cause = self.getCause();
    if (cause != null) {
      text.append("\nCaused by: ").append(trace(cause).stripTrailing());
    }
    return text.toString();
  }

  private static String trace(Throwable t) {
    StringWriter text = new StringWriter();
    t.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }
}
