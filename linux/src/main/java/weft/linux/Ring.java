package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// An io_uring(7): two queues in memory that is shared with the kernel, and the call that moves
/// them along.
///
/// The ring belongs to the one thread that calls [#enter] first; only there the kernel works for it
/// (`SINGLE_ISSUER` and `DEFER_TASKRUN`), so between two calls nothing that is shared changes.
/// Until then, and on any thread afterwards, operations can be queued. What does not fit the queue
/// waits behind it, in the heap. An operation names its descriptor by number, and the number is
/// looked up when it is submitted: hence [#withdraw].
///
/// ```text
/// io_uring_params  u32 sq_entries, cq_entries, flags, …, 40: sq offsets, 80: cq offsets
/// offsets          u32 head, tail, ring_mask, ring_entries, sq: flags, dropped, array
///                                                           cq: overflow, cqes, flags
/// sqe              u8 opcode, u8 flags, u16 ioprio, s32 fd; u64 off; u64 addr; u32 len, u32 op_flags;
///                  u64 user_data; u16 buf_group, …; 64 bytes
/// cqe              u64 user_data; s32 res, u32 flags
/// ```
final class Ring {
  static final int OP_FSYNC = 3;
  static final int OP_POLL_ADD = 6;
  static final int OP_ACCEPT = 13;
  static final int OP_CANCEL = 14;
  static final int OP_OPENAT = 18;
  static final int OP_STATX = 21;
  static final int OP_READ = 22;
  static final int OP_WRITE = 23;
  static final int OP_SEND = 26;
  static final int OP_RECV = 27;
  static final int POLL_MULTISHOT = 1;
  static final int ACCEPT_MULTISHOT = 1;
  static final int RECV_MULTISHOT = 2;
  static final int CANCEL_ALL = 1;
  static final int CANCEL_ANY = 4;
  static final int SQE_BUFFER_SELECT = 1 << 5;

  /// There is a completion only if something went wrong.
  static final int SQE_CQE_SKIP_SUCCESS = 1 << 6;

  /// A completion has a buffer, whose number is in the upper half.
  static final int CQE_BUFFER = 1;

  /// More completions of this operation will follow.
  static final int CQE_MORE = 2;

  private static final int SETUP_CQSIZE = 1 << 3;
  private static final int SETUP_CLAMP = 1 << 4;
  private static final int SETUP_R_DISABLED = 1 << 6;
  private static final int SETUP_SUBMIT_ALL = 1 << 7;
  private static final int SETUP_TASKRUN_FLAG = 1 << 9;
  private static final int SETUP_SINGLE_ISSUER = 1 << 12;
  private static final int SETUP_DEFER_TASKRUN = 1 << 13;
  private static final int SETUP_SHARED = SETUP_CQSIZE | SETUP_CLAMP | SETUP_SUBMIT_ALL;
  private static final int SETUP_OWNED =
      SETUP_SHARED
          | SETUP_R_DISABLED
          | SETUP_TASKRUN_FLAG
          | SETUP_SINGLE_ISSUER
          | SETUP_DEFER_TASKRUN;
  private static final int REGISTER_ENABLE_RINGS = 12;
  private static final int REGISTER_PBUF_RING = 22;
  private static final int SQ_CQ_OVERFLOW = 2;
  private static final int SQ_TASKRUN = 4;
  private static final long OFFSET_SQES = 0x1000_0000L;
  private static final int SQE_BYTES = 64;
  private static final int CQE_BYTES = 16;
  private static final int SPILLED_WORDS = 5;
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final VarHandle INT = JAVA_INT.varHandle();

  private final Linux linux;
  private final boolean shared;
  private final Arena arena = Arena.ofAuto();
  private final Descriptor descriptor;
  private final MemorySegment queues;
  private final MemorySegment sqes;
  private final MemorySegment argument = arena.allocate(24, 8);
  private final MemorySegment timespec = arena.allocate(16, 8);
  private final long sqHead;
  private final long sqTail;
  private final long sqFlags;
  private final int sqEntries;
  private final long cqHead;
  private final long cqTail;
  private final long cqes;
  private final int cqMask;

  private int tail;
  private int head;
  private @Nullable Thread owner;

  private long[] spilled = new long[SPILLED_WORDS * 16];
  private int spilledFrom;
  private int spilledTo;
  private long pushed;

