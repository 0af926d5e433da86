package weft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Who waits for whom. The edges are not kept apart: a promise knows its waiters because it has to
/// wake them, a task what it waits for because it has to cancel it, and what stands for several
/// promises knows these. So the graph costs nothing until somebody looks.
final class AwaitGraph {
  /// How far a wait is followed before it is allowed; what is longer is left to debug mode.
  private static final int STEPS_MAX = 1_000;

  private AwaitGraph() {}

  /// Refuses a wait that could never end unless somebody cancels it, because the awaited waits for
  /// the waiting task, and neither time nor a failure ends that.
  static void checkCycle(Task<?> waiting, Promise<?> awaited) {
    Promise<?> at = awaited;
    for (int steps = 0; at instanceof Task<?> task && steps < STEPS_MAX; steps++) {
      if (task == waiting && (awaited == waiting || !task.hasDeadline())) {
        throw cycle(waiting, awaited);
      }
      if (task.hasDeadline()) {
        return;
      }
      Promise<?> next = task.waitingOn();
      if (next == null || next.done()) {
        return; // the task goes on, or is about to
      }
      at = next;
    }
    if (at instanceof LinkedPromise && !waiting.hasDeadline() && reaches(at, waiting)) {
      throw cycle(waiting, awaited);
    }
  }

  private static boolean reaches(Promise<?> from, Task<?> target) {
    Deque<Promise<?>> open = new ArrayDeque<>(List.of(from));
    Set<Promise<?>> seen = new HashSet<>();
    while (!open.isEmpty() && seen.size() < STEPS_MAX) {
      Promise<?> at = open.pop();
      if (at == target) {
        return true;
      }
      if (seen.add(at)) {
        open.addAll(bonds(at));
      }
    }
    return false;
  }

  /// What a promise waits for itself, with nothing that ends the wait before that has ended.
  private static Collection<? extends Promise<?>> bonds(Promise<?> promise) {
    boolean free =
        promise instanceof Task<?> task
            ? task.hasDeadline()
            : promise instanceof LinkedPromise<?> linked && linked.failsEarly();
    return free ? List.of() : sources(promise);
  }

  /// What a promise waits for itself, and cannot succeed without.
  private static Collection<? extends Promise<?>> sources(Promise<?> promise) {
    if (promise.done()) {
      return List.of();
    }
    if (promise instanceof LinkedPromise<?> linked) {
      return linked.needsAll() ? linked.sources() : List.of();
    }
    Promise<?> awaited = promise instanceof Task<?> task ? task.waitingOn() : null;
    return awaited == null ? List.of() : List.of(awaited);
  }

  private static IllegalStateException cycle(Task<?> waiting, Promise<?> awaited) {
    if (awaited == waiting) {
      return new IllegalStateException(waiting.name() + " cannot await itself");
    }
    return new IllegalStateException(
        "await cycle, none of these can ever end: "
            + path(awaited, waiting).stream()
                .map(AwaitGraph::brief)
                .collect(Collectors.joining(" awaits "))
            + " awaits "
            + brief(awaited));
  }

  /// A chain of waits between two promises of which the first is known to wait for the second.
  private static List<Promise<?>> path(Promise<?> from, Promise<?> to) {
    Map<Promise<?>, Promise<?>> waiterOf = new HashMap<>();
    Deque<Promise<?>> open = new ArrayDeque<>(List.of(from));
    while (!open.isEmpty() && !waiterOf.containsKey(to)) {
      Promise<?> at = open.pop();
      for (Promise<?> source : bonds(at)) {
        if (source != from && waiterOf.putIfAbsent(source, at) == null) {
          open.add(source);
        }
      }
    }
    List<Promise<?>> path = new ArrayList<>(List.of(to));
    while (path.getFirst() != from) {
      path.addFirst(waiterOf.get(path.getFirst()));
    }
    return path;
  }

  /// The cycles among the given tasks, each as the list of its tasks: a depth-first search that
  /// meets a promise which is still on its way has found one.
  static List<List<Task<?>>> cycles(Collection<Task<?>> tasks) {
    List<List<Task<?>>> cycles = new ArrayList<>();
    Set<Promise<?>> finished = new HashSet<>();
    for (Task<?> start : tasks) {
      List<Promise<?>> way = new ArrayList<>();
      Deque<Iterator<? extends Promise<?>>> ahead = new ArrayDeque<>();
      ahead.push(List.of(start).iterator());
      while (!ahead.isEmpty()) {
        if (!ahead.peek().hasNext()) {
          ahead.pop();
          if (!way.isEmpty()) {
            finished.add(way.removeLast());
          }
          continue;
        }
        Promise<?> next = ahead.peek().next();
        int met = way.indexOf(next);
        if (met >= 0) {
          cycles.add(tasksOf(way.subList(met, way.size())));
        } else if (!finished.contains(next)) {
          way.add(next);
          ahead.push(List.copyOf(sources(next)).iterator());
        }
      }
    }
    return cycles;
  }

  private static List<Task<?>> tasksOf(List<Promise<?>> way) {
    List<Task<?>> tasks = new ArrayList<>();
    for (Promise<?> promise : way) {
      if (promise instanceof Task<?> task) {
        tasks.add(task);
      }
    }
    return tasks;
  }

  static String brief(Promise<?> promise) {
    return promise instanceof Task<?> task
        ? task.name()
        : "<" + promise.getClass().getSimpleName() + " " + promise.stateText() + ">";
  }
}
