package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Task;
import weft.VoidBody;
import weft.sync.AsyncBarrier;

/// `AsyncBarrier`: filling, draining, and what reset, abort and cancellation do to those inside.
public abstract class BarrierSuite extends LoopSuite {
  private static final int PARTIES = 5;
  private static final int HALF = PARTIES / 2;

  private final AsyncBarrier barrier = new AsyncBarrier(PARTIES);
  private final List<Object> passed = new ArrayList<>();
  private final List<Object> broken = new ArrayList<>();

  /// For subclasses.
  protected BarrierSuite() {}

  private void assertState(String state) {
    assertEquals("<AsyncBarrier " + state + ">", barrier.toString());
  }

  private static List<Task<Void>> tasks(int count, VoidBody body) {
    var tasks = new ArrayList<Task<Void>>();
    for (int i = 0; i < count; i++) {
      tasks.add(createTask(body));
    }
    return tasks;
  }

  /// Runs as many tasks of `body` as the barrier has parties until all have ended well.
  private void runParties(VoidBody body) {
    run(() -> tasks(PARTIES, body).forEach(task -> await(task)));
  }

  /// Goes through the barrier and says in which list it ended.
  private void pass() {
    try {
      passed.add(barrier.waitAll());
    } catch (BrokenBarrierException _) {
      broken.add(true);
    }
  }

  private void assertEmptyAndUsable() {
    assertState("filling, waiters: 0/" + PARTIES);
    assertEquals(0, barrier.nWaiting());
    assertFalse(barrier.broken());
  }

  @Test
  void aBarrierNeedsAParty() {
    assertThrows(IllegalArgumentException.class, () -> new AsyncBarrier(0));
    assertThrows(IllegalArgumentException.class, () -> new AsyncBarrier(-4));
  }

  @Test
  void aNewBarrierIsEmpty() {
    assertEquals(PARTIES, barrier.parties());
    assertEmptyAndUsable();
  }

  @Test
  void aBarrierForOneNeverSuspends() {
    run(
        () -> {
          var single = new AsyncBarrier(1);
          loop.callSoon(() -> passed.add("the loop turned"));
          assertEquals(0, single.waitAll());
          assertEquals(0, single.waitAll());
          assertEquals(List.of(), passed);
          assertEquals(0, single.nWaiting());
          assertFalse(single.broken());
        });
  }

  @Test
  void eachPartyGetsItsOwnNumber() {
    runParties(this::pass);
    assertEquals(PARTIES, passed.size());
    assertEquals(List.of(0, 1, 2, 3, 4), passed.stream().sorted().toList());
    assertEmptyAndUsable();
  }

  @Test
  void theNumberIsTheOrderOfArrivalAndTheLastGoesOnAtOnce() {
    runParties(this::pass);
    assertEquals(List.of(4, 0, 1, 2, 3), passed);
  }

  @Test
  void nobodyPassesBeforeAllAreThere() {
    run(
        () -> {
          var tasks = new ArrayList<Task<Void>>();
          for (int i = 1; i < PARTIES; i++) {
            tasks.add(createTask(this::pass));
            turns(1);
            assertEquals(i, barrier.nWaiting());
            assertState("filling, waiters: " + i + "/" + PARTIES);
          }
          turns(3);
          assertEquals(List.of(), passed);
          tasks.add(createTask(this::pass));
          settle(tasks);
          assertEquals(PARTIES, passed.size());
          assertEmptyAndUsable();
        });
  }

  @Test
  void theBarrierServesRoundAfterRound() {
    runParties(
        () -> {
          for (int round = 0; round < 3; round++) {
            barrier.waitAll();
            passed.add(round);
          }
        });
    assertEquals(PARTIES * 3, passed.size());
    for (int round = 0; round < 3; round++) {
      assertEquals(PARTIES, Collections.frequency(passed, round));
    }
    assertEmptyAndUsable();
  }

  @Test
  void noRoundBeginsBeforeAllHaveLeftTheOneBefore() {
    runParties(
        () -> {
          for (int round = 0; round < 3; round++) {
            barrier.waitAll();
            passed.add(round);
          }
        });
    assertEquals(passed.stream().sorted().toList(), passed);
  }

