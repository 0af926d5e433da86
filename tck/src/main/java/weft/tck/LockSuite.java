package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.timeout;
import static weft.Weft.waitFor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Promise;
import weft.Task;
import weft.sync.AsyncLock;

/// `AsyncLock`: exclusion, order, and the ways in which a wake-up could get lost.
public abstract class LockSuite extends LoopSuite {
  private static final Duration SHORT = Duration.ofMillis(10);

  private final AsyncLock lock = new AsyncLock();
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected LockSuite() {}

  /// A task that takes the lock, adds `name` to what was seen, and keeps the lock.
  private Task<Void> taker(Object name) {
    return createTask(
        () -> {
          lock.acquire();
          seen.add(name);
        });
  }

  private void assertState(String state) {
    assertEquals("<AsyncLock " + state + ">", lock.toString());
  }

  @Test
  void aNewLockIsFree() {
    assertFalse(lock.locked());
    assertState("unlocked");
  }

  @Test
  void acquireTakesAFreeLockWithoutSuspending() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("the loop turned"));
          lock.acquire();
          assertTrue(lock.locked());
          assertEquals(List.of(), seen);
          lock.release();
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void closingWhatAcquireReturnedReleases() {
    run(
        () -> {
          try (var _ = lock.acquire()) {
            assertTrue(lock.locked());
          }
          assertFalse(lock.locked());
        });
  }

  @Test
  void aBlockThatThrowsReleases() {
    run(
        () -> {
          var thrown =
              assertThrows(
                  IllegalArgumentException.class,
                  () -> {
                    try (var _ = lock.acquire()) {
                      throw new IllegalArgumentException("from the block");
                    }
                  });
          assertEquals("from the block", thrown.getMessage());
          assertFalse(lock.locked());
        });
  }

  @Test
  void everyAcquireReturnsTheSameObject() {
    run(
        () -> {
          var first = lock.acquire();
          first.close();
          var second = lock.acquire();
          second.close();
          assertSame(first, second);
        });
  }

  @Test
  void aSecondCloseIsAReleaseTooMany() {
    run(
        () -> {
          var held = lock.acquire();
          held.close();
          assertThrows(IllegalStateException.class, held::close);
        });
  }

  @Test
  void releaseOfAFreeLockFails() {
    var thrown = assertThrows(IllegalStateException.class, lock::release);
    assertTrue(thrown.toString().contains("not held"), thrown.toString());
    assertFalse(lock.locked());
  }

  @Test
  void releaseWithoutWaitersFreesTheLock() {
    run(
        () -> {
          lock.acquire();
          lock.release();
          assertFalse(lock.locked());
        });
  }

  @Test
  void anyoneMayRelease() {
    run(
        () -> {
          lock.acquire();
          await(createTask(lock::release));
          assertFalse(lock.locked());

          lock.acquire();
          loop.callSoon(lock::release);
          turns(1);
          assertFalse(lock.locked());
        });
  }

  @Test
  void theLockIsNotReentrant() {
    run(
        () -> {
          lock.acquire();
          assertThrows(TimeoutException.class, () -> timeout(SHORT, lock::acquire));
          assertState("locked");
          lock.release();
        });
  }

  @Test
  void waitersGetTheLockInTheOrderInWhichTheyCame() {
    run(
        () -> {
          lock.acquire();
          var first = taker(1);
          var second = taker(2);
          turns(1);
          assertEquals(List.of(), seen);

          lock.release();
          turns(1);
          assertEquals(List.of(1), seen);
          turns(1);
          assertEquals(List.of(1), seen);

          var third = taker(3);
          lock.release();
          turns(1);
          assertEquals(List.of(1, 2), seen);
          lock.release();
          turns(1);
          assertEquals(List.of(1, 2, 3), seen);
          assertTrue(first.done() && second.done() && third.done());
          lock.release();
        });
  }

  @Test
  void aReleasedLockIsFreeUntilTheWaiterRunsAndYetNewcomersQueue() {
    run(
        () -> {
          lock.acquire();
          var waiter = taker("waiter");
          turns(1);

          lock.release();
          assertFalse(lock.locked());
          assertState("unlocked, waiters: 1");
          assertFalse(lock.tryAcquire());
          var newcomer = taker("newcomer");
          await(waiter);
          lock.release();
          await(newcomer);
          assertEquals(List.of("waiter", "newcomer"), seen);
          lock.release();
        });
  }

  @Test
  void tryAcquireTakesAFreeLockAndRefusesAHeldOne() {
    assertTrue(lock.tryAcquire());
    assertFalse(lock.tryAcquire());
    lock.release();
    assertTrue(lock.tryAcquire());
  }

  @Test
  void cancellingAWaiterLeavesNoTrace() {
    run(
        () -> {
          lock.acquire();
          var waiter = taker("never");
          turns(1);
          assertState("locked, waiters: 1");
          loop.callSoon(waiter::cancel);
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertState("locked");
          lock.release();
          assertState("unlocked");
        });
  }

  @Test
  void cancellingAWaiterInTheMiddleKeepsTheOrderOfTheOthers() {
    run(
        () -> {
          lock.acquire();
          var tasks = List.of(taker(1), taker(2), taker(3), taker(4));
          turns(1);
          tasks.get(2).cancel();
          turns(1);
          tasks.get(1).cancel();
          for (int i = 0; i < 2; i++) {
            lock.release();
            turns(1);
          }
          assertEquals(List.of(1, 4), seen);
          lock.release();
          assertState("unlocked");
        });
  }

  @Test
  void aWaiterCancelledWhileTheHolderReleasesIsPassedOver() {
    run(
        () -> {
          Promise<Boolean> leave = loop.createPromise();
          var holder = createTask(() -> hold(leave));
          turns(1);
          var cancelled = createTask(() -> hold(null));
          var next = createTask(() -> hold(null));
          turns(1);
          assertState("locked, waiters: 2");

          leave.setResult(true);
          cancelled.cancel();
          turns(2);
          assertTrue(holder.done());
          assertTrue(cancelled.cancelled());
          await(next);
          assertState("unlocked");
        });
  }

  private void hold(@Nullable Promise<Boolean> until) {
    try (var _ = lock.acquire()) {
      if (until != null) {
        await(until);
      }
    }
  }

  @Test
  void cancelAndReleaseInOneCallbackLetExactlyOneIn() {
    run(
        () -> {
          lock.acquire();
          var first = taker(1);
          var second = taker(2);
          var third = taker(3);
          turns(1);

          loop.callSoon(
              () -> {
                first.cancel();
                lock.release();
              });
          assertInstanceOf(CancelledError.class, failure(first));
          turns(3);
          assertEquals(List.of(2), seen);
          assertTrue(second.done());
          assertFalse(third.done());

          third.cancel();
          turns(1);
          assertTrue(third.cancelled());
          assertState("locked");
          lock.release();
        });
  }

  @Test
  void releaseAndCancelInOneCallbackPassTheLockOn() {
    run(
        () -> {
          lock.acquire();
          var first = taker(1);
          var second = taker(2);
          turns(1);

          lock.release();
          assertTrue(first.cancel());
          await(second);
          assertTrue(first.cancelled());
          assertEquals(List.of(2), seen);
          assertState("locked");
          lock.release();
        });
  }

  @Test
  void theOnlyWaiterCancelledAfterItWasWokenLeavesTheLockFree() {
    run(
        () -> {
          lock.acquire();
          var waiter = taker("never");
          turns(1);
          lock.release();
          waiter.cancel();
          turns(1);
          assertTrue(waiter.cancelled());
          assertState("unlocked");
          assertTrue(lock.tryAcquire());
        });
  }

  @Test
  void aWholeQueueCancelledAfterAWakeUpLeavesTheLockFree() {
    run(
        () -> {
          lock.acquire();
          var tasks = List.of(taker(1), taker(2), taker(3));
          turns(1);
          lock.release();
          tasks.forEach(Task::cancel);
          turns(3);
          assertEquals(List.of(), seen);
          assertTrue(tasks.stream().allMatch(Task::cancelled));
          assertState("unlocked");
        });
  }

  @Test
  void aFreeLockIsTakenAtOnceWhenAllWhoWaitAreCancelled() {
    run(
        () -> {
          lock.acquire();
          var tasks = List.of(taker(1), taker(2));
          turns(1);
          tasks.forEach(Task::cancel);
          lock.release();
          loop.callSoon(() -> seen.add("the loop turned"));
          lock.acquire();
          assertEquals(List.of(), seen);

          turns(2);
          assertTrue(tasks.stream().allMatch(Task::cancelled));
          assertState("locked");
          lock.release();
        });
  }

  @Test
  void aWaiterBehindACancelledOneKeepsItsPlaceBeforeNewcomers() {
    run(
        () -> {
          lock.acquire();
          var cancelled = taker("never");
          var waiter = taker("waiter");
          turns(1);
          cancelled.cancel();
          lock.release();
          assertFalse(lock.tryAcquire());
          var newcomer = taker("newcomer");
          await(waiter);
          lock.release();
          await(newcomer);
          assertEquals(List.of("waiter", "newcomer"), seen);
          lock.release();
        });
  }

  @Test
  void anUncontendedAcquireIsNoCancellationPoint() {
    run(
        () -> {
          var me = self();
          me.cancel();
          lock.acquire();
          lock.release();
          seen.add("went on");
          assertThrows(CancelledError.class, () -> turns(1));
          me.uncancel();
        });
    assertEquals(List.of("went on"), seen);
  }

  @Test
  void aWaitThatTimesOutLeavesTheLockUsable() {
    run(
        () -> {
          lock.acquire();
          assertThrows(TimeoutException.class, () -> waitFor(() -> lock.acquire(), SHORT));
          assertState("locked");
          lock.release();
          waitFor(() -> lock.acquire(), SHORT);
          assertState("locked");
          lock.release();
        });
  }

  @Test
  void theMessageOfTheCancellationArrives() {
    run(
        () -> {
          lock.acquire();
          var waiter = taker("never");
          turns(1);
          waiter.cancel("enough");
          var thrown = assertThrows(CancelledError.class, () -> await(waiter));
          assertEquals("enough", thrown.getMessage());
          lock.release();
        });
  }

  @Test
  void waitingOutsideACoroutineFailsAndLeavesNoTrace() {
    run(
        () -> {
          lock.acquire();
          loop.callSoon(
              () -> seen.add(assertThrows(IllegalStateException.class, () -> lock.acquire())));
          turns(1);
          assertEquals(1, seen.size());
          assertState("locked");
          lock.release();
        });
  }

  @Test
  void aLockThatWasWaitedForOnOneLoopCannotBeWaitedForOnAnother() {
    run(
        () -> {
          lock.acquire();
          var waiter = taker("first loop");
          turns(1);
          lock.release();
          await(waiter);
        });
    var other = newLoop();
    try {
      var thrown =
          assertThrows(
              IllegalStateException.class, () -> other.runUntilComplete(async(() -> waitOnce())));
      assertTrue(thrown.toString().contains("another loop"), thrown.toString());
    } finally {
      other.close();
    }
    assertState("locked");
  }

  private void waitOnce() {
    lock.acquire();
  }

  @Test
  void aLockThatNobodyWaitedForServesAnyLoop() {
    run(
        () -> {
          lock.acquire();
          lock.release();
        });
    var other = newLoop();
    try {
      other.runUntilComplete(
          async(
              () -> {
                lock.acquire();
                var waiter = taker("other loop");
                turns(1);
                lock.release();
                await(waiter);
              }));
    } finally {
      other.close();
    }
    assertEquals(List.of("other loop"), seen);
  }

  @Test
  void theTextShowsTheState() {
    run(
        () -> {
          assertState("unlocked");
          lock.acquire();
          assertState("locked");
          var tasks = List.of(taker(1), taker(2));
          turns(1);
          assertState("locked, waiters: 2");
          lock.release();
          assertState("unlocked, waiters: 2");
          turns(1);
          assertState("locked, waiters: 1");
          lock.release();
          settle(tasks);
          assertState("locked");
        });
  }

  @Test
  void neverTwoAtOnceAndNobodyForgottenWhoeverIsCancelled() {
    for (int seed = 0; seed < 20; seed++) {
      var random = new Random(seed);
      String text = "seed " + seed;
      run(() -> someTakersSomeCancelled(random, text));
      assertState("unlocked");
    }
  }

  private void someTakersSomeCancelled(Random random, String seed) {
    var inside = new ArrayList<Object>();
    var entered = new ArrayList<Object>();
    var tasks = new ArrayList<Task<Void>>();
    for (int i = 0; i < 20; i++) {
      int number = i;
      int stay = random.nextInt(3);
      tasks.add(
          createTask(
              () -> {
                try (var _ = lock.acquire()) {
                  entered.add(number);
                  inside.add(number);
                  assertEquals(List.of(number), inside, seed);
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
    var inOrder = entered.stream().sorted().toList();
    assertEquals(inOrder, entered, seed);
    for (int i = 0; i < tasks.size(); i++) {
      var task = tasks.get(i);
      assertTrue(task.cancelled() || (task.exception() == null && entered.contains(i)), seed);
    }
  }
}
