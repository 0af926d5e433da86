package weft.sync;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;

/// The loop that a primitive belongs to. Every operation begins with [#check].
final class Binding {
  // The owner is the loop that used the primitive last, and keeps it as long as it runs: nobody
  // else may do anything with it then. When it does not run, any thread may, as before the first
  // use, and the next loop that does becomes the owner, unless somebody still waits on the last
  // one. Of two loops that come at the same time one becomes the owner, and the other is refused.
  //
  // Until the first use that is less strict: the loop on whose thread the primitive was made is no
  // obstacle to another loop, but to threads without any, which could only be in its way.
  //
  // Who waits is bound for good, as in asyncio: once a coroutine has waited on a loop, nobody may
  // wait on another.

  private static final AtomicReferenceFieldUpdater<Binding, @Nullable EventLoop> OWNER =
      AtomicReferenceFieldUpdater.newUpdater(Binding.class, EventLoop.class, "owner");

  private final @Nullable EventLoop maker = EventLoop.runningOrNull();
  private volatile @Nullable EventLoop owner;
  private @Nullable EventLoop waitedOn;
  private int waiting;

  /// To be called by each operation, before anything is looked at or changed.
  ///
  /// @throws IllegalStateException if the loop runs, and not on the calling thread
  void check() {
    EventLoop last = owner;
    if (last != null && last.isRunning()) {
      last.checkThread();
    } else {
      change(last);
    }
  }

  private void change(@Nullable EventLoop last) {
    EventLoop here = EventLoop.runningOrNull();
    if (here == null) {
      if (last == null && maker != null) {
        maker.checkThread();
      }
    } else if (here != last && waiting == 0 && !OWNER.compareAndSet(this, last, here)) {
      check();
    }
  }

  /// The running loop, on which a coroutine is about to wait for `primitive`. To be followed by
  /// [#endWait] when it waits no more.
  ///
  /// @throws IllegalStateException if no loop runs here, or if it is not that of the waits before
  EventLoop beginWait(Object primitive) {
    EventLoop running = EventLoop.running();
    if (waitedOn == null) {
      waitedOn = running;
    } else if (waitedOn != running) {
      throw new IllegalStateException(
          primitive
              + " is bound to another loop, the one on which it was first waited for: make one for"
              + " each loop, or wait for it through runCoroutineThreadsafe");
    }
    waiting++;
    return running;
  }

  void endWait() {
    waiting--;
  }
}
