package weft;

/// The body of a [TaskGroup], without a result.
@FunctionalInterface
public interface VoidGroupBody {
  /// Runs the body.
  ///
  /// @throws Exception whatever the body throws; it joins the group's [ExceptionGroup]
  void run(TaskGroup group) throws Exception;
}