  /// Sets a ring up.
  ///
  /// @throws RefusedException if the kernel does not
  Ring(Linux linux, int submissions, int completions, boolean shared) throws RefusedException {
    this.linux = linux;
    this.shared = shared;
    MemorySegment params = arena.allocate(120, 8);
    params.set(JAVA_INT, 4, completions);
    params.set(JAVA_INT, 8, shared ? SETUP_SHARED : SETUP_OWNED);
    int fd = linux.uringSetup(submissions, params);
    if (fd < 0) {
      throw new RefusedException("io_uring_setup", -fd);
    }
    try {
      descriptor = Descriptor.of(linux, fd);
    } catch (IOException e) {
      throw new AssertionError(e); // it is not negative
    }
    sqEntries = params.get(JAVA_INT, 0);
    int cqEntries = params.get(JAVA_INT, 4);
    long array = Integer.toUnsignedLong(params.get(JAVA_INT, 40 + 24));
    cqes = Integer.toUnsignedLong(params.get(JAVA_INT, 80 + 20));
    long bytes = Math.max(array + 4L * sqEntries, cqes + (long) CQE_BYTES * cqEntries);
    queues = map(bytes, fd, 0);
    sqes = map((long) SQE_BYTES * sqEntries, fd, OFFSET_SQES);
    sqHead = params.get(JAVA_INT, 40);
    sqTail = params.get(JAVA_INT, 40 + 4);
    sqFlags = params.get(JAVA_INT, 40 + 16);
    cqHead = params.get(JAVA_INT, 80);
    cqTail = params.get(JAVA_INT, 80 + 4);
    cqMask = cqEntries - 1;
    for (int i = 0; i < sqEntries; i++) {
      queues.set(JAVA_INT, array + 4L * i, i);
    }
  }

  private MemorySegment map(long bytes, int fd, long offset) throws RefusedException {
    int flags = Linux.MAP_SHARED | Linux.MAP_POPULATE;
    MemorySegment mapped = linux.mmap(arena, bytes, flags, fd, offset);
    if (mapped == null) {
      int errno = linux.mmapErrno();
      descriptor.close();
      throw new RefusedException("mmap of an io_uring", errno);
    }
    return mapped;
  }

  /// The kernel has refused to set up a ring.
  static final class RefusedException extends IOException {
    final int errno;

    RefusedException(String what, int errno) {
      super(what + ": " + Linux.strerror(errno));
      this.errno = errno;
    }
  }

  /// Lends the kernel a ring of buffers, as group 0.
  ///
  /// `io_uring_buf_reg { u64 ring_addr; u32 ring_entries; u16 bgid; u16 flags; u64 resv[3]; }`
  void register(MemorySegment buffers, int entries) throws RefusedException {
    MemorySegment request = arena.allocate(40, 8);
    request.set(JAVA_LONG, 0, buffers.address());
    request.set(JAVA_INT, 8, entries);
    int done = linux.uringRegister(descriptor.fd(), REGISTER_PBUF_RING, request, 1);
    if (done < 0) {
      descriptor.close();
      throw new RefusedException("a ring of buffers", -done);
    }
  }

  /// Whether the current thread may enter.
  boolean isForMe() {
    Thread me = Thread.currentThread();
    return shared || owner == me || (owner == null && !me.isVirtual());
  }

  /* ---- Submissions ---- */

  /// Queues an operation, to be submitted by the next [#enter].
  ///
  /// @param head opcode, flags and ioprio, as they lie in the first 32 bits
  void push(int head, int fd, long addr, int len, int opFlags, long userData) {
    push(head, fd, 0, addr, len, opFlags, userData);
  }

  /// As above, with an offset.
  void push(int head, int fd, long off, long addr, int len, int opFlags, long userData) {
    long first = Integer.toUnsignedLong(head) | (long) fd << 32;
    long fourth = Integer.toUnsignedLong(len) | (long) opFlags << 32;
    pushed++;
    if (spilledFrom == spilledTo && roomFor()) {
      put(first, off, addr, fourth, userData);
    } else {
      spill(first, off, addr, fourth, userData);
    }
  }

  private boolean roomFor() {
    if (tail - this.head < sqEntries) {
      return true;
    }
    this.head = (int) INT.getAcquire(queues, sqHead);
    return tail - this.head < sqEntries;
  }

