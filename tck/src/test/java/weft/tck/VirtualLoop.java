package weft.tck;

import org.jspecify.annotations.Nullable;

/// A [ToyLoop] on a clock of its own: where others would wait for a timer it moves the clock, and
/// where others would wait for ever it fails. A program without threads is the same program each
/// time, and a lost wake-up is found at once.
final class VirtualLoop extends ToyLoop {
  private long nowNanos;

  @Override
  public long timeNanos() {
    return nowNanos;
  }

  @Override
  @Nullable Runnable waitForStep(long timeoutNanos) {
    if (timeoutNanos == Long.MAX_VALUE) {
      throw new AssertionError("nothing will ever happen, but there are " + allTasks());
    }
    nowNanos += timeoutNanos;
    return null;
  }

  @Override
  public String name() {
    return "virtual";
  }
}
