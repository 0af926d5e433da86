package weft;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Who waits for a promise, and where: its own stack if it is a task, and the same for each task
/// that waits for it.
///
/// @param promise the promise or task concerned
/// @param stack the frames of its coroutine, innermost first; empty for a plain promise
/// @param awaitedBy the tasks that wait for it
/// @see <a href="https://docs.python.org/3/library/asyncio-graph.html">asyncio call graph</a>
public record CallGraph(
    Promise<?> promise, List<StackTraceElement> stack, List<CallGraph> awaitedBy) {

  /// The graph of the running task.
  ///
  /// @throws IllegalStateException if no loop runs on this thread
  public static @Nullable CallGraph capture() {
    Task<?> task = EventLoop.running().currentTask();
    return task == null ? null : capture(task);
  }

  /// The graph of a promise. On the loop's thread.
  public static CallGraph capture(Promise<?> promise) {
    return capture(promise, new LinkedHashSet<>());
  }

  private static CallGraph capture(Promise<?> promise, Set<Promise<?>> above) {
    List<CallGraph> waiting = new ArrayList<>();
    if (above.add(promise)) {
      for (Task<?> waiter : promise.awaitedBy()) {
        waiting.add(capture(waiter, above));
      }
      above.remove(promise);
    }
    List<StackTraceElement> stack =
        promise instanceof Task<?> task ? List.of(task.stack()) : List.of();
    return new CallGraph(promise, stack, waiting);
  }

  /// The cycles among the tasks of a loop: tasks that wait for each other and can never end by
  /// themselves.
  public static List<List<Task<?>>> cycles(EventLoop loop) {
    return AwaitGraph.cycles(loop.allTasks());
  }

  /// The graph as text, one line for each task and frame, waiting tasks indented.
  public String format() {
    StringBuilder text = new StringBuilder();
    format(text, "");
    return text.toString();
  }

  private void format(StringBuilder text, String indent) {
    text.append(indent).append("* ").append(AwaitGraph.brief(promise)).append('\n');
    if (!stack.isEmpty()) {
      text.append(indent).append("  + Call stack:\n");
      for (StackTraceElement frame : stack) {
        text.append(indent).append("  |   at ").append(frame).append('\n');
      }
    }
    if (!awaitedBy.isEmpty()) {
      text.append(indent).append("  + Awaited by:\n");
      for (CallGraph waiter : awaitedBy) {
        waiter.format(text, indent + "     ");
      }
    }
  }
}
