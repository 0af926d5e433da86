package weft;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;

/// Several throwables as one, with an [Error] among them: an error itself, so that `catch
/// (Exception e)` does not swallow what it would not have swallowed alone.
public final class BaseExceptionGroup extends Error implements ThrowableGroup {
  private final String text;

  @SuppressWarnings("serial") // List.copyOf makes one that can be serialized
  private final List<Throwable> exceptions;

  /// A group of at least one member.
  public BaseExceptionGroup(String message, List<? extends Throwable> exceptions) {
    super(Groups.withCount(message, Groups.members(exceptions)));
    this.text = message;
    this.exceptions = Groups.members(exceptions);
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
