package weft.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.gather;
import static weft.Weft.sleep;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import weft.Coroutine;
import weft.EventLoop;
import weft.Weft;
import weft.io.ExtraInfo;
import weft.io.Stdio;
import weft.io.StreamReader;
import weft.io.Subprocess;
import weft.io.SubprocessOptions;
import weft.tck.LoopSuite;

/// What child processes of the loops for Linux have over those of the JDK.
abstract class ChildTest extends LoopSuite {
  private static final SubprocessOptions PIPES = SubprocessOptions.piped();
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  @TempDir Path folder;

  @Test
  void noThreadHelps() {
    run(
        () -> {
          Subprocess.exec("true").waitExit();
          Set<String> before = threads();
          List<Subprocess> children = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
            Objects.requireNonNull(cat.stdin()).write("line\n");
            children.add(cat);
          }
          for (Subprocess cat : children) {
            assertEquals("line", stdout(cat).readLine());
          }
          Set<String> more = threads();
          more.removeAll(before);
          assertEquals(Set.of(), more);
          for (Subprocess cat : children) {
            assertEquals("", cat.communicate().text());
            assertEquals(0, cat.returnCode());
          }
        });
  }

  private static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(thread -> thread.getName() + " " + thread.threadId())
        .filter(name -> !name.contains("C1") && !name.contains("C2"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  @Tag("slow")
  @Timeout(value = 200, unit = TimeUnit.SECONDS)
  void manyLeaveNoDescriptorAndNoZombie() {
    run(
        () -> {
          shortProcesses(30);
          long before = count();
          shortProcesses(600);
          assertEquals(before, count());
          assertEquals(0, ProcessHandle.current().children().count());
        });
  }

  private static void shortProcesses(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      switch (i % 3) {
        case 0 -> assertEquals(0, Subprocess.exec("true").waitExit());
        case 1 -> {
          Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
          assertEquals("text", cat.communicate("text").text());
        }
        default -> assertThrows(IOException.class, () -> Subprocess.exec("/no/such"));
      }
    }
  }

  private static long count() throws IOException {
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.count();
    }
  }

  @Test
  void manyRunAtOnce() {
    run(
        () -> {
          List<Coroutine<String>> runs = new ArrayList<>();
          for (int i = 0; i < 50; i++) {
            String line = "child " + i;
            runs.add(
                Weft.async(() -> Subprocess.exec(List.of("cat"), PIPES).communicate(line).text()));
          }
          List<String> texts = await(gather(runs));
          for (int i = 0; i < 50; i++) {
            assertEquals("child " + i, texts.get(i));
          }
        });
  }

  @Test
  void aGrandchildIsHeardWhenTheChildHasEnded() {
    run(
        () -> {
          for (int i = 0; i < 20; i++) {
            Subprocess shell =
                Subprocess.shell("(sleep 0.05; echo late; echo bad >&2) & exit 0", PIPES);
            assertEquals(0, shell.waitExit());
            Subprocess.Output output = shell.communicate();
            assertEquals("late\n", output.text());
            assertEquals("bad\n", output.errorText());
          }
        });
  }

  @Test
  void aSignalIsNoExitStatus() {
    run(
        () -> {
          assertEquals(-9, Subprocess.shell("kill -9 $$").waitExit());
          assertEquals(137, Subprocess.shell("exit 137").waitExit());
          assertEquals(-11, Subprocess.shell("kill -SEGV $$").waitExit());
          Subprocess program = Subprocess.exec("sleep", "100");
          Process process = program.transport().extraInfo(ExtraInfo.SUBPROCESS);
          assertNotNull(process);
          assertTrue(process.isAlive());
          assertThrows(IllegalThreadStateException.class, process::exitValue);
          program.sendSignal("USR1");
          assertEquals(-10, program.waitExit());
          assertEquals(138, process.exitValue());
          assertEquals(138, process.waitFor());
          assertTrue(process.waitFor(1, TimeUnit.SECONDS));
          assertEquals(process, process.onExit().join());
          assertFalse(process.toHandle().isAlive());
        });
  }

  @Test
  void whatCannotBeStartedIsToldAsTheJdkDoes() throws IOException {
    Path script = Files.writeString(folder.resolve("notes"), "echo\n");
    Path absent = folder.resolve("absent");
    run(
        () -> {
          for (List<String> command :
              List.of(
                  List.of("/no/such/program"),
                  List.of("no-such-program"),
                  List.of(folder.toString()),
                  List.of(script.toString()),
                  List.of(script + "/program"),
                  List.of(""),
                  List.of("a\0b"))) {
            assertSameFailure(command, PIPES);
          }
          assertSameFailure(List.of("true"), PIPES.directory(absent));
          assertSameFailure(List.of("true"), PIPES.directory(script));
          assertSameFailure(List.of("true"), PIPES.stdin(Stdio.file(absent)));
          IOException thrown =
              assertThrows(
                  IOException.class,
                  () -> Subprocess.exec(List.of("true"), PIPES.stdout(Stdio.file(folder))));
          assertTrue(thrown.getCause() instanceof FileNotFoundException, thrown.toString());
          assertThrows(
              IllegalArgumentException.class,
              () -> Subprocess.exec(List.of("true"), PIPES.environment(Map.of("a=b", "c"))));
        });
  }

  private static void assertSameFailure(List<String> command, SubprocessOptions options) {
    ProcessBuilder builder = new ProcessBuilder(command);
    Path directory = options.directory();
    if (directory != null) {
      builder.directory(directory.toFile());
    }
    if (options.stdin() != Stdio.PIPE) {
      builder.redirectInput(Path.of(options.stdin().toString()).toFile());
    }
    String expected = assertThrows(IOException.class, builder::start).getMessage();
    IOException thrown = assertThrows(IOException.class, () -> Subprocess.exec(command, options));
    assertEquals(expected.strip(), Objects.requireNonNull(thrown.getMessage()));
  }

  @Test
  void aScriptWithoutAHeadIsLeftToTheShell() throws IOException {
    Path script = Files.writeString(folder.resolve("script"), "echo \"$0 $1\"\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    run(
        () -> {
          var output = Subprocess.exec(List.of(script.toString(), "x"), PIPES).communicate();
          assertEquals(script + " x\n", output.text());
          output = Subprocess.exec(List.of("./script", "y"), PIPES.directory(folder)).communicate();
          assertEquals("./script y\n", output.text());
        });
  }

  @Test
  void aChildHasItsStreamsOnly() {
    run(
        () -> {
          Subprocess other = Subprocess.exec(List.of("cat"), PIPES);
          Subprocess ls = Subprocess.exec(List.of("ls", "/proc/self/fd"), PIPES);
          assertEquals("0\n1\n2\n3\n", ls.communicate().text());
          Subprocess grep = Subprocess.exec(List.of("grep", "SigBlk", "/proc/self/status"), PIPES);
          assertEquals("SigBlk:\t0000000000000000\n", grep.communicate().text());
          other.communicate();
        });
  }

  @Test
  void aNamedPipeMayBeAStream() throws Exception {
    throughNamedPipe(folder.resolve("fifo"));
    Path shared = Path.of("/dev/shm/weft-" + ProcessHandle.current().pid());
    if (Files.isWritable(shared.getParent())) {
      try {
        throughNamedPipe(shared);
      } finally {
        Files.deleteIfExists(shared);
      }
    }
  }

  private void throughNamedPipe(Path fifo) throws Exception {
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    run(
        () -> {
          Coroutine<String> reader =
              Weft.async(
                  () ->
                      Subprocess.exec(List.of("cat"), PIPES.stdin(Stdio.file(fifo)))
                          .communicate()
                          .text());
          var text = Weft.createTask(reader);
          sleep(Duration.ofMillis(20));
          assertEquals(0, Subprocess.shell("echo through > " + fifo).waitExit());
          assertEquals("through\n", await(text));
        });
  }

  @Test
  void namesNeedNotBeAscii() {
    run(
        () -> {
          var options = PIPES.environment(Map.of("COLOUR", "grün"));
          var shell = List.of("/bin/sh", "-c", "echo $COLOUR $0", "süß");
          byte[] output = Subprocess.exec(shell, options).communicate().stdout();
          byte[] expected =
              new String("grün süß\n".getBytes(UTF_8), UTF_8)
                  .getBytes(System.getProperty("sun.jnu.encoding"));
          assertEquals(List.of(boxed(expected)), List.of(boxed(output)));
        });
  }

  private static String boxed(byte[] bytes) {
    return java.util.Arrays.toString(bytes);
  }

  @Test
  void aChildOutlivesTheLoopAndIsReaped() throws Exception {
    for (int i = 0; i < 5; i++) {
      EventLoop other = newLoop();
      Subprocess program =
          other.runUntilComplete(
              Weft.async(() -> Subprocess.shell("sleep 0.1; exit 3", SubprocessOptions.piped())));
      Process process = program.transport().extraInfo(ExtraInfo.SUBPROCESS);
      Subprocess endless =
          other.runUntilComplete(Weft.async(() -> Subprocess.exec("sleep", "100")));
      Process killed = endless.transport().extraInfo(ExtraInfo.SUBPROCESS);
      other.close();
      assertNotNull(process);
      assertNotNull(killed);
      elsewhere(() -> assertEquals(3, process.waitFor()));
      assertNull(program.returnCode());
      endless.kill();
      elsewhere(() -> assertEquals(137, killed.waitFor()));
      endless.kill();
    }
    assertEquals(0, ProcessHandle.current().children().count());
  }

  @Test
  void aLoopMayCloseInTheMiddleOfEverything() throws Exception {
    long before = 0;
    for (int i = 0; i < 20; i++) {
      if (i == 5) {
        before = count();
      }
      EventLoop other = newLoop();
      int turns = i % 5;
      List<Process> processes = new ArrayList<>();
      other.runUntilComplete(
          Weft.async(
              () -> {
                for (String command : List.of("yes", "cat", "exit 1", "sleep 0.05")) {
                  Subprocess program = Subprocess.shell(command, PIPES);
                  processes.add(program.transport().extraInfo(ExtraInfo.SUBPROCESS));
                }
                for (int turn = 0; turn < turns; turn++) {
                  sleep(Duration.ZERO);
                }
              }));
      other.close();
      for (Process process : processes) {
        elsewhere(() -> process.waitFor());
      }
    }
    assertEquals(before, count());
    assertEquals(0, ProcessHandle.current().children().count());
  }

  private static StreamReader stdout(Subprocess program) {
    StreamReader reader = program.stdout();
    assertNotNull(reader);
    return reader;
  }
}
