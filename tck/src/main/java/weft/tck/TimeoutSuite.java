package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;
import static weft.Weft.timeoutAt;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.ExceptionGroup;
import weft.Promise;
import weft.Task;
import weft.Timeout;

/// `timeout` and `timeoutAt`: a block with a deadline.
public abstract class TimeoutSuite extends LoopSuite {
  private static final Duration LONG = Duration.ofHours(1);

  private final List<Object> seen = new ArrayList<>();
  private final List<Timeout> blocks = new ArrayList<>();

  /// For subclasses.
  protected TimeoutSuite() {}

  @Test
  void L45_atTheDeadlineTheBlockIsCancelledAndTheOutsideSeesATimeout() {
    run(
        () -> {
          var thrown =
              assertThrows(
                  TimeoutException.class,
                  () ->
                      timeout(
                          ms(2),
                          (Timeout t) -> {
                            blocks.add(t);
                            seen.add(untilCancelled());
                            assertTrue(t.expired());
                            throw (CancelledError) seen.getFirst();
                          }));
          var block = blocks.getFirst();
          assertTrue(block.expired());
          assertNotNull(block.when());
          assertTrue(loop.time().compareTo(block.when()) >= 0);
          assertSame(seen.getFirst(), thrown.getCause());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_aBlockInTimeReturnsItsValue() {
    run(
        () -> {
          assertEquals("value", timeout(LONG, () -> "value"));
          assertEquals(
              "value",
              timeout(
                  LONG,
                  (Timeout t) -> {
                    blocks.add(t);
                    turns(2);
                    assertFalse(t.expired());
                    return "value";
                  }));
          var block = blocks.getFirst();
          assertFalse(block.expired());
          assertTrue(block.when() != null && loop.time().compareTo(block.when()) < 0);
          timeout(LONG, () -> turns(1));
        });
  }

  @Test
  void L45_withoutADeadlineItNeverFires() {
    run(
        () -> {
          assertEquals(
              "value",
              timeout(
                  null,
                  (Timeout t) -> {
                    assertNull(t.when());
                    sleep(ms(1));
                    return "value";
                  }));
          timeoutAt(
              null,
              (Timeout t) -> {
                assertNull(t.when());
                sleep(ms(1));
              });
        });
  }

  @Test
  void L45_timeoutAtTakesATimeOfTheLoopsClock() {
    run(
        () -> {
          Duration when = loop.time().plus(ms(2));
          assertThrows(
              TimeoutException.class,
              () ->
                  timeoutAt(
                      when,
                      (Timeout t) -> {
                        assertEquals(when, t.when());
                        hang();
                      }));
          assertEquals("in time", timeoutAt(loop.time().plus(LONG), () -> "in time"));
        });
  }

  @Test
  void L45_aDeadlineInThePastFiresAtTheNextSuspension() {
    run(
        () -> {
          for (var delay : List.of(Duration.ZERO, ms(-10))) {
            assertThrows(
                TimeoutException.class,
                () ->
                    timeout(
                        delay,
                        (Timeout t) -> {
                          blocks.add(t);
                          seen.add("entered");
                          turns(2);
                          seen.add("never");
                        }));
            assertTrue(blocks.getLast().expired());
          }
          assertEquals(List.of("entered", "entered"), seen);
        });
  }

  @Test
  void L45_aDeadlineInThePastNeverFiresInline() {
    run(
        () -> {
          assertEquals("value", timeout(Duration.ZERO, () -> "value"));
          assertEquals("value", timeout(ms(-5), () -> "value"));
          turns(3);
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_aForeignErrorPassesUnchanged() {
    var unchecked = new IllegalStateException("boom");
    var checked = new IOException("disk");
    run(
        () -> {
          assertSame(
              unchecked,
              assertThrows(
                  IllegalStateException.class,
                  () ->
                      timeout(
                          LONG,
                          (Timeout t) -> {
                            blocks.add(t);
                            throw unchecked;
                          })));
          assertFalse(blocks.getFirst().expired());
          assertSame(
              checked, assertThrows(IOException.class, () -> timeout(LONG, () -> fails(checked))));
        });
  }

  @Test
  void L45_anErrorOfTheCleanupAfterExpiryPasses() {
    var failure = new IllegalStateException("while cleaning");
    run(
        () -> {
          assertSame(
              failure,
              assertThrows(
                  IllegalStateException.class,
                  () ->
                      timeout(
                          ms(1),
                          (Timeout t) -> {
                            blocks.add(t);
                            untilCancelled();
                            throw failure;
                          })));
          assertTrue(blocks.getFirst().expired());
          assertEquals(0, current().cancelling());
          assertTrue(
              List.of(failure.getSuppressed()).stream().anyMatch(TimeoutException.class::isInstance)
                  || failure.getCause() instanceof TimeoutException,
              "the failure does not tell of the timeout");
        });
  }

  @Test
  void L45_aBlockThatEndsNormallyAfterExpiryIsNoError() {
    run(
        () -> {
          assertEquals(
              "swallowed",
              timeout(
                  ms(1),
                  (Timeout t) -> {
                    blocks.add(t);
                    untilCancelled();
                    return "swallowed";
                  }));
          assertTrue(blocks.getFirst().expired());
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L45_aCancelFromOutsideBeforeExpiryIsNoTimeout() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      timeout(
                          LONG,
                          (Timeout t) -> {
                            blocks.add(t);
                            hang();
                          }));
          turns(1);
          task.cancel("outside");
          assertEquals(
              "outside", assertThrows(CancelledError.class, () -> await(task)).getMessage());
          assertFalse(blocks.getFirst().expired());
          assertEquals(1, task.cancelling());
        });
  }

  @Test
  void L45_selfCancelInTheBlockIsNoTimeout() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      timeout(
                          LONG,
                          () -> {
                            current().cancel();
                            turns(1);
                          }));
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
  }

  @Test
  void L45_aCancelInTheSameTickAsTheDeadlineWins() {
    run(
        () -> {
          Duration when = loop.time().plus(ms(1));
          var task =
              createTask(
                  () ->
                      timeoutAt(
                          when,
                          (Timeout t) -> {
                            blocks.add(t);
                            hang();
                          }));
          turns(1);
          loop.callAt(when, task::cancel);
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
          assertTrue(blocks.getFirst().expired());
          assertEquals(1, task.cancelling());
        });
  }

  @Test
  void L45_theTaskIsNotCancelledByATimeoutWithin() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    assertThrows(TimeoutException.class, () -> timeout(ms(1), () -> hang()));
                    turns(1);
                    return "done";
                  });
          assertEquals("done", await(task));
          assertFalse(task.cancelled());
          assertEquals(0, task.cancelling());
        });
  }

  @Test
  void L45_ofTwoDueTogetherOnlyTheOuterRaises() {
    run(
        () -> {
          Duration when = loop.time().plus(ms(2));
          assertThrows(
              TimeoutException.class,
              () ->
                  timeoutAt(
                      when,
                      outer -> {
                        blocks.add(outer);
                        try {
                          timeoutAt(
                              when,
                              inner -> {
                                blocks.add(inner);
                                hang();
                              });
                        } catch (CancelledError e) {
                          seen.add("cancelled");
                          throw e;
                        }
                      }));
          assertEquals(List.of("cancelled"), seen);
          assertTrue(blocks.get(0).expired());
          assertTrue(blocks.get(1).expired());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_anInnerDeadlineRaisesInside() {
    run(
        () ->
            assertEquals(
                "went on",
                timeout(
                    LONG,
                    outer -> {
                      blocks.add(outer);
                      assertThrows(TimeoutException.class, () -> timeout(ms(1), () -> hang()));
                      turns(2);
                      return "went on";
                    })));
    assertFalse(blocks.getFirst().expired());
  }

  @Test
  void L45_anOuterDeadlineRaisesOutside() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(1),
                      () -> {
                        try {
                          timeout(
                              LONG,
                              inner -> {
                                blocks.add(inner);
                                hang();
                              });
                        } catch (TimeoutException e) {
                          seen.add("wrong");
                        }
                      }));
          assertFalse(blocks.getFirst().expired());
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L45_aBusyBlockPastBothDeadlinesEndsInATimeout() {
    run(
        () -> {
          Duration start = loop.time();
          assertThrows(
              TimeoutException.class,
              () ->
                  timeoutAt(
                      start.plus(ms(3)),
                      outer -> {
                        blocks.add(outer);
                        try {
                          timeoutAt(
                              start.plus(ms(1)),
                              inner -> {
                                blocks.add(inner);
                                spinUntil(outer.when());
                                hang();
                              });
                        } catch (TimeoutException e) {
                          seen.add("inner");
                        }
                        hang();
                      }));
          assertTrue(blocks.get(0).expired());
          assertTrue(blocks.get(1).expired());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_afterTheInnerTimeoutTheOuterInterruptsTheNextSuspension() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      LONG,
                      outer -> {
                        assertThrows(TimeoutException.class, () -> timeout(ms(1), () -> hang()));
                        seen.add("inner");
                        outer.reschedule(loop.time());
                        turns(3);
                        seen.add("never");
                      }));
          assertEquals(List.of("inner"), seen);
        });
  }

  @Test
  void L45_theDeadlineMayBeginAnew() {
    run(() -> assertThrows(TimeoutException.class, () -> timeout(LONG, this::beginAnew)));
    assertEquals(List.of("restarted"), seen);
  }

  private void beginAnew(Timeout block) {
    Duration when = block.when();
    block.restart(LONG.plusDays(1));
    assertTrue(when != null && when.plusDays(1).compareTo(block.when()) <= 0, block::toString);
    block.restart(Duration.ofSeconds(Long.MAX_VALUE)); // beyond the end of the clock
    seen.add("restarted");
    block.restart(Duration.ZERO);
    hang();
  }

  @Test
  void L45_theDeadlineMayBeMoved() {
    run(
        () -> {
          Promise<Timeout> entered = loop.createPromise();
          var task =
              createTask(
                  () ->
                      timeout(
                          LONG,
                          (Timeout t) -> {
                            entered.setResult(t);
                            hang();
                          }));
          Timeout block = await(entered);
          Duration far = loop.time().plus(LONG).plus(LONG);
          block.reschedule(far);
          assertEquals(far, block.when());
          block.reschedule(null);
          assertNull(block.when());
          assertFalse(block.expired());
          block.reschedule(loop.time().plus(ms(1)));
          assertInstanceOf(TimeoutException.class, cause(failure(task)));
          assertTrue(block.expired());
        });
  }

  @Test
  void L45_aDeadlineMovedAwayDoesNotFire() {
    run(
        () -> {
          assertEquals(
              "value",
              timeout(
                  ms(2),
                  (Timeout t) -> {
                    t.reschedule(null);
                    sleep(ms(5));
                    return "value";
                  }));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_aDeadlineMovedIntoThePastFiresInTheNextIteration() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      null,
                      (Timeout t) -> {
                        t.reschedule(loop.time().minus(ms(1)));
                        assertFalse(t.expired());
                        seen.add("not inline");
                        turns(2);
                        seen.add("never");
                      }));
          assertEquals(List.of("not inline"), seen);
        });
  }

  @Test
  void L45_aMovedDeadlineThenACancelIsACancel() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      timeout(
                          ms(1),
                          (Timeout t) -> {
                            blocks.add(t);
                            t.reschedule(null);
                            hang();
                          }));
          turns(1);
          sleep(ms(3));
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertFalse(blocks.getFirst().expired());
        });
  }

  @Test
  void L45_rescheduleIsRefusedWhileExpiringAndAfter() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(1),
                      (Timeout t) -> {
                        blocks.add(t);
                        try {
                          hang();
                        } finally {
                          assertThrows(IllegalStateException.class, () -> t.reschedule(null));
                          seen.add("expiring");
                        }
                      }));
          assertEquals(List.of("expiring"), seen);
          var expired = blocks.getFirst();
          assertThrows(IllegalStateException.class, () -> expired.reschedule(null));
          assertThrows(IllegalStateException.class, () -> expired.restart(LONG));
          timeout(
              LONG,
              (Timeout t) -> {
                blocks.add(t);
              });
          var finished = blocks.getLast();
          assertThrows(
              IllegalStateException.class, () -> finished.reschedule(loop.time().plus(ms(1))));
        });
  }

  @Test
  void L45_aTimeoutInTheCleanupOfATimeout() {
    run(
        () -> {
          var outer =
              assertThrows(
                  TimeoutException.class,
                  () ->
                      timeout(
                          ms(1),
                          () -> {
                            try {
                              hang();
                            } finally {
                              var inner =
                                  assertThrows(
                                      TimeoutException.class, () -> timeout(ms(1), () -> hang()));
                              seen.add(inner);
                            }
                          }));
          assertEquals(1, seen.size());
          assertFalse(seen.getFirst() == outer);
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_theTimeoutOfTheCleanupMayReplaceTheOuterOne() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(1),
                      () -> {
                        try {
                          hang();
                        } finally {
                          timeout(ms(1), () -> hang());
                        }
                      }));
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L45_itWorksInATaskThatHasSwallowedACancel() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    untilCancelled();
                    assertThrows(TimeoutException.class, () -> timeout(ms(1), () -> hang()));
                    assertEquals(1, current().cancelling());
                    return "timed out";
                  });
          turns(1);
          task.cancel();
          assertEquals("timed out", await(task));
        });
  }

  @Test
  void L45_aCancelInABlockEnteredAfterASwallowedCancelIsACancel() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    untilCancelled();
                    timeout(LONG, () -> hang());
                  });
          turns(1);
          task.cancel();
          turns(2);
          task.cancel("second");
          assertEquals(
              "second", assertThrows(CancelledError.class, () -> await(task)).getMessage());
          assertEquals(2, task.cancelling());
        });
  }

  @Test
  void L45_aGroupInsideCrashesAsAGroup() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      timeout(
                          ms(1),
                          (Timeout t) -> {
                            blocks.add(t);
                            taskGroup(
                                g -> {
                                  g.createTask(
                                      () -> {
                                        untilCancelled();
                                        throw new IllegalStateException("boom");
                                      });
                                });
                          }));
          assertEquals(1, group.exceptions().size());
          assertInstanceOf(IllegalStateException.class, group.exceptions().getFirst());
          assertTrue(blocks.getFirst().expired());
          assertEquals(0, current().cancelling());
          turns(1);
        });
  }

  @Test
  void L45_aGroupInsideTimesOutAsATimeout() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(1),
                      () ->
                          taskGroup(
                              g -> {
                                g.createTask(() -> hang());
                                g.createTask(() -> hang());
                              })));
          assertEquals(1, loop.allTasks().size());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_anAwaitedTaskIsCancelledAtTheDeadline() {
    run(
        () -> {
          var task = createTask(LoopSuite::hang);
          assertThrows(TimeoutException.class, () -> timeout(ms(1), () -> await(task)));
          assertTrue(task.cancelled());
        });
  }

  @Test
  void L45_noTimerIsLeftBehind() {
    run(
        () -> {
          for (int i = 0; i < 100; i++) {
            timeout(ms(1), () -> seen.add("no suspension"));
          }
          sleep(ms(4));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L45_aVeryFarDeadlineIsAccepted() {
    run(
        () -> {
          Duration far = Duration.ofSeconds(Long.MAX_VALUE);
          assertEquals("value", timeout(far, () -> "value"));
          assertEquals("value", timeoutAt(far, () -> "value"));
          var task = createTask(() -> sleep(far));
          assertThrows(TimeoutException.class, () -> timeout(ms(1), () -> await(task)));
        });
  }

  @Test
  void aTimeoutNeedsACoroutine() {
    assertThrows(IllegalStateException.class, () -> timeout(ms(1), () -> seen.add("ran")));
    loop.callSoon(
        () ->
            seen.add(
                assertThrows(
                    IllegalStateException.class, () -> timeout(ms(1), () -> seen.add("ran")))));
    runBriefly();
    assertEquals(1, seen.size());
  }

  @Test
  void thePrintedFormShowsTheState() {
    run(
        () -> {
          timeout(
              LONG,
              (Timeout t) -> {
                blocks.add(t);
                assertTrue(t.toString().contains("active"), t.toString());
              });
          assertTrue(blocks.getLast().toString().contains("finished"), blocks.toString());
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(1),
                      (Timeout t) -> {
                        blocks.add(t);
                        hang();
                      }));
          assertTrue(blocks.getLast().toString().contains("expired"), blocks.toString());
        });
  }

  private void spinUntil(@org.jspecify.annotations.Nullable Duration when) {
    assertNotNull(when);
    while (loop.time().compareTo(when) < 0) {
      Thread.onSpinWait();
    }
  }

  private static Throwable cause(@org.jspecify.annotations.Nullable Throwable thrown) {
    assertNotNull(thrown);
    Throwable cause = thrown.getCause();
    return thrown instanceof TimeoutException || cause == null ? thrown : cause;
  }

  private static String fails(IOException failure) throws IOException {
    throw failure;
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
  }
}
