package weft;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A deadline over a block of code, see [Weft#timeout(Duration, TimeoutBlock)]. When it passes, the
/// task that runs the block is cancelled, and at the end of the block that cancellation becomes a
/// [TimeoutException].
///
/// Thread: the loop's.
public final class Timeout {
  private enum State {
    CREATED,
    ACTIVE,
    EXPIRING,
    EXPIRED,
    FINISHED
  }

  private final Task<?> task;
  private State state = State.CREATED;
  private @Nullable Long whenNanos;
  private @Nullable Handle alarm;
  private int cancellingAtEntry;

  private Timeout(Task<?> task, @Nullable Long whenNanos) {
    this.task = task;
    this.whenNanos = whenNanos;
  }

  /// The deadline on the clock of [EventLoop#time], or null if there is none.
  public @Nullable Duration when() {
    return whenNanos == null ? null : Duration.ofNanos(whenNanos);
  }

  /// Whether the deadline has passed and the block was, or is being, cancelled.
  public boolean expired() {
    return state == State.EXPIRING || state == State.EXPIRED;
  }

  /// Moves the deadline to a time on the clock of [EventLoop#time]; for a delay from now there is
  /// [#restart]. Null takes it away. A time that has passed already takes effect in the next turn
  /// of the loop.
  ///
  /// @throws IllegalStateException if the block has ended, or its deadline has passed
  public void reschedule(@Nullable Duration when) {
    task.loop.checkThread();
    reschedule(when == null ? null : (Long) Durations.nanos(when));
  }

  /// Moves the deadline to a time from now, for a limit that begins anew with each sign of life.
  ///
  /// @throws IllegalStateException if the block has ended, or its deadline has passed
  public void restart(Duration delay) {
    AbstractEventLoop loop = task.loop;
    loop.checkThread();
    reschedule((Long) Durations.deadline(loop.timeNanos(), Durations.nanos(delay)));
  }

  private void reschedule(@Nullable Long when) {
    if (state != State.ACTIVE) {
      throw new IllegalStateException("cannot reschedule a timeout that is " + name());
    }
    whenNanos = when;
    dropAlarm();
    if (when == null) {
      return;
    }
    AbstractEventLoop loop = task.loop;
    task.addDeadlines(1);
    alarm =
        when <= loop.timeNanos()
            ? loop.callSoon(this::expire)
            : loop.callAtNanos(when, this::expire, null);
  }

  private String name() {
    return state.name().toLowerCase(Locale.ROOT);
  }

  private void dropAlarm() {
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
      task.addDeadlines(-1);
    }
  }

  private void expire() {
    state = State.EXPIRING;
    alarm = null;
    task.addDeadlines(-1);
    task.cancel();
  }

  static <T, X extends Exception> T after(@Nullable Duration delay, TimeoutBlock<T, X> block)
      throws TimeoutException, X {
    Task<?> task = Task.currentOrThrow();
    Long when =
        delay == null
            ? null
            : (Long) Durations.deadline(task.loop.timeNanos(), Durations.nanos(delay));
    return new Timeout(task, when).run(block);
  }

  static <T, X extends Exception> T at(@Nullable Duration when, TimeoutBlock<T, X> block)
      throws TimeoutException, X {
    Long nanos = when == null ? null : (Long) Durations.nanos(when);
    return new Timeout(Task.currentOrThrow(), nanos).run(block);
  }

  private <T, X extends Exception> T run(TimeoutBlock<T, X> block) throws TimeoutException, X {
    state = State.ACTIVE;
    cancellingAtEntry = task.cancelling();
    reschedule(whenNanos);
    T result;
    try {
      result = block.call(this);
    } catch (Throwable thrown) {
      Throwable bare = task.withoutInterrupt(thrown);
      leave(bare);
      if (bare instanceof CancelledError cancelled) {
        throw cancelled;
      }
      throw thrown;
    }
    leave(null);
    return result;
  }

  /// Ends the block. The cancellation is ours to convert only if nobody else has cancelled the task
  /// since the block began.
  private void leave(@Nullable Throwable thrown) throws TimeoutException {
    dropAlarm();
    if (state == State.EXPIRING) {
      state = State.EXPIRED;
      if (task.uncancel() <= cancellingAtEntry && thrown != null) {
        if (thrown instanceof CancelledError cancelled) {
          throw Waits.withCause(cancelled);
        }
        thrown.addSuppressed(new TimeoutException());
      }
    } else {
      state = State.FINISHED;
    }
  }

  @Override
  public String toString() {
    return "<Timeout " + name() + (whenNanos == null ? "" : " when=" + when()) + ">";
  }
}
