package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Task;
import weft.sync.AsyncBoundedSemaphore;
import weft.sync.AsyncSemaphore;

/// `AsyncSemaphore` and `AsyncBoundedSemaphore`: order, and that no permit is ever lost.
public abstract class SemaphoreSuite extends LoopSuite {
  private static final Duration SHORT = Duration.ofMillis(10);

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected SemaphoreSuite() {}

  /// A task that takes a permit, adds `name` to what was seen, and keeps the permit.
  private Task<Void> taker(AsyncSemaphore semaphore, Object name) {
    return createTask(() -> take(semaphore, name));
  }

  private void take(AsyncSemaphore semaphore, Object name) {
    semaphore.acquire();
    seen.add(name);
  }

  private static void assertState(String state, AsyncSemaphore semaphore) {
    assertEquals("<AsyncSemaphore " + state + ">", semaphore.toString());
  }

  @Test
  void aSemaphoreHasOnePermitUnlessSaidOtherwise() {
    assertState("unlocked, value: 1", new AsyncSemaphore());
    assertState("unlocked, value: 3", new AsyncSemaphore(3));
    assertEquals(
        "<AsyncBoundedSemaphore unlocked, value: 1>", new AsyncBoundedSemaphore().toString());
  }

  @Test
  void aSemaphoreMayStartWithoutPermits() {
    var semaphore = new AsyncSemaphore(0);
    assertTrue(semaphore.locked());
    assertFalse(semaphore.tryAcquire());
    semaphore.release();
    assertFalse(semaphore.locked());
  }