  private void put(long first, long off, long addr, long fourth, long userData) {
    long at = (long) (tail & (sqEntries - 1)) * SQE_BYTES;
    sqes.set(JAVA_LONG, at, first);
    sqes.set(JAVA_LONG, at + 8, off);
    sqes.set(JAVA_LONG, at + 16, addr);
    sqes.set(JAVA_LONG, at + 24, fourth);
    sqes.set(JAVA_LONG, at + 32, userData);
    sqes.set(JAVA_LONG, at + 40, 0);
    sqes.set(JAVA_LONG, at + 48, 0);
    sqes.set(JAVA_LONG, at + 56, 0);
    tail++;
  }

  private void spill(long first, long off, long addr, long fourth, long userData) {
    if (spilledTo + SPILLED_WORDS > spilled.length) {
      int length = spilledTo - spilledFrom;
      long[] larger = length > spilled.length / 2 ? new long[2 * spilled.length] : spilled;
      System.arraycopy(spilled, spilledFrom, larger, 0, length);
      spilled = larger;
      spilledFrom = 0;
      spilledTo = length;
    }
    spilled[spilledTo] = first;
    spilled[spilledTo + 1] = addr;
    spilled[spilledTo + 2] = fourth;
    spilled[spilledTo + 3] = userData;
    spilled[spilledTo + 4] = off;
    spilledTo += SPILLED_WORDS;
  }

  private void unspill() {
    while (spilledFrom < spilledTo && roomFor()) {
      int i = spilledFrom;
      put(spilled[i], spilled[i + 4], spilled[i + 1], spilled[i + 2], spilled[i + 3]);
      spilledFrom += SPILLED_WORDS;
    }
    if (spilledFrom == spilledTo) {
      spilledFrom = 0;
      spilledTo = 0;
    }
  }

  /// How many operations were queued so far.
  long pushed() {
    return pushed;
  }

  /// Whether the kernel has been given an operation, and not only the queue.
  ///
  /// @param asked what [#pushed] was after it
  boolean isSubmitted(long asked) {
    int behind = (spilledTo - spilledFrom) / SPILLED_WORDS;
    return asked <= pushed - queued() - behind;
  }

  private int queued() {
    return tail - (int) INT.getAcquire(queues, sqHead);
  }

  /// Turns what was queued for a descriptor, and not submitted yet, into operations that do nothing
  /// and complete under another name. To be called before the descriptor is closed: later, the
  /// kernel would take whatever has its number then.
  ///
  /// @param last what [#pushed] was after the last such operation
  void withdraw(int fd, long last, long userData) {
    if (isSubmitted(last)) {
      return;
    }
    for (int i = tail - queued(); i != tail; i++) {
      long at = (long) (i & (sqEntries - 1)) * SQE_BYTES;
      if (sqes.get(JAVA_INT, at + 4) == fd) {
        sqes.asSlice(at, SQE_BYTES).fill((byte) 0);
        sqes.set(JAVA_LONG, at + 32, userData);
      }
    }
    for (int i = spilledFrom; i < spilledTo; i += SPILLED_WORDS) {
      if ((int) (spilled[i] >>> 32) == fd) {
        Arrays.fill(spilled, i, i + SPILLED_WORDS, 0);
        spilled[i + 3] = userData;
      }
    }
  }

  /// The same for one operation.
  ///
  /// @param asked what [#pushed] was after it
  void withdraw(long asked, long userData) {
    int behind = (spilledTo - spilledFrom) / SPILLED_WORDS;
    int position = tail - (int) (pushed - behind - asked) - 1;
    long at = (long) (position & (sqEntries - 1)) * SQE_BYTES;
    sqes.asSlice(at, SQE_BYTES).fill((byte) 0);
    sqes.set(JAVA_LONG, at + 32, userData);
  }

  /// Readable while there are completions.
  Descriptor descriptor() {
    return descriptor;
  }

  /// Whether operations wait for the next [#enter].
  boolean hasSubmissions() {
    return spilledFrom < spilledTo || queued() > 0;
  }

  /// Whether what is queued from now on, one completion each at most, is done by the next [#enter],
  /// and all the completions find room. What is queued already may have more of them.
  boolean isReadyForBatch() {
    int flags = (int) INT.getAcquire(queues, sqFlags);
    int waiting = end() - first();
    return !shared
        && isForMe()
        && !hasSubmissions()
        && (flags & SQ_CQ_OVERFLOW) == 0
        && waiting + sqEntries <= cqMask;
  }

