package weft.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.sleep;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import weft.ContextVar;
import weft.EventLoop;
import weft.Promise;
import weft.Weft;
import weft.io.BaseTransport;
import weft.io.Connected;
import weft.io.ExtraInfo;
import weft.io.Protocol;
import weft.io.ReadTransport;
import weft.io.Stdio;
import weft.io.Subprocess;
import weft.io.SubprocessOptions;
import weft.io.SubprocessProtocol;
import weft.io.SubprocessTransport;
import weft.io.WriteTransport;

/// Child processes whose events a protocol gets: `SubprocessTransport`, `SubprocessProtocol`.
public abstract class SubprocessTransportSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");
  private static final SubprocessOptions PIPES = SubprocessOptions.piped();

  /// For subclasses.
  protected SubprocessTransportSuite() {}

  @BeforeEach
  void needPrograms() {
    assumeTrue(Files.exists(Path.of("/bin/sh")), "needs a Unix");
  }

  @Test
  void aProtocolGetsTheEventsInOrder() {
    run(
        () -> {
          Recorder recorder = shell("read line; echo $line; echo err >&2; exit 4", PIPES);
          assertEquals(List.of("made"), recorder.events);
          SubprocessTransport transport = recorder.transport();
          assertTrue(transport.pid() > 0);
          assertNull(transport.returnCode());
          assertFalse(transport.isClosing());
          assertSame(recorder, transport.protocol());
          stdin(transport).write("text\n".getBytes(UTF_8));
          recorder.end();
          assertEquals(4, transport.returnCode());
          assertTrue(transport.isClosing());
          assertEquals("made", recorder.events.getFirst());
          assertEquals("lost null", recorder.events.getLast());
          assertEquals("text\n", recorder.text[1].toString());
          assertEquals("err\n", recorder.text[2].toString());
          assertEquals(1, recorder.count("exited"));
          for (int fd = 0; fd < 3; fd++) {
            assertEquals(1, recorder.count("pipe " + fd + " lost null"), recorder.toString());
          }
          int outputLost = recorder.events.indexOf("pipe 1 lost null");
          assertTrue(recorder.events.lastIndexOf("data 1") < outputLost, recorder.toString());
        });
  }

  @Test
  void theProtocolMayWriteWhenItIsConnected() {
    run(
        () -> {
          Recorder recorder =
              Subprocess.exec(
                      () ->
                          new Recorder(loop) {
                            @Override
                            public void connectionMade(BaseTransport made) {
                              super.connectionMade(made);
                              stdin(transport()).write("early".getBytes(UTF_8));
                              stdin(transport()).writeEof();
                            }
                          },
                      List.of("cat"),
                      PIPES)
                  .protocol();
          recorder.end();
          assertEquals("early", recorder.text[1].toString());
        });
  }

  @Test
  void onlyPipesHaveTransports() {
    run(
        () -> {
          Recorder recorder =
              shell("cat", SubprocessOptions.defaults().stdin(Stdio.PIPE).stdout(Stdio.DEVNULL));
          SubprocessTransport transport = recorder.transport();
          assertInstanceOf(WriteTransport.class, transport.pipeTransport(0));
          assertNull(transport.pipeTransport(1));
          assertNull(transport.pipeTransport(2));
          assertNull(transport.pipeTransport(3));
          assertNull(transport.pipeTransport(-1));
          assertEquals(
              transport.pid(),
              Objects.requireNonNull(transport.extraInfo(ExtraInfo.SUBPROCESS)).pid());
          assertNull(transport.extraInfo(ExtraInfo.PEERNAME));
          Objects.requireNonNull(transport.pipeTransport(0)).close();
          recorder.end();
          assertEquals(List.of("made", "pipe 0 lost null", "exited", "lost null"), recorder.events);
        });
  }

  @Test
  void withoutPipesTheExitIsTheEnd() {
    run(
        () -> {
          Recorder recorder = shell("exit 2", SubprocessOptions.defaults());
          recorder.end();
          assertEquals(List.of("made", "exited", "lost null"), recorder.events);
          assertEquals(2, recorder.transport().returnCode());
        });
  }

  @Test
  void aGrandchildThatHoldsTheOutputDelaysTheEnd() {
    run(
        () -> {
          Recorder recorder =
              shell("(sleep 0.5; echo late) & echo early; sleep 0.1", PIPES.stderr(Stdio.DEVNULL));
          while (recorder.count("exited") == 0) {
            sleep(ms(1));
          }
          assertEquals(0, recorder.transport().returnCode());
          sleep(ms(50));
          assertEquals(0, recorder.count("lost null"));
          recorder.end();
          assertEquals("early\nlate\n", recorder.text[1].toString());
        });
  }

  @Test
  void closingKillsAndTellsEverybody() {
    run(
        () -> {
          Recorder recorder =
              shell("sleep 100 <&0 >/dev/null 2>&1 & echo $!; exec sleep 100", PIPES);
          SubprocessTransport transport = recorder.transport();
          while (recorder.text[1].indexOf("\n") < 0) {
            sleep(ms(1));
          }
          long grandchild = Long.parseLong(recorder.text[1].toString().strip());
          try {
            transport.close();
            assertTrue(transport.isClosing());
            transport.close();
            assertEquals(List.of("made", "data 1"), recorder.events);
            recorder.end();
            assertEquals(-9, transport.returnCode());
            assertEquals(1, recorder.count("lost null"));
            assertEquals("lost null", recorder.events.getLast());
          } finally {
            ProcessHandle.of(grandchild).ifPresent(ProcessHandle::destroyForcibly);
          }
        });
  }

  @Test
  void closingTheLastPipeAfterTheExitIsTheEnd() {
    run(
        () -> {
          Recorder recorder = shell("sleep 1 & sleep 0.1; exit 6", PIPES.stderr(Stdio.DEVNULL));
          while (recorder.count("exited") == 0) {
            sleep(ms(1));
          }
          recorder.transport().close();
          recorder.end();
          assertEquals(6, recorder.transport().returnCode(), "it was not killed");
        });
  }

  @Test
  void aPausedPipeDeliversNothing() {
    run(
        () -> {
          Recorder recorder =
              Subprocess.exec(
                      () ->
                          new Recorder(loop) {
                            @Override
                            public void connectionMade(BaseTransport made) {
                              super.connectionMade(made);
                              stdout(transport()).pauseReading();
                            }
                          },
                      List.of("head", "-c", "1000000", "/dev/zero"),
                      PIPES)
                  .protocol();
          sleep(ms(100));
          assertEquals(0, recorder.count("data 1"));
          assertFalse(stdout(recorder.transport()).isReading());
          stdout(recorder.transport()).resumeReading();
          recorder.end();
          assertEquals(1_000_000, recorder.text[1].length());
        });
  }

  @Test
  void writingPausesAndResumesTheProtocol() {
    run(
        () -> {
          Recorder recorder = shell("sleep 0.1; cat >/dev/null", PIPES);
          WriteTransport input = stdin(recorder.transport());
          for (int i = 0; i < 100; i++) {
            input.write(new byte[10_000]);
          }
          assertEquals(1, recorder.count("pause"));
          assertTrue(input.writeBufferSize() > 64 * 1024);
          while (recorder.count("resume") == 0) {
            sleep(ms(1));
          }
          assertTrue(input.writeBufferSize() <= 16 * 1024);
          input.writeEof();
          recorder.end();
        });
  }

  @Test
  void aBrokenPipeIsTold() {
    run(
        () -> {
          Recorder recorder = shell("sleep 0.1; exec <&-; sleep 0.2", PIPES);
          WriteTransport input = stdin(recorder.transport());
          for (int i = 0; i < 100; i++) {
            input.write(new byte[10_000]);
          }
          recorder.end();
          assertTrue(
              recorder.events.stream().anyMatch(e -> e.startsWith("pipe 0 lost java.io.IOEx")),
              recorder.toString());
        });
  }

  @Test
  void signalsAreSent() {
    run(
        () -> {
          Recorder recorder = shell("trap 'echo hup; exit 9' HUP; echo ready; cat", PIPES);
          while (recorder.count("data 1") == 0) {
            sleep(ms(1));
          }
          recorder.transport().sendSignal("HUP");
          stdin(recorder.transport()).writeEof();
          recorder.end();
          recorder.transport().sendSignal("HUP");
          recorder.transport().kill();
          recorder.transport().terminate();
          Recorder terminated = shell("exec sleep 100", PIPES);
          terminated.transport().terminate();
          terminated.end();
          assertEquals(-15, terminated.transport().returnCode());
        });
  }

  @Test
  void callbacksSeeTheContextOfTheStart() {
    run(
        () -> {
          COLOUR.set("red");
          List<String> seen = new ArrayList<>();
          Recorder recorder =
              Subprocess.exec(
                      () ->
                          new Recorder(loop) {
                            @Override
                            void add(String event) {
                              super.add(event);
                              seen.add(COLOUR.get());
                            }
                          },
                      List.of("echo", "text"),
                      PIPES)
                  .protocol();
          COLOUR.set("green");
          recorder.end();
          assertEquals(recorder.events.size(), seen.size());
          assertTrue(seen.stream().allMatch("red"::equals), seen.toString());
        });
  }

  @Test
  void anErrorOfTheProtocolClosesThePipe() {
    run(
        () -> {
          Recorder recorder =
              Subprocess.exec(
                      () ->
                          new Recorder(loop) {
                            @Override
                            public void pipeDataReceived(int fd, ByteBuffer data) {
                              throw new IllegalArgumentException("on purpose");
                            }
                          },
                      List.of("echo", "text"),
                      PIPES)
                  .protocol();
          recorder.end();
          assertTrue(
              recorder.events.contains(
                  "pipe 1 lost java.lang.IllegalArgumentException: on purpose"),
              recorder.toString());
        });
    expectErrors(1);
  }

  @Test
  void aProtocolThatCannotBeMadeLeavesNoProcess() {
    String argument = "97" + ProcessHandle.current().pid();
    run(
        () -> {
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  Subprocess.exec(
                      () -> {
                        throw new IllegalArgumentException("on purpose");
                      },
                      List.of("sleep", argument),
                      PIPES));
          while (ProcessHandle.current()
              .children()
              .anyMatch(p -> p.isAlive() && p.info().commandLine().orElse("").contains(argument))) {
            sleep(ms(5));
          }
        });
  }

  @Test
  void theProtocolCanBeReplacedByOneOfItsKind() {
    run(
        () -> {
          Recorder recorder = shell("read line; echo $line", PIPES);
          Recorder second = new Recorder(loop);
          recorder.transport().setProtocol(second);
          assertSame(second, recorder.transport().protocol());
          assertThrows(
              IllegalArgumentException.class,
              () -> recorder.transport().setProtocol(new Protocol() {}));
          stdin(recorder.transport()).write("text\n".getBytes(UTF_8));
          second.end();
          assertEquals(List.of("made"), recorder.events);
          assertEquals("text\n", second.text[1].toString());
        });
  }

  @Test
  void aTransportMayBeClosedAfterTheLoop() throws Exception {
    EventLoop other = newLoop();
    Recorder recorder =
        other.runUntilComplete(
            Weft.async(
                () ->
                    Subprocess.shell(() -> new Recorder(other), "exec sleep 100", PIPES)
                        .protocol()));
    other.close();
    recorder.transport().close();
    long pid = recorder.transport().pid();
    elsewhere(
        () -> {
          var handle = ProcessHandle.of(pid);
          if (handle.isPresent()) {
            handle.get().onExit().get();
          }
        });
    assertEquals(List.of("made"), recorder.events);
  }

  private Recorder shell(String command, SubprocessOptions options) throws IOException {
    Connected<SubprocessTransport, Recorder> made =
        Subprocess.shell(() -> new Recorder(loop), command, options);
    assertSame(made.transport(), made.protocol().transport());
    return made.protocol();
  }

  private static WriteTransport stdin(SubprocessTransport transport) {
    return assertInstanceOf(WriteTransport.class, transport.pipeTransport(0));
  }

  private static ReadTransport stdout(SubprocessTransport transport) {
    return assertInstanceOf(ReadTransport.class, transport.pipeTransport(1));
  }

  /// Writes down what it is told.
  private static class Recorder implements SubprocessProtocol {
    final List<String> events = new ArrayList<>();
    final StringBuilder[] text = {new StringBuilder(), new StringBuilder(), new StringBuilder()};
    private final Promise<Boolean> end;
    private @Nullable SubprocessTransport transport;

    Recorder(EventLoop loop) {
      end = loop.createPromise();
    }

    SubprocessTransport transport() {
      SubprocessTransport made = transport;
      assertNotNull(made);
      return made;
    }

    void end() {
      await(end);
    }

    int count(String event) {
      return (int) events.stream().filter(event::equals).count();
    }

    void add(String event) {
      events.add(event);
    }

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (SubprocessTransport) made;
      add("made");
    }

    @Override
    public void pipeDataReceived(int fd, ByteBuffer data) {
      assertTrue(data.hasRemaining());
      add("data " + fd);
      text[fd].append(UTF_8.decode(data));
    }

    @Override
    public void pipeConnectionLost(int fd, @Nullable Throwable reason) {
      add("pipe " + fd + " lost " + reason);
    }

    @Override
    public void processExited() {
      add("exited");
    }

    @Override
    public void connectionLost(@Nullable Throwable reason) {
      add("lost " + reason);
      end.setResult(true);
    }

    @Override
    public void pauseWriting() {
      add("pause");
    }

    @Override
    public void resumeWriting() {
      add("resume");
    }

    @Override
    public String toString() {
      return events.toString();
    }
  }
}
