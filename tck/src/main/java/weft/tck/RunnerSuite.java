package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.generator;
import static weft.Weft.toThread;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Context;
import weft.ContextVar;
import weft.Emitter;
import weft.ErrorContext;
import weft.EventLoop;
import weft.Generator;
import weft.GeneratorExit;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.RunOptions;
import weft.Runner;
import weft.SystemExit;
import weft.Task;
import weft.Weft;

/// `Weft.run` and `Runner`: a fresh loop, one program, and everything torn down.
public abstract class RunnerSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  private final List<Object> seen = new ArrayList<>();
  private final List<EventLoop> made = new ArrayList<>();
  private final List<ErrorContext> reports = new ArrayList<>();

  /// For subclasses.
  protected RunnerSuite() {}

  private RunOptions options() {
    return RunOptions.defaults()
        .loopFactory(
            () -> {
              EventLoop fresh = newLoop();
              fresh.setExceptionHandler((l, context) -> reports.add(context));
              made.add(fresh);
              return fresh;
            });
  }

  @Test
  void L53_runReturnsTheResultAndClosesTheLoop() {
    assertEquals(1, Weft.run(() -> 1, options()));
    assertEquals(2, Weft.run(async(() -> 2), options()));
    Weft.run(() -> assertSame(made.getLast(), EventLoop.running()), options());
    assertEquals(3, made.size());
    assertTrue(made.stream().allMatch(EventLoop::isClosed));
  }

  @Test
  void L53_runThrowsWhatTheProgramThrew() {
    var unchecked = new IllegalStateException("boom");
    assertSame(
        unchecked,
        assertThrows(
            IllegalStateException.class, () -> Weft.run(async(() -> fail(unchecked)), options())));
    var checked = new IOException("disk");
    assertSame(
        checked,
        assertThrows(
                CompletionException.class, () -> Weft.run(async(() -> fail(checked)), options()))
            .getCause());
    assertTrue(made.stream().allMatch(EventLoop::isClosed));
  }

  @Test
  void L53_runInsideARunIsRefused() {
    run(
        () -> {
          var inner = async(() -> seen.add("ran"));
          assertThrows(IllegalStateException.class, () -> Weft.run(inner, options()));
          assertThrows(IllegalStateException.class, () -> await(inner));
          assertThrows(
              IllegalStateException.class, () -> Weft.run(() -> seen.add("ran"), options()));
        });
    assertEquals(List.of(), seen);
    assertEquals(List.of(), made);
  }

  @Test
  void L53_debugReachesTheLoop() {
    assertTrue(Weft.run(() -> EventLoop.running().debug(), options().debug(true)));
    assertFalse(Weft.run(() -> EventLoop.running().debug(), options().debug(false)));
    boolean usual = loop.debug();
    assertEquals(usual, Weft.run(() -> EventLoop.running().debug(), options()));
  }

  @Test
  void L53_whatIsLeftIsCancelledAndFinished() {
    var left = new ArrayList<Task<?>>();
    Weft.run(
        () -> {
          left.add(
              createTask(
                  () -> {
                    try {
                      hang();
                    } finally {
                      turns(3);
                      seen.add("cleaned");
                    }
                  }));
          turns(1);
        },
        options());
    assertEquals(List.of("cleaned"), seen);
    assertTrue(left.getFirst().isCancelled());
    assertEquals(List.of(), reports);
  }

  @Test
  void L53_whatFailsInItsCancellationIsReportedAndTheResultKept() {
    var failure = new IllegalStateException("cleanup");
    var left = new ArrayList<Task<?>>();
    assertEquals(
        "result",
        Weft.run(
            () -> {
              left.add(
                  createTask(
                      () -> {
                        untilCancelled();
                        throw failure;
                      }));
              turns(1);
              return "result";
            },
            options()));
    assertEquals(1, reports.size());
    var report = reports.getFirst();
    assertSame(failure, report.exception());
    assertSame(left.getFirst(), report.promise());
    assertTrue(report.message().contains("shutdown"), report.message());
  }

  @Test
  void L53_aFailingMainAndACrashingLeftoverStillCloseTheGenerators() {
    var failure = new IllegalStateException("main");
    assertSame(
        failure,
        assertThrows(
            IllegalStateException.class,
            () ->
                Weft.run(
                    () -> {
                      Generator<Integer> items =
                          generator(
                              (Emitter<Integer> e) -> {
                                try {
                                  e.emit(1);
                                  e.emit(2);
                                } catch (GeneratorExit exit) {
                                  seen.add("closed");
                                  throw exit;
                                }
                              });
                      items.next();
                      createTask(
                          () -> {
                            untilCancelled();
                            throw new IOException("leftover");
                          });
                      turns(1);
                      throw failure;
                    },
                    options())));
    assertEquals(List.of("closed"), seen);
    assertEquals(1, reports.size());
    assertInstanceOf(IOException.class, reports.getFirst().exception());
    assertTrue(made.getFirst().isClosed());
  }

  @Test
  void L53_tasksOfDyingTasksGetNoSecondRound() {
    Weft.run(
        () -> {
          createTask(
              () -> {
                untilCancelled();
                createTask(() -> turns(1));
              });
          turns(1);
        },
        options());
    assertTrue(made.getFirst().isClosed());
  }

  @Test
  void L53_theDefaultExecutorIsJoined() {
    Weft.run(
        () -> {
          createTask(
              toThread(
                  () -> {
                    seen.add("begun");
                    Thread.sleep(20);
                    seen.add("ended");
                  }));
          while (seen.isEmpty()) {
            turns(1);
          }
        },
        options());
    assertEquals(List.of("begun", "ended"), seen);
  }

  @Test
  void L53_theOrderOfTheTeardown() {
    Weft.run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    try {
                      e.emit(1);
                    } finally {
                      seen.add("generator");
                    }
                  });
          items.next();
          createTask(
              () -> {
                try {
                  hang();
                } finally {
                  turns(2);
                  seen.add("task");
                }
              });
          turns(1);
          seen.add("main");
        },
        options());
    assertEquals(List.of("main", "task", "generator"), seen);
    assertTrue(made.getFirst().isClosed());
  }

  @Test
  void L53_theLoopFactoryIsCalledOnce() {
    try (var runner = new Runner(options())) {
      assertEquals(0, made.size());
      runner.run(() -> turns(1));
      runner.run(() -> turns(1));
      assertSame(made.getFirst(), runner.loop());
    }
    assertEquals(1, made.size());
    assertTrue(made.getFirst().isClosed());
  }

  @Test
  void L53_aRunnerIsLazyAndItsCloseIdempotent() {
    var unused = new Runner(options());
    unused.close();
    unused.close();
    assertEquals(List.of(), made);
    assertThrows(IllegalStateException.class, unused::loop);
    var used = new Runner(options());
    EventLoop its = used.loop();
    assertFalse(its.isClosed());
    used.close();
    assertTrue(its.isClosed());
    used.close();
    assertThrows(IllegalStateException.class, () -> used.run(() -> turns(1)));
    assertThrows(IllegalStateException.class, used::loop);
  }

  @Test
  void L53_theContextIsKeptBetweenRuns() {
    try (var runner = new Runner(options())) {
      runner.run(() -> seen.add(COLOUR.set("red").variable().get()));
      runner.run(() -> seen.add(COLOUR.get()));
    }
    assertEquals(List.of("red", "red"), seen);
    assertEquals("none", COLOUR.get());
  }

  @Test
  void L53_aGivenContextStandsApart() {
    var context = new Context();
    try (var runner = new Runner(options())) {
      runner.run(() -> seen.add(COLOUR.set("red").variable().get()));
      runner.run(async(() -> seen.add(COLOUR.set("blue").variable().get())), context);
      runner.run(() -> seen.add(COLOUR.get()));
      runner.run(async(() -> seen.add(COLOUR.get())), context);
    }
    assertEquals(List.of("red", "blue", "red", "blue"), seen);
  }

  @Test
  void L53_aRunnerCannotRunInsideItself() {
    try (var runner = new Runner(options())) {
      runner.run(
          () -> {
            var inner = async(() -> seen.add("ran"));
            assertThrows(IllegalStateException.class, () -> runner.run(inner));
            assertThrows(IllegalStateException.class, () -> await(inner));
          });
    }
    assertEquals(List.of(), seen);
  }

  @Test
  void L53_aRunnerRunsPromisesAndTasksOfItsLoop() {
    try (var runner = new Runner(options())) {
      Promise<String> promise = runner.loop().createPromise();
      runner.loop().callSoon(() -> promise.setResult("promise"));
      assertEquals("promise", runner.run(promise));
      assertEquals("task", runner.run(runner.loop().createTask(async(() -> "task"))));
    }
  }

  @Test
  void L53_tasksGoOnInTheNextRun() {
    try (var runner = new Runner(options())) {
      var task = new ArrayList<Task<String>>();
      runner.run(
          () -> {
            task.add(
                createTask(
                    () -> {
                      turns(10);
                      return "went on";
                    }));
          });
      assertFalse(task.getFirst().isDone());
      assertEquals("went on", runner.run(() -> await(task.getFirst())));
    }
  }

  @Test
  void L53_aCancelledMainIsACancelledError() {
    assertThrows(
        CancelledError.class,
        () ->
            Weft.run(
                () -> {
                  current().cancel();
                  turns(1);
                },
                options()));
    assertTrue(made.getFirst().isClosed());
  }

  @Test
  void L53_systemExitTearsDownAndComesThrough() {
    assertEquals(
        9,
        assertThrows(
                SystemExit.class,
                () ->
                    Weft.run(
                        () -> {
                          createTask(
                              () -> {
                                try {
                                  hang();
                                } finally {
                                  seen.add("cleaned");
                                }
                              });
                          turns(1);
                          throw new SystemExit(9);
                        },
                        options()))
            .status());
    assertEquals(List.of("cleaned"), seen);
    assertTrue(made.getFirst().isClosed());
  }

  @Test
  void L53_aRunWhoseThreadIsInterruptedTearsDown() {
    var here = Thread.currentThread();
    assertThrows(
        KeyboardInterrupt.class,
        () ->
            Weft.run(
                () -> {
                  EventLoop.running().callSoon(() -> Thread.ofPlatform().start(here::interrupt));
                  try {
                    while (true) {
                      turns(1);
                    }
                  } finally {
                    turns(2);
                    seen.add("cleaned up");
                  }
                },
                options()));
    assertEquals(List.of("cleaned up"), seen);
    assertTrue(made.getLast().isClosed());
  }

  @Test
  void L53_theResultIsNeverPrinted() {
    Weft.run(
        () ->
            new Object() {
              @Override
              public String toString() {
                seen.add("printed");
                return "x";
              }
            },
        options());
    assertEquals(List.of(), seen);
  }

  private static Object fail(Exception failure) throws Exception {
    throw failure;
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
  }
}