  /// How many operations can be queued before the next [#enter].
  int room() {
    return sqEntries - queued();
  }

  /// Whether [#enter] has anything to do but to wait.
  boolean hasWork() {
    int flags = (int) INT.getAcquire(queues, sqFlags);
    return shared || (flags & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0 || hasSubmissions();
  }

  /// Submits what was queued, has the kernel do its work, and waits until there is a completion. A
  /// negative timeout has no limit.
  ///
  /// @throws IOException if the kernel refuses
  void enter(long timeoutNanos) throws IOException {
    if (owner == null && !shared) {
      Errno.check(
          linux.uringRegister(descriptor.fd(), REGISTER_ENABLE_RINGS, MemorySegment.NULL, 0));
      owner = Thread.currentThread();
    }
    unspill();
    while (spilledFrom < spilledTo && enterOnce(0, 0)) {
      unspill();
    }
    boolean wait = timeoutNanos != 0 && spilledFrom == spilledTo;
    enterOnce(wait ? 1 : 0, timeoutNanos);
  }

  /// Submits what was queued, and no more.
  void submit() throws IOException {
    unspill();
    INT.setRelease(queues, sqTail, tail);
    int done = linux.uringEnter(descriptor.fd(), queued(), 0, 0, MemorySegment.NULL);
    if (done < 0 && !isPassing(-done)) {
      throw Errno.exception(-done);
    }
  }

  /// Submits what was queued and has the kernel do its work, if the kernel takes that from here: a
  /// coroutine is carried by the thread to which the ring belongs, without being it. Whether it
  /// did.
  boolean enterIfAllowed() throws IOException {
    if (isForMe()) {
      enter(0);
      return true;
    }
    if (owner == null) {
      return false;
    }
    unspill();
    INT.setRelease(queues, sqTail, tail);
    argument.set(JAVA_LONG, 16, 0);
    int flags = Linux.IORING_ENTER_GETEVENTS | Linux.IORING_ENTER_EXT_ARG;
    int done = linux.uringEnter(descriptor.fd(), queued(), 0, flags, argument);
    return done >= 0;
  }

  /// Whether submissions were taken.
  private boolean enterOnce(int completions, long timeoutNanos) throws IOException {
    int submit = queued();
    INT.setRelease(queues, sqTail, tail);
    long limit = 0;
    if (completions > 0 && timeoutNanos > 0) {
      timespec.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
      timespec.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
      limit = timespec.address();
    }
    argument.set(JAVA_LONG, 16, limit);
    int flags = Linux.IORING_ENTER_GETEVENTS | Linux.IORING_ENTER_EXT_ARG;
    int done = linux.uringEnter(descriptor.fd(), submit, completions, flags, argument);
    if (done < 0 && !isPassing(-done)) {
      throw Errno.exception(-done);
    }
    return done > 0;
  }

  /// Nothing came in time, a signal came, or the kernel wants completions to be taken first.
  private static boolean isPassing(int errno) {
    return errno == Errno.ETIME
        || errno == Errno.EINTR
        || errno == Errno.EBUSY
        || errno == Errno.EAGAIN;
  }

  /* ---- Completions ---- */

  /// The position of the next completion to be taken.
  int first() {
    return queues.get(JAVA_INT, cqHead);
  }

  /// The position after the last.
  int end() {
    return (int) INT.getAcquire(queues, cqTail);
  }

  long userData(int position) {
    return queues.get(JAVA_LONG, cqes + (long) (position & cqMask) * CQE_BYTES);
  }

  int result(int position) {
    return queues.get(JAVA_INT, cqes + (long) (position & cqMask) * CQE_BYTES + 8);
  }

  int flags(int position) {
    return queues.get(JAVA_INT, cqes + (long) (position & cqMask) * CQE_BYTES + 12);
  }

  /// Everything before this position was taken.
  void taken(int position) {
    INT.setRelease(queues, cqHead, position);
  }

  /// Closes it. What is still under way is given up by the kernel, at its leisure. The memory stays
  /// mapped until nobody can reach it.
  void close() {
    descriptor.close();
    spilled = Arrays.copyOf(spilled, 0);
    spilledFrom = 0;
    spilledTo = 0;
  }
}
