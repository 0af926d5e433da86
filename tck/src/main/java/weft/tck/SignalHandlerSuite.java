package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import weft.ContextVar;
import weft.EventLoop;
import weft.Promise;
import weft.Weft;

/// Signals: `addSignalHandler`, `removeSignalHandler`. The signals are real, and such that a
/// process which does not handle them survives them.
public abstract class SignalHandlerSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  private final List<String> seen = new ArrayList<>();

  /// For subclasses.
  protected SignalHandlerSuite() {}

  @BeforeEach
  void needSignals() {
    assumeTrue(Files.exists(Path.of("/bin/sh")), "needs a Unix");
  }

  @Test
  void aSignalRunsTheCallbackOnTheLoop() {
    run(
        () -> {
          Promise<EventLoop> told = loop.createPromise();
          loop.addSignalHandler("WINCH", () -> told.setResult(EventLoop.running()));
          raise("WINCH");
          assertSame(loop, await(told));
        });
  }

  @Test
  void itIsToldAgainAndWakesAWaitingLoop() {
    run(
        () -> {
          for (int i = 1; i <= 3; i++) {
            Promise<Boolean> told = loop.createPromise();
            loop.addSignalHandler("SIGWINCH", () -> told.setResult(true));
            raise("WINCH");
            await(told);
          }
          loop.addSignalHandler("WINCH", () -> seen.add("again"));
          for (int i = 1; i <= 3; i++) {
            raise("WINCH");
            untilSeen(i);
          }
        });
  }

  @Test
  void theCallbackSeesTheContextOfItsRegistration() {
    run(
        () -> {
          COLOUR.set("red");
          loop.addSignalHandler(
              "WINCH",
              () -> {
                seen.add(COLOUR.get());
                COLOUR.set("blue");
              });
          COLOUR.set("green");
          raise("WINCH");
          untilSeen(1);
          raise("WINCH");
          untilSeen(2);
          assertEquals(List.of("red", "red"), seen);
          assertEquals("green", COLOUR.get());
        });
  }

  @Test
  void aLaterHandlerReplacesTheEarlier() {
    run(
        () -> {
          loop.addSignalHandler("WINCH", () -> seen.add("first"));
          loop.addSignalHandler("SIGWINCH", () -> seen.add("second"));
          raise("WINCH");
          untilSeen(1);
          turns(5);
          assertEquals(List.of("second"), seen);
        });
  }

  @Test
  void aRemovedHandlerIsNotCalled() {
    run(
        () -> {
          assertFalse(loop.removeSignalHandler("WINCH"));
          loop.addSignalHandler("WINCH", () -> seen.add("WINCH"));
          loop.addSignalHandler("URG", () -> seen.add("URG"));
          assertTrue(loop.removeSignalHandler("SIGWINCH"));
          assertFalse(loop.removeSignalHandler("WINCH"));
          raise("WINCH");
          raise("URG");
          untilSeen(1);
          assertEquals(List.of("URG"), seen);
        });
  }

  @Test
  void aSignalThatWasNotToldYetIsDroppedWithItsHandler() throws Exception {
    EventLoop other = newLoop();
    loop.addSignalHandler("WINCH", () -> seen.add("dropped"));
    other.addSignalHandler("WINCH", other::stop);
    raise("WINCH");
    other.runForever(); // so it was told to both: this one has registered first
    other.close();
    loop.removeSignalHandler("WINCH");
    runBriefly();
    assertEquals(List.of(), seen);
  }

  @Test
  void everyLoopIsTold() throws Exception {
    EventLoop other = newLoop();
    try {
      other.addSignalHandler(
          "WINCH",
          () -> {
            seen.add("other");
            other.stop();
          });
      loop.addSignalHandler("WINCH", () -> seen.add("this"));
      raise("WINCH");
      other.runForever();
      run(() -> untilSeen(2));
      assertEquals(List.of("other", "this"), seen);
      loop.removeSignalHandler("WINCH");
      raise("WINCH");
      other.runForever();
      assertEquals(List.of("other", "this", "other"), seen);
    } finally {
      other.close();
    }
  }

  @Test
  void closingTheLoopRemovesItsHandlers() throws Exception {
    EventLoop other = newLoop();
    other.addSignalHandler("WINCH", () -> seen.add("other"));
    other.addSignalHandler("URG", () -> seen.add("other"));
    other.close();
    raise("URG");
    loop.addSignalHandler("WINCH", () -> seen.add("this"));
    raise("WINCH");
    run(() -> untilSeen(1));
    assertEquals(List.of("this"), seen);
    assertThrows(IllegalStateException.class, () -> other.addSignalHandler("URG", () -> {}));
  }

  @Test
  void anErrorOfTheCallbackIsReported() {
    run(
        () -> {
          loop.addSignalHandler(
              "WINCH",
              () -> {
                seen.add("failing");
                throw new IllegalArgumentException("on purpose");
              });
          raise("WINCH");
          untilSeen(1);
        });
    expectErrors(1);
    assertEquals("on purpose", String.valueOf(message()));
  }

  private String message() {
    Throwable thrown = errors().getFirst().exception();
    return thrown == null ? "" : String.valueOf(thrown.getMessage());
  }

  @Test
  void aSignalMayComeBeforeTheRun() throws Exception {
    EventLoop other = newLoop();
    loop.addSignalHandler("WINCH", () -> seen.add("early"));
    other.addSignalHandler("WINCH", other::stop);
    raise("WINCH");
    other.runForever();
    other.close();
    run(() -> untilSeen(1));
  }

  @Test
  void whatIsNoSignalIsRefused() {
    for (String name : List.of("NONE", "SIG", "", "term", "SIGSIGTERM", "9")) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class,
              () -> loop.addSignalHandler(name, () -> {}),
              () -> "'" + name + "'");
      assertTrue(String.valueOf(thrown.getMessage()).contains("there is no signal"), name);
      assertThrows(IllegalArgumentException.class, () -> loop.removeSignalHandler(name), name);
    }
  }

  @Test
  void whatCannotBeCaughtIsRefused() {
    for (String name : List.of("KILL", "SIGSTOP")) {
      var thrown =
          assertThrows(IllegalArgumentException.class, () -> loop.addSignalHandler(name, () -> {}));
      assertTrue(String.valueOf(thrown.getMessage()).contains("cannot be caught"), name);
    }
    for (String name : List.of("QUIT", "SIGSEGV", "FPE", "ILL")) {
      var thrown =
          assertThrows(IllegalArgumentException.class, () -> loop.addSignalHandler(name, () -> {}));
      assertTrue(String.valueOf(thrown.getMessage()).contains("the JVM keeps"), name);
    }
  }

  @Test
  void aHandlerIsRequired() {
    assertThrows(NullPointerException.class, () -> loop.addSignalHandler("WINCH", nothing()));
    assertFalse(loop.removeSignalHandler("WINCH"));
    assertFalse(loop.removeSignalHandler("KILL"));
  }

  @Test
  void otherThreadsAreRefused() {
    run(
        () -> {
          await(
              Weft.toThread(
                  () -> {
                    assertThrows(
                        IllegalStateException.class,
                        () -> loop.addSignalHandler("WINCH", () -> {}));
                    assertThrows(
                        IllegalStateException.class, () -> loop.removeSignalHandler("WINCH"));
                  }));
        });
  }

  private void untilSeen(int count) {
    while (seen.size() < count) {
      Weft.sleep(Duration.ofMillis(1));
    }
  }

  /// Sends this process a signal, which arrives when it likes.
  private static void raise(String signal) throws IOException, InterruptedException {
    long pid = ProcessHandle.current().pid();
    var sender = new ProcessBuilder("/bin/sh", "-c", "kill -s " + signal + " " + pid).start();
    assertEquals(0, sender.waitFor());
  }
}
