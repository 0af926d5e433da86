package weft.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.sleep;
import static weft.Weft.timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import weft.CancelledError;
import weft.Coroutine;
import weft.EventLoop;
import weft.Task;
import weft.Weft;
import weft.io.Stdio;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Subprocess;
import weft.io.SubprocessOptions;

/// Child processes and their streams: `Subprocess`. The children are the usual small programs of a
/// Unix.
public abstract class SubprocessSuite extends LoopSuite {
  /// How many processes are started one after another. A second run of the same loop may be content
  /// with fewer.
  private static final int SHORT_PROCESSES = Integer.getInteger("weft.tck.processes", 2000);

  private static final SubprocessOptions PIPES = SubprocessOptions.piped();
  private static final SubprocessOptions READ =
      SubprocessOptions.defaults().stdin(Stdio.DEVNULL).stdout(Stdio.PIPE);

  @TempDir Path folder;

  /// For subclasses.
  protected SubprocessSuite() {}

  @BeforeEach
  void needPrograms() {
    assumeTrue(Files.exists(Path.of("/bin/sh")), "needs a Unix");
  }

  /* ---- Running to the end ---- */

  @Test
  void aProgramIsFedAndRead() {
    run(
        () -> {
          Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
          assertNull(cat.returnCode());
          Subprocess.Output output = cat.communicate("grüße\n");
          assertEquals("grüße\n", output.text());
          assertEquals("", output.errorText());
          assertEquals(0, cat.returnCode());
          assertEquals(0, cat.waitExit());
        });
  }

  @Test
  void theShellRunsACommand() {
    run(
        () -> {
          Subprocess shell = Subprocess.shell("echo out; echo err >&2; exit 3", PIPES);
          Subprocess.Output output = shell.communicate();
          assertEquals("out\n", output.text());
          assertEquals("err\n", output.errorText());
          assertEquals(3, shell.returnCode());
        });
  }

  @Test
  void streamsAreInheritedUnlessAskedForOtherwise() {
    run(
        () -> {
          Subprocess program = Subprocess.exec("true");
          assertNull(program.stdin());
          assertNull(program.stdout());
          assertNull(program.stderr());
          Subprocess.Output output = program.communicate();
          assertEquals(0, output.stdout().length);
          assertEquals(0, output.stderr().length);
          assertEquals(0, Subprocess.shell("exit 0").waitExit());
          assertEquals(1, Subprocess.exec("sh", "-c", "exit $1", "sh", "1").waitExit());
        });
  }

  @Test
  void muchDataGoesThroughInBothDirections() {
    run(
        () -> {
          byte[] input = new byte[5_000_000];
          for (int i = 0; i < input.length; i++) {
            input[i] = (byte) (i * 31 + i / 256);
          }
          Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
          assertArrayEquals(input, cat.communicate(input).stdout());
        });
  }

  @Test
  void communicateClosesTheInputEvenWithoutAny() {
    run(
        () -> {
          Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
          assertEquals("", cat.communicate().text());
        });
  }

  @Test
  void communicateDoesNotMindAProgramThatReadsNothing() {
    run(
        () -> {
          Subprocess program = Subprocess.exec(List.of("true"), PIPES);
          assertEquals("", program.communicate(new byte[2_000_000]).text());
          assertEquals(0, program.returnCode());
        });
  }

  @Test
  void L69_aCloseFromAnotherThreadIsRefusedAndChangesNothing() {
    run(
        () -> {
          Subprocess program = Subprocess.exec(List.of("sleep", "100"), PIPES);
          elsewhere(() -> assertThrows(IllegalStateException.class, program::close));
          assertFalse(program.transport().isClosing());
          program.close();
          assertEquals(-9, program.waitExit());
        });
  }

  @Test
  void communicateThatIsCancelledLosesNoOutput() {
    run(
        () -> {
          Path gate = folder.resolve("gate");
          String script =
              "echo out; exec >&-; until [ -e \"$1\" ]; do sleep 0.01; done; echo err >&2";
          Subprocess program =
              Subprocess.exec(List.of("sh", "-c", script, "sh", gate.toString()), PIPES);
          var task = createTask(() -> program.communicate());
          while (!stdout(program).atEof()) {
            sleep(ms(1));
          }
          turns(3);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          Files.createFile(gate);
          var output = program.communicate();
          assertEquals("out\n", output.text());
          assertEquals("err\n", output.errorText());
          assertEquals("", program.communicate().text());
        });
  }

