package weft.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import weft.EventLoop;
import weft.EventLoopProvider;
import weft.spi.DriverProvider;

/// Who offers what, and what they say where they cannot.
class ProvidersTest {
  private static final List<String> NATIVE = List.of("--enable-native-access=ALL-UNNAMED");

  @Test
  void theKernelsOwnComesFirst() {
    Map<String, Integer> ranks = new TreeMap<>();
    for (DriverProvider provider : ServiceLoader.load(DriverProvider.class)) {
      ranks.put(provider.name(), provider.rank());
    }
    assertEquals(200, ranks.get("epoll"));
    assertEquals(300, ranks.get("uring"));
    assertTrue(ranks.get("selector") < ranks.get("epoll"));
  }

  @Test
  void aRefusalIsExplained() {
    for (Map.Entry<Integer, String> expected :
        Map.of(
                Errno.ENOSYS, "no io_uring",
                Errno.EPERM, "forbidden",
                Errno.EINVAL, "6.1",
                Errno.ENOMEM, "ulimit")
            .entrySet()) {
      String reason =
          UringDriverProvider.reason(new Ring.RefusedException("test", expected.getKey()));
      assertTrue(reason.contains(expected.getValue()), reason);
    }
  }

  @Test
  void withoutNativeAccessBothSaySo() throws IOException, InterruptedException {
    String said = run(List.of(), Map.of());
    assertTrue(said.contains("epoll: Optional[Java was started without"), said);
    assertTrue(said.contains("uring: Optional[Java was started without"), said);
    assertTrue(said.contains("auto is selector"), said);
    assertTrue(said.contains("the default is selector"), said);
  }

  @Test
  void whereAllIsAllowedTheBestIsUring() throws IOException, InterruptedException {
    String said = run(NATIVE, Map.of("WEFT_LOOP", "auto"));
    assertTrue(said.contains("auto is uring"), said);
    assertTrue(said.contains("the default is uring"), said);
  }

  @Test
  void whereAFilterForbidsIoUringOnlyEpollIsLeft() throws IOException, InterruptedException {
    String said = run(NATIVE, Map.of("WEFT_LOOP", "epoll"), "filtered");
    assertTrue(said.contains("epoll: Optional.empty"), said);
    assertTrue(said.contains("uring: Optional[io_uring is forbidden here, as by the"), said);
    assertTrue(said.contains("uring is not available: io_uring is forbidden"), said);
    assertTrue(said.contains("auto is epoll"), said);
    assertTrue(said.contains("the default is epoll"), said);
    String refused = run(NATIVE, Map.of("WEFT_LOOP", "uring"), "filtered");
    assertTrue(
        refused.contains("event loop 'uring' (from WEFT_LOOP) is not available: io_uring is forb"),
        refused);
    assertTrue(refused.contains("there are: "), refused);
  }

  private static String run(
      List<String> options, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(options);
    command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Child.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  /// Runs in a JVM of its own.
  static final class Child {
    private static final int SECCOMP = System.getProperty("os.arch").equals("amd64") ? 317 : 277;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int SECCOMP_FILTER_FLAG_TSYNC = 1;
    private static final int SECCOMP_RET_EPERM = 0x0005_0001;
    private static final int SECCOMP_RET_ALLOW = 0x7fff_0000;
    private static final short LOAD_WORD = 0x20;
    private static final short JUMP_IF_EQUAL = 0x15;
    private static final short RETURN = 0x06;

    private Child() {}

    public static void main(String[] args) throws Throwable {
      if (args.length > 0) {
        forbid(425);
      }
      for (DriverProvider provider : ServiceLoader.load(DriverProvider.class)) {
        System.out.println(provider.name() + ": " + provider.unavailable());
        if (provider.unavailable().isPresent()) {
          try {
            provider.open();
          } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
          }
        } else {
          provider.open().close();
        }
      }
      System.out.println("auto is " + EventLoopProvider.chosen("auto").name());
      try {
        EventLoop loop = EventLoop.create();
        System.out.println("the default is " + loop.name());
        loop.close();
      } catch (IllegalArgumentException e) {
        System.out.println(e.getMessage());
      }
    }

    /// What a container does that forbids a system call.
    @SuppressWarnings("restricted")
    private static void forbid(int number) throws Throwable {
      Linker linker = Linker.nativeLinker();
      var prctl =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("prctl"),
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
              Linker.Option.firstVariadicArg(1));
      var syscall =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("syscall"),
              FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS),
              Linker.Option.firstVariadicArg(1));
      MemorySegment filter = Arena.global().allocate(4 * 8, 8);
      instruction(filter, 0, LOAD_WORD, 0, 0, 0); // the number of the call
      instruction(filter, 1, JUMP_IF_EQUAL, 0, 1, number);
      instruction(filter, 2, RETURN, 0, 0, SECCOMP_RET_EPERM);
      instruction(filter, 3, RETURN, 0, 0, SECCOMP_RET_ALLOW);
      MemorySegment program = Arena.global().allocate(16, 8);
      program.set(JAVA_SHORT, 0, (short) 4);
      program.set(ADDRESS, 8, filter);
      assertEquals(0, (int) prctl.invokeExact(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L));
      long done =
          (long)
              syscall.invokeExact(
                  (long) SECCOMP,
                  (long) SECCOMP_SET_MODE_FILTER,
                  (long) SECCOMP_FILTER_FLAG_TSYNC,
                  program);
      assertEquals(0, done);
    }

    private static void instruction(
        MemorySegment filter, int index, short code, int ifTrue, int ifFalse, int value) {
      long at = 8L * index;
      filter.set(JAVA_SHORT, at, code);
      filter.set(JAVA_SHORT, at + 2, (short) (ifTrue | ifFalse << 8));
      filter.set(JAVA_INT, at + 4, value);
    }
  }
}
