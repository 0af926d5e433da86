package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import weft.EventLoop;
import weft.Weft;
import weft.io.Net;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.io.Transport;

/// A peer that is gone without a word, as when its cable is pulled: neither an end nor a reset
/// comes. Who waits for it with a timeout goes on at once; a connection that is kept alive is found
/// to be broken.
///
/// Both run in network namespaces of their own, which are tied by a virtual cable. Where those
/// cannot be made, the test is skipped. All loops do it here, also those of the JDK's channels.
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VanishedPeerTest {
  /// Runs `$@` in one namespace; `$OTHER` is a process in the other.
  private static final String NETWORK =
      """
      set -e
      ip link set lo up
      unshare -n sleep 60 &
      other=$!
      trap 'kill $other' EXIT
      while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
      ip link add near type veth peer name far netns $other
      ip addr add 10.77.0.1/24 dev near
      ip link set near up
      nsenter -t $other -n ip addr add 10.77.0.2/24 dev far
      nsenter -t $other -n ip link set far up
      export OTHER=$other
      "$@"
      """;

  @TempDir Path folder;

  @Test
  void aTimeoutOrTheSystemFindsOut() throws Exception {
    List<String> apart = new ArrayList<>(List.of("unshare", "-rn", "sh", "-c", NETWORK, "sh"));
    assumeTrue(succeeds(apart, "true"), "no network namespaces here");
    List<Process> processes = new ArrayList<>();
    try {
      for (String loop : List.of("selector", "proactor", "epoll", "uring")) {
        List<String> command = new ArrayList<>(apart);
        command.addAll(Jvm.command(List.of(), Near.class, loop));
        processes.add(Jvm.start(command, folder));
      }
      for (Process process : processes) {
        String said = new String(process.getInputStream().readAllBytes());
        assertTrue(said.contains("both are gone"), said);
      }
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  private boolean succeeds(List<String> command, String last)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(command);
    all.add(last);
    try {
      Process process = Jvm.start(all, folder);
      process.getInputStream().readAllBytes();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false; // there is no `unshare`
    }
  }

  /// The side that stays.
  static final class Near {
    private static final int PORT = 7007;

    private Near() {}

    public static void main(String[] args) throws Exception {
      String other = System.getenv("OTHER");
      List<String> there = List.of("nsenter", "-t", other, "-n");
      List<String> command = new ArrayList<>(there);
      command.addAll(Jvm.command(List.of(), Far.class));
      Process far = new ProcessBuilder(command).redirectErrorStream(true).start();
      try {
        assertEquals('x', far.getInputStream().read());
        EventLoop loop = EventLoop.create(args[0]);
        loop.runUntilComplete(
            Weft.async(
                () -> {
                  loseThem(loop, there);
                }));
        loop.close();
        System.out.println("both are gone");
      } finally {
        far.destroyForcibly();
      }
    }

    private static void loseThem(EventLoop loop, List<String> there) throws Exception {
      echoHere(); // what a loop opens for its first connection stays open
      long descriptors = DriverTest.descriptors();
      Streams patient = Net.openConnection("10.77.0.2", PORT);
      Streams busy = Net.openConnection("10.77.0.2", PORT);
      greet(patient);
      greet(busy);
      Transport kept = patient.writer().transport();
      kept.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      kept.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
      kept.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
      kept.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 1);
      List<String> cut = new ArrayList<>(there);
      cut.addAll(List.of("ip", "link", "set", "far", "down"));
      assertEquals(0, new ProcessBuilder(cut).inheritIO().start().waitFor());

      // Something is under way to it, and nothing comes back.
      busy.writer().write(new byte[50_000]);
      assertThrows(
          TimeoutException.class,
          () -> Weft.timeout(Duration.ofMillis(100), () -> busy.reader().read(1)));
      busy.writer().abort();
      busy.writer().waitClosed();

      IOException found = assertThrows(IOException.class, () -> patient.reader().read(1));
      assertTrue(
          String.valueOf(found.getMessage()).contains("timed out")
              || String.valueOf(found.getMessage()).contains("No route"),
          found::toString);
      patient.writer().close();
      assertThrows(IOException.class, () -> patient.writer().waitClosed());
      if (loop.driver() instanceof LinuxDriver driver) {
        assertEquals(0, driver.small.lent());
      }
      assertEquals(1, loop.allTasks().size());
      echoHere();
      for (int i = 0; i < 100 && DriverTest.descriptors() != descriptors; i++) {
        Weft.sleep(Duration.ofMillis(10)); // the peer of the last one is the server's to close
      }
      assertEquals(descriptors, DriverTest.descriptors());
    }

    private static void greet(Streams streams) throws IOException {
      streams.writer().write("hello");
      byte[] answer = streams.reader().readExactly(5);
      assertEquals("hello", new String(answer, StandardCharsets.UTF_8));
    }

    /// The loop still serves.
    private static void echoHere() throws IOException {
      try (var server = Net.startServer(Near::echo, "127.0.0.1", 0);
          Streams streams = Net.openConnection("127.0.0.1", server.port())) {
        greet(streams);
      }
    }

    private static void echo(StreamReader reader, StreamWriter writer) throws IOException {
      for (byte[] data; (data = reader.read(1000)).length > 0; ) {
        writer.write(data);
      }
    }
  }

  /// The side that vanishes.
  static final class Far {
    private Far() {}

    public static void main(String[] args) {
      Weft.run(
          () -> {
            try (var server = Net.startServer(Near::echo, "10.77.0.2", Near.PORT)) {
              System.out.print('x');
              System.out.flush();
              server.serveForever();
            }
          });
    }
  }
}
