package weft.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/// Linux, as far as Weft calls it: one method a system call. Each gives back what the call does or,
/// negated, its [Errno]; none throws.
///
/// A number that means the same on every architecture is written down here or where it is used;
/// x86-64 and aarch64 agree on all of them. What they do not agree on is the layout of an epoll
/// event: see [#EPOLL_EVENT_BYTES].
///
/// Memory is handed over as a segment. The linker sees to it that native memory is alive during a
/// call and, for the calls that take heap arrays, that the array does not move; those are the ones
/// that never block, because the garbage collector waits for them.
///
/// Thread: one at a time, as the error number has one place; except the static methods.
@SuppressWarnings("restricted") // the one file that may
final class Linux {
  /* ---- Sockets ---- */

  static final int AF_UNIX = 1;
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int SOCK_STREAM = 1;
  static final int SOCK_DGRAM = 2;

  /// Non-blocking and closed by exec: of sockets, eventfds and pipes alike.
  static final int NONBLOCK = 0x800;

  static final int CLOEXEC = 0x80000;
  static final int SOCK_FLAGS = NONBLOCK | CLOEXEC;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_WAITALL = 0x100;
  static final int MSG_NOSIGNAL = 0x4000;
  static final int MSG_MORE = 0x8000;
  static final int SHUT_WR = 1;
  static final int SHUT_RDWR = 2;
  static final int SOL_IP = 0;
  static final int SOL_SOCKET = 1;
  static final int SOL_TCP = 6;
  static final int SOL_IPV6 = 41;
  static final int SO_REUSEADDR = 2;
  static final int SO_ERROR = 4;
  static final int SO_BROADCAST = 6;
  static final int SO_LINGER = 13;
  static final int SO_REUSEPORT = 15;
  static final int IPV6_V6ONLY = 26;
  static final int MCAST_JOIN_GROUP = 42;
  static final int MCAST_JOIN_SOURCE_GROUP = 46;

  /// In what the system's names of files are encoded.
  static final Charset FILE_NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding"), Charset.defaultCharset());

  /// Bytes of a `sockaddr_storage`, which holds every kind of address.
  static final int SOCKADDR_BYTES = 128;

  /* ---- Readiness: the same bits for epoll and for io_uring's poll ---- */

  static final int IN = 0x001;
  static final int OUT = 0x004;
  static final int ERR = 0x008;
  static final int HUP = 0x010;
  static final int EPOLLET = 1 << 31;
  static final int EPOLL_CTL_ADD = 1;
  static final int EPOLL_CTL_DEL = 2;
  static final int EPOLL_CTL_MOD = 3;

  private static final boolean X86_64 = System.getProperty("os.arch").equals("amd64");

  /// `struct epoll_event { u32 events; u64 data; }`, which is packed on x86-64 only.
  static final int EPOLL_EVENT_BYTES = X86_64 ? 12 : 16;

  static final int EPOLL_EVENT_DATA = X86_64 ? 4 : 8;

  /* ---- io_uring ---- */

  static final int IORING_ENTER_GETEVENTS = 1;
  static final int IORING_ENTER_EXT_ARG = 1 << 3;

  /* ---- Memory ---- */

  static final int MAP_SHARED = 0x01;
  static final int MAP_PRIVATE = 0x02;
  static final int MAP_ANONYMOUS = 0x20;
  static final int MAP_POPULATE = 0x8000;
  private static final int PROT_READ_WRITE = 3;
  private static final int MADV_DONTNEED = 4;

  /* ---- Files and processes ---- */

  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_TRUNC = 0x200;
  static final int O_APPEND = 0x400;
  static final int S_IFMT = 0xf000;
  static final int P_PID = 1;
  static final int P_PIDFD = 3;
  static final int CLD_EXITED = 1;
  private static final int WNOHANG = 1;
  private static final int WEXITED = 4;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;

  /// The first number after those of the standard streams.
  static final int FIRST_FD = 3;

