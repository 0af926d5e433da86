package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import weft.Context;
import weft.ContextVar;
import weft.EventLoop;
import weft.Handle;
import weft.Instrument;
import weft.Task;
import weft.TimerHandle;

/// `callSoon`, `callLater`, `callAt`, `callSoonThreadsafe`: what runs when, in which order, and
/// what never runs.
public abstract class SchedulingSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected SchedulingSuite() {}

  @Test
  void L01_callbacksRunOnTheThreadThatRunsTheLoop() {
    loop.callSoon(() -> seen.add(Thread.currentThread()));
    loop.callLater(ms(1), () -> seen.add(Thread.currentThread()));
    loop.callSoonThreadsafe(() -> seen.add(Thread.currentThread()));
    loop.callLater(ms(2), loop::stop);
    loop.runForever();
    assertEquals(3, seen.size());
    assertEquals(Set.of(seen.getFirst()), Set.copyOf(seen));
    if (direct()) {
      assertSame(Thread.currentThread(), seen.getFirst());
    }
  }

  @Test
  void L01_callbacksFollowTheLoopToAnotherThread() throws Exception {
    loop.callSoon(() -> seen.add(Thread.currentThread()));
    loop.callSoon(loop::stop);
    var other =
        elsewhere(
            () -> {
              loop.runForever();
              return Thread.currentThread();
            });
    assertEquals(1, seen.size());
    assertNotSame(Thread.currentThread(), seen.getFirst());
    if (direct()) {
      assertSame(other, seen.getFirst());
    }
  }

  @Test
  void L01_nothingElseRunsBetweenTwoSuspensionPoints() {
    var inside = new AtomicBoolean();
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 20; i++) {
            tasks.add(
                createTask(
                    () -> {
                      for (int round = 0; round < 20; round++) {
                        assertFalse(inside.getAndSet(true));
                        Thread.onSpinWait();
                        assertTrue(inside.getAndSet(false));
                        turns(1);
                      }
                    }));
          }
          for (var task : tasks) {
            assertEquals(null, failure(task));
          }
        });
  }

  @Test
  void L01_aCallbackNeverInterruptsACoroutine() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("callback"));
          loop.callSoonThreadsafe(() -> seen.add("callback"));
          var other =
              Thread.ofPlatform().start(() -> loop.callSoonThreadsafe(() -> seen.add("callback")));
          while (other.isAlive()) {
            Thread.onSpinWait();
          }
          assertEquals(List.of(), seen);
          turns(2);
          assertEquals(List.of("callback", "callback", "callback"), seen);
        });
  }

  @Test
  void L02_callSoonNeverRunsInline() {
    loop.callSoon(
        () -> {
          steps.at(1);
          loop.callSoon(() -> steps.end(3));
          steps.at(2);
        });
    assertEquals(0, steps.last());
    runBriefly();
  }

  @Test
  void L02_callSoonRunsInTheOrderOfTheCalls() {
    for (int i = 0; i < 1000; i++) {
      int n = i;
      loop.callSoon(() -> seen.add(n));
    }
    runBriefly();
    assertEquals(numbers(1000), seen);
  }

  @Test
  void L02_theSameCallbackMayBeScheduledManyTimes() {
    Runnable callback = () -> seen.add("x");
    Handle first = loop.callSoon(callback);
    Handle second = loop.callSoon(callback);
    assertNotSame(first, second);
    runBriefly();
    assertEquals(List.of("x", "x"), seen);
  }

  @Test
  void L03_whatACallbackAddsRunsInTheNextIteration() {
    loop.callSoon(
        () -> {
          steps.at(1);
          loop.callSoon(() -> steps.at(3));
        });
    loop.callSoon(
        () -> {
          steps.at(2);
          loop.callSoon(() -> steps.end(4));
        });
    runBriefly();
  }

  @Test
  void L03_aBatchIsExactlyWhatIsReadyAtItsStart() {
    loop.callSoon(
        () -> {
          loop.callSoon(() -> seen.add("next"));
          loop.stop();
        });
    loop.callSoon(() -> seen.add("same"));
    loop.runForever();
    assertEquals(List.of("same"), seen);
    runBriefly();
    assertEquals(List.of("same", "next"), seen);
  }

  @Test
  void L03_aCallbackThatReschedulesItselfDoesNotStarveTimers() {
    var stop = new AtomicBoolean();
    var again =
        new Runnable() {
          @Override
          public void run() {
            if (!stop.get()) {
              loop.callSoon(this);
            } else {
              loop.stop();
            }
          }
        };
    loop.callSoon(again);
    loop.callLater(ms(2), () -> stop.set(true));
    loop.runForever();
    assertTrue(stop.get());
  }

  @Test
  void L03_aCallbackThatReschedulesItselfDoesNotStarveOtherThreads() throws Exception {
    var started = new CountDownLatch(1);
    var again =
        new Runnable() {
          @Override
          public void run() {
            started.countDown();
            loop.callSoon(this);
          }
        };
    loop.callSoon(again);
    var other =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    if (started.await(20, TimeUnit.SECONDS)) {
                      loop.callSoonThreadsafe(loop::stop);
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    loop.runForever();
    other.join();
  }

  @Test
  void L03_taskStepsAndCallbacksShareOneQueue() {
    run(
        () -> {
          loop.callSoon(() -> steps.at(1));
          createTask(() -> steps.at(2));
          loop.callSoon(() -> steps.at(3));
          createTask(() -> steps.at(4));
          turns(1);
          steps.end(5);
        });
  }

  @Test
  void L04_whatIsReadyRunsBeforeTimersThatAreDue() {
    loop.callSoon(
        () -> {
          loop.callLater(Duration.ZERO, () -> steps.at(2));
          loop.callSoon(
              () -> {
                steps.at(1);
                loop.callSoon(() -> steps.end(3));
              });
        });
    runFor(ms(1));
  }

  @Test
  void L04_timersDueTogetherRunInOneBatch() {
    Duration when = loop.time();
    loop.callAt(
        when,
        () -> {
          steps.at(1);
          loop.callSoon(() -> steps.end(3));
        });
    loop.callAt(when, () -> steps.at(2));
    runFor(ms(1));
  }

  @Test
  void L05_timersRunInTheOrderOfTheirDeadlines() {
    Duration now = loop.time();
    loop.callAt(now.plus(ms(3)), () -> seen.add(3));
    loop.callAt(now.plus(ms(1)), () -> seen.add(1));
    loop.callAt(now.plus(ms(2)), () -> seen.add(2));
    runFor(ms(4));
    assertEquals(List.of(1, 2, 3), seen);
  }

  @Test
  void L05_equalDeadlinesRunInTheOrderOfTheCalls() {
    Duration when = loop.time().plus(ms(2));
    for (int i = 0; i < 500; i++) {
      int n = i;
      loop.callAt(when, () -> seen.add(n));
    }
    loop.callAt(when, loop::stop);
    loop.runForever();
    assertEquals(numbers(500), seen);
  }

  @Test
  void L05_aTimerNeverRunsEarly() {
    var handles = new ArrayList<TimerHandle>();
    var early = new ArrayList<Object>();
    for (int i = 0; i < 50; i++) {
      int n = i;
      handles.add(
          loop.callLater(
              Duration.ofNanos(100_000L * i + i),
              () -> {
                if (loop.time().compareTo(handles.get(n).when()) < 0) {
                  early.add(n);
                }
                seen.add(n);
              }));
    }
    runFor(ms(6));
    assertEquals(List.of(), early);
    assertEquals(numbers(50), seen);
  }

  @Test
  void L05_manyTimersInRandomOrderRunSorted() {
    var random = new Random(42);
    Duration base = loop.time();
    var due = new ArrayList<Integer>();
    for (int i = 0; i < 2000; i++) {
      int micros = random.nextInt(3000);
      due.add(micros);
      loop.callAt(base.plusNanos(micros * 1000L), () -> seen.add(micros));
    }
    loop.callAt(base.plus(ms(4)), loop::stop);
    loop.runForever();
    Collections.sort(due);
    assertEquals(due, seen);
  }

  @Test
  void L05_deadlinesInThePastRunInTheirOrderToo() {
    loop.callLater(ms(-100_000), () -> seen.add("a"));
    loop.callLater(ms(-200_000), () -> seen.add("b"));
    loop.callAt(Duration.ZERO.minusSeconds(5), () -> seen.add("c"));
    runFor(ms(1));
    assertTrue(seen.indexOf("b") < seen.indexOf("a"), seen.toString());
    assertEquals(3, seen.size());
  }

  @Test
  void L05_aTimerSetByATimerRuns() {
    loop.callLater(
        ms(1),
        () -> {
          steps.at(1);
          loop.callLater(
              ms(1),
              () -> {
                steps.end(2);
                loop.stop();
              });
        });
    loop.runForever();
  }

  @Test
  void L05_aNearerTimerSetLaterIsNotMissed() {
    loop.callLater(Duration.ofHours(1), () -> seen.add("far"));
    loop.callSoon(
        () ->
            loop.callLater(
                ms(1),
                () -> {
                  seen.add("near");
                  loop.stop();
                }));
    loop.runForever();
    assertEquals(List.of("near"), seen);
  }

  @Test
  void L05_aVeryFarDeadlineIsAccepted() {
    var far = loop.callLater(Duration.ofDays(365_000), () -> seen.add("far"));
    runFor(ms(1));
    assertEquals(List.of(), seen);
    far.cancel();
  }

  @Test
  void L06_aCancelledHandleNeverRuns() {
    Handle handle = loop.callSoon(() -> seen.add("x"));
    assertFalse(handle.cancelled());
    handle.cancel();
    assertTrue(handle.cancelled());
    runBriefly();
    assertEquals(List.of(), seen);
  }

  @Test
  void L06_aHandleCancelledByAnEarlierOneOfItsBatchNeverRuns() {
    var victim = new Handle[1];
    loop.callSoon(() -> victim[0].cancel());
    victim[0] = loop.callSoon(() -> seen.add("x"));
    loop.callSoon(() -> seen.add("y"));
    runBriefly();
    assertEquals(List.of("y"), seen);
  }

  @Test
  void L06_aCancelledTimerNeverRuns() {
    Duration now = loop.time();
    TimerHandle handle = loop.callAt(now.plus(ms(1)), () -> seen.add("x"));
    loop.callAt(now, handle::cancel);
    runFor(ms(3));
    assertTrue(handle.cancelled());
    assertEquals(List.of(), seen);
  }

  @Test
  void L06_aDueTimerCancelledByAnEarlierOneOfItsBatchNeverRuns() {
    Duration when = loop.time();
    var victim = new TimerHandle[1];
    loop.callAt(when, () -> victim[0].cancel());
    victim[0] = loop.callAt(when, () -> seen.add("x"));
    runFor(ms(1));
    assertEquals(List.of(), seen);
  }

  @Test
  void L06_cancellingAfterTheRunChangesNothing() {
    Handle handle = loop.callSoon(() -> seen.add("x"));
    TimerHandle timer = loop.callLater(Duration.ZERO, () -> seen.add("y"));
    runFor(ms(1));
    handle.cancel();
    timer.cancel();
    handle.cancel();
    runBriefly();
    assertEquals(List.of("x", "y"), seen);
  }

  @Test
  void L06_manyCancelledTimersLeaveTheOthersIntact() {
    var random = new Random(7);
    var kept = new ArrayList<Integer>();
    Duration base = loop.time();
    for (int i = 0; i < 5000; i++) {
      int n = i;
      var handle = loop.callAt(base.plusNanos(1_000_000 + i), () -> seen.add(n));
      if (random.nextInt(10) > 0) {
        handle.cancel();
      } else {
        kept.add(n);
      }
    }
    loop.callAt(base.plus(ms(3)), loop::stop);
    loop.runForever();
    assertEquals(kept, seen);
  }

  @Test
  void L06_aHandleMayCancelItselfWhileItRuns() {
    var self = new Handle[1];
    self[0] =
        loop.callSoon(
            () -> {
              self[0].cancel();
              seen.add("x");
            });
    runBriefly();
    assertEquals(List.of("x"), seen);
  }

  @Test
  void L07_aDelayOfZeroNeverRunsInline() {
    loop.callSoon(
        () -> {
          steps.at(1);
          loop.callLater(Duration.ZERO, () -> steps.end(3));
          steps.at(2);
        });
    runFor(ms(1));
  }

  @Test
  void L07_aDelayOfZeroRunsInTheNextIteration() {
    loop.callSoon(
        () -> {
          loop.callLater(Duration.ZERO, () -> seen.add("timer"));
          loop.callSoon(() -> loop.callSoon(() -> seen.add("second")));
        });
    runFor(ms(1));
    assertEquals(List.of("timer", "second"), seen);
  }

  @Test
  void L08_aCallbackRunsInTheContextInWhichItWasScheduled() {
    var context = new Context();
    context.run(
        () -> {
          COLOUR.set("red");
          loop.callSoon(() -> seen.add(COLOUR.get()));
          loop.callLater(ms(1), () -> seen.add(COLOUR.get()));
          loop.callAt(loop.time().plus(ms(2)), () -> seen.add(COLOUR.get()));
          loop.callSoonThreadsafe(() -> seen.add(COLOUR.get()));
        });
    runFor(ms(4));
    loop.callSoon(() -> seen.add(COLOUR.get()));
    runBriefly();
    assertEquals(List.of("red", "red", "red", "red", "none"), seen);
  }

  @Test
  void L08_aChangeAfterSchedulingIsInvisibleToTheCallback() {
    new Context()
        .run(
            () -> {
              COLOUR.set("red");
              loop.callSoon(() -> seen.add(COLOUR.get()));
              COLOUR.set("blue");
            });
    runBriefly();
    assertEquals(List.of("red"), seen);
  }

  @Test
  void L08_aGivenContextIsUsedAndKeepsWhatTheCallbackSets() {
    var context = new Context();
    loop.callSoon(() -> COLOUR.set("green"), context);
    loop.callSoon(() -> seen.add(COLOUR.get()), context);
    loop.callLater(Duration.ZERO, () -> seen.add(COLOUR.get()), context);
    loop.callSoonThreadsafe(() -> seen.add(COLOUR.get()), context);
    loop.callSoon(() -> seen.add(COLOUR.get()));
    runFor(ms(1));
    assertEquals(1, Collections.frequency(seen, "none"), seen.toString());
    assertEquals(3, Collections.frequency(seen, "green"), seen.toString());
    assertEquals(Optional.of("green"), context.get(COLOUR));
  }

  @Test
  void L08_aHandleKnowsItsContext() {
    var context = new Context();
    assertSame(context, loop.callSoon(() -> {}, context).context());
    assertSame(context, loop.callLater(Duration.ZERO, () -> {}, context).context());
  }

  @Test
  void L10_aFailingCallbackIsReportedAndTheLoopGoesOn() {
    expectErrors(1);
    var failure = new IllegalArgumentException("boom");
    Handle handle =
        loop.callSoon(
            () -> {
              throw failure;
            });
    loop.callSoon(() -> seen.add("after"));
    runBriefly();
    assertEquals(List.of("after"), seen);
    var report = errors().getFirst();
    assertSame(failure, report.exception());
    assertSame(handle, report.handle());
    assertFalse(report.message().isEmpty());
  }

  @Test
  void L10_aFailingTimerAndAnErrorAreReportedToo() {
    expectErrors(2);
    loop.callLater(
        Duration.ZERO,
        () -> {
          throw new AssertionError("an error");
        });
    loop.callSoonThreadsafe(
        () -> {
          throw new IllegalStateException("from a thread");
        });
    runFor(ms(1));
    assertEquals(2, errors().size());
  }

  @Test
  void L11_theLoopDoesNotSpinWhileItWaits() {
    var polls = new AtomicInteger();
    loop.addInstrument(
        new Instrument() {
          @Override
          public void beforePoll(long timeoutNanos) {
            polls.incrementAndGet();
          }
        });
    run(
        () -> {
          for (int i = 0; i < 5; i++) {
            weft.Weft.sleep(Duration.ofNanos(1_234_567));
          }
        });
    assertTrue(polls.get() <= 20, polls + " polls");
  }

  @Test
  void L11_theLoopDoesNotWaitWhenSomethingIsReady() {
    var timeouts = new ArrayList<Long>();
    loop.addInstrument(
        new Instrument() {
          @Override
          public void beforePoll(long timeoutNanos) {
            timeouts.add(timeoutNanos);
          }
        });
    loop.callLater(Duration.ofHours(1), () -> {}).when();
    run(() -> turns(5));
    assertTrue(timeouts.stream().allMatch(t -> t == 0), timeouts.toString());
  }

  @Test
  void aTimerKnowsItsDeadline() {
    Duration before = loop.time();
    TimerHandle later = loop.callLater(ms(50), () -> {});
    Duration after = loop.time();
    assertTrue(later.when().compareTo(before.plus(ms(50))) >= 0);
    assertTrue(later.when().compareTo(after.plus(ms(50))) <= 0);
    Duration when = loop.time().plus(ms(70));
    assertEquals(when, loop.callAt(when, () -> {}).when());
  }

  @Test
  void theClockNeverGoesBack() {
    long last = loop.timeNanos();
    for (int i = 0; i < 1000; i++) {
      long now = loop.timeNanos();
      assertTrue(now >= last);
      last = now;
    }
    Duration before = loop.time();
    long between = loop.timeNanos();
    Duration after = loop.time();
    assertTrue(before.toNanos() <= between && between <= after.toNanos());
  }

  @Test
  void nullsAreRefused() {
    assertThrows(NullPointerException.class, () -> loop.callSoon(nothing()));
    assertThrows(NullPointerException.class, () -> loop.callSoonThreadsafe(nothing()));
    assertThrows(NullPointerException.class, () -> loop.callLater(ms(1), nothing()));
    assertThrows(NullPointerException.class, () -> loop.callLater(nothing(), () -> {}));
    assertThrows(NullPointerException.class, () -> loop.callAt(nothing(), () -> {}));
  }

  @Test
  void runningIsKnownInCallbacksAndCoroutines() {
    loop.callSoon(() -> seen.add(EventLoop.running()));
    loop.callLater(Duration.ZERO, () -> seen.add(EventLoop.running()));
    run(
        () -> {
          seen.add(EventLoop.running());
          turns(1);
          seen.add(EventLoop.running());
        });
    runFor(ms(1));
    assertEquals(List.of(loop, loop, loop, loop), seen);
  }

  @Test
  void aCallbackHasNoCurrentTask() {
    run(
        () -> {
          loop.callSoon(() -> seen.add(String.valueOf(Task.current())));
          loop.callSoon(() -> seen.add(String.valueOf(loop.currentTask())));
          turns(1);
          assertSame(loop.currentTask(), Task.current());
        });
    assertEquals(List.of("null", "null"), seen);
  }

  @Test
  void aCallbackMayCreateTasks() {
    loop.callSoon(() -> loop.createTask(async(() -> seen.add("task"))));
    runBriefly();
    assertEquals(List.of("task"), seen);
  }

  private static List<Integer> numbers(int n) {
    var numbers = new ArrayList<Integer>();
    for (int i = 0; i < n; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  @Test
  void L11_theFarthestPastIsDue() {
    run(
        () -> {
          var due = new ArrayList<String>();
          loop.callLater(Duration.ofSeconds(Long.MIN_VALUE), () -> due.add("later"));
          loop.callAt(Duration.ofSeconds(Long.MIN_VALUE), () -> due.add("at"));
          sleep(ms(1));
          assertEquals(List.of("at", "later"), due);
        });
  }
}
