package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A driver over epoll(7), level-triggered.
///
/// A source is told to epoll when it first wants something. What it does not want any more is left
/// there until an event of that kind comes: pausing and resuming cost no system call. Only the wish
/// to send is taken back at once, since a socket is nearly always ready for that.
///
/// An event's data are the source's slot, and its generation in the upper half.
final class EpollDriver extends LinuxDriver {
  private static final int EVENTS_MAX = 1024;
  private static final int NANOS_PER_MILLI = 1_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /// The slot that means the waker.
  private static final long WAKE = -1;

  private final Descriptor epoll;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment events =
      arena.allocate((long) EVENTS_MAX * Linux.EPOLL_EVENT_BYTES, 8);
  private final MemorySegment event = arena.allocate(Linux.EPOLL_EVENT_BYTES, 8);

  /// `struct timespec { long seconds; long nanoseconds; }`.
  private final MemorySegment timespec = arena.allocate(16, 8);

  /// Whether the system knows `epoll_pwait2`, which came with 5.11.
  private boolean nanos = true;

  private int next;
  private int count;

  /// Opens it.
  ///
  /// @throws IOException if the system refuses
  EpollDriver() throws IOException {
    super(new Linux());
    Descriptor created;
    try {
      created = Descriptor.of(linux, linux.epollCreate());
    } catch (IOException e) {
      waker.close();
      throw e;
    }
    epoll = created;
    event.set(JAVA_INT_UNALIGNED, 0, Linux.IN | Linux.EPOLLET);
    event.set(JAVA_LONG_UNALIGNED, Linux.EPOLL_EVENT_DATA, WAKE);
    int fd = waker.eventfd();
    try {
      Errno.check(linux.epollCtl(epoll.fd(), Linux.EPOLL_CTL_ADD, fd, event));
    } catch (IOException e) {
      epoll.close();
      waker.close();
      throw e;
    }
  }

  @Override
  boolean await(long timeoutNanos) {
    if (hasEvents() || (timeoutNanos == 0 && sourceCount() == 0)) {
      return true;
    }
    next = 0;
    count = 0;
    int found = collect(timeoutNanos);
    if ((found == -Errno.ENOSYS || found == -Errno.EPERM) && nanos) { // EPERM: seccomp
      nanos = false;
      found = collect(timeoutNanos);
    }
    if (found < 0 && found != -Errno.EINTR) {
      throw new UncheckedIOException("epoll has failed", Errno.exception(-found));
    }
    count = Math.max(0, found);
    return found != 0;
  }

  private int collect(long timeoutNanos) {
    if (mustPark(timeoutNanos)) {
      int found = collect(0);
      if (found == 0) {
        found = park(epoll, timeoutNanos);
      }
      return found == 1 ? collect(0) : found;
    }
    if (timeoutNanos <= 0) {
      return linux.epollWait(epoll.fd(), events, EVENTS_MAX, timeoutNanos < 0 ? -1 : 0);
    }
    if (nanos) {
      timespec.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
      timespec.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
      return linux.epollWait(epoll.fd(), events, EVENTS_MAX, timespec);
    }
    long millis = Math.min(Math.ceilDiv(timeoutNanos, NANOS_PER_MILLI), Integer.MAX_VALUE);
    return linux.epollWait(epoll.fd(), events, EVENTS_MAX, (int) millis);
  }

  @Override
  boolean hasEvents() {
    return next < count;
  }

  @Override
  void dispatchEvents() {
    long keptMax = large.kept() + KEPT_BYTES_MAX;
    for (int told = 0; next < count && told < TOLD_MAX && large.kept() < keptMax; told++) {
      long at = (long) next * Linux.EPOLL_EVENT_BYTES;
      next++;
      int bits = events.get(JAVA_INT_UNALIGNED, at);
      long data = events.get(JAVA_LONG_UNALIGNED, at + Linux.EPOLL_EVENT_DATA);
      Source source = data == WAKE ? null : source((int) data, (int) (data >>> 32));
      if (source != null) {
        tell(source, bits);
      }
    }
  }

  private void tell(Source source, int bits) {
    boolean broken = (bits & (Linux.ERR | Linux.HUP)) != 0;
    int ready = source.wanted & (broken ? Linux.IN | Linux.OUT : bits);
    if (ready != 0) {
      source.ready(ready);
    } else {
      register(source, source.wanted);
    }
  }

  @Override
  void arm(Source source, int events) {
    source.wanted |= events;
    if ((source.registered & events) != events) {
      register(source, source.wanted);
    }
  }

  @Override
  void disarm(Source source, int events) {
    source.wanted &= ~events;
    register(source, source.wanted);
  }

  private void register(Source source, int wanted) {
    int before = source.registered;
    if (before == wanted) {
      return;
    }
    int operation =
        before == 0 ? Linux.EPOLL_CTL_ADD : wanted == 0 ? Linux.EPOLL_CTL_DEL : Linux.EPOLL_CTL_MOD;
    event.set(JAVA_INT_UNALIGNED, 0, wanted);
    event.set(JAVA_INT_UNALIGNED, Linux.EPOLL_EVENT_DATA, source.slot);
    event.set(JAVA_INT_UNALIGNED, Linux.EPOLL_EVENT_DATA + 4, source.generation);
    int done = linux.epollCtl(epoll.fd(), operation, source.fd(), event);
    if (done < 0) {
      throw new UncheckedIOException("epoll_ctl has failed", Errno.exception(-done));
    }
    source.registered = wanted;
  }

  @Override
  void receive(SocketStream stream) {
    arm(stream, Linux.IN);
  }

  @Override
  void accept(SocketListener listener) {
    arm(listener, Linux.IN);
  }

  @Override
  void forget(Source source) {
    source.wanted = 0;
    register(source, 0);
  }

  @Override
  void shutDown() {
    next = 0;
    count = 0;
    epoll.close();
  }
}
