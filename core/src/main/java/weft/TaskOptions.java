package weft;

import org.jspecify.annotations.Nullable;

/// How to make a task: `TaskOptions.named("reader").eagerStart(true)`.
///
/// @param name the task's name; null for `Task-1`, `Task-2`, …
/// @param context the context to run in, shared and not copied; null for a copy of the current one
/// @param eagerStart whether to run the first step at once; null for what the loop's factory does
public record TaskOptions(
    @Nullable String name, @Nullable Context context, @Nullable Boolean eagerStart) {
  private static final TaskOptions DEFAULTS = new TaskOptions(null, null, null);

  /// No wishes.
  public static TaskOptions defaults() {
    return DEFAULTS;
  }

  /// A named task.
  public static TaskOptions named(String name) {
    return DEFAULTS.name(name);
  }

  /// The same with a name.
  public TaskOptions name(@Nullable String value) {
    return new TaskOptions(value, context, eagerStart);
  }

  /// The same in the given context.
  public TaskOptions context(@Nullable Context value) {
    return new TaskOptions(name, value, eagerStart);
  }

  /// The same started eagerly or not, whatever the loop's task factory does.
  public TaskOptions eagerStart(boolean value) {
    return new TaskOptions(name, context, value);
  }
}
