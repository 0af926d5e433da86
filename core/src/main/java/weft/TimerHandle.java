package weft;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A callback that is due to run at a given time, returned by [EventLoop#callLater] and
/// [EventLoop#callAt].
///
/// Ordered by deadline, and in the order of their making where deadlines are equal.
public class TimerHandle extends Handle implements Comparable<TimerHandle> {
  final long whenNanos;
  private final int sequence;

  /// Whether a loop's timer structure holds this handle.
  boolean armed;

  private boolean cancelled;

  TimerHandle(AbstractEventLoop loop, long whenNanos, Runnable callback, Object captured) {
    super(loop, callback, captured);
    this.whenNanos = whenNanos;
    this.sequence = loop.nextTimer++;
  }

  TimerHandle(AbstractEventLoop loop, long whenNanos) {
    super(loop);
    this.whenNanos = whenNanos;
    this.sequence = loop.nextTimer++;
  }

  /// The deadline, on the clock of [EventLoop#time].
  public Duration when() {
    return Duration.ofNanos(whenNanos);
  }

  /// The deadline in nanoseconds, on the clock of [EventLoop#timeNanos].
  public long whenNanos() {
    return whenNanos;
  }

  @Override
  public void cancel() {
    if (!cancelled) {
      loop.checkThread();
    }
    super.cancel();
    if (!cancelled) {
      cancelled = true;
      if (armed) {
        loop.unschedule(this);
      }
    }
  }

  @Override
  public boolean cancelled() {
    return cancelled;
  }

  @Override
  public int compareTo(TimerHandle other) {
    int byDeadline = Long.compare(whenNanos, other.whenNanos);
    return byDeadline != 0 ? byDeadline : sequence - other.sequence;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  /// The timer of a sleep: it completes a promise.
  static final class Waking extends TimerHandle {
    private @Nullable Promise<Void> promise;

    Waking(AbstractEventLoop loop, long whenNanos, Promise<Void> promise) {
      super(loop, whenNanos);
      this.promise = promise;
    }

    @Override
    public void run() {
      Promise<Void> waiting = promise;
      if (waiting != null) {
        waiting.release();
      }
    }

    @Override
    public void cancel() {
      promise = null;
      super.cancel();
    }
  }
}
