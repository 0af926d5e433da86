package weft.linux;

import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import weft.EventLoop;
import weft.Task;
import weft.Weft;
import weft.io.Net;
import weft.io.Server;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;

/// Connects, says a little, and closes, over and over, on one loop, and looks what is left: a
/// quarter each over TCP with a reset, over unix sockets with a close, with an abort, and with an
/// abort of something that was not sent yet.
final class ConnectionChurn {
  private static final int AT_ONCE = 16;
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final Path socket;
  private int left;
  private int cycles;

  private ConnectionChurn(Path socket) {
    this.socket = socket;
  }

  /// What the process has.
  ///
  /// @param descriptors of everything
  /// @param mappings stretches of its address space
  /// @param resident in KiB
  /// @param heap in KiB, after a collection
  /// @param natively what the JVM has taken from the system for other things than the heap, in KiB
  private record Report(int descriptors, int mappings, long resident, long heap, long natively) {
    static Report now() throws Exception {
      for (int i = 0; i < 4; i++) {
        System.gc();
        Thread.sleep(20); // what is unmapped once it is found to be unreachable
      }
      Runtime runtime = Runtime.getRuntime();
      long heap = (runtime.totalMemory() - runtime.freeMemory()) / 1024;
      int descriptors;
      try (var all = Files.list(Path.of("/proc/self/fd"))) {
        descriptors = (int) all.count();
      }
      int mappings = Files.readAllLines(Path.of("/proc/self/maps")).size();
      String status = Files.readString(Path.of("/proc/self/status"));
      long resident = number("VmRSS:\\s+(\\d+) kB", status);
      return new Report(descriptors, mappings, resident, heap, outsideTheHeap());
    }

    /// As `jcmd VM.native_memory` tells it.
    private static long outsideTheHeap() throws Exception {
      Object said =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "vmNativeMemory",
                  new Object[] {new String[] {"summary"}},
                  new String[] {String[].class.getName()});
      String text = said.toString();
      long total = number("Total: reserved=\\d+KB, committed=(\\d+)KB", text);
      return total - number("Java Heap \\(reserved=\\d+KB, committed=(\\d+)KB", text);
    }

    private static long number(String pattern, String text) {
      Matcher matcher = Pattern.compile(pattern).matcher(text);
      if (!matcher.find()) {
        throw new AssertionError(pattern + " is not in " + text);
      }
      return Long.parseLong(matcher.group(1));
    }
  }

  /// Arguments: the loop's name, how many cycles, a path for the socket.
  public static void main(String[] args) throws Exception {
    int cycles = Integer.parseInt(args[1]);
    ConnectionChurn churn = new ConnectionChurn(Path.of(args[2]));
    EventLoop loop = EventLoop.create(args[0]);
    LinuxDriver driver = (LinuxDriver) loop.driver();
    churn.run(loop, Math.max(2000, cycles / 20));
    Report before = Report.now();
    long begin = System.nanoTime();
    churn.run(loop, cycles);
    double seconds = (System.nanoTime() - begin) / 1e9;
    Report after = Report.now();
    int inRing = driver instanceof UringDriver uring ? 2 * uring.bufferCount() : 0;
    check(driver.large.lent() <= inRing && driver.small.lent() == 0, "buffers are lost");
    loop.close();
    System.out.printf(
        Locale.ROOT, "%s: %d cycles in %.1f s%n%s%n%s%n", args[0], cycles, seconds, before, after);
    check(churn.cycles >= cycles, "only " + churn.cycles + " cycles");
    check(after.descriptors == before.descriptors, "descriptors");
    check(after.mappings <= before.mappings + 60, "mappings");
    check(after.heap <= before.heap + 1024, "heap");
    check(after.natively <= before.natively + 8 * 1024, "native memory");
    check(after.resident <= before.resident + 32 * 1024, "resident memory");
  }

  private static void check(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }

  private void run(EventLoop loop, int cycles) {
    left = cycles;
    loop.runUntilComplete(Weft.async(this::serve));
  }

  private void serve() throws IOException {
    try (Server tcp = Net.startServer(this::answer, "127.0.0.1", 0);
        Server unix = Net.startUnixServer(this::answer, socket)) {
      List<Task<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        tasks.add(createTask(() -> connect(tcp.port())));
      }
      for (Task<Void> task : tasks) {
        await(task);
      }
      tcp.shutdown(GRACE);
      unix.shutdown(GRACE);
    }
  }

  private void answer(StreamReader reader, StreamWriter writer) throws IOException {
    try {
      for (byte[] data; (data = reader.read(1000)).length > 0; ) {
        writer.write(data);
      }
    } catch (IOException e) {
      // A reset.
    }
  }

  private void connect(int port) throws IOException {
    byte[] words = new byte[100];
    while (left > 0) {
      int way = left-- & 3;
      Streams streams =
          way == 0 ? Net.openConnection("127.0.0.1", port) : Net.openUnixConnection(socket);
      streams.writer().write(words);
      if (way < 3) {
        check(streams.reader().readExactly(words.length).length == words.length, "the answer");
      }
      if (way == 1) {
        streams.writer().close();
      } else {
        streams.writer().abort();
      }
      streams.writer().waitClosed();
      cycles++;
    }
  }
}
