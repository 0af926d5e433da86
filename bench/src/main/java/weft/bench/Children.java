package weft.bench;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The processes that the bench has started: none outlives a bench that is ended early.
final class Children {
  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(Children::endAll));
  }

  private Children() {}

  static Process add(Process process) {
    RUNNING.add(process);
    return process;
  }

  /// Kills it if it still runs.
  static void end(Process process) {
    process.destroyForcibly();
    RUNNING.remove(process);
  }

  private static void endAll() {
    RUNNING.forEach(Process::destroyForcibly);
  }
}
