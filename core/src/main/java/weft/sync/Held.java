package weft.sync;

/// What an `acquire()` returns: closing it releases what was acquired, so that a `try (var _ =
/// lock.acquire()) { … }` cannot forget to.
///
/// It is made once for each primitive and shared by all who hold it, which keeps `acquire()` free
/// of allocation; so it cannot know who closes it. Close it once for each `acquire()`, as
/// `try`-with-resources does: a second time is a `release()` too many.
@FunctionalInterface
public interface Held extends AutoCloseable {
  /// Releases. Does not suspend.
  @Override
  void close();
}
