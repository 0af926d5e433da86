package weft.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import weft.linux.BufferPool.Buffer;
import weft.spi.Completion;
import weft.spi.DiskFile;

/// A driver over io_uring(7): one system call an iteration submits, works and waits.
///
/// Sockets are received from and accepted at by operations that go on by themselves (multishot),
/// into the buffers of a [BufferRing]; there are no calls for them. What streams hold when a poll
/// begins is sent by the same call that waits. Everything else is asked for by polls of one shot,
/// which are queued again while the readiness is wanted, and done as on epoll.
///
/// **Pausing.** A paused source is not taken back until something comes for it: that waits in the
/// source's stash, and the operation is cancelled. It begins anew only when it has ended, so that
/// never two are under way, whose results could pass each other.
///
/// **Names.** An operation's user data are the source's slot, its generation in the next 24 bits
/// and the kind of the operation above. A completion that comes after its source has ended finds
/// nobody: then its buffer goes back, its connection is closed. What was not submitted when its
/// source ended is withdrawn.
///
/// **Memory.** The kernel writes only into the queues and the buffers of the ring. On closing, all
/// is cancelled and awaited before the ring goes; where that is not possible, since another thread
/// owns the ring, the buffers are let go and never used again. The ring of virtual threads is
/// nobody's and goes on receiving by itself, so its buffers stay even if the loop is forgotten.
///
/// **Threads.** The kernel serves one thread only. If a loop is run by another one later,
/// everything is begun anew on a new ring.
final class UringDriver extends LinuxDriver {
  private static final int MULTISHOT = 0x100;
  private static final int CANCELLING = 0x200;

  private static final long POLL_IN = 1L << 56;
  private static final long POLL_OUT = 2L << 56;
  private static final long RECV = 3L << 56;
  private static final long ACCEPT = 4L << 56;
  private static final long CANCEL = 5L << 56;
  private static final long WAKE = 6L << 56;
  private static final long FILE = 7L << 56;
  private static final long SEND = 8L << 56;
  private static final long KINDS = 0xffL << 56;

  private static final int SEND_HEAD = Ring.OP_SEND | Ring.SQE_CQE_SKIP_SUCCESS << 8;

  /// To wait for all of it is not to wait, but to have it told if that was not possible.
  private static final int SEND_FLAGS = Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL | Linux.MSG_WAITALL;

  private static final int SUBMISSIONS = 1024;
  private static final int COMPLETIONS = 4096;
  private static final int BUFFERS = 1024;
  private static final long CLOSE_STEP_NANOS = 10_000_000;
  private static final int CLOSE_STEPS = 100;

  /// What the kernel may receive into by itself, on rings of no thread in particular. Even if a
  /// loop is forgotten unclosed, this memory must not be given to others.
  private static final Set<BufferRing> SHARED = ConcurrentHashMap.newKeySet();

  private final int submissions;
  private final int completions;
  private final int buffersMax;
  private Ring ring;
  private BufferRing buffers;

  /// Operations that will complete once more.
  private int underWay;

  /// What the poll under way sends: the first of these.
  private final List<Sending> sendings = new ArrayList<>();

  private int sendingCount;

  private boolean closing;
  private final UringFiles files = new UringFiles(this);
  private final List<BufferRing> abandoned = new ArrayList<>();

  /// Opens it.
  ///
  /// @throws IOException if the system refuses
  UringDriver() throws IOException {
    this(SUBMISSIONS, COMPLETIONS, BUFFERS);
  }

  /// Opens it with queues of other sizes, which are powers of two.
  UringDriver(int submissions, int completions, int buffersMax) throws IOException {
    super(new Linux());
    this.submissions = submissions;
    this.completions = completions;
    this.buffersMax = buffersMax;
    try {
      ring = new Ring(linux, submissions, completions, false);
      buffers = new BufferRing(linux, ring, large, buffersMax);
    } catch (IOException e) {
      waker.close();
      throw e;
    }
    watchWaker();
  }

  private void watchWaker() {
    underWay++;
    ring.push(Ring.OP_POLL_ADD, waker.eventfd(), 0, Ring.POLL_MULTISHOT, Linux.IN, WAKE);
  }

  /* ---- Waiting ---- */

  @Override
  boolean hasEvents() {
    return ring.first() != ring.end() || files.hasLost();
  }

