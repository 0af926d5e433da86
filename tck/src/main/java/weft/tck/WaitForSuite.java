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
import static weft.Weft.shield;
import static weft.Weft.waitFor;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Promise;
import weft.Task;

/// `waitFor`: an await with a limit.
public abstract class WaitForSuite extends LoopSuite {
  private static final Duration LONG = Duration.ofHours(1);

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected WaitForSuite() {}

  @Test
  void L44_theResultPasses() {
    run(
        () -> {
          assertEquals("body", waitFor(() -> "body", LONG));
          assertEquals("coroutine", waitFor(async(() -> "coroutine"), LONG));
          assertEquals("task", waitFor(createTask(() -> "task"), LONG));
          waitFor(() -> turns(2), LONG);
        });
  }

  @Test
  void L44_withoutALimitItIsAnAwait() {
    run(
        () -> {
          assertEquals("body", waitFor(() -> "body", null));
          Promise<String> promise = loop.createPromise();
          loop.callLater(ms(1), () -> promise.setResult("promise"));
          assertEquals("promise", waitFor(promise, null));
        });
  }

  @Test
  void L44_aDonePromiseDoesNotSuspend() {
    run(
        () -> {
          Promise<String> done = loop.createPromise();
          done.setResult("done");
          loop.callSoon(() -> seen.add("another turn"));
          assertEquals("done", waitFor(done, LONG));
          assertEquals("done", waitFor(done, null));
          assertEquals("done", waitFor(done, Duration.ZERO));
          assertEquals("done", waitFor(done, ms(-1)));
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L44_theFailurePasses() {
    var unchecked = new IllegalStateException("boom");
    var checked = new IOException("disk");
    run(
        () -> {
          assertSame(
              unchecked,
              assertThrows(
                  IllegalStateException.class,
                  () ->
                      waitFor(
                          () -> {
                            turns(1);
                            throw unchecked;
                          },
                          LONG)));
          assertSame(
              checked,
              assertThrows(
                      CompletionException.class,
                      () ->
                          waitFor(
                              () -> {
                                turns(1);
                                throw checked;
                              },
                              LONG))
                  .getCause());
        });
  }

  @Test
  void L44_aCoroutineRunsOnTheSameTask() {
    run(
        () -> {
          var me = Task.current();
          assertNotNull(me);
          waitFor(async(() -> assertSame(me, Task.current())), LONG);
          assertEquals(1, loop.allTasks().size());
        });
  }

  @Test
  void L44_atTheLimitTheTaskIsCancelled() {
    run(
        () -> {
          var task = createTask(LoopSuite::hang);
          var thrown = assertThrows(TimeoutException.class, () -> waitFor(task, ms(2)));
          assertTrue(task.cancelled());
          assertInstanceOf(CancelledError.class, thrown.getCause());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L44_atTheLimitTheBodyIsCancelled() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  waitFor(
                      () -> {
                        seen.add(untilCancelled());
                        throw new CancelledError();
                      },
                      ms(2)));
          assertEquals(1, seen.size());
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L44_aPromiseIsCancelledAtTheLimit() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          assertThrows(TimeoutException.class, () -> waitFor(promise, ms(2)));
          assertTrue(promise.cancelled());
        });
  }

  @Test
  void L44_aCancelledPromiseWithNoTimeIsACancelledError() {
    run(
        () -> {
          for (var limit : List.of(Duration.ZERO, ms(-1), LONG)) {
            Promise<String> cancelled = loop.createPromise();
            cancelled.cancel("before");
            assertEquals(
                "before",
                assertThrows(CancelledError.class, () -> waitFor(cancelled, limit)).getMessage());
          }
        });
  }

  @Test
  void L44_aFreshCoroutineWithNoTimeNeverStarts() {
    run(
        () -> {
          for (var limit : List.of(Duration.ZERO, ms(-1))) {
            var coroutine = async(() -> seen.add("started"));
            assertThrows(TimeoutException.class, () -> waitFor(coroutine, limit));
            assertThrows(IllegalStateException.class, () -> await(coroutine));
            assertThrows(TimeoutException.class, () -> waitFor(() -> seen.add("body"), limit));
          }
          turns(3);
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L44_aRunningTaskWithNoTimeIsCancelledAndWaitedFor() {
    run(
        () -> {
          for (var limit : List.of(Duration.ZERO, ms(-1))) {
            var task =
                createTask(
                    () -> {
                      try {
                        hang();
                      } finally {
                        turns(3);
                        seen.add("cleaned");
                      }
                    });
            turns(1);
            assertThrows(TimeoutException.class, () -> waitFor(task, limit));
            assertTrue(task.cancelled());
          }
        });
    assertEquals(List.of("cleaned", "cleaned"), seen);
  }

  @Test
  void L44_aPromiseSetInTheTurnInWhichTheWaitBeginsIsSeen() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          loop.callSoon(() -> promise.setResult("in time"));
          assertEquals("in time", waitFor(promise, LONG));
        });
  }

  @Test
  void L44_itWaitsUntilTheInnerHasReallyEnded() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      hang();
                    } finally {
                      turns(5);
                      seen.add("cleaned");
                    }
                  });
          var thrown = assertThrows(TimeoutException.class, () -> waitFor(task, ms(1)));
          assertEquals(List.of("cleaned"), seen);
          assertTrue(task.done());
          assertInstanceOf(CancelledError.class, thrown.getCause());
        });
  }

  @Test
  void L44_anInnerThatTurnsTheCancellationIntoAValueWins() {
    run(
        () -> {
          for (var limit : List.of(ms(1), Duration.ZERO)) {
            var task =
                createTask(
                    () -> {
                      untilCancelled();
                      return 1;
                    });
            turns(1);
            assertEquals(1, waitFor(task, limit));
          }
          assertEquals(
              2,
              waitFor(
                  () -> {
                    untilCancelled();
                    return 2;
                  },
                  ms(1)));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L44_anInnerThatFailsDuringItsCancellationFailsTheWait() {
    var failure = new IllegalStateException("while cleaning");
    run(
        () -> {
          for (var limit : List.of(ms(1), Duration.ZERO)) {
            var task =
                createTask(
                    () -> {
                      untilCancelled();
                      throw failure;
                    });
            turns(1);
            assertSame(
                failure, assertThrows(IllegalStateException.class, () -> waitFor(task, limit)));
          }
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L44_cancellingTheWaitCancelsTheInner() {
    run(
        () -> {
          for (var limit : new ArrayList<Duration>(java.util.Arrays.asList(LONG, null))) {
            Promise<String> inner = loop.createPromise();
            var waiter = createTask(() -> waitFor(inner, limit));
            turns(1);
            waiter.cancel();
            assertInstanceOf(CancelledError.class, failure(waiter));
            assertTrue(waiter.cancelled());
            assertTrue(inner.cancelled());
          }
        });
  }

  @Test
  void L44_aCancelledWaitReturnsOnlyAfterTheInnerHasEnded() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var stubborn =
              createTask(
                  () -> {
                    untilCancelled();
                    await(gate);
                    seen.add("inner");
                    throw new CancelledError();
                  });
          var waiter =
              createTask(
                  () -> {
                    try {
                      waitFor(stubborn, LONG);
                    } finally {
                      seen.add("waiter");
                    }
                  });
          turns(2);
          waiter.cancel();
          turns(4);
          assertEquals(List.of(), seen);
          gate.setResult("go");
          assertInstanceOf(CancelledError.class, failure(waiter));
        });
    assertEquals(List.of("inner", "waiter"), seen);
  }

  @Test
  void L44_anInnerThatEndedDoesNotHideALaterCancel() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          var waiter =
              createTask(
                  () -> {
                    waitFor(inner, LONG);
                    seen.add("went on");
                  });
          turns(1);
          inner.setResult("kept");
          waiter.cancel();
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertEquals("kept", inner.result());
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L44_anotherCancelInTheTurnAfterTheResultWins() {
    run(
        () -> {
          var inner =
              createTask(
                  () -> {
                    turns(2);
                    return "kept";
                  });
          var waiter = createTask(() -> waitFor(inner, LONG));
          inner.addDoneCallback(t -> waiter.cancel());
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertEquals("kept", inner.result());
        });
  }

  @Test
  void L44_aShieldedInnerGoesOnWhateverTheLimit() {
    run(
        () -> {
          for (var limit : List.of(Duration.ZERO, ms(-1), ms(1))) {
            Promise<String> gate = loop.createPromise();
            var inner = createTask(() -> await(gate));
            turns(1);
            Promise<String> shielded = shield(inner);
            assertThrows(TimeoutException.class, () -> waitFor(shielded, limit));
            assertTrue(shielded.cancelled());
            assertFalse(inner.done());
            assertEquals(0, inner.cancelling());
            gate.setResult("ended");
            assertEquals("ended", await(inner));
          }
          Promise<String> gate = loop.createPromise();
          loop.callSoon(() -> gate.setResult("ended"));
          assertEquals("ended", waitFor(shield(gate), null));
        });
  }

  @Test
  void L44_aTimeoutOfTheInnerItselfPasses() {
    run(
        () -> {
          var own = new TimeoutException("own");
          var thrown =
              assertThrows(
                  CompletionException.class,
                  () ->
                      waitFor(
                          () -> {
                            throw own;
                          },
                          LONG));
          assertSame(own, thrown.getCause());
        });
  }

  @Test
  void L44_waitForNests() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class, () -> waitFor(() -> waitFor(() -> hang(), LONG), ms(1)));
          assertEquals(0, current().cancelling());
          assertEquals(
              "caught",
              waitFor(
                  () -> {
                    assertThrows(TimeoutException.class, () -> waitFor(() -> hang(), ms(1)));
                    return "caught";
                  },
                  LONG));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void waitForNeedsACoroutine() {
    Promise<String> promise = loop.createPromise();
    assertThrows(IllegalStateException.class, () -> waitFor(promise, ms(1)));
    loop.callSoon(
        () -> seen.add(assertThrows(IllegalStateException.class, () -> waitFor(promise, ms(1)))));
    runBriefly();
    assertEquals(1, seen.size());
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
  }

  @Test
  void L44_withoutTimeItSuspendsAllTheSame() {
    run(
        () -> {
          boolean[] came = {false};
          loop.callSoon(() -> came[0] = true);
          for (int i = 0; i < 1000 && !came[0]; i++) {
            assertThrows(TimeoutException.class, () -> waitFor(async(() -> 1), Duration.ZERO));
          }
          assertTrue(came[0]);
          current().cancel();
          assertThrows(CancelledError.class, () -> waitFor(async(() -> 1), Duration.ZERO));
          current().uncancel();
        });
  }
}