  @Test
  void communicateThatIsCancelledAtOnceStillGivesTheInput() {
    run(
        () -> {
          Subprocess counter = Subprocess.exec(List.of("wc", "-c"), PIPES);
          assertThrows(
              TimeoutException.class,
              () -> timeout(Duration.ZERO, () -> counter.communicate(new byte[100_000])));
          assertEquals("100000", counter.communicate().text().strip());
        });
  }

  /// As in asyncio: to the program the end of its input would mean that it has got all of it.
  @Test
  void communicateThatIsCancelledLeavesTheInputOpenBehindAllOfIt() {
    run(
        () -> {
          Path gate = folder.resolve("gate");
          String script = "until [ -e \"$1\" ]; do sleep 0.01; done; exec wc -c";
          Subprocess counter =
              Subprocess.exec(List.of("sh", "-c", script, "sh", gate.toString()), PIPES);
          StreamWriter stdin = Objects.requireNonNull(counter.stdin());
          var task = createTask(() -> counter.communicate(new byte[1_000_000]));
          while (stdin.transport().writeBufferSize() == 0) {
            sleep(ms(1));
          }
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertFalse(stdin.isClosing());
          Files.createFile(gate);
          stdin.write("end");
          assertEquals("1000003", counter.communicate().text().strip());
          assertEquals(0, counter.returnCode());
        });
  }

  @Test
  void communicateNeedsAPipeForItsInput() {
    run(
        () -> {
          Subprocess program = Subprocess.exec(List.of("true"), READ);
          assertThrows(IllegalStateException.class, () -> program.communicate("input"));
          program.waitExit();
        });
  }

  @Test
  void aProgramThatDoesNotExistCannotBeStarted() {
    run(
        () -> {
          assertThrows(IOException.class, () -> Subprocess.exec("/no/such/program"));
          assertThrows(IOException.class, () -> Subprocess.exec(folder.toString()));
          assertThrows(
              IOException.class,
              () -> Subprocess.exec(List.of("true"), PIPES.directory(folder.resolve("absent"))));
          assertThrows(IllegalArgumentException.class, () -> Subprocess.exec(List.of(), PIPES));
          assertEquals(127, Subprocess.shell("/no/such/program 2>/dev/null").waitExit());
        });
  }

  @Test
  void processesAreStartedInCoroutinesOnly() {
    List<Throwable> thrown = new ArrayList<>();
    loop.callSoon(
        () -> thrown.add(assertThrows(IllegalStateException.class, () -> Subprocess.exec("true"))));
    runBriefly();
    assertTrue(thrown.toString().contains("coroutine"), thrown.toString());
  }

  @Test
  void theLoopGoesOnWhileProcessesRun() {
    run(
        () -> {
          List<Coroutine<Integer>> runs = new ArrayList<>();
          for (int i = 0; i < 30; i++) {
            String command = "sleep 0.1; exit " + i;
            runs.add(Weft.async(() -> Subprocess.shell(command).waitExit()));
          }
          List<Integer> statuses = await(gather(runs));
          for (int i = 0; i < 30; i++) {
            assertEquals(i, statuses.get(i));
          }
        });
  }

  /* ---- Streams ---- */

  @Test
  void aConversationGoesBackAndForth() {
    run(
        () -> {
          Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
          for (int i = 0; i < 100; i++) {
            stdin(cat).write("line " + i + "\n");
            assertEquals("line " + i, stdout(cat).readLine());
          }
          stdin(cat).close();
          assertNull(stdout(cat).readLine());
          stdin(cat).waitClosed();
          assertEquals(0, cat.waitExit());
        });
  }

  @Test
  void writeEofClosesTheInput() {
    run(
        () -> {
          Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
          assertTrue(stdin(cat).canWriteEof());
          stdin(cat).write("text");
          stdin(cat).writeEof();
          assertEquals("text", new String(stdout(cat).read(), UTF_8));
          assertEquals(0, cat.waitExit());
        });
  }

  @Test
  void aWriterLearnsThatTheProgramHasGone() {
    run(
        () -> {
          Subprocess program = Subprocess.exec(List.of("true"), PIPES);
          program.waitExit();
          turns(5);
          assertThrows(
              IOException.class,
              () -> {
                while (true) {
                  stdin(program).write(new byte[100_000]);
                }
              });
          assertThrows(IOException.class, stdin(program)::drain);
        });
  }

