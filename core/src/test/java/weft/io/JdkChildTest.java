package weft.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.Weft;

/// Children by the JDK: what a process with few descriptors shows.
final class JdkChildTest {
  @Test
  void withoutDescriptorsNothingStartsAndNoneIsClosed() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "there is no shell to set the limit");
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "ulimit -n 80 && exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dweft.loop=selector",
                "-cp",
                System.getProperty("java.class.path"),
                FewDescriptors.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains("all is well"), output);
  }

  static final class FewDescriptors {
    private FewDescriptors() {}

    public static void main(String[] args) {
      Weft.run(
          () -> {
            runTrue();
            assertThrows(IOException.class, () -> Subprocess.exec("/no/such/program"));
            // From here on no class can be loaded.
            List<FileInputStream> hoard = new ArrayList<>();
            assertThrows(
                IOException.class,
                () -> {
                  while (true) {
                    hoard.add(new FileInputStream("/dev/null"));
                  }
                });
            for (int free = 0; free < 10; free++) {
              var thrown = assertThrows(IOException.class, FewDescriptors::runTrue);
              assertEquals("Cannot run program \"true\": Too many open files", thrown.getMessage());
              assertTrue(Files.exists(Path.of("/proc/self/fd/0")), "with " + free + " to spare");
              hoard.removeLast().close();
            }
            for (FileInputStream file : hoard) {
              file.close();
            }
            runTrue();
            System.out.println("all is well");
          });
    }

    private static void runTrue() throws IOException {
      try (Subprocess child = Subprocess.exec("true")) {
        assertEquals(0, child.waitExit());
      }
    }
  }
}
