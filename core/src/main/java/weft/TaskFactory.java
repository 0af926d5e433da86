package weft;

/// Makes the tasks of a loop; set with [EventLoop#setTaskFactory].
@FunctionalInterface
public interface TaskFactory {
  /// Starts each task at once, inside [Weft#createTask], up to its first suspension.
  TaskFactory EAGER =
      (loop, coroutine, options) ->
          Task.create(
              loop, coroutine, options.eagerStart() == null ? options.eagerStart(true) : options);

  /// Makes a task, normally by [Task#create], honouring all options.
  Task<?> create(EventLoop loop, Coroutine<?> coroutine, TaskOptions options);
}
