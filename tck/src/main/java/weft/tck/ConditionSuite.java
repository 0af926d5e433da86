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
import static weft.Weft.waitFor;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Task;
import weft.sync.AsyncCondition;
import weft.sync.AsyncLock;

/// `AsyncCondition`: the lock around a wait, the order of notification, and cancellation in both
/// phases of a wait.
public abstract class ConditionSuite extends LoopSuite {
  private final AsyncCondition condition = new AsyncCondition();
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected ConditionSuite() {}

  /// A task that waits once and adds `name` to what was seen, and keeps the lock if `keep`.
  private Task<Void> waiter(Object name, boolean keep) {
    return createTask(
        () -> {
          condition.acquire();
          condition.waitNotified();
          seen.add(name);
          if (!keep) {
            condition.release();
          }
        });
  }

  private Task<Void> waiter(Object name) {
    return waiter(name, false);
  }

  private void notifyHolding(int n) {
    try (var _ = condition.acquire()) {
      condition.notifyMany(n);
    }
  }

  private void assertState(String state) {
    assertEquals("<AsyncCondition " + state + ">", condition.toString());
  }

  @Test
  void closingWhatAcquireReturnedReleases() {
    run(
        () -> {
          assertFalse(condition.locked());
          try (var _ = condition.acquire()) {
            assertTrue(condition.locked());
            assertFalse(condition.tryAcquire());
          }
          assertFalse(condition.locked());
          assertTrue(condition.tryAcquire());
          condition.release();
        });
  }

  @Test
  void aConditionWorksOnTheLockItIsGiven() {
    run(
        () -> {
          var lock = new AsyncLock();
          var mine = new AsyncCondition(lock);
          try (var _ = mine.acquire()) {
            assertTrue(lock.locked());
          }
          assertFalse(lock.locked());
          try (var _ = lock.acquire()) {
            assertTrue(mine.locked());
          }
          assertFalse(mine.locked());
        });
  }

  @Test
  void aConditionMayBeMadeOnALockInUse() {
    run(
        () -> {
          var lock = new AsyncLock();
          try (var _ = lock.acquire()) {
            var mine = new AsyncCondition(lock);
            var helper =
                createTask(
                    () -> {
                      try (var _ = mine.acquire()) {
                        mine.notifyOne();
                      }
                    });
            mine.waitNotified();
            assertTrue(helper.done());
            assertTrue(lock.locked());
          }
        });
  }

  @Test
  void twoConditionsShareOneLock() {
    run(
        () -> {
          var lock = new AsyncLock();
          var notFull = new AsyncCondition(lock);
          var notEmpty = new AsyncCondition(lock);
          var items = new ArrayDeque<Integer>();
          var producer =
              createTask(
                  () -> {
                    for (int i = 0; i < 5; i++) {
                      try (var _ = lock.acquire()) {
                        notFull.waitUntil(items::isEmpty);
                        items.add(i);
                        notEmpty.notifyOne();
                      }
                    }
                  });
          for (int i = 0; i < 5; i++) {
            try (var _ = lock.acquire()) {
              notEmpty.waitUntil(() -> !items.isEmpty());
              seen.add(items.remove());
              notFull.notifyOne();
            }
          }
          await(producer);
        });
    assertEquals(List.of(0, 1, 2, 3, 4), seen);
  }

  @Test
  void aWaitFreesTheLockAndTakesItAgain() {
    run(
        () -> {
          var task = waiter(1, true);
          turns(1);
          assertState("unlocked, waiters: 1");
          notifyHolding(1);
          await(task);
          assertState("locked");
          condition.release();
        });
  }

  @Test
  void whoIsNotifiedGoesOnOnlyWithTheLockAndInOrder() {
    run(
        () -> {
          var tasks = List.of(waiter(1, true), waiter(2, true), waiter(3, true));
          turns(1);
          assertFalse(condition.locked());

          condition.acquire();
          condition.notifyOne();
          turns(1);
          assertEquals(List.of(), seen);
          condition.release();
          turns(1);
          assertEquals(List.of(1), seen);
          assertTrue(condition.locked());

          condition.notifyMany(2);
          turns(1);
          assertEquals(List.of(1), seen);
          condition.release();
          turns(1);
          assertEquals(List.of(1, 2), seen);
          condition.release();
          turns(1);
          assertEquals(List.of(1, 2, 3), seen);
          settle(tasks);
          condition.release();
        });
  }

