package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.generator;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Emitter;
import weft.Generator;
import weft.Promise;
import weft.Task;

/// What becomes of a cancellation: tasks that cancel themselves, the counter and `uncancel`, the
/// message, and how the task ends.
public abstract class CancelOutcomeSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected CancelOutcomeSuite() {}

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
  }

  @Test
  void L35_selfCancelThrowsNothingBeforeARealSuspension() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    Promise<String> ready = loop.createPromise();
                    ready.setResult("ready");
                    current().cancel();
                    assertEquals("ready", await(ready));
                    assertEquals("inline", await(async(() -> "inline")));
                    assertEquals(List.of(), await(gather(List.<Promise<String>>of())));
                    seen.add("still here");
                    turns(1);
                    seen.add("never");
                  });
          failure(task);
          assertTrue(task.cancelled());
        });
    assertEquals(List.of("still here"), seen);
  }

  @Test
  void L35_selfCancelThenReturnEndsCancelled() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    assertTrue(current().cancel());
                    return 12;
                  });
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
          assertFalse(task.cancel());
        });
  }

  @Test
  void L35_selfCancelThenFailureEndsWithTheFailure() {
    var failure = new IllegalStateException("boom");
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    current().cancel();
                    throw failure;
                  });
          assertSame(failure, failure(task));
          assertFalse(task.cancelled());
        });
  }

  @Test
  void L35_selfCancelThenUncancelThrowsNothing() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    current().cancel();
                    assertEquals(0, current().uncancel());
                    turns(2);
                    return "fine";
                  });
          assertEquals("fine", await(task));
        });
  }

  @Test
  void L36_uncancelCountsDownAndStopsAtZero() {
    run(
        () -> {
          var task = createTask(LoopSuite::untilCancelled);
          turns(1);
          assertEquals(0, task.uncancel());
          task.cancel();
          task.cancel();
          task.cancel();
          assertEquals(3, task.cancelling());
          assertEquals(2, task.uncancel());
          assertEquals(1, task.uncancel());
          assertEquals(0, task.uncancel());
          assertEquals(0, task.uncancel());
          assertEquals(0, task.cancelling());
          assertNotNull(await(task));
        });
  }

  @Test
  void L36_uncancelDoesNotTakeBackAnErrorThatIsUnderway() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> await(promise));
          turns(1);
          task.cancel();
          assertEquals(0, task.uncancel());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(promise.cancelled());
          assertEquals(0, task.cancelling());
        });
  }

  @Test
  void L36_uncancelAboveZeroLeavesThePendingErrorAlone() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> await(promise));
          turns(1);
          promise.setResult("value");
          task.cancel();
          task.cancel();
          assertEquals(1, task.uncancel());
          assertInstanceOf(CancelledError.class, failure(task));
        });
  }

  @Test
  void L36_aStructuredBlockLeavesTheCountAsItFoundIt() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    Task<?> me = current();
                    var timer = loop.callLater(ms(1), me::cancel);
                    try {
                      hang();
                    } catch (CancelledError e) {
                      assertEquals(0, me.uncancel());
                      seen.add("timed out");
                    } finally {
                      timer.cancel();
                    }
                    turns(2);
                    return me.cancelling();
                  });
          assertEquals(0, await(task));
        });
    assertEquals(List.of("timed out"), seen);
  }

  @Test
  void L37_theMessageTravelsToTheError() {
    run(
        () -> {
          var task = createTask(LoopSuite::untilCancelled);
          turns(1);
          task.cancel("because");
          assertEquals("because", await(task).getMessage());
        });
  }

  @Test
  void L37_theMessageTravelsFromTaskToTask() {
    run(
        () -> {
          var inner = createTask(LoopSuite::hang);
          var outer = createTask(() -> await(inner));
          turns(2);
          outer.cancel("because");
          assertEquals(
              "because", assertThrows(CancelledError.class, () -> await(outer)).getMessage());
          assertEquals("because", assertThrows(CancelledError.class, inner::result).getMessage());
        });
  }

  @Test
  void L37_ofOneThatWaitsTheFirstMessageCounts() {
    run(
        () -> {
          var sleeper = createTask(LoopSuite::untilCancelled);
          var inner = createTask(LoopSuite::hang);
          var outer = createTask(() -> await(inner));
          turns(2);
          for (Task<?> task : List.of(sleeper, outer)) {
            task.cancel("first");
            task.cancel("second");
            assertEquals(2, task.cancelling());
          }
          assertEquals("first", await(sleeper).getMessage());
          assertEquals(
              "first", assertThrows(CancelledError.class, () -> await(outer)).getMessage());
        });
  }

  @Test
  void L37_ofOneThatHasNotBegunTheLastMessageCounts() {
    run(
        () -> {
          var task = createTask(() -> seen.add("ran"));
          task.cancel("first");
          task.cancel("second");
          assertEquals(
              "second", assertThrows(CancelledError.class, () -> await(task)).getMessage());
        });
  }

  @Test
  void L37_theFirstAwaiterGetsTheVeryErrorLaterOnesAFreshOne() {
    run(
        () -> {
          var thrown = new ArrayList<CancelledError>();
          var task =
              createTask(
                  () -> {
                    try {
                      hang();
                    } catch (CancelledError e) {
                      thrown.add(e);
                      throw e;
                    }
                  });
          turns(1);
          task.cancel("because");
          var first = assertThrows(CancelledError.class, () -> await(task));
          assertSame(thrown.getFirst(), first);
          var second = assertThrows(CancelledError.class, () -> await(task));
          assertFalse(first == second);
          assertEquals("because", second.getMessage());
        });
  }

  @Test
  void L38_aTaskThatThrowsTheErrorItselfEndsCancelled() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    throw new CancelledError("my own");
                  });
          assertEquals(
              "my own", assertThrows(CancelledError.class, () -> await(task)).getMessage());
          assertTrue(task.cancelled());
          assertEquals(0, task.cancelling());
        });
  }

  @Test
  void L38_aTaskThatCatchesItAndReturnsEndsWithItsResult() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    untilCancelled();
                    return "result";
                  });
          turns(1);
          task.cancel();
          assertEquals("result", await(task));
          assertFalse(task.cancelled());
          assertEquals(1, task.cancelling());
        });
  }

  @Test
  void L38_aTaskThatTurnsItIntoAFailureEndsFailed() {
    var failure = new IllegalStateException("instead");
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    untilCancelled();
                    throw failure;
                  });
          turns(1);
          task.cancel();
          assertSame(failure, failure(task));
          assertFalse(task.cancelled());
        });
  }

  @Test
  void L38_aTaskThatCatchesItMayAwaitSomethingElse() {
    run(
        () -> {
          Promise<String> first = loop.createPromise();
          Promise<String> second = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    assertInstanceOf(CancelledError.class, failure(first));
                    return await(second);
                  });
          turns(1);
          task.cancel();
          turns(1);
          assertTrue(first.cancelled());
          assertFalse(second.done());
          second.setResult("second");
          assertEquals("second", await(task));
          assertFalse(second.cancelled());
        });
  }

  @Test
  void L36_uncancelReachesTheBodyOfAGenerator() {
    run(
        () -> {
          Promise<Integer> ready = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    Generator<Integer> items =
                        generator(
                            (Emitter<Integer> e) -> {
                              e.emit(await(ready));
                              turns(1);
                            });
                    for (int item : items) {
                      seen.add(item);
                    }
                    return "went on";
                  });
          turns(1);
          ready.setResult(1);
          task.cancel();
          assertEquals(0, task.uncancel());
          assertEquals("went on", await(task));
          assertEquals(List.of(1), seen);
        });
  }

  @Test
  void L36_uncancelInTheBodyOfAGeneratorReachesItsConsumer() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    current().cancel();
                    Generator<Integer> items =
                        generator(
                            (Emitter<Integer> e) -> {
                              seen.add(current().uncancel());
                              turns(1);
                              e.emit(1);
                            });
                    for (int item : items) {
                      seen.add(item);
                    }
                    turns(1);
                    return "went on";
                  });
          assertEquals("went on", await(task));
          assertEquals(List.of(0, 1), seen);
        });
  }

  @Test
  void L66_whatStandsForACancellation() {
    assumeTrue(direct());
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    var interrupt =
                        assertThrows(InterruptedException.class, () -> Thread.sleep(100_000));
                    seen.add(current().isCancellation(interrupt));
                    seen.add(current().isCancellation(new RuntimeException(interrupt)));
                    seen.add(current().isCancellation(new IOException("disk full")));
                    seen.add(current().isCancellation(new CancelledError()));
                    throw interrupt;
                  });
          turns(2);
          task.cancel();
          failure(task);
          assertTrue(task.cancelled());
          seen.add(current().isCancellation(new InterruptedException("by somebody else")));
          assertEquals(List.of(true, true, false, true, false), seen);
        });
  }
}
