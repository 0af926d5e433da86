package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whoever runs in another mode than its name says is found out.
class ModeTest {
  private static final long HERE = ProcessHandle.current().pid();

  @Test
  void whatAServerSaysOfItselfHasToFit() throws IOException {
    new Mode("", Mode.Held.ANY).check("", HERE);
    new Mode("loop epoll,", Mode.Held.ANY).check("loop epoll, driver EpollDriver", HERE);
    var fallenBack = new Mode("loop uring,", Mode.Held.ANY);
    assertFails("\"loop uring,\" is not in: loop epoll, driver", fallenBack, "loop epoll, driver");
  }

  @Test
  void whatItHoldsHasToFit() throws IOException {
    assumeTrue(Files.exists(Path.of("/proc/self/fd")), "not Linux");
    try (var selector = Selector.open()) {
      assertTrue(selector.isOpen());
      new Mode("", Mode.Held.EPOLL).check("", HERE);
      assertFails("it holds no anon_inode:[io_uring]", new Mode("", Mode.Held.IO_URING), "");
    }
  }

  @Test
  void aServerInTheWrongModeIsNotServed(@TempDir Path folder) {
    assumeTrue(Files.exists(Path.of("/proc/self/fd")), "not Linux");
    var command = List.of("/bin/sh", "-c", "echo READY 1 loop selector; exec sleep 60");
    var entrant =
        new Entrant(
            "weft",
            command,
            Map.of(),
            Set.of(Wire.TCP),
            false,
            new Mode("loop epoll", Mode.Held.ANY));
    var thrown =
        assertThrows(
            IOException.class, () -> Serving.start(entrant, Wire.TCP, folder, Map.of()).close());
    assertTrue(thrown.getMessage().startsWith("does not run as asked"), thrown::getMessage);
  }

  @Test
  void aPeerThatCannotStartIsLeftOutOneInTheWrongModeFails() {
    var findings = new Findings();
    findings.fail("tcp", "Netty io_uring", new NotStarted("could not start: no ring"));
    assertEquals(
        Set.of("Netty io_uring, tcp: left out, could not start: no ring"), findings.leftOut());
    findings.fail("tcp", "Netty io_uring", new IOException("does not run as asked"));
    findings.fail("tcp", "weft streams uring", new NotStarted("could not start: no ring"));
    assertEquals(
        List.of(
            "tcp, Netty io_uring: does not run as asked",
            "tcp, weft streams uring: could not start: no ring"),
        findings.failures());
  }

  private static void assertFails(String why, Mode mode, String description) {
    var thrown = assertThrows(IOException.class, () -> mode.check(description, HERE));
    assertTrue(String.valueOf(thrown.getMessage()).endsWith(why), thrown::getMessage);
  }
}