  @Test
  void notifyManyWakesAtMostAsManyAsSaid() {
    run(
        () -> {
          var tasks = List.of(waiter(1), waiter(2), waiter(3), waiter(4));
          turns(1);
          notifyHolding(0);
          turns(1);
          assertEquals(List.of(), seen);
          notifyHolding(1);
          turns(1);
          assertEquals(List.of(1), seen);
          notifyHolding(2);
          turns(1);
          assertEquals(List.of(1, 2, 3), seen);
          notifyHolding(2048);
          settle(tasks);
          assertEquals(List.of(1, 2, 3, 4), seen);
        });
  }

  @Test
  void notificationsBeforeTheWaitersRunAddUp() {
    run(
        () -> {
          var tasks = List.of(waiter(1), waiter(2), waiter(3));
          turns(1);
          try (var _ = condition.acquire()) {
            condition.notifyOne();
            condition.notifyOne();
          }
          turns(2);
          assertEquals(List.of(1, 2), seen);
          notifyHolding(1);
          settle(tasks);
        });
  }

  @Test
  void notifyWaitersWakesAll() {
    run(
        () -> {
          var tasks = List.of(waiter(1), waiter(2));
          turns(1);
          try (var _ = condition.acquire()) {
            condition.notifyWaiters();
          }
          turns(1);
          assertEquals(List.of(1, 2), seen);
          settle(tasks);
        });
  }

  @Test
  void aNotificationWithoutWaitersIsNotKept() {
    run(
        () -> {
          notifyHolding(1);
          var task = waiter(1);
          turns(3);
          assertFalse(task.done());
          notifyHolding(1);
          await(task);
        });
  }

  @Test
  void withoutTheLockNobodyWaits() {
    run(
        () -> {
          var thrown = assertThrows(IllegalStateException.class, condition::waitNotified);
          assertTrue(thrown.toString().contains("acquire the lock"), thrown.toString());
          assertState("unlocked");
        });
  }

  @Test
  void withoutTheLockNobodyNotifies() {
    assertThrows(IllegalStateException.class, condition::notifyOne);
    assertThrows(IllegalStateException.class, () -> condition.notifyMany(1));
    assertThrows(IllegalStateException.class, condition::notifyWaiters);
  }

  @Test
  void releaseOfAFreeLockFails() {
    assertThrows(IllegalStateException.class, condition::release);
  }