  @Override
  boolean await(long timeoutNanos) {
    if (hasEvents() && sendingCount == 0) {
      return true;
    }
    try {
      if (!ring.isForMe()) {
        beginAnew();
      }
      int end = ring.end();
      try {
        enterOrSubmit(timeoutNanos);
      } finally {
        tellSent(end);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("io_uring has failed", e);
    }
    return hasEvents();
  }

  /// What has come is dealt with before more comes.
  private void enterOrSubmit(long timeoutNanos) throws IOException {
    if (ring.first() != ring.end()) {
      ring.submit();
      return;
    }
    buffers.fill();
    long timeout = files.hasLost() ? 0 : timeoutNanos;
    if (timeout != 0 || ring.hasWork()) {
      enter(timeout);
    }
  }

  /// What could not be submitted must not be waited for.
  private void enter(long timeoutNanos) throws IOException {
    boolean mustPark = mustPark(timeoutNanos);
    ring.enter(mustPark ? 0 : timeoutNanos);
    if (mustPark && ring.first() == ring.end() && !ring.hasSubmissions()) {
      int found = park(ring.descriptor(), timeoutNanos);
      if (found != -Errno.EINTR) {
        Errno.check(found);
      }
    }
  }

  /* ---- Sending what streams hold ---- */

  /// Something that a stream gave up to be sent; used again by each poll.
  private static final class Sending {
    private static final int WHOLE = Integer.MAX_VALUE;

    private @Nullable SocketStream stream;
    private @Nullable Buffer buffer;
    private long asked;

    /// How much was sent, or a negated error.
    private int outcome;

    void tell() {
      SocketStream from = Objects.requireNonNull(stream);
      Buffer what = Objects.requireNonNull(buffer);
      stream = null;
      buffer = null;
      if (outcome == WHOLE) {
        what.release();
      } else {
        from.heldSent(what, outcome);
      }
    }
  }

  /// A submission sends what it can at once, as a call would. What has become of it is known when
  /// the kernel returns, and there is a completion only for what did not leave as a whole. No
  /// stream can do anything in between.
  @Override
  boolean sendByWait(SocketStream stream) {
    if (sendingCount == 0 ? !ring.isReadyForBatch() : ring.room() == 0) {
      return false;
    }
    Buffer buffer = stream.takeHeld();
    if (buffer == null) {
      return false;
    }
    int number = sendingCount++;
    if (number == sendings.size()) {
      sendings.add(new Sending());
    }
    long address = buffer.memory.address();
    ring.push(SEND_HEAD, stream.fd(), address, buffer.end, SEND_FLAGS, SEND | number);
    Sending sending = sendings.get(number);
    sending.stream = stream;
    sending.buffer = buffer;
    sending.asked = ring.pushed();
    sending.outcome = Sending.WHOLE;
    return true;
  }

  /// @param end where the completions ended before
  private void tellSent(int end) {
    if (sendingCount == 0) {
      return;
    }
    for (int position = end; position != ring.end(); position++) {
      long userData = ring.userData(position);
      if ((userData & KINDS) == SEND) {
        sendings.get((int) userData).outcome = ring.result(position);
      }
    }
    int count = sendingCount;
    sendingCount = 0;
    for (int i = 0; i < count; i++) {
      Sending sending = sendings.get(i);
      if (!ring.isSubmitted(sending.asked)) {
        ring.withdraw(sending.asked, CANCEL);
        sending.outcome = 0;
      }
      sending.tell();
    }
  }

  /// Moves to a ring of the current thread, or of every thread.
  private void beginAnew() throws IOException {
    Ring old = ring;
    BufferRing oldBuffers = buffers;
    boolean shared = Thread.currentThread().isVirtual();
    Ring fresh = new Ring(linux, submissions, completions, shared);
    buffers = new BufferRing(linux, fresh, large, buffersMax);
    if (shared) {
      SHARED.add(buffers);
    }
    ring = fresh;
    underWay = 0;
    files.moveFrom(old);
    oldBuffers.withdraw(); // or else some kernels before 6.13 receive once more, for nobody
    old.close();
    abandoned.add(oldBuffers);
    watchWaker();
    for (int slot = 0; slot < slots(); slot++) {
      Source source = sourceAt(slot);
      if (source != null) {
        int polled = source.wanted;
        source.registered = 0;
        arm(source, polled);
        if (source instanceof SocketStream stream && stream.reading()) {
          receive(stream);
        } else if (source instanceof SocketListener listener && listener.accepting()) {
          accept(listener);
        }
      }
    }
  }

  /* ---- Telling ---- */

  @Override
  void dispatchEvents() {
    files.tellLost();
    if (!closing) {
      dispatchEvents(TOLD_MAX);
    }
  }

  private void dispatchEvents(int max) {
    Ring current = ring;
    int end = current.end();
    long keptMax = large.kept() + KEPT_BYTES_MAX;
    int told = 0;
    // A listener may close the driver, which tells the rest of them to nobody.
    for (int next; end - (next = current.first()) > 0 && ring == current; told++) {
      if (told == max || large.kept() >= keptMax) {
        return;
      }
      long userData = current.userData(next);
      int result = current.result(next);
      int flags = current.flags(next);
      current.taken(next + 1);
      complete(userData, result, flags);
    }
  }

  private void complete(long userData, int result, int flags) {
    boolean more = (flags & Ring.CQE_MORE) != 0;
    long kind = userData & KINDS;
    if (!more && kind != CANCEL && kind != SEND) {
      underWay--;
    }
    Source source = source((int) userData, (int) (userData >>> 32) & GENERATIONS);
    if (kind == RECV) {
      boolean filled = (flags & Ring.CQE_BUFFER) != 0;
      Buffer buffer = filled ? buffers.take(flags >>> 16, result) : null;
      received((SocketStream) source, buffer, result, more);
    } else if (kind == ACCEPT) {
      accepted((SocketListener) source, result, more);
    } else if (kind == POLL_IN) {
      polled(source, Linux.IN, result);
    } else if (kind == POLL_OUT) {
      polled(source, Linux.OUT, result);
    } else if (kind == FILE) {
      files.completed((int) userData, result);
    } else if (kind == WAKE && !more && !closing) {
      watchWaker();
    }
  }

  private void polled(@Nullable Source source, int event, int result) {
    if (source != null) {
      source.registered &= ~event;
      try {
        if (result >= 0 && (source.wanted & event) != 0) {
          source.ready(event);
        }
      } finally {
        if ((source.wanted & event) != 0) {
          arm(source, event);
        }
      }
    }
  }

  private void received(
      @Nullable SocketStream stream, @Nullable Buffer buffer, int result, boolean more) {
    if (stream == null || result <= 0 || buffer == null) {
      if (buffer != null) {
        buffer.release();
      }
      if (result == -Errno.ENOBUFS) {
        buffers.starved();
      }
    }
    if (stream == null) {
      return;
    }
    if (!more) {
      stream.registered &= ~(MULTISHOT | CANCELLING);
    }
    try {
      if (result > 0 && buffer != null) {
        stream.arrived(buffer, result);
      } else if (!isPassing(result)) {
        stream.receivingEnded(result);
      }
    } finally {
      if (!stream.isClosed()) {
        if (!more && stream.reading()) {
          receive(stream);
        } else if (more && !stream.reading()) {
          cancelMultishot(stream, RECV);
        }
      }
    }
  }

  /// The operation has ended, but not what it was for.
  private static boolean isPassing(int result) {
    return result == -Errno.ENOBUFS
        || result == -Errno.ECANCELED
        || result == -Errno.EAGAIN
        || result == -Errno.EINTR;
  }

  private void accepted(@Nullable SocketListener listener, int result, boolean more) {
    if (listener == null) {
      if (result >= 0) {
        linux.linger(result, true, 0);
        linux.close(result);
      }
      return;
    }
    if (!more) {
      listener.registered &= ~(MULTISHOT | CANCELLING);
    }
    try {
      if (!isPassing(result)) {
        listener.arrived(result);
      }
    } finally {
      if (!listener.isClosed()) {
        if (!more && listener.accepting()) {
          accept(listener);
        } else if (more && !listener.accepting()) {
          cancelMultishot(listener, ACCEPT);
        }
      }
    }
  }

  /* ---- Asking ---- */

  private static long name(Source source, long kind) {
    return kind | (long) source.generation << 32 | source.slot;
  }

  private void ask(Source source, int head, int flags, long kind) {
    underWay++;
    ring.push(head, source.fd(), 0, 0, flags, name(source, kind));
    source.asked = ring.pushed();
  }

  @Override
  void arm(Source source, int events) {
    source.wanted |= events;
    int missing = events & ~source.registered;
    if (missing == 0) {
      return;
    }
    if ((missing & Linux.IN) != 0) {
      poll(source, Linux.IN, POLL_IN);
    }
    if ((missing & Linux.OUT) != 0) {
      poll(source, Linux.OUT, POLL_OUT);
    }
  }

  private void poll(Source source, int event, long kind) {
    source.registered |= event;
    ask(source, Ring.OP_POLL_ADD, event, kind);
  }

  @Override
  void disarm(Source source, int events) {
    source.wanted &= ~events;
  }

  @Override
  void receive(SocketStream stream) {
    if (!stream.socket) {
      arm(stream, Linux.IN);
    } else if ((stream.registered & MULTISHOT) == 0) {
      stream.registered |= MULTISHOT;
      int head = Ring.OP_RECV | Ring.SQE_BUFFER_SELECT << 8 | Ring.RECV_MULTISHOT << 16;
      ask(stream, head, 0, RECV);
    }
  }

  @Override
  void accept(SocketListener listener) {
    if ((listener.registered & MULTISHOT) == 0) {
      listener.registered |= MULTISHOT;
      int head = Ring.OP_ACCEPT | Ring.ACCEPT_MULTISHOT << 16;
      ask(listener, head, Linux.SOCK_FLAGS, ACCEPT);
    }
  }

  private void cancelMultishot(Source source, long kind) {
    if ((source.registered & (MULTISHOT | CANCELLING)) == MULTISHOT) {
      source.registered |= CANCELLING;
      cancel(name(source, kind));
    }
  }

  private void cancel(long name) {
    ring.push(Ring.OP_CANCEL, -1, name, 0, 0, CANCEL);
  }

  @Override
  boolean holds(Source source) {
    return source.registered != 0;
  }

  @Override
  boolean letGo() throws IOException {
    return ring.hasWork() && ring.enterIfAllowed();
  }

  @Override
  void forget(Source source) {
    source.wanted = 0;
    ring.withdraw(source.fd(), source.asked, name(source, POLL_IN));
    if ((source.registered & Linux.IN) != 0) {
      cancel(name(source, POLL_IN));
    }
    if ((source.registered & Linux.OUT) != 0) {
      cancel(name(source, POLL_OUT));
    }
    if ((source.registered & MULTISHOT) != 0 && source instanceof SocketStream) {
      cancelMultishot(source, RECV);
    } else {
      cancelMultishot(source, ACCEPT);
    }
  }

  /* ---- Files ---- */

  @Override
  public boolean openFile(
      Path path, Collection<? extends OpenOption> options, Completion<DiskFile> told) {
    return !closing && files.open(path, options, told);
  }

  /// Begins an operation on a file, by its number.
  void beginOnFile(int opcode, int fd, long off, long addr, int len, int opFlags, int number) {
    underWay++;
    ring.push(opcode, fd, off, addr, len, opFlags, FILE | number);
  }

  /// By how much was asked for on the ring.
  long asked() {
    return ring.pushed();
  }

  /* ---- The end ---- */

  @Override
  void shutDown() {
    closing = true;
    files.fallSilent();
    dispatchEvents(Integer.MAX_VALUE); // closes what has come and nobody was told of
    if (ring.isForMe()) {
      ring.push(Ring.OP_CANCEL, -1, 0, 0, Ring.CANCEL_ALL | Ring.CANCEL_ANY, CANCEL);
      try {
        for (int i = 0; i < CLOSE_STEPS && underWay > 0; i++) {
          enter(CLOSE_STEP_NANOS);
          dispatchEvents(Integer.MAX_VALUE);
        }
      } catch (IOException e) {
        // Then the kernel cancels when the ring is closed.
      }
    }
    files.close(ring);
    ring.close();
    if (underWay == 0) {
      SHARED.remove(buffers);
      abandoned.forEach(SHARED::remove);
    }
  }

  /// How many buffers lie ready for the kernel.
  int bufferCount() {
    return buffers.target();
  }
}
