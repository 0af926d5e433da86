package weft.sync;

import java.util.Locale;
import java.util.concurrent.BrokenBarrierException;

/// A meeting point for a fixed number of coroutines of one loop, which can be used again and again;
/// asyncio's `Barrier`.
public final class AsyncBarrier {
  // Filling: who comes waits until all are there. The last to come starts the draining: those
  // inside leave, and who comes now waits outside until the last of them has left. Resetting is a
  // draining in which those inside leave with an error. Broken lets nobody in or out without an
  // error until the next reset.
  //
  // A waiter that was woken counts as inside until it runs, so a reset or abort in the middle of a
  // draining still reaches those that have not left. The last to leave wakes those outside.

  private enum State {
    FILLING,
    DRAINING,
    RESETTING,
    BROKEN;

    boolean closed() {
      return this == DRAINING || this == RESETTING;
    }
  }

  private final Binding binding = new Binding();
  private final Waiters outside = new Waiters(binding);
  private final Waiters inside = new Waiters(binding);
  private final int parties;

  /// How many of a full round have their number already, besides the last to come.
  private int numbered;

  private State state = State.FILLING;
  private int count;

  /// A barrier for `parties` coroutines.
  ///
  /// @throws IllegalArgumentException if `parties` is less than 1
  public AsyncBarrier(int parties) {
    if (parties < 1) {
      throw new IllegalArgumentException("a barrier is for 1 party or more, not " + parties);
    }
    this.parties = parties;
  }

  /// Suspends until all parties have called this; asyncio's `wait()`. The last of them goes on at
  /// once, without suspending. While an earlier round still leaves, it waits for its turn to come
  /// in first. A caller that is cancelled before the barrier is full counts as not having come.
  ///
  /// @return the order of arrival: a number from 0 to `parties - 1`, different for each party of a
  ///   round
  /// @throws BrokenBarrierException if the barrier is reset or aborted while this waits inside, or
  ///   was aborted before
  public int waitAll() throws BrokenBarrierException {
    binding.check();
    while (state.closed()) {
      outside.await(outside.add(this));
    }
    if (state == State.BROKEN) {
      throw new BrokenBarrierException("the barrier was aborted");
    }
    count++;
    try {
      if (count == parties) {
        state = State.DRAINING;
        numbered = 0;
        inside.wakeAll();
        return parties - 1;
      }
      waitFull();
      return numbered++; // not at the arrival: somebody may have gone away
    } finally {
      leave();
    }
  }

  /// Makes the barrier empty and usable again, also after [#abort]. Who waits inside gets a
  /// [BrokenBarrierException]; who waits to come in comes in afterwards. Does not suspend.
  public void reset() {
    binding.check();
    state = count > 0 ? State.RESETTING : State.FILLING;
    inside.wakeAll();
  }

  /// Breaks the barrier: who waits for it, or comes later, gets a [BrokenBarrierException], until
  /// it is [#reset]. Does not suspend.
  public void abort() {
    binding.check();
    state = State.BROKEN;
    inside.wakeAll();
  }

  /// The number of coroutines that meet.
  public int parties() {
    return parties;
  }

  /// The number of coroutines that wait for more to come; 0 while they leave.
  public int nWaiting() {
    return state == State.FILLING ? count : 0;
  }

  /// Whether the barrier was aborted, and not reset since.
  public boolean broken() {
    return state == State.BROKEN;
  }

  @Override
  public String toString() {
    String waiting = broken() ? "" : ", waiters: " + nWaiting() + "/" + parties;
    return "<AsyncBarrier " + state.name().toLowerCase(Locale.ROOT) + waiting + ">";
  }

  private void waitFull() throws BrokenBarrierException {
    inside.await(inside.add(this));
    if (state != State.DRAINING) {
      throw new BrokenBarrierException("the barrier was reset or aborted");
    }
  }

  private void leave() {
    count--;
    if (count == 0) {
      if (state.closed()) {
        state = State.FILLING;
      }
      outside.wakeAll();
    }
  }
}