  @Test
  void aWriterThatWaitsLearnsThatTheProgramHasGone() {
    run(
        () -> {
          Subprocess program = Subprocess.shell("exec <&-; sleep 0.1", PIPES);
          assertThrows(
              IOException.class,
              () -> {
                while (true) {
                  stdin(program).write(new byte[100_000]);
                }
              });
          program.waitExit();
        });
  }

  @Test
  void aProgramWaitsForASlowReader() {
    run(
        () -> {
          Path done = folder.resolve("done");
          Subprocess program =
              Subprocess.shell("head -c 3000000 /dev/zero; echo done > " + done, READ.limit(1000));
          sleep(ms(200));
          assertFalse(Files.exists(done));
          assertEquals(3_000_000, stdout(program).read().length);
          assertEquals(0, program.waitExit());
          assertTrue(Files.exists(done));
        });
  }

  @Test
  void aWriterWaitsForASlowProgram() {
    run(
        () -> {
          Path gate = folder.resolve("gate");
          String script = "until [ -e \"$1\" ]; do sleep 0.01; done; exec cat >/dev/null";
          Subprocess program =
              Subprocess.exec(List.of("sh", "-c", script, "sh", gate.toString()), PIPES);
          long[] written = new long[1];
          Task<Void> writer =
              createTask(
                  () -> {
                    for (int i = 0; i < 100; i++) {
                      stdin(program).write(new byte[10_000]);
                      written[0] += 10_000;
                    }
                    stdin(program).close();
                  });
          sleep(ms(50));
          assertTrue(written[0] < 300_000, () -> written[0] + " bytes were taken");
          assertFalse(writer.done());
          Files.createFile(gate);
          await(writer);
          assertEquals(0, program.waitExit());
        });
  }

  @Test
  void outputIsThereAfterTheEnd() {
    run(
        () -> {
          Subprocess program = Subprocess.shell("echo text", READ);
          assertEquals(0, program.waitExit());
          sleep(ms(20));
          assertEquals("text", stdout(program).readLine());
          assertNull(stdout(program).readLine());
        });
  }

  @Test
  void aGrandchildMayGoOnWriting() {
    run(
        () -> {
          Subprocess program =
              Subprocess.shell("(sleep 0.5; echo late) & echo early; sleep 0.1", READ);
          assertEquals(0, program.waitExit());
          assertEquals("early", stdout(program).readLine());
          assertFalse(stdout(program).atEof());
          assertEquals("late", stdout(program).readLine());
          assertNull(stdout(program).readLine());
        });
  }

  @Test
  void errorsMayGoWhereTheOutputGoes() {
    run(
        () -> {
          Subprocess program =
              Subprocess.shell("echo out; echo err >&2", READ.stderr(Stdio.STDOUT));
          assertNull(program.stderr());
          assertEquals("out\nerr\n", program.communicate().text());
        });
  }

  @Test
  void streamsMayBeFilesOrNothing() {
    run(
        () -> {
          Path input = folder.resolve("input");
          Path output = folder.resolve("output");
          Files.writeString(input, "text\n");
          SubprocessOptions options =
              SubprocessOptions.defaults()
                  .stdin(Stdio.file(input))
                  .stdout(Stdio.file(output))
                  .stderr(Stdio.append(output));
          assertEquals(0, Subprocess.shell("cat; echo err >&2", options).waitExit());
          assertEquals("text\nerr\n", Files.readString(output));
          options = options.stdin(Stdio.DEVNULL).stdout(Stdio.DEVNULL);
          assertEquals(0, Subprocess.shell("cat; echo lost; echo more >&2", options).waitExit());
          assertEquals("text\nerr\nmore\n", Files.readString(output));
        });
  }

  @Test
  void whatAStreamCannotBeIsRefused() {
    var options = SubprocessOptions.defaults();
    assertThrows(IllegalArgumentException.class, () -> options.stdin(Stdio.STDOUT));
    assertThrows(IllegalArgumentException.class, () -> options.stdout(Stdio.STDOUT));
    assertThrows(
        IllegalArgumentException.class, () -> options.stdin(Stdio.append(Path.of("file"))));
    assertThrows(IllegalArgumentException.class, () -> options.limit(0));
  }

