package weft.tck;

import org.jspecify.annotations.Nullable;

/// Proves the order of things: `at(1)`, `at(2)`, … stand where the program is expected to pass,
/// `end(n)` stands last.
///
/// A wrong order fails at the place where it happens and, because a coroutine may swallow that
/// error, once more when the test is over. May be used from any thread.
public final class Steps {
  private int last;
  private boolean ended;
  private @Nullable AssertionError failure;

  Steps() {}

  /// Passes step `n`; the step before it must have been `n - 1`.
  public synchronized void at(int n) {
    if (ended) {
      throw fail("step " + n + " after the end, which was step " + last);
    }
    if (n != last + 1) {
      throw fail("step " + n + " where step " + (last + 1) + " was due");
    }
    last = n;
  }

  /// Passes step `n`, the last one of the test. A test that uses steps must call it.
  public synchronized void end(int n) {
    at(n);
    ended = true;
  }

  /// The number of the step passed last, 0 before the first.
  public synchronized int last() {
    return last;
  }

  /// Called when the test is over: throws the first failure, or one for a missing end.
  synchronized void verify() {
    if (failure != null) {
      throw failure;
    }
    if (last > 0 && !ended) {
      throw new AssertionError("the steps stopped at " + last + ", the end was not reached");
    }
  }

  private AssertionError fail(String message) {
    var error = new AssertionError(message);
    if (failure == null) {
      failure = error;
    }
    return error;
  }
}
