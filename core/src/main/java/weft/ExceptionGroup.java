package weft;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;

/// Several exceptions that happened at the same time, as one; thrown by [Weft#taskGroup].
public final class ExceptionGroup extends RuntimeException implements ThrowableGroup {
  private final String text;

  @SuppressWarnings("serial") // List.copyOf makes one that can be serialized
  private final List<Throwable> exceptions;

  /// A group of at least one member, none of them an [Error].
  public ExceptionGroup(String message, List<? extends Throwable> exceptions) {
    super(Groups.withCount(message, Groups.members(exceptions)));
    this.text = message;
    this.exceptions = Groups.members(exceptions);
    for (Throwable member : exceptions) {
      if (member instanceof Error) {
        throw new IllegalArgumentException(
            "an Error in a group needs a BaseExceptionGroup; ThrowableGroup.of(…) chooses", member);
      }
    }
    this.exceptions.forEach(this::addSuppressed); // so that every logger shows them
  }

  @Override
  public String message() {
    return text;
  }

  @Override
  public List<Throwable> exceptions() {
    return exceptions;
  }

  /// Prints the group and the trace of each member.
  @Override
  public void printStackTrace(PrintStream out) {
    out.println(Groups.render(this));
  }

  /// Prints the group and the trace of each member.
  @Override
  public void printStackTrace(PrintWriter out) {
    out.println(Groups.render(this));
  }
}
