package weft;

import java.util.Set;

/// Tells the core's own frames on a stack from those of a user whose package has the same name.
final class CoreClasses {
  private static final Set<String> NAMES =
      Set.of(
          "AbstractEventLoop",
          "AsCompleted",
          "BlockedFibers",
          "Bridges",
          "CallGraph",
          "Context",
          "Coroutine",
          "CoroutineNames",
          "Debug",
          "DriverLoop",
          "EventLoop",
          "Fiber",
          "Gather",
          "Generator",
          "Handle",
          "Promise",
          "ReadyQueue",
          "RunUntilComplete",
          "Runner",
          "Task",
          "TaskGroup",
          "Timeout",
          "Waits",
          "Weft");

  private CoreClasses() {}

  static boolean contains(String className) {
    if (!className.startsWith("weft.")) {
      return false;
    }
    int nested = className.indexOf('$');
    return NAMES.contains(className.substring(5, nested < 0 ? className.length() : nested));
  }
}