  @Test
  void itDrainsUntilTheLastHasLeft() {
    runParties(
        () -> {
          barrier.waitAll();
          passed.add(barrier.toString().contains("draining"));
          assertEquals(0, barrier.nWaiting());
        });
    assertEquals(List.of(true, true, true, true, false), passed);
  }

  @Test
  void whoComesWhileItDrainsWaitsOutside() {
    run(
        () -> {
          var first = tasks(PARTIES - 1, this::pass);
          turns(1);
          // Starts before those inside, which are woken below, have left.
          var late = createTask(this::pass);
          assertEquals(PARTIES - 1, barrier.waitAll());
          assertState("draining, waiters: 0/" + PARTIES);
          turns(1);
          assertEquals(List.of(0, 1, 2, 3), passed);
          assertEquals(0, barrier.nWaiting());
          turns(1);
          assertEquals(1, barrier.nWaiting());

          settle(first);
          settle(tasks(PARTIES - 1, this::pass));
          await(late);
          assertEmptyAndUsable();
        });
  }

  @Test
  void whoIsLetInFindsTheBarrierFullAgainAndWaitsForTheNextRound() {
    run(
        () -> {
          var pair = new AsyncBarrier(2);
          var first =
              createTask(
                  () -> {
                    pair.waitAll();
                    pair.waitAll();
                  });
          turns(1);
          // Late comes while the first round drains, and before it runs again the first and the
          // second have made another round full.
          var late = createTask(() -> passed.add(pair.waitAll()));
          pair.waitAll();
          var second = createTask(() -> pair.waitAll());
          turns(3);
          assertTrue(first.done() && second.done());
          assertFalse(late.done());
          assertEquals(1, pair.nWaiting());
          pair.waitAll();
          await(late);
          assertEquals(List.of(0), passed);
        });
  }

  @Test
  void someMayComeBackWhileOthersWaitElsewhere() {
    var rest = new AsyncBarrier(PARTIES - 2);
    var again = new int[] {2};
    runParties(
        () -> {
          barrier.waitAll();
          if (again[0]-- > 0) {
            barrier.waitAll();
          } else {
            rest.waitAll();
            barrier.waitAll();
          }
          passed.add(true);
        });
    assertEquals(PARTIES, passed.size());
    assertEmptyAndUsable();
  }

  @Test
  void aCancelledPartyCountsAsNotHavingCome() {
    run(
        () -> {
          var tasks = new ArrayList<>(tasks(2, this::pass));
          turns(1);
          assertEquals(2, barrier.nWaiting());
          tasks.get(0).cancel();
          turns(1);
          assertEquals(1, barrier.nWaiting());
          assertInstanceOf(CancelledError.class, failure(tasks.get(0)));

          tasks.addAll(tasks(PARTIES - 2, this::pass));
          turns(1);
          assertEquals(PARTIES - 1, barrier.nWaiting());
          tasks.addAll(tasks(1, this::pass));
          settle(tasks);
          assertEquals(PARTIES, passed.size());
          assertEmptyAndUsable();
        });
  }

  @Test
  void theOnlyPartyCancelledLeavesTheBarrierEmpty() {
    run(
        () -> {
          var task = createTask(this::pass);
          turns(1);
          task.cancel();
          turns(1);
          assertTrue(task.cancelled());
          assertEmptyAndUsable();
        });
  }

  @Test
  void aPartyCancelledWhileItDrainsLeavesLikeTheOthers() {
    run(
        () -> {
          var tasks = tasks(PARTIES - 1, this::pass);
          turns(1);
          barrier.waitAll();
          tasks.get(1).cancel();
          settle(tasks);
          assertTrue(tasks.get(1).cancelled());
          assertEquals(PARTIES - 2, passed.size());
          assertEmptyAndUsable();
        });
  }

  @Test
  void aPartyCancelledOutsideTakesNoPlace() {
    run(
        () -> {
          var first = tasks(PARTIES - 1, this::pass);
          turns(1);
          var late = createTask(this::pass);
          loop.callSoon(late::cancel);
          barrier.waitAll();
          settle(first);
          assertInstanceOf(CancelledError.class, failure(late));
          assertEmptyAndUsable();
        });
  }

