package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Waits where the loop's thread is virtual. That one parks meanwhile, because in a system call it
/// would keep a carrier from all the other virtual threads.
///
/// The thread only waits until a descriptor is readable, and takes nothing. The loop does not go on
/// before the thread has come back: what ends the wait is the descriptor, by which the loop is
/// woken and interrupted too, or the timeout. So between two waits the thread is parked, no number
/// of a descriptor outlives its wait, and closing has nobody to stop.
final class WaitThread {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofAuto();

  /// `struct pollfd { s32 fd; s16 events; s16 revents; }`.
  private final MemorySegment pollfd = arena.allocate(8, 8);

  private final MemorySegment timespec = arena.allocate(16, 8);
  private final Thread thread;

  /// Who waits for the thread. It and what is asked for are written before `asked`.
  private @Nullable Thread waiter;

  private boolean limited;
  private int found;
  private volatile boolean asked;
  private volatile boolean closed;

  WaitThread() {
    pollfd.set(JAVA_SHORT, 4, (short) Linux.IN);
    thread = Thread.ofPlatform().daemon().name("weft wait").start(this::run);
  }

  /// Parks the calling thread until the descriptor is readable; a negative timeout has no limit. 0
  /// if it was not in time, or a negated error number. An interrupt does not end it, and is kept.
  int await(Descriptor descriptor, long timeoutNanos) {
    pollfd.set(JAVA_INT, 0, descriptor.fd());
    limited = timeoutNanos >= 0;
    timespec.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
    timespec.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
    waiter = Thread.currentThread();
    asked = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (asked) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return found;
  }

  private void run() {
    while (!closed) {
      if (asked) {
        found = linux.poll(pollfd, limited ? timespec : MemorySegment.NULL);
        Thread done = waiter;
        asked = false;
        LockSupport.unpark(done);
      } else {
        LockSupport.park(this);
      }
    }
  }

  /// Ends the thread, which is parked. Repeating it does nothing.
  void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