  @Test
  void directoryAndEnvironmentAreSet() {
    run(
        () -> {
          SubprocessOptions options = READ.directory(folder).withEnvironment("COLOUR", "red");
          String command = "pwd -P; echo $COLOUR ${PATH:+path}";
          assertEquals(
              folder.toRealPath() + "\nred path\n",
              Subprocess.shell(command, options).communicate().text());
          options = options.withEnvironment("PATH", null).withEnvironment("COLOUR", "blue");
          assertEquals(
              "blue\n",
              Subprocess.exec(List.of("/bin/sh", "-c", "echo $COLOUR"), options)
                  .communicate()
                  .text());
          options = options.environment(Map.of("A", "1"));
          assertEquals(
              "A=1\n", Subprocess.exec(List.of("/usr/bin/env"), options).communicate().text());
        });
  }

  /* ---- Waiting, signals, the end ---- */

  @Test
  void manyMayWait() {
    run(
        () -> {
          Subprocess program = Subprocess.shell("sleep 0.1; exit 7");
          List<Coroutine<Integer>> waits = new ArrayList<>();
          for (int i = 0; i < 10; i++) {
            waits.add(Weft.async(program::waitExit));
          }
          for (int status : await(gather(waits))) {
            assertEquals(7, status);
          }
          assertEquals(7, program.waitExit());
        });
  }

  @Test
  void aCancelledWaitLeavesTheProgramAlone() {
    run(
        () -> {
          Subprocess program = Subprocess.shell("sleep 0.2; exit 5");
          Task<Integer> wait = createTask(program::waitExit);
          turns(3);
          wait.cancel();
          assertInstanceOf(CancelledError.class, failure(wait));
          assertNull(program.returnCode());
          assertEquals(5, program.waitExit());
        });
  }

  @Test
  void signalsEndAProgram() {
    run(
        () -> {
          Subprocess killed = Subprocess.exec("sleep", "100");
          killed.kill();
          assertEquals(-9, killed.waitExit());
          Subprocess terminated = Subprocess.exec("sleep", "100");
          terminated.terminate();
          assertEquals(-15, terminated.waitExit());
          Subprocess hungUp = Subprocess.exec("sleep", "100");
          hungUp.sendSignal("SIGHUP");
          assertEquals(-1, hungUp.waitExit());
          Subprocess own = Subprocess.shell("kill -9 $$");
          int status = own.waitExit();
          assertTrue(status == -9 || status == 128 + 9, () -> "exit status " + status);
        });
  }

  @Test
  void signalsKeepTheirOrder() {
    run(
        () -> {
          Subprocess program =
              Subprocess.shell(
                  "trap 'echo usr1' USR1; trap 'echo usr2' USR2; trap 'echo term; exit 0' TERM;"
                      + " echo ready; while :; do sleep 0.05; done",
                  READ);
          assertEquals("ready", stdout(program).readLine());
          program.sendSignal("USR1");
          assertEquals("usr1", stdout(program).readLine());
          program.sendSignal("SIGUSR2");
          program.terminate();
          List<String> rest = new ArrayList<>();
          stdout(program).forEach(rest::add);
          assertTrue(rest.contains("term"), rest.toString());
          assertEquals(0, program.waitExit());
        });
  }

  @Test
  void killWaitsForNoOtherSignal() {
    long pid =
        run(
            () -> {
              Subprocess program =
                  Subprocess.shell("trap '' USR1; echo ready; exec sleep 100", READ);
              assertEquals("ready", stdout(program).readLine());
              program.sendSignal("USR1");
              program.sendSignal("USR1");
              program.kill();
              return program.pid();
            });
    // The loop is closed before the shell has sent the first one.
    loop.close();
    var process = ProcessHandle.of(pid);
    for (int i = 0; i < 500 && process.map(ProcessHandle::isAlive).orElse(false); i++) {
      pause();
    }
    assertFalse(process.map(ProcessHandle::isAlive).orElse(false));
  }

  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aSignalToAProgramThatHasEndedDoesNothing() {
    run(
        () -> {
          Subprocess program = Subprocess.exec("true");
          program.waitExit();
          program.kill();
          program.terminate();
          program.sendSignal("HUP");
          assertEquals(0, program.returnCode());
        });
  }

