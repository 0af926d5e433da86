package weft.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The functions of the C library that start a process, `posix_spawn(3)` and what it needs; sought
/// when the first process is started, since a C library may lack some. [Linux] makes the calls.
///
/// `posix_spawn` does not copy this process: the child shares its memory, while the calling thread
/// waits, until it runs its program.
final class PosixSpawn {
  private static final int SETSIGDEF = 0x04;
  private static final int SETSIGMASK = 0x08;
  private static final int SIGPIPE = 13;
  private static final int SIGCHLD = 17;
  private static final int SIGXFSZ = 25;
  private static final long SIG_IGN = 1;

  /// More than enough for any of the structures: those of glibc have up to 336 bytes.
  private static final long STRUCT_BYTES = 512;

  private static final long SIGSET_BYTES = 128;

  private static final MemorySegment ENVIRON = Linux.find("environ");
  private static final MemorySegment CLOSE_FROM =
      Linux.find("posix_spawn_file_actions_addclosefrom_np");
  private static final MemorySegment CHANGE_DIRECTORY =
      Linux.find("posix_spawn_file_actions_addchdir_np");
  private static final boolean AVAILABLE =
      ENVIRON.address() != 0
          && CLOSE_FROM.address() != 0
          && CHANGE_DIRECTORY.address() != 0
          && isPidfdKnown()
          && ProcessHandle.of(ProcessHandle.current().pid()).isPresent();

  private static final MethodHandle SPAWNP =
      Linux.link(Linux.find("posix_spawnp"), ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle ACTIONS_INIT =
      Linux.link(Linux.find("posix_spawn_file_actions_init"), ADDRESS);
  private static final MethodHandle ACTIONS_DESTROY =
      Linux.link(Linux.find("posix_spawn_file_actions_destroy"), ADDRESS);
  private static final MethodHandle ADD_DUP2 =
      Linux.link(Linux.find("posix_spawn_file_actions_adddup2"), ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle ADD_CLOSE_FROM = Linux.link(CLOSE_FROM, ADDRESS, JAVA_INT);
  private static final MethodHandle ADD_CHDIR = Linux.link(CHANGE_DIRECTORY, ADDRESS, ADDRESS);
  private static final MethodHandle ATTR_INIT =
      Linux.link(Linux.find("posix_spawnattr_init"), ADDRESS);
  private static final MethodHandle ATTR_FLAGS =
      Linux.link(Linux.find("posix_spawnattr_setflags"), ADDRESS, JAVA_SHORT);
  private static final MethodHandle ATTR_MASK =
      Linux.link(Linux.find("posix_spawnattr_setsigmask"), ADDRESS, ADDRESS);
  private static final MethodHandle ATTR_DEFAULT =
      Linux.link(Linux.find("posix_spawnattr_setsigdefault"), ADDRESS, ADDRESS);
  private static final MethodHandle SIGACTION =
      Linux.link(Linux.find("sigaction"), JAVA_INT, ADDRESS, ADDRESS);

  private PosixSpawn() {}

  /// A kernel that knows `P_PIDFD` says that we are not our own child.
  private static boolean isPidfdKnown() {
    Linux linux = new Linux();
    int pidfd = linux.pidfdOpen((int) ProcessHandle.current().pid());
    if (pidfd < 0) {
      return false;
    }
    boolean known = linux.waitid(Linux.P_PIDFD, pidfd, new int[2]) == -Errno.ECHILD;
    linux.close(pidfd);
    return known;
  }

  /// The environment of this process.
  static MemorySegment environment() {
    return Linux.pointer(ENVIRON);
  }

  /// Whether the C library and the kernel have all it takes to start and to watch a process.
  static boolean isAvailable() {
    return AVAILABLE;
  }

  /// Starts a program, which is looked for in `PATH`, and gives back its identifier or a negated
  /// error number. It has no descriptor but its streams.
  ///
  /// @param folder where it begins to work, or null
  /// @param streams what its three streams are copies of; a negative one stays as it is
  static int spawn(
      MemorySegment program,
      MemorySegment arguments,
      MemorySegment environment,
      MemorySegment folder,
      int[] streams) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(STRUCT_BYTES, 8);
      MemorySegment attributes = arena.allocate(STRUCT_BYTES, 8);
      MemorySegment pid = arena.allocate(JAVA_INT);
      keepStatuses(arena);
      signals(attributes, arena.allocate(SIGSET_BYTES, 8));
      check((int) ACTIONS_INIT.invokeExact(actions));
      try {
        descriptors(actions, folder, streams);
        int error =
            (int) SPAWNP.invokeExact(pid, program, actions, attributes, arguments, environment);
        return error == 0 ? pid.get(JAVA_INT, 0) : -error;
      } finally {
        check((int) ACTIONS_DESTROY.invokeExact(actions));
      }
    } catch (Throwable e) {
      throw Linux.broken(e);
    }
  }

  /// The child begins with no signal blocked, since the JVM blocks some, and does not ignore those
  /// that servers often do. What else this process ignores the child does too, as it is with
  /// `nohup`.
  private static void signals(MemorySegment attributes, MemorySegment set) throws Throwable {
    check((int) ATTR_INIT.invokeExact(attributes));
    check((int) ATTR_FLAGS.invokeExact(attributes, (short) (SETSIGDEF | SETSIGMASK)));
    check((int) ATTR_MASK.invokeExact(attributes, set));
    set.set(JAVA_LONG, 0, 1L << (SIGPIPE - 1) | 1L << (SIGXFSZ - 1));
    check((int) ATTR_DEFAULT.invokeExact(attributes, set));
  }

  private static void descriptors(MemorySegment actions, MemorySegment folder, int[] streams)
      throws Throwable {
    if (folder.address() != 0) {
      check((int) ADD_CHDIR.invokeExact(actions, folder));
    }
    for (int fd = 0; fd < streams.length; fd++) {
      if (streams[fd] >= 0) {
        check((int) ADD_DUP2.invokeExact(actions, streams[fd], fd));
      }
    }
    check((int) ADD_CLOSE_FROM.invokeExact(actions, Linux.FIRST_FD));
  }

  private static void check(int error) {
    if (error != 0) {
      throw new OutOfMemoryError("no memory to start a process: " + Linux.strerror(error));
    }
  }

  /// If this process was started with SIGCHLD ignored, nobody would learn of an exit status. The
  /// JDK does the same before it starts its first process.
  private static void keepStatuses(Arena arena) throws Throwable {
    MemorySegment action = arena.allocate(STRUCT_BYTES, 8);
    check((int) SIGACTION.invokeExact(SIGCHLD, MemorySegment.NULL, action));
    if (action.get(JAVA_LONG, 0) == SIG_IGN) {
      action.fill((byte) 0);
      check((int) SIGACTION.invokeExact(SIGCHLD, action, MemorySegment.NULL));
    }
  }
}
