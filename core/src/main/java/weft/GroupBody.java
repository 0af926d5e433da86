package weft;

/// The body of a [TaskGroup].
///
/// @param <T> the type of the result
@FunctionalInterface
public interface GroupBody<T> {
  /// Runs the body.
  ///
  /// @throws Exception whatever the body throws; it joins the group's [ExceptionGroup]
  T call(TaskGroup group) throws Exception;
}