  @Test
  void aWaitThatTimesOutLeavesTheBarrierUsable() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () -> timeout(Duration.ofMillis(10), () -> barrier.waitAll()));
          assertEmptyAndUsable();
        });
  }

  @Test
  void resetOfAnEmptyBarrierDoesNothing() {
    barrier.reset();
    assertEmptyAndUsable();
  }

  @Test
  void resetBreaksThoseWhoWait() {
    run(
        () -> {
          var tasks = tasks(PARTIES - 1, this::pass);
          turns(1);
          barrier.reset();
          assertState("resetting, waiters: 0/" + PARTIES);
          settle(tasks);
          assertEquals(PARTIES - 1, broken.size());
          assertEquals(List.of(), passed);
          assertEmptyAndUsable();
        });
  }

  @Test
  void whoIsBrokenByAResetMayWaitAgain() {
    run(
        () -> {
          var tasks =
              tasks(
                  PARTIES - 1,
                  () -> {
                    pass();
                    passed.add(barrier.waitAll());
                  });
          turns(1);
          barrier.reset();
          turns(1);
          assertEquals(PARTIES - 1, broken.size());
          pass();
          settle(tasks);
          assertEquals(PARTIES, passed.size());
          assertEmptyAndUsable();
        });
  }

  @Test
  void whoComesWhileItResetsWaitsOutsideAndThenComesIn() {
    run(
        () -> {
          var first = tasks(2, this::pass);
          turns(1);
          // These start after the reset and before those inside have left.
          var late = tasks(2, this::pass);
          barrier.reset();
          turns(1);
          assertState("filling, waiters: 0/" + PARTIES);
          turns(1);
          assertEquals(2, barrier.nWaiting());
          assertEquals(2, broken.size());

          settle(tasks(PARTIES - 2, this::pass));
          settle(first);
          settle(late);
          assertEquals(PARTIES, passed.size());
        });
  }

  @Test
  void resetHalfDrainedBreaksOnlyThoseStillInside() {
    runParties(
        () -> {
          pass();
          if (passed.size() == PARTIES - HALF) {
            passed.add("reset");
            barrier.reset();
          }
        });
    assertEquals(HALF, broken.size());
    assertEquals(PARTIES - HALF + 1, passed.size());
    assertEmptyAndUsable();
  }

  @Test
  void resetHalfDrainedLeavesThoseOutsideWaiting() {
    var left = new int[1];
    runParties(
        () -> {
          try {
            barrier.waitAll();
          } catch (BrokenBarrierException _) {
            broken.add("inside");
            barrier.waitAll();
            return;
          }
          left[0]++;
          if (left[0] > HALF) {
            barrier.reset();
          }
          barrier.waitAll();
        });
    assertEquals(HALF, broken.size());
    assertEmptyAndUsable();
  }

  @Test
  void resetByTheLastToLeaveTouchesNobodyElse() {
    var left = new int[1];
    runParties(
        () -> {
          barrier.waitAll();
          left[0]++;
          if (left[0] == PARTIES) {
            barrier.reset();
          }
          pass();
          barrier.waitAll();
        });
    assertEquals(PARTIES, passed.size());
    assertEquals(List.of(), broken);
    assertEmptyAndUsable();
  }

  @Test
  void abortOfAnEmptyBarrierBreaksIt() {
    run(
        () -> {
          barrier.abort();
          assertTrue(barrier.broken());
          assertEquals(0, barrier.nWaiting());
          assertState("broken");
          assertThrows(BrokenBarrierException.class, barrier::waitAll);
        });
  }

  @Test
  void abortBreaksThoseWhoWaitAndThoseWhoCome() {
    run(
        () -> {
          var tasks = tasks(2, this::pass);
          turns(1);
          barrier.abort();
          settle(tasks);
          pass();
          assertEquals(3, broken.size());
          assertTrue(barrier.broken());
        });
  }

  @Test
  void abortHalfDrainedBreaksThoseInsideAndOutside() {
    var left = new int[1];
    var outside = new ArrayList<Object>();
    runParties(
        () -> {
          try {
            barrier.waitAll();
          } catch (BrokenBarrierException _) {
            broken.add(true);
            return;
          }
          left[0]++;
          if (left[0] > HALF) {
            barrier.abort();
          } else {
            assertThrows(BrokenBarrierException.class, barrier::waitAll);
            outside.add(true);
          }
        });
    assertEquals(HALF, broken.size());
    assertEquals(PARTIES - HALF - 1, outside.size());
    assertTrue(barrier.broken());
    assertState("broken");
  }

  @Test
  void abortWhileItDrainsReachesThoseOutside() {
    run(
        () -> {
          var inside = tasks(PARTIES - 1, this::pass);
          turns(1);
          var outside = createTask(this::pass);
          loop.callSoon(barrier::abort);
          barrier.waitAll();
          turns(2);
          assertTrue(outside.done());
          assertEquals(PARTIES, broken.size());
          settle(inside);
        });
  }

  @Test
  void aPartyThatFailsMayAbortForTheOthers() {
    runParties(
        () -> {
          try {
            if (barrier.waitAll() == HALF) {
              throw new IllegalArgumentException();
            }
            passed.add(barrier.waitAll());
          } catch (BrokenBarrierException _) {
            broken.add(true);
          } catch (IllegalArgumentException _) {
            barrier.abort();
          }
        });
    assertEquals(List.of(), passed);
    assertEquals(PARTIES - 1, broken.size());
    assertTrue(barrier.broken());
  }

  @Test
  void resetRevivesAnAbortedBarrier() {
    var meeting = new AsyncBarrier(PARTIES);
    runParties(
        () -> {
          try {
            if (barrier.waitAll() == HALF) {
              throw new IllegalArgumentException();
            }
            barrier.waitAll();
          } catch (BrokenBarrierException _) {
            broken.add(true);
          } catch (IllegalArgumentException _) {
            barrier.abort();
          }
          if (meeting.waitAll() == HALF) {
            barrier.reset();
          }
          meeting.waitAll();
          pass();
        });
    assertEquals(PARTIES - 1, broken.size());
    assertEquals(PARTIES, passed.size());
    assertEmptyAndUsable();
  }

  @Test
  void resetWhileTheBrokenStillLeaveRevivesTheBarrierOnceTheyHaveLeft() {
    run(
        () -> {
          var tasks = tasks(2, this::pass);
          turns(1);
          barrier.abort();
          barrier.reset();
          assertFalse(barrier.broken());
          settle(tasks);
          assertEquals(2, broken.size());
          assertEmptyAndUsable();
        });
  }

  @Test
  void abortFromACallbackReachesThoseWhoWait() {
    run(
        () -> {
          var task = createTask(this::pass);
          turns(1);
          loop.callSoon(barrier::abort);
          await(task);
          assertEquals(1, broken.size());
        });
  }

  @Test
  void aBarrierThatWasWaitedForOnOneLoopCannotBeWaitedForOnAnother() {
    runParties(this::pass);
    var other = newLoop();
    try {
      assertThrows(
          IllegalStateException.class,
          () -> other.runUntilComplete(async(() -> passed.add(barrier.waitAll()))));
    } finally {
      other.close();
    }
    assertEmptyAndUsable();
  }

  @Test
  void theTextShowsTheState() {
    run(
        () -> {
          assertState("filling, waiters: 0/5");
          var tasks = tasks(PARTIES - 1, this::pass);
          turns(1);
          assertState("filling, waiters: 4/5");
          barrier.reset();
          assertState("resetting, waiters: 0/5");
          barrier.abort();
          assertState("broken");
          barrier.reset();
          assertState("resetting, waiters: 0/5");
          settle(tasks);
          assertState("filling, waiters: 0/5");
        });
  }

  @Test
  void aBarriersNumbersAreDifferentAlsoIfSomebodyLeft() {
    run(
        () -> {
          var barrier = new AsyncBarrier(3);
          var leaving = createTask(() -> barrier.waitAll());
          turns(1);
          var parties = new ArrayList<Task<Integer>>();
          parties.add(createTask(() -> barrier.waitAll()));
          turns(1);
          leaving.cancel();
          turns(2);
          parties.add(createTask(() -> barrier.waitAll()));
          turns(1);
          parties.add(createTask(() -> barrier.waitAll()));
          assertEquals(List.of(0, 1, 2), parties.stream().map(party -> await(party)).toList());
        });
  }
}
