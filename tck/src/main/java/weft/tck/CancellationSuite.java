package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.shield;
import static weft.Weft.sleep;
import static weft.Weft.waitAll;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Promise;
import weft.SystemExit;
import weft.Task;

/// Cancellation: a request with a counter, delivered at the next suspension, as asyncio has it.
public abstract class CancellationSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected CancellationSuite() {}

  @Test
  void L29_cancelWakesTheSleeper() {
    run(
        () -> {
          var task = createTask(LoopSuite::hang);
          turns(1);
          assertTrue(task.cancel());
          assertFalse(task.done());
          assertFalse(task.cancelled());
          assertEquals(1, task.cancelling());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.done());
          assertTrue(task.cancelled());
          assertEquals(1, task.cancelling());
        });
  }

  @Test
  void L29_cancelCancelsThePromiseThatTheTaskAwaits() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> await(promise));
          turns(1);
          assertTrue(task.cancel());
          assertTrue(promise.cancelled());
          assertFalse(task.done());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
  }

  @Test
  void L29_theCancelledTaskRunsInTheNextBatch() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      hang();
                    } finally {
                      steps.at(3);
                    }
                  });
          turns(1);
          loop.callSoon(() -> steps.at(2));
          task.cancel();
          steps.at(1);
          failure(task);
          steps.end(4);
        });
  }

  @Test
  void L29_cancelOfATaskThatIsDoneIsRefused() {
    run(
        () -> {
          var task = createTask(() -> "ended");
          await(task);
          assertFalse(task.cancel());
          assertEquals(0, task.cancelling());
          assertEquals("ended", task.result());
        });
  }

  @Test
  void L29_cancelRunsThroughAChainOfTasks() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var inner =
              createTask(
                  () -> {
                    try {
                      return await(promise);
                    } finally {
                      steps.at(1);
                    }
                  });
          var middle =
              createTask(
                  () -> {
                    try {
                      return await(inner);
                    } finally {
                      steps.at(2);
                    }
                  });
          var outer =
              createTask(
                  () -> {
                    try {
                      return await(middle);
                    } finally {
                      steps.at(3);
                    }
                  });
          turns(3);
          outer.cancel();
          assertInstanceOf(CancelledError.class, failure(outer));
          steps.end(4);
          assertTrue(promise.cancelled());
          assertTrue(inner.cancelled());
          assertTrue(middle.cancelled());
          assertTrue(outer.cancelled());
          assertEquals(List.of(1, 1, 1), cancelling(inner, middle, outer));
        });
  }

  @Test
  void L29_whoAwaitsACancelledTaskEndsCancelledWithCountZero() {
    run(
        () -> {
          var inner = createTask(LoopSuite::hang);
          var outer = createTask(() -> await(inner));
          turns(2);
          inner.cancel();
          assertInstanceOf(CancelledError.class, failure(outer));
          assertTrue(outer.cancelled());
          assertEquals(0, outer.cancelling());
        });
  }

  @Test
  void L29_anotherWaiterOfTheSamePromiseIsCancelledWithIt() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var one = createTask(() -> await(promise));
          var two = createTask(() -> await(promise));
          turns(1);
          one.cancel();
          assertInstanceOf(CancelledError.class, failure(two));
          assertEquals(0, two.cancelling());
          assertTrue(two.cancelled());
          settle(List.of(one));
        });
  }

  @Test
  void L29_catchingExceptionDoesNotSwallowIt() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      hang();
                    } catch (Exception e) {
                      seen.add("swallowed");
                    }
                  });
          turns(1);
          task.cancel();
          failure(task);
          assertTrue(task.cancelled());
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L29_aTaskReadyToRunAfterSleepZeroIsCancelled() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      turns(1);
                      seen.add("went on");
                    } catch (CancelledError e) {
                      seen.add("cancelled");
                      throw e;
                    }
                  });
          turns(1);
          task.cancel();
          failure(task);
        });
    assertEquals(List.of("cancelled"), seen);
  }

  @Test
  void L30_aFlagSetDuringTheStepCancelsTheNextPromiseAtOnce() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    current().cancel();
                    await(promise);
                  });
          turns(1);
          assertTrue(promise.cancelled());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
  }

  @Test
  void L30_selfCancelThenAwaitOfAChildCancelsTheChild() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var child = createTask(() -> await(promise));
          turns(1);
          var task =
              createTask(
                  () -> {
                    current().cancel();
                    await(child);
                  });
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(child.cancelled());
          assertTrue(promise.cancelled());
        });
  }

  @Test
  void L30_selfCancelThenAwaitOfAShieldLeavesTheInnerAlone() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    current().cancel();
                    await(shield(promise));
                  });
          assertInstanceOf(CancelledError.class, failure(task));
          assertFalse(promise.done());
        });
  }

  @Test
  void L30_selfCancelThenSleepOfZeroThrows() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    current().cancel();
                    seen.add("before");
                    sleep(Duration.ZERO);
                    seen.add("after");
                  });
          failure(task);
          assertTrue(task.cancelled());
        });
    assertEquals(List.of("before"), seen);
  }

  @Test
  void L30_aTaskThatRefusesToBeCancelledIsWaitedFor() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var stubborn =
              createTask(
                  () -> {
                    untilCancelled();
                    return await(gate);
                  });
          var outer = createTask(() -> await(stubborn));
          turns(2);
          outer.cancel();
          turns(3);
          assertFalse(outer.done());
          gate.setResult("stubborn");
          assertEquals("stubborn", await(outer));
          assertEquals(1, outer.cancelling());
        });
  }

  @Test
  void L31_twoCancelsBeforeTheTaskResumesAreOneError() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      hang();
                    } catch (CancelledError e) {
                      seen.add("first");
                    }
                    turns(3);
                    seen.add("no second");
                    return current().cancelling();
                  });
          turns(1);
          assertTrue(task.cancel());
          assertTrue(task.cancel());
          assertEquals(2, task.cancelling());
          assertEquals(2, await(task));
        });
    assertEquals(List.of("first", "no second"), seen);
  }

  @Test
  void L31_promiseAndTaskCancelledInOneTurnAreOneError() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    assertInstanceOf(CancelledError.class, failure(promise));
                    turns(2);
                    return "one";
                  });
          turns(1);
          promise.cancel();
          task.cancel();
          assertEquals("one", await(task));
          assertEquals(1, task.cancelling());
        });
  }

  @Test
  void L31_taskAndPromiseCancelledInOneTurnAreBothCancelled() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> await(promise));
          turns(1);
          assertTrue(task.cancel());
          assertFalse(promise.cancel());
          failure(task);
          assertTrue(promise.cancelled());
          assertTrue(task.cancelled());
        });
  }

  @Test
  void L32_aCancelDuringCleanupInterruptsTheCleanup() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      hang();
                    } finally {
                      steps.at(1);
                      try {
                        hang();
                      } finally {
                        steps.at(2);
                      }
                    }
                  });
          turns(1);
          task.cancel();
          turns(1);
          task.cancel();
          failure(task);
          assertEquals(2, task.cancelling());
          assertTrue(task.cancelled());
          steps.end(3);
        });
  }

  @Test
  void L32_aSwallowedCancelIsNotSticky() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    untilCancelled();
                    turns(2);
                    untilCancelled();
                    turns(2);
                    return "still here";
                  });
          turns(1);
          task.cancel();
          turns(5);
          task.cancel();
          assertEquals("still here", await(task));
          assertEquals(2, task.cancelling());
          assertFalse(task.cancelled());
        });
  }

  @Test
  void L33_cancelAfterThePromiseIsDoneBeatsTheResult() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    await(promise);
                    seen.add("went on");
                  });
          turns(1);
          promise.setResult("kept");
          assertTrue(task.cancel());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
          assertEquals("kept", promise.result());
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L33_cancelAfterTheAwaitedTaskHasEndedBeatsItsResult() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var inner = createTask(() -> await(gate));
          var outer = createTask(() -> await(inner));
          inner.addDoneCallback(t -> assertTrue(outer.cancel()));
          turns(2);
          gate.setResult("kept");
          assertInstanceOf(CancelledError.class, failure(outer));
          assertEquals("kept", inner.result());
        });
  }

  @Test
  void L33_cancelThenUncancelInThatWindowCompletesWithTheValue() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> await(promise));
          turns(1);
          promise.setResult("value");
          assertTrue(task.cancel());
          assertEquals(0, task.uncancel());
          assertEquals("value", await(task));
          assertFalse(task.cancelled());
        });
  }

  @Test
  void L34_aTaskCancelledBeforeItsFirstStepNeverRuns() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      seen.add("ran");
                    } finally {
                      seen.add("finally");
                    }
                  });
          assertTrue(task.cancel());
          assertFalse(task.done());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L34_itsMessageReachesTheAwaiterAndTheAccessors() {
    run(
        () -> {
          var task = createTask(() -> seen.add("ran"));
          task.cancel("not today");
          assertEquals(
              "not today", assertThrows(CancelledError.class, () -> await(task)).getMessage());
          assertEquals(
              "not today", assertThrows(CancelledError.class, task::exception).getMessage());
          assertEquals("not today", assertThrows(CancelledError.class, task::result).getMessage());
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L34_uncancelBeforeTheFirstStepLetsItRun() {
    run(
        () -> {
          var task = createTask(() -> "ran");
          task.cancel();
          assertEquals(0, task.uncancel());
          assertEquals("ran", await(task));
        });
  }

  @Test
  void L16_systemExitFromACancellationHandlerLeavesTheLoop() {
    var task =
        loop.createTask(
            async(
                () -> {
                  untilCancelled();
                  throw new SystemExit(1);
                }));
    runBriefly();
    task.cancel();
    assertThrows(SystemExit.class, () -> loop.runUntilComplete(task));
    assertTrue(task.done());
    assertFalse(task.cancelled());
    assertInstanceOf(SystemExit.class, task.exception());
  }

  @Test
  void cancellingTheWaiterOfAWaitLeavesThePromisesAlone() {
    run(
        () -> {
          Promise<String> one = loop.createPromise();
          Promise<String> two = loop.createPromise();
          var task = createTask(() -> waitAll(List.of(one, two)));
          turns(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertFalse(one.done());
          assertFalse(two.done());
        });
  }

  @Test
  void cancellingTheWaiterOfAShieldLeavesTheInnerAlone() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          var task = createTask(() -> await(shield(inner)));
          turns(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertFalse(inner.done());
        });
  }

  @Test
  void aCancelledSleepTakesItsTimerAway() {
    run(
        () -> {
          for (int i = 0; i < 1000; i++) {
            var task = createTask(() -> sleep(Duration.ofHours(1)));
            turns(1);
            task.cancel();
            failure(task);
          }
          var next = createTask(() -> sleep(ms(1)));
          assertNull(failure(next));
        });
  }

  @Test
  void aThousandTasksAreCancelledAtOnce() {
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 1000; i++) {
            int n = i;
            tasks.add(
                createTask(
                    () -> {
                      try {
                        hang();
                      } finally {
                        seen.add(n);
                      }
                    }));
          }
          turns(1);
          tasks.forEach(Task::cancel);
          settle(tasks);
          assertEquals(1000, seen.size());
          assertEquals(seen.stream().map(n -> (Integer) n).sorted().toList(), seen);
          assertTrue(tasks.stream().allMatch(Promise::cancelled));
        });
  }

  @Test
  void aTaskMayCancelItsMaker() {
    assertThrows(
        CancelledError.class,
        () ->
            run(
                () -> {
                  Task<?> me = current();
                  createTask(() -> me.cancel("from below"));
                  hang();
                }));
  }

  @Test
  void aDoneCallbackSeesTheCancelledTask() {
    run(
        () -> {
          var task = createTask(LoopSuite::hang);
          task.addDoneCallback(t -> seen.add(t.cancelled()));
          turns(1);
          task.cancel();
          failure(task);
          turns(1);
        });
    assertEquals(List.of(true), seen);
  }

  private static List<Integer> cancelling(Task<?>... tasks) {
    return List.of(tasks).stream().map(Task::cancelling).toList();
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
  }

  @Test
  void L60_aCancellationBreaksACircle() {
    run(
        () -> {
          var tasks = circle(() -> {});
          var outside = createTask(() -> tasks.get(3).await());
          turns(2);
          outside.cancel("enough");
          outside.cancel("really");
          for (Task<?> each : tasks) {
            assertThrows(CancelledError.class, () -> await(each));
          }
          assertThrows(CancelledError.class, () -> await(outside));
        });
  }

  @Test
  void L60_whoClosesACircleMayBeCancelledAlready() {
    run(
        () -> {
          for (Task<?> each : circle(() -> current().cancel())) {
            assertThrows(CancelledError.class, () -> await(each));
          }
        });
  }

  /// Tasks that wait for each other, too many for that to be refused.
  ///
  /// @param last what the last one does before it waits
  private List<Task<?>> circle(Runnable last) {
    int length = 1500;
    Promise<String> open = loop.createPromise();
    var tasks = new ArrayList<Task<?>>();
    tasks.add(
        createTask(
            () -> {
              await(open);
              last.run();
              tasks.getLast().await();
            }));
    for (int i = 1; i < length; i++) {
      Task<?> previous = tasks.getLast();
      tasks.add(createTask(() -> previous.await()));
    }
    turns(2);
    open.setResult("open");
    turns(2);
    return tasks;
  }
}
