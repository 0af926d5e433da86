package weft;

import java.time.Duration;

/// Durations as saturated nanoseconds.
final class Durations {
  private Durations() {}

  static long nanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException tooLong) {
      return duration.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  /// A point in time: now for a delay that is not positive, and never beyond the end of time.
  static long deadline(long nowNanos, long delayNanos) {
    long when = nowNanos + delayNanos;
    boolean overflowed = ((nowNanos ^ when) & (delayNanos ^ when)) < 0;
    return overflowed ? (delayNanos > 0 ? Long.MAX_VALUE : Long.MIN_VALUE) : when;
  }
}