  /* ---- How they are called. System calls that libc may lack go by number, the same on both. ---- */

  private static final long SYS_PIDFD_SEND_SIGNAL = 424;
  private static final long SYS_IO_URING_SETUP = 425;
  private static final long SYS_IO_URING_ENTER = 426;
  private static final long SYS_IO_URING_REGISTER = 427;
  private static final long SYS_PIDFD_OPEN = 434;
  private static final long SYS_EPOLL_PWAIT2 = 441;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBC = LINKER.defaultLookup();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final Linker.Option ON_HEAP = Linker.Option.critical(true);
  private static final long ERRNO_OFFSET =
      Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle SOCKET = bind("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = bind("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = bind("listen", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      bind("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle CONNECT =
      bind("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle SHUTDOWN = bind("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE = bind("close", JAVA_INT, JAVA_INT);
  private static final MethodHandle GETSOCKNAME =
      bind("getsockname", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle GETPEERNAME =
      bind("getpeername", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle GETSOCKOPT =
      bind("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SETSOCKOPT =
      bind("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle RECV =
      bind("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SEND =
      bind("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SEND_HEAP =
      downcall(
          "send",
          FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT),
          ERRNO,
          ON_HEAP);
  private static final MethodHandle RECVFROM =
      bind("recvfrom", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SENDTO =
      downcall(
          "sendto",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT),
          ERRNO,
          ON_HEAP);
  private static final MethodHandle READ = bind("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle WRITE = bind("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle WRITE_HEAP =
      downcall(
          "write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), ERRNO, ON_HEAP);
  private static final MethodHandle SENDFILE =
      bind("sendfile", JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle FCNTL =
      downcall(
          "fcntl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
          ERRNO,
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle OPEN =
      downcall(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
          ERRNO,
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle PIPE2 = bind("pipe2", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle WAITID =
      bind("waitid", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle PIDFD_OPEN = syscall(JAVA_INT, JAVA_INT);
  private static final MethodHandle PIDFD_SEND_SIGNAL =
      syscall(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle EVENTFD = bind("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle WAKE =
      downcall("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle EPOLL_CREATE1 = bind("epoll_create1", JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      bind("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle EPOLL_WAIT =
      bind("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_PWAIT2 =
      syscall(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
  private static final MethodHandle PPOLL =
      bind("ppoll", JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
  private static final MethodHandle IO_URING_SETUP = syscall(JAVA_INT, ADDRESS);
  private static final MethodHandle IO_URING_ENTER =
      syscall(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle IO_URING_REGISTER =
      syscall(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle MMAP =
      bind("mmap", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP =
      downcall("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle MADVISE =
      bind("madvise", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle STRERROR =
      downcall("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

  /// What [#wake] writes: an eventfd takes eight bytes that are not all zero.
  private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1);

  private final MemorySegment state = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
  private final MemorySegment pair = Arena.ofAuto().allocate(16, 8);

  private static MethodHandle bind(String name, MemoryLayout result, MemoryLayout... parameters) {
    return downcall(name, FunctionDescriptor.of(result, parameters), ERRNO);
  }

  private static MethodHandle syscall(MemoryLayout... parameters) {
    MemoryLayout[] all = new MemoryLayout[parameters.length + 1];
    all[0] = JAVA_LONG;
    System.arraycopy(parameters, 0, all, 1, parameters.length);
    return downcall(
        "syscall", FunctionDescriptor.of(JAVA_LONG, all), ERRNO, Linker.Option.firstVariadicArg(1));
  }

  private static MethodHandle downcall(
      String name, FunctionDescriptor type, Linker.Option... options) {
    return LINKER.downcallHandle(LIBC.findOrThrow(name), type, options);
  }

  /// A function or variable that the C library may lack; then it is null.
  static MemorySegment find(String function) {
    return LIBC.find(function).orElse(MemorySegment.NULL);
  }

  /// A function that returns an int and leaves no error number. One that the C library lacks does
  /// nothing.
  static MethodHandle link(MemorySegment function, MemoryLayout... parameters) {
    FunctionDescriptor type = FunctionDescriptor.of(JAVA_INT, parameters);
    return function.address() == 0
        ? MethodHandles.empty(type.toMethodType())
        : LINKER.downcallHandle(function, type);
  }

  /// The pointer that a variable of the C library holds.
  static MemorySegment pointer(MemorySegment variable) {
    return variable.reinterpret(ADDRESS.byteSize()).get(ADDRESS, 0);
  }

  private int result(int value) {
    return value >= 0 ? value : -state.get(JAVA_INT, ERRNO_OFFSET);
  }

  private long result(long value) {
    return value >= 0 ? value : -state.get(JAVA_INT, ERRNO_OFFSET);
  }

  /// A downcall throws only what the JVM throws at any place.
  static Error broken(Throwable thrown) {
    return thrown instanceof Error error ? error : new AssertionError(thrown);
  }

  /* ---- Sockets ---- */

  int socket(int family, int type) {
    try {
      return result((int) SOCKET.invokeExact(state, family, type | SOCK_FLAGS, 0));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int bind(int fd, MemorySegment address, int length) {
    try {
      return result((int) BIND.invokeExact(state, fd, address, length));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int listen(int fd, int backlog) {
    try {
      return result((int) LISTEN.invokeExact(state, fd, backlog));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Accepts a connection, non-blocking and closed by exec.
  int accept(int fd) {
    try {
      return result(
          (int) ACCEPT4.invokeExact(state, fd, MemorySegment.NULL, MemorySegment.NULL, SOCK_FLAGS));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int connect(int fd, MemorySegment address, int length) {
    try {
      return result((int) CONNECT.invokeExact(state, fd, address, length));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int shutdown(int fd, int how) {
    try {
      return result((int) SHUTDOWN.invokeExact(state, fd, how));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int close(int fd) {
    try {
      return result((int) CLOSE.invokeExact(state, fd));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Writes the local address, or the peer's, and gives back its length.
  int name(int fd, boolean peer, MemorySegment address) {
    try {
      pair.set(JAVA_INT, 0, (int) address.byteSize());
      int done =
          peer
              ? (int) GETPEERNAME.invokeExact(state, fd, address, pair)
              : (int) GETSOCKNAME.invokeExact(state, fd, address, pair);
      return done < 0 ? result(done) : pair.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Reads an option of one int or two.
  int getsockopt(int fd, int level, int option, int[] value) {
    try {
      pair.set(JAVA_INT, 12, 4 * value.length);
      int done = (int) GETSOCKOPT.invokeExact(state, fd, level, option, pair, pair.asSlice(12, 4));
      for (int i = 0; i < value.length; i++) {
        value[i] = pair.get(JAVA_INT, 4L * i);
      }
      return result(done);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int setsockopt(int fd, int level, int option, int value) {
    pair.set(JAVA_INT, 0, value);
    return setsockopt(fd, level, option, pair, 4);
  }

  /// `struct linger { int onoff; int seconds; }`.
  int linger(int fd, boolean on, int seconds) {
    pair.set(JAVA_INT, 0, on ? 1 : 0);
    pair.set(JAVA_INT, 4, seconds);
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, pair, 8);
  }

  /// `struct ip_mreqn { in_addr group; in_addr address; int index; }`.
  int multicastInterface(int fd, int option, int index, int address) {
    pair.set(JAVA_INT, 0, 0);
    pair.set(JAVA_INT, 4, address);
    pair.set(JAVA_INT, 8, index);
    return setsockopt(fd, SOL_IP, option, pair, 12);
  }

  int setsockopt(int fd, int level, int option, MemorySegment value, int length) {
    try {
      return result((int) SETSOCKOPT.invokeExact(state, fd, level, option, value, length));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /* ---- Bytes ---- */

  int recv(int fd, MemorySegment target, int length) {
    try {
      return (int) result((long) RECV.invokeExact(state, fd, target, (long) length, MSG_DONTWAIT));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Sends from native memory or, for as long as the array must not move, from the heap.
  int send(int fd, MemorySegment source, int length, int flags) {
    int all = flags | MSG_DONTWAIT | MSG_NOSIGNAL;
    try {
      long sent =
          source.isNative()
              ? (long) SEND.invokeExact(state, fd, source, (long) length, all)
              : (long) SEND_HEAP.invokeExact(state, fd, source, (long) length, all);
      return (int) result(sent);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Receives a datagram; its sender's address is written to `address`, and the length of that to
  /// `addressLength`.
  int recvfrom(
      int fd, MemorySegment target, int length, MemorySegment address, int[] addressLength) {
    try {
      pair.set(JAVA_INT, 0, (int) address.byteSize());
      long received =
          (long)
              RECVFROM.invokeExact(state, fd, target, (long) length, MSG_DONTWAIT, address, pair);
      addressLength[0] = pair.get(JAVA_INT, 0);
      return (int) result(received);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Sends a datagram, from native memory or from the heap. No length, no address.
  int sendto(int fd, MemorySegment source, int length, MemorySegment address, int addressLength) {
    MemorySegment to = addressLength == 0 ? MemorySegment.NULL : address;
    try {
      return (int)
          result(
              (long)
                  SENDTO.invokeExact(
                      state,
                      fd,
                      source,
                      (long) length,
                      MSG_DONTWAIT | MSG_NOSIGNAL,
                      to,
                      addressLength));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int read(int fd, MemorySegment target, int length) {
    try {
      return (int) result((long) READ.invokeExact(state, fd, target, (long) length));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Writes to a descriptor that does not block, from native memory or from the heap.
  int write(int fd, MemorySegment source, int length) {
    try {
      long written =
          source.isNative()
              ? (long) WRITE.invokeExact(state, fd, source, (long) length)
              : (long) WRITE_HEAP.invokeExact(state, fd, source, (long) length);
      return (int) result(written);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  long sendfile(int to, int from, long position, long count) {
    try {
      pair.set(JAVA_LONG, 0, position);
      return result((long) SENDFILE.invokeExact(state, to, from, pair, count));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// A second descriptor of the same open file, which is none of the standard streams.
  int dup(int fd) {
    return fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
  }

  /// For a pipe, which has no other flags.
  int setNonBlocking(int fd) {
    return fcntl(fd, F_SETFL, NONBLOCK);
  }

  private int fcntl(int fd, int operation, int argument) {
    try {
      return result((int) FCNTL.invokeExact(state, fd, operation, argument));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /* ---- Waiting ---- */

  int eventfd() {
    try {
      return result((int) EVENTFD.invokeExact(state, 0, SOCK_FLAGS));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Wakes who waits for an eventfd. Any thread.
  static void wake(int eventfd) {
    try {
      long written = (long) WAKE.invokeExact(eventfd, ONE, 8L);
      assert written != 0;
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int epollCreate() {
    try {
      return result((int) EPOLL_CREATE1.invokeExact(state, CLOEXEC));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
    try {
      return result((int) EPOLL_CTL.invokeExact(state, epoll, operation, fd, event));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int epollWait(int epoll, MemorySegment events, int max, int timeoutMillis) {
    try {
      return result((int) EPOLL_WAIT.invokeExact(state, epoll, events, max, timeoutMillis));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Waits for as long as the `timespec` says.
  int epollWait(int epoll, MemorySegment events, int max, MemorySegment timeout) {
    try {
      return (int)
          result(
              (long)
                  EPOLL_PWAIT2.invokeExact(
                      state,
                      SYS_EPOLL_PWAIT2,
                      epoll,
                      events,
                      max,
                      timeout,
                      MemorySegment.NULL,
                      0L));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Waits for one `pollfd`, for as long as the `timespec` says or, if that is null, without limit.
  int poll(MemorySegment pollfd, MemorySegment timeout) {
    try {
      return result((int) PPOLL.invokeExact(state, pollfd, 1L, timeout, MemorySegment.NULL));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int uringSetup(int entries, MemorySegment parameters) {
    try {
      return (int)
          result((long) IO_URING_SETUP.invokeExact(state, SYS_IO_URING_SETUP, entries, parameters));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int uringEnter(int ring, int submit, int complete, int flags, MemorySegment argument) {
    try {
      return (int)
          result(
              (long)
                  IO_URING_ENTER.invokeExact(
                      state,
                      SYS_IO_URING_ENTER,
                      ring,
                      submit,
                      complete,
                      flags,
                      argument,
                      argument.byteSize()));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int uringRegister(int ring, int operation, MemorySegment argument, int count) {
    try {
      return (int)
          result(
              (long)
                  IO_URING_REGISTER.invokeExact(
                      state, SYS_IO_URING_REGISTER, ring, operation, argument, count));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /* ---- Memory ---- */

  /// Maps memory, which is unmapped when the arena ends. Null if there is none: see [#mmapErrno].
  @Nullable MemorySegment mmap(Arena owner, long bytes, int flags, int fd, long offset) {
    try {
      MemorySegment mapped =
          (MemorySegment)
              MMAP.invokeExact(
                  state, MemorySegment.NULL, bytes, PROT_READ_WRITE, flags, fd, offset);
      if (mapped.address() == -1) {
        return null;
      }
      return mapped.reinterpret(bytes, owner, Linux::munmap);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Why the last [#mmap] gave back null.
  int mmapErrno() {
    return state.get(JAVA_INT, ERRNO_OFFSET);
  }

  private static void munmap(MemorySegment mapped) {
    try {
      int done = (int) MUNMAP.invokeExact(mapped, mapped.byteSize());
      assert done == 0;
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Gives the memory behind a private mapping back: it reads as zero afterwards.
  void dontNeed(MemorySegment mapped) {
    try {
      int done = (int) MADVISE.invokeExact(state, mapped, mapped.byteSize(), MADV_DONTNEED);
      assert done == 0;
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /* ---- Files and processes ---- */

  /// Opens a file, which exec closes.
  int open(MemorySegment path, int flags, int mode) {
    try {
      return result((int) OPEN.invokeExact(state, path, flags | CLOEXEC, mode));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Makes a pipe: the end to read from, and the end to write to.
  int pipe(int[] ends) {
    try {
      int done = (int) PIPE2.invokeExact(state, pair, CLOEXEC);
      ends[0] = pair.get(JAVA_INT, 0);
      ends[1] = pair.get(JAVA_INT, 4);
      return result(done);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /// Reaps a child that has ended: how, 0 for not yet, and with which status or by which signal.
  ///
  /// `siginfo_t { int signo, errno, code; int pad; int pid, uid, status; … }`, of 128 bytes
  int waitid(int idType, int id, int[] outcome) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(128, 8);
      int done = (int) WAITID.invokeExact(state, idType, id, info, WNOHANG | WEXITED);
      boolean ended = info.get(JAVA_INT, 16) != 0;
      outcome[0] = ended ? info.get(JAVA_INT, 8) : 0;
      outcome[1] = info.get(JAVA_INT, 24);
      return result(done);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int pidfdOpen(int pid) {
    try {
      return (int) result((long) PIDFD_OPEN.invokeExact(state, SYS_PIDFD_OPEN, pid, 0));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  int pidfdSendSignal(int pidfd, int signal) {
    try {
      return (int)
          result(
              (long)
                  PIDFD_SEND_SIGNAL.invokeExact(
                      state, SYS_PIDFD_SEND_SIGNAL, pidfd, signal, MemorySegment.NULL, 0));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /* ---- Errors ---- */

  /// What the system calls an error.
  static String strerror(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw broken(e);
    }
  }
}