  @Test
  void aNegativeNumberOfPermitsIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new AsyncSemaphore(-1));
    assertThrows(IllegalArgumentException.class, () -> new AsyncBoundedSemaphore(-1));
  }

  @Test
  void acquireTakesAPermitThatIsThereWithoutSuspending() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(2);
          loop.callSoon(() -> seen.add("the loop turned"));
          semaphore.acquire();
          assertFalse(semaphore.locked());
          semaphore.acquire();
          assertTrue(semaphore.locked());
          assertEquals(List.of(), seen);
          semaphore.release();
          semaphore.release();
          assertState("unlocked, value: 2", semaphore);
        });
  }

  @Test
  void closingWhatAcquireReturnedReleases() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(2);
          try (var outer = semaphore.acquire();
              var inner = semaphore.acquire()) {
            assertSame(outer, inner);
            assertTrue(semaphore.locked());
          }
          assertState("unlocked, value: 2", semaphore);
          assertThrows(
              IllegalArgumentException.class,
              () -> {
                try (var _ = semaphore.acquire()) {
                  throw new IllegalArgumentException();
                }
              });
          assertState("unlocked, value: 2", semaphore);
        });
  }

  @Test
  void releaseMayAddPermits() {
    var semaphore = new AsyncSemaphore();
    semaphore.release();
    assertState("unlocked, value: 2", semaphore);
  }

  @Test
  void aBoundedSemaphoreRefusesAReleaseTooMany() {
    run(
        () -> {
          var semaphore = new AsyncBoundedSemaphore(2);
          assertThrows(IllegalStateException.class, semaphore::release);
          semaphore.acquire();
          semaphore.release();
          assertThrows(IllegalStateException.class, semaphore::release);
          try (var held = semaphore.acquire()) {
            held.close();
            semaphore.acquire();
          }
          assertThrows(IllegalStateException.class, semaphore::release);
        });
  }

  @Test
  void aBoundedSemaphoreCountsAPermitOnItsWayToAWaiterAsTaken() {
    run(
        () -> {
          var semaphore = new AsyncBoundedSemaphore();
          semaphore.acquire();
          var waiter = taker(semaphore, 1);
          turns(1);
          semaphore.release();
          semaphore.release();
          assertThrows(IllegalStateException.class, semaphore::release);
          await(waiter);
        });
  }

  @Test
  void waitersGetPermitsInTheOrderInWhichTheyCame() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(3);
          semaphore.acquire();
          semaphore.acquire();
          var tasks = new ArrayList<Task<Void>>();
          for (int i = 1; i <= 3; i++) {
            tasks.add(taker(semaphore, i));
          }
          turns(1);
          assertEquals(List.of(1), seen);
          assertState("locked, waiters: 2", semaphore);

          tasks.add(taker(semaphore, 4));
          semaphore.release();
          semaphore.release();
          assertTrue(semaphore.locked());
          turns(1);
          assertEquals(List.of(1, 2, 3), seen);
          assertState("locked, waiters: 1", semaphore);

          semaphore.release();
          settle(tasks);
          assertEquals(List.of(1, 2, 3, 4), seen);
        });
  }

  @Test
  void takingTurnsIsFair() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(1);
          var tasks = new ArrayList<Task<Void>>();
          for (var name : List.of("a", "b", "c")) {
            tasks.add(
                createTask(
                    () -> {
                      for (int round = 1; round <= 2; round++) {
                        try (var _ = semaphore.acquire()) {
                          seen.add(name + round);
                          turns(2);
                        }
                      }
                    }));
          }
          settle(tasks);
        });
    assertEquals(List.of("a1", "b1", "c1", "a2", "b2", "c2"), seen);
  }

  @Test
  void whoReleasesAndComesBackStandsAtTheEnd() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(1);
          var first = taker(semaphore, 1);
          var second =
              createTask(
                  () -> {
                    semaphore.acquire();
                    seen.add(2);
                    semaphore.release();
                    semaphore.acquire();
                    seen.add(4);
                  });
          var third = taker(semaphore, 3);
          turns(1);
          semaphore.release();
          semaphore.release();
          settle(List.of(first, second, third));
        });
    assertEquals(List.of(1, 2, 3, 4), seen);
  }

  @Test
  void aBurstOfReleasesWakesAllInOrderInOneTurn() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var tasks = new ArrayList<Task<Void>>();
          for (int i = 1; i <= 4; i++) {
            tasks.add(taker(semaphore, i));
          }
          turns(1);
          for (int i = 0; i < 4; i++) {
            semaphore.release();
          }
          turns(1);
          assertEquals(List.of(1, 2, 3, 4), seen);
          settle(tasks);
          assertState("locked", semaphore);
        });
  }

  @Test
  void newcomersQueueBehindAWaiterThatIsAwakeEvenIfPermitsAreLeft() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var waiter = taker(semaphore, "waiter");
          turns(1);
          semaphore.release();
          semaphore.release();
          semaphore.release();
          assertTrue(semaphore.locked());
          assertFalse(semaphore.tryAcquire());

          // The waiter has not run yet: this must queue, and be woken by it.
          semaphore.acquire();
          seen.add("newcomer");
          assertEquals(List.of("waiter", "newcomer"), seen);
          assertState("unlocked, value: 1", semaphore);
          await(waiter);
        });
  }

  @Test
  void aWaiterThatRunsWakesAsManyAsPermitsAreLeft() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var first = taker(semaphore, 1);
          turns(1);
          // These two start before the first, which is woken below, runs.
          var second = taker(semaphore, 2);
          var third = taker(semaphore, 3);
          for (int i = 0; i < 3; i++) {
            semaphore.release();
          }
          settle(List.of(first, second, third));
          assertEquals(List.of(1, 2, 3), seen);
          assertState("locked", semaphore);
        });
  }

  @Test
  void tryAcquireNeverOvertakesAWaiter() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(1);
          assertTrue(semaphore.tryAcquire());
          assertFalse(semaphore.tryAcquire());
          var waiter = taker(semaphore, 1);
          turns(1);
          semaphore.release();
          assertFalse(semaphore.tryAcquire());
          await(waiter);
          semaphore.release();
          assertTrue(semaphore.tryAcquire());
        });
  }

  @Test
  void cancellingAWaiterLeavesNoTrace() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore();
          semaphore.acquire();
          var waiter = taker(semaphore, "never");
          turns(1);
          assertState("locked, waiters: 1", semaphore);
          loop.callSoon(waiter::cancel);
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertState("locked", semaphore);
          semaphore.release();
          assertState("unlocked, value: 1", semaphore);
        });
  }

  @Test
  void twoCancelledAndOneReleaseLetOnlyTheThirdIn() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var tasks = new ArrayList<Task<Void>>();
          for (int i = 1; i <= 4; i++) {
            tasks.add(taker(semaphore, i));
          }
          turns(1);
          tasks.get(0).cancel();
          tasks.get(1).cancel();
          semaphore.release();
          turns(2);
          assertEquals(List.of(3), seen);
          assertFalse(tasks.get(3).done());
          tasks.get(3).cancel();
          settle(tasks);
          assertState("locked", semaphore);
        });
  }

  @Test
  void cancelThenReleaseGivesThePermitToTheNext() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var cancelled = taker(semaphore, 1);
          var next = taker(semaphore, 2);
          turns(1);
          cancelled.cancel();
          semaphore.release();
          turns(2);
          assertTrue(semaphore.locked());
          assertTrue(next.done());
          assertTrue(cancelled.cancelled());
        });
  }

  @Test
  void aWaiterCancelledAfterItWasGivenAPermitHandsItOn() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var cancelled = taker(semaphore, 1);
          var next = taker(semaphore, 2);
          turns(1);
          semaphore.release();
          assertTrue(cancelled.cancel());
          await(next);
          assertTrue(cancelled.cancelled());
          assertEquals(List.of(2), seen);
          assertState("locked", semaphore);
        });
  }

  @Test
  void aWaiterCancelledAfterItWasGivenAPermitPutsItBack() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var cancelled = taker(semaphore, 1);
          turns(1);
          semaphore.release();
          assertTrue(cancelled.cancel());
          turns(1);
          assertTrue(cancelled.cancelled());
          assertState("unlocked, value: 1", semaphore);
        });
  }

  @Test
  void whatIsReleasedAfterACancellationReachesAllWhoAreLeft() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var cancelled = taker(semaphore, 1);
          var second = taker(semaphore, 2);
          var third = taker(semaphore, 3);
          turns(1);
          cancelled.cancel();
          turns(1);
          semaphore.release();
          semaphore.release();
          settle(List.of(cancelled, second, third));
        });
    assertEquals(List.of(2, 3), seen);
  }

  @Test
  void aHolderThatCancelsTheNextOnItsWayOutDoesNotBlockTheOneAfter() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(1);
          var tasks = new ArrayList<Task<Void>>();
          tasks.add(
              createTask(
                  () -> {
                    try (var _ = semaphore.acquire()) {
                      turns(1);
                    }
                    tasks.get(1).cancel();
                  }));
          tasks.add(taker(semaphore, "never"));
          assertNull(failure(tasks.get(0)));
          assertInstanceOf(CancelledError.class, failure(tasks.get(1)));
          timeout(Duration.ofSeconds(1), () -> semaphore.acquire());
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void permitsAreFreeAtOnceWhenAllWhoWaitAreCancelled() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          var tasks = List.of(taker(semaphore, 1), taker(semaphore, 2));
          turns(1);
          tasks.forEach(Task::cancel);
          semaphore.release();
          assertFalse(semaphore.locked());
          assertTrue(semaphore.tryAcquire());
          turns(1);
          assertTrue(tasks.stream().allMatch(Task::cancelled));
          assertState("locked", semaphore);
        });
  }

  @Test
  void aWaitThatTimesOutLosesNoPermit() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(1);
          semaphore.acquire();
          assertThrows(TimeoutException.class, () -> timeout(SHORT, () -> semaphore.acquire()));
          semaphore.release();
          assertState("unlocked, value: 1", semaphore);
        });
  }

  @Test
  void waitingOutsideACoroutineFailsAndLeavesNoTrace() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(0);
          loop.callSoon(
              () -> seen.add(assertThrows(IllegalStateException.class, () -> semaphore.acquire())));
          turns(1);
          assertEquals(1, seen.size());
          assertState("locked", semaphore);
        });
  }

  @Test
  void aSemaphoreThatWasWaitedForOnOneLoopCannotBeWaitedForOnAnother() {
    var semaphore = new AsyncSemaphore(0);
    run(
        () -> {
          var waiter = taker(semaphore, 1);
          turns(1);
          semaphore.release();
          await(waiter);
        });
    var other = newLoop();
    try {
      assertThrows(
          IllegalStateException.class,
          () -> other.runUntilComplete(async(() -> take(semaphore, 2))));
      semaphore.release();
      other.runUntilComplete(async(() -> take(semaphore, 3)));
    } finally {
      other.close();
    }
    assertEquals(List.of(1, 3), seen);
  }

  @Test
  void theTextShowsTheState() {
    run(
        () -> {
          var semaphore = new AsyncSemaphore(1);
          assertState("unlocked, value: 1", semaphore);
          semaphore.acquire();
          assertState("locked", semaphore);
          var tasks = List.of(taker(semaphore, 1), taker(semaphore, 2));
          turns(1);
          assertState("locked, waiters: 2", semaphore);
          semaphore.release();
          semaphore.release();
          settle(tasks);
          semaphore.release();
          assertState("unlocked, value: 1", semaphore);
        });
  }

  @Test
  void noPermitIsLostOrMadeWhoeverIsCancelled() {
    for (int seed = 0; seed < 20; seed++) {
      var random = new Random(seed);
      String text = "seed " + seed;
      int permits = 1 + random.nextInt(3);
      var semaphore = new AsyncBoundedSemaphore(permits);
      run(() -> someTakersSomeCancelled(semaphore, permits, random, text));
      assertEquals(
          "<AsyncBoundedSemaphore unlocked, value: " + permits + ">", semaphore.toString(), text);
    }
  }

  private void someTakersSomeCancelled(
      AsyncSemaphore semaphore, int permits, Random random, String seed) {
    var inside = new ArrayList<Integer>();
    var tasks = new ArrayList<Task<Void>>();
    for (int i = 0; i < 20; i++) {
      int number = i;
      int stay = random.nextInt(3);
      tasks.add(
          createTask(
              () -> {
                try (var _ = semaphore.acquire()) {
                  inside.add(number);
                  assertTrue(inside.size() <= permits, seed);
                  try {
                    turns(stay);
                  } finally {
                    inside.remove((Object) number);
                  }
                }
              }));
      turns(random.nextInt(2));
    }
    for (int i = 0; i < 10; i++) {
      tasks.get(random.nextInt(tasks.size())).cancel();
      turns(random.nextInt(2));
    }
    settle(tasks);
    for (var task : tasks) {
      assertTrue(task.cancelled() || task.exception() == null, seed);
    }
  }
}
