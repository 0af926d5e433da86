package weft.cli;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.Diag;
import jdk.jshell.EvalException;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.JShellException;
import jdk.jshell.MethodSnippet;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.TypeDeclSnippet;
import jdk.jshell.UnresolvedReferenceException;
import jdk.jshell.VarSnippet;
import org.jspecify.annotations.Nullable;

/// Says what became of an input, in the words of `jshell`.
final class Feedback {
  private final JShell shell;
  private final PrintStream out;

  Feedback(JShell shell, PrintStream out) {
    this.shell = shell;
    this.out = out;
  }

  /// Prints the outcome of one snippet.
  void show(SnippetEvent event) {
    if (event.causeSnippet() != null) {
      return; // a consequence for an earlier snippet
    }
    Snippet snippet = event.snippet();
    if (event.status() == Snippet.Status.REJECTED) {
      shell.diagnostics(snippet).forEach(diagnostic -> show(diagnostic, snippet.source()));
    } else if (event.exception() != null) {
      show(event.exception(), "Exception ");
    } else if (event.status().isDefined()) {
      showValue(event);
    }
  }

  private void showValue(SnippetEvent event) {
    Snippet snippet = event.snippet();
    String value = event.value();
    switch (snippet) {
      case VarSnippet variable when value != null -> out.println(variable.name() + " ==> " + value);
      case ExpressionSnippet expression when value != null ->
          out.println(expression.name() + " ==> " + value);
      case MethodSnippet method ->
          say(
              verb(event)
                  + " method "
                  + method.name()
                  + "("
                  + method.parameterTypes()
                  + ")"
                  + missing(event));
      case TypeDeclSnippet type ->
          say(verb(event) + " " + kind(type) + " " + type.name() + missing(event));
      default -> {}
    }
  }

  private static String kind(TypeDeclSnippet type) {
    return switch (type.subKind()) {
      case INTERFACE_SUBKIND -> "interface";
      case ENUM_SUBKIND -> "enum";
      case RECORD_SUBKIND -> "record";
      case ANNOTATION_TYPE_SUBKIND -> "annotation interface";
      default -> "class";
    };
  }

  private static String verb(SnippetEvent event) {
    return switch (event.previousStatus()) {
      case NONEXISTENT -> "created";
      case VALID, RECOVERABLE_DEFINED, RECOVERABLE_NOT_DEFINED ->
          event.isSignatureChange() ? "replaced" : "modified";
      default -> "created";
    };
  }

  private String missing(SnippetEvent event) {
    if (event.status() == Snippet.Status.VALID
        || !(event.snippet() instanceof DeclarationSnippet declaration)) {
      return "";
    }
    String names = shell.unresolvedDependencies(declaration).collect(Collectors.joining(", "));
    return ", however, it cannot be used until this is declared: " + names;
  }

  private void show(Diag diagnostic, String source) {
    say(diagnostic.isError() ? "Error:" : "Warning:");
    diagnostic
        .getMessage(Locale.getDefault())
        .lines()
        .filter(line -> !line.strip().startsWith("location:"))
        .forEach(this::say);
    int start = (int) diagnostic.getStartPosition();
    int end = (int) diagnostic.getEndPosition();
    if (start < 0 || start > source.length()) {
      return;
    }
    int lineStart = source.lastIndexOf('\n', start - 1) + 1;
    int lineEnd = source.indexOf('\n', start);
    String line = source.substring(lineStart, lineEnd < 0 ? source.length() : lineEnd);
    int width = Math.max(1, Math.min(end, lineStart + line.length()) - start);
    say(line);
    say(" ".repeat(start - lineStart) + (width == 1 ? "^" : "^" + "-".repeat(width - 2) + "^"));
  }

  private void show(JShellException exception, String label) {
    switch (exception) {
      case EvalException thrown -> {
        String message = thrown.getMessage() == null ? "" : ": " + thrown.getMessage();
        say(label + thrown.getExceptionClassName() + message);
      }
      case UnresolvedReferenceException unresolved ->
          say(
              "attempted to use "
                  + unresolved.getSnippet().source().strip()
                  + missingNames(unresolved.getSnippet()));
      default -> say(label + exception.getMessage());
    }
    for (StackTraceElement frame : frames(exception)) {
      say("      at " + describe(frame));
    }
    if (exception.getCause() instanceof JShellException cause) {
      show(cause, "Caused by: ");
    }
  }

  private String missingNames(DeclarationSnippet snippet) {
    return " which needs a declaration of "
        + shell.unresolvedDependencies(snippet).collect(Collectors.joining(", "));
  }

  /// JShell names a frame of a snippet by its number, `#3`, and leaves out everything below it.
  private static StackTraceElement[] frames(JShellException exception) {
    StackTraceElement[] frames = Traces.trimmed(exception.getStackTrace());
    int end = frames.length;
    while (end > 0 && !isSnippet(frames[end - 1])) {
      end--;
    }
    return Arrays.copyOf(frames, end == 0 ? Math.min(frames.length, 5) : end);
  }

  private static boolean isSnippet(StackTraceElement frame) {
    return frame.getFileName() != null && frame.getFileName().startsWith("#");
  }

  private static String describe(StackTraceElement frame) {
    if (!isSnippet(frame)) {
      return frame.toString();
    }
    String name = frame.getClassName();
    if (frame.getMethodName() != null && !frame.getMethodName().equals("do_it$")) {
      name = name.isEmpty() ? frame.getMethodName() : name + "." + frame.getMethodName();
    }
    return (name + " (" + frame.getFileName() + ":" + frame.getLineNumber() + ")").strip();
  }

  void say(@Nullable String line) {
    out.println("|  " + line);
  }
}
