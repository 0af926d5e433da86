package weft;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Who waits for whom. The edges are not kept apart: a promise knows its waiters because it has to
/// wake them, so the graph costs nothing until somebody looks.
final class AwaitGraph {
  private AwaitGraph() {}

  /// Refuses a wait that could never end, because the awaited waits for the waiting task.
  static void checkCycle(Task<?> waiting, Promise<?> awaited) {
    if (awaited == waiting) {
      throw new IllegalStateException(waiting.name() + " cannot await itself");
    }
    if (awaited.standsForTasks() && waiting.hasWaitingTask()) {
      List<Promise<?>> path = pathUp(waiting, awaited);
      if (path != null) {
        throw new IllegalStateException(
            "await cycle, none of these can ever end: "
                + path.stream().map(AwaitGraph::brief).collect(Collectors.joining(" awaits "))
                + " awaits "
                + brief(path.getFirst()));
      }
    }
  }

  /// The chain of waits `target … from`, or null if `target` does not wait for `from`.
  private static @Nullable List<Promise<?>> pathUp(Promise<?> from, Promise<?> target) {
    List<Promise<?>> path = new ArrayList<>();
    return search(from, target, new HashSet<>(), path) ? path.reversed() : null;
  }

  private static boolean search(
      Promise<?> at, Promise<?> target, Set<Promise<?>> seen, List<Promise<?>> path) {
    if (!seen.add(at)) {
      return false;
    }
    path.add(at);
    if (at == target) {
      return true;
    }
    for (Promise<?> waiter : at.directlyAwaitedBy()) {
      if (search(waiter, target, seen, path)) {
        return true;
      }
    }
    path.removeLast();
    return false;
  }

  /// All cycles among the given tasks, each as the list of its tasks.
  static List<List<Task<?>>> cycles(Iterable<Task<?>> tasks) {
    List<List<Task<?>>> cycles = new ArrayList<>();
    Set<Task<?>> found = new HashSet<>();
    for (Task<?> task : tasks) {
      if (found.contains(task)) {
        continue;
      }
      for (Promise<?> waiter : task.directlyAwaitedBy()) {
        List<Promise<?>> path = pathUp(waiter, task);
        if (path != null) {
          List<Task<?>> cycle = new ArrayList<>();
          for (Promise<?> p : path) {
            if (p instanceof Task<?> t) {
              cycle.add(t);
            }
          }
          found.addAll(cycle);
          cycles.add(cycle);
          break;
        }
      }
    }
    return cycles;
  }

  static String brief(Promise<?> promise) {
    return promise instanceof Task<?> task
        ? task.name()
        : "<" + promise.getClass().getSimpleName() + " " + promise.stateText() + ">";
  }
}