  @Test
  void whatIsNoSignalIsRefused() {
    run(
        () -> {
          Subprocess program = Subprocess.exec("true");
          for (String name : List.of("", "SIG", "NONE", "9", "term")) {
            assertThrows(IllegalArgumentException.class, () -> program.sendSignal(name));
          }
          program.waitExit();
        });
  }

  @Test
  void closingKillsWhatRunsAndNotWhatHasEnded() {
    run(
        () -> {
          Subprocess program = Subprocess.exec(List.of("sleep", "100"), PIPES);
          program.close();
          program.close();
          assertEquals(-9, program.waitExit());
          Subprocess ended = Subprocess.exec(List.of("true"), PIPES);
          ended.waitExit();
          ended.close();
          assertEquals(0, ended.returnCode());
          try (Subprocess blocked = Subprocess.exec(List.of("sleep", "100"), PIPES)) {
            Task<Void> writer = createTask(() -> stdin(blocked).write(new byte[1_000_000]));
            turns(3);
            blocked.close();
            failure(writer);
            assertEquals(-9, blocked.waitExit());
          }
        });
  }

  @Test
  void aCancelledStartKillsTheProgram() {
    String argument = "98" + ProcessHandle.current().pid();
    run(
        () -> {
          for (int i = 0; i < 20; i++) {
            int turns = i;
            Task<Subprocess> start =
                createTask(() -> Subprocess.exec(List.of("sleep", argument), PIPES));
            if (turns < 10) {
              turns(turns);
            } else {
              sleep(Duration.ofNanos(300_000L * turns));
            }
            start.cancel();
            if (failure(start) == null) {
              start.result().close();
            }
          }
          while (children(argument) > 0) {
            sleep(ms(5));
          }
        });
  }

  @Test
  void aLoopMayCloseBeforeTheProgramEnds() throws Exception {
    EventLoop other = newLoop();
    Subprocess program =
        other.runUntilComplete(
            Weft.async(() -> Subprocess.shell("echo text; sleep 0.2; echo more", PIPES)));
    ProcessHandle handle = ProcessHandle.of(program.pid()).orElseThrow();
    other.close();
    elsewhere(() -> handle.onExit().get());
    assertNull(program.returnCode());
    program.close();
  }

  /* ---- Many ---- */

  @Test
  @Tag("slow")
  @Timeout(value = 200, unit = TimeUnit.SECONDS)
  void thousandsInARowLeaveNothingBehind() throws Exception {
    Path descriptors = Path.of("/proc/self/fd");
    assumeTrue(Files.isDirectory(descriptors), "needs Linux");
    run(() -> shortProcesses(50));
    long before = count(descriptors);
    int threadsBefore = Thread.activeCount();
    run(() -> shortProcesses(SHORT_PROCESSES));
    long after = 0;
    for (int i = 0; i < 500 && (after = count(descriptors)) > before + 5; i++) {
      Thread.sleep(10);
    }
    long left = after;
    assertTrue(left <= before + 5, () -> left + " descriptors, " + before + " before");
    int threads = Thread.activeCount();
    assertTrue(threads < threadsBefore + 20, () -> threads + " threads");
    assertEquals(0, ProcessHandle.current().children().filter(ProcessHandle::isAlive).count());
  }

  private static void shortProcesses(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      switch (i % 4) {
        case 0 -> assertEquals(0, Subprocess.exec("true").waitExit());
        case 1 -> {
          var output = Subprocess.exec(List.of("echo", "text"), READ).communicate();
          assertEquals("text\n", output.text());
        }
        case 2 -> {
          Subprocess cat = Subprocess.exec(List.of("cat"), PIPES);
          assertEquals("text", cat.communicate("text").text());
        }
        default -> {
          try (Subprocess sleep = Subprocess.exec(List.of("sleep", "100"), PIPES)) {
            sleep.kill();
            assertEquals(-9, sleep.waitExit());
          }
        }
      }
    }
  }

  private static long count(Path folder) throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.count();
    }
  }

  private static long children(String argument) {
    return ProcessHandle.current()
        .children()
        .filter(ProcessHandle::isAlive)
        .filter(
            p -> p.info().arguments().stream().anyMatch(a -> Arrays.asList(a).contains(argument)))
        .count();
  }

  private static StreamWriter stdin(Subprocess program) {
    return Objects.requireNonNull(program.stdin());
  }

  private static StreamReader stdout(Subprocess program) {
    StreamReader reader = program.stdout();
    assertNotNull(reader);
    return reader;
  }
}