  @Test
  void waitUntilOfSomethingTrueDoesNotWaitNorNeedTheLock() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("the loop turned"));
          condition.waitUntil(() -> true);
          assertEquals(List.of(), seen);
          assertThrows(IllegalStateException.class, () -> condition.waitUntil(() -> false));
        });
  }

  @Test
  void waitUntilLooksAgainAfterEachNotification() {
    run(
        () -> {
          var ready = new boolean[1];
          var task =
              createTask(
                  () -> {
                    try (var _ = condition.acquire()) {
                      condition.waitUntil(
                          () -> {
                            assertTrue(condition.locked());
                            seen.add(ready[0]);
                            return ready[0];
                          });
                    }
                  });
          turns(1);
          assertEquals(List.of(false), seen);
          notifyHolding(1);
          turns(1);
          assertEquals(List.of(false, false), seen);
          ready[0] = true;
          turns(2);
          assertFalse(task.done());
          notifyHolding(1);
          await(task);
          assertEquals(List.of(false, false, true), seen);
        });
  }

  @Test
  void aPredicateThatThrowsLeavesTheLockHeld() {
    run(
        () -> {
          try (var _ = condition.acquire()) {
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    condition.waitUntil(
                        () -> {
                          throw new IllegalArgumentException();
                        }));
            assertTrue(condition.locked());
          }
        });
  }

  @Test
  void cancelledWhileWaitingTheLockIsHeldAgain() {
    run(
        () -> {
          condition.acquire();
          var task = createTask(condition::waitNotified);
          loop.callSoon(task::cancel);
          assertInstanceOf(CancelledError.class, failure(task));
          assertState("locked");
          condition.release();
        });
  }

  @Test
  void cancelledWhileAnotherHoldsTheLockTheWaitEndsOnlyWithTheLock() {
    run(
        () -> {
          condition.acquire();
          var task = createTask(condition::waitNotified);
          turns(1);
          condition.acquire();
          task.cancel();
          turns(3);
          assertFalse(task.done());
          condition.release();
          assertInstanceOf(CancelledError.class, failure(task));
          assertState("locked");
          condition.release();
        });
  }

  @Test
  void notifiedThenCancelledWhileTheLockIsContestedTheLockIsHeldAgain() {
    run(
        () -> {
          condition.acquire();
          var task = createTask(condition::waitNotified);
          turns(1);
          assertFalse(condition.locked());
          condition.acquire();
          condition.notifyOne();
          loop.callSoon(task::cancel);
          loop.callSoon(condition::release);
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(condition.locked());
          condition.release();
        });
  }

  @Test
  void cancelledWhileTakingTheLockAgainTheTaskEndsCancelled() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try (var _ = condition.acquire()) {
                      seen.add("waiting");
                      condition.waitNotified();
                      seen.add("never");
                    }
                  });
          turns(1);
          condition.acquire();
          condition.notifyOne();
          turns(1);
          task.cancel();
          turns(1);
          assertFalse(task.done());
          condition.release();
          turns(1);
          assertTrue(task.cancelled());
          assertEquals(List.of("waiting"), seen);
          assertState("unlocked");
        });
  }

  @Test
  void theErrorOfACancelledWaitIsTheVeryOneThatArrived() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try (var _ = condition.acquire()) {
                      seen.add(assertThrows(CancelledError.class, condition::waitNotified));
                      throw (CancelledError) seen.get(0);
                    }
                  });
          turns(1);
          task.cancel("while waiting");
          var error = failure(task);
          assertSame(seen.get(0), error);
          assertEquals("while waiting", ((CancelledError) seen.get(0)).getMessage());
        });
  }

  @Test
  void theErrorOfATakingAgainArrivesUnchanged() {
    run(
        () -> {
          var task = createTask(this::waitAndKeepTheError);
          turns(1);
          condition.acquire();
          condition.notifyOne();
          turns(1);
          task.cancel("while taking the lock");
          turns(1);
          condition.release();
          await(task);
          assertEquals("while taking the lock", ((CancelledError) seen.get(0)).getMessage());
        });
  }

  @Test
  void ofSeveralCancellationsTheLatestErrorIsThrown() {
    run(
        () -> {
          var task = createTask(this::waitAndKeepTheError);
          turns(1);
          condition.acquire();
          for (var message : List.of("first", "second", "third")) {
            task.cancel(message);
            turns(1);
            assertFalse(task.done());
          }
          assertEquals(3, task.cancelling());
          condition.release();
          await(task);
          assertEquals("third", ((CancelledError) seen.get(0)).getMessage());
        });
  }

  private void waitAndKeepTheError() {
    try (var _ = condition.acquire()) {
      seen.add(assertThrows(CancelledError.class, condition::waitNotified));
      assertTrue(condition.locked());
    }
  }

  /// A task that takes an item once there is one.
  private Task<Void> consumer(Object name, ArrayDeque<Integer> items) {
    return createTask(
        () -> {
          try (var _ = condition.acquire()) {
            condition.waitUntil(() -> !items.isEmpty());
            items.remove();
            seen.add(name);
          }
        });
  }

  @Test
  void aNotificationOfAWaiterThatIsThenCancelledGoesToTheNext() {
    run(
        () -> {
          var items = new ArrayDeque<Integer>();
          var first = consumer("first", items);
          var second = consumer("second", items);
          turns(1);
          try (var _ = condition.acquire()) {
            items.add(1);
            condition.notifyOne();
          }
          first.cancel();
          await(second);
          assertTrue(first.cancelled());
          assertEquals(List.of("second"), seen);
          assertState("unlocked");
        });
  }

  @Test
  void aNotificationOfAWaiterCancelledWhileTakingTheLockGoesToTheNext() {
    run(
        () -> {
          var items = new ArrayDeque<Integer>();
          var first = consumer("first", items);
          var second = consumer("second", items);
          turns(1);
          condition.acquire();
          items.add(1);
          condition.notifyOne();
          turns(1);
          first.cancel();
          turns(1);
          condition.release();
          await(second);
          assertTrue(first.cancelled());
          assertEquals(List.of("second"), seen);
          assertState("unlocked");
        });
  }

  @Test
  void aNotificationAfterACancellationInTheSameTurnGoesToTheNext() {
    run(
        () -> {
          var items = new ArrayDeque<Integer>();
          var first = consumer("first", items);
          var second = consumer("second", items);
          turns(1);
          first.cancel();
          items.add(1);
          notifyHolding(1);
          await(second);
          assertTrue(first.cancelled());
          assertEquals(List.of("second"), seen);
        });
  }

  @Test
  void aWaiterCancelledBeforeItIsNotifiedLeavesNoTrace() {
    run(
        () -> {
          var task = waiter("never");
          turns(1);
          task.cancel();
          turns(1);
          assertTrue(task.cancelled());
          // Its body took the lock again and had no chance to release it.
          assertState("locked");
          condition.release();
        });
  }

  @Test
  void aWaitThatTimesOutLeavesTheLockHeldForTheBlockToRelease() {
    run(
        () -> {
          try (var _ = condition.acquire()) {
            assertThrows(
                TimeoutException.class,
                () -> waitFor(() -> condition.waitNotified(), Duration.ofMillis(10)));
            assertState("locked");
          }
          assertState("unlocked");
        });
  }

  @Test
  void waitingOutsideACoroutineFailsAndKeepsTheLock() {
    run(
        () -> {
          condition.acquire();
          var other = createTask(condition::acquire);
          turns(1);
          loop.callSoon(
              () -> seen.add(assertThrows(IllegalStateException.class, condition::waitNotified)));
          turns(2);
          assertEquals(1, seen.size());
          assertState("locked");
          assertFalse(other.done());
          condition.release();
          await(other);
          condition.release();
        });
  }

  @Test
  void aConditionThatWasWaitedForOnOneLoopCannotBeWaitedForOnAnother() {
    run(
        () -> {
          var task = waiter(1);
          turns(1);
          notifyHolding(1);
          await(task);
        });
    var other = newLoop();
    try {
      other.runUntilComplete(
          async(
              () -> {
                try (var _ = condition.acquire()) {
                  assertThrows(IllegalStateException.class, condition::waitNotified);
                  assertTrue(condition.locked());
                }
              }));
    } finally {
      other.close();
    }
    assertState("unlocked");
  }

  @Test
  void aConditionOnALockOfAnotherLoopFailsAsSoonAsTheLockHasToBeWaitedFor() {
    var lock = new AsyncLock();
    run(
        () -> {
          lock.acquire();
          var task = createTask(lock::acquire);
          turns(1);
          lock.release();
          await(task);
        });
    var other = newLoop();
    try {
      var mine = new AsyncCondition(lock);
      other.runUntilComplete(
          async(() -> assertThrows(IllegalStateException.class, () -> mine.acquire())));
    } finally {
      other.close();
    }
  }

  @Test
  void theTextShowsTheState() {
    run(
        () -> {
          assertState("unlocked");
          var tasks = List.of(waiter(1), waiter(2));
          turns(1);
          assertState("unlocked, waiters: 2");
          condition.acquire();
          assertState("locked, waiters: 2");
          condition.notifyWaiters();
          condition.release();
          settle(tasks);
          assertState("unlocked");
        });
  }
}
