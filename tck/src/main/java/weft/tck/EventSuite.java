package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.Task;
import weft.sync.AsyncEvent;

/// `AsyncEvent`: who is woken by `set`, and what `clear` does not undo.
public abstract class EventSuite extends LoopSuite {
  private final AsyncEvent event = new AsyncEvent();
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected EventSuite() {}

  /// A task that waits for the event and adds `name` to what was seen.
  private Task<Void> waiter(Object name) {
    return createTask(
        () -> {
          event.waitSet();
          seen.add(name);
        });
  }

  private void assertState(String state) {
    assertEquals("<AsyncEvent " + state + ">", event.toString());
  }

  @Test
  void aNewEventIsNotSet() {
    assertFalse(event.isSet());
  }

  @Test
  void setAndClearChangeTheFlag() {
    event.set();
    assertTrue(event.isSet());
    event.set();
    assertTrue(event.isSet());
    event.clear();
    assertFalse(event.isSet());
    event.clear();
    assertFalse(event.isSet());
  }

  @Test
  void waitingForASetEventDoesNotSuspend() {
    run(
        () -> {
          event.set();
          loop.callSoon(() -> seen.add("the loop turned"));
          event.waitSet();
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void setWakesAllInTheOrderInWhichTheyCame() {
    run(
        () -> {
          var tasks = List.of(waiter(1), waiter(2), waiter(3));
          turns(3);
          assertEquals(List.of(), seen);

          event.set();
          assertEquals(List.of(), seen);
          turns(1);
          assertEquals(List.of(1, 2, 3), seen);
          settle(tasks);
        });
  }

  @Test
  void aCallbackMaySet() {
    run(
        () -> {
          var task = waiter(1);
          loop.callSoon(event::set);
          await(task);
          assertEquals(List.of(1), seen);
        });
  }

  @Test
  void whoWaitsIsWokenEvenIfClearFollowsAtOnce() {
    run(
        () -> {
          var first = waiter(1);
          var second = waiter(2);
          turns(1);
          event.set();
          event.clear();
          await(first);
          await(second);
          assertFalse(event.isSet());
        });
  }

  @Test
  void setClearSetBeforeTheWaiterRunsWakesItOnce() {
    run(
        () -> {
          var task = waiter(1);
          turns(1);
          event.set();
          event.clear();
          event.set();
          await(task);
          turns(2);
          assertEquals(List.of(1), seen);
          assertState("set");
        });
  }

  @Test
  void whoComesAfterClearWaitsForTheNextSet() {
    run(
        () -> {
          var early = waiter("early");
          turns(1);
          event.set();
          event.clear();
          var late = waiter("late");
          turns(2);
          assertTrue(early.done());
          assertFalse(late.done());
          assertState("unset, waiters: 1");

          event.set();
          await(late);
          assertEquals(List.of("early", "late"), seen);
        });
  }

  @Test
  void aWaiterThatClearsDoesNotHoldUpTheOthers() {
    run(
        () -> {
          var clearing =
              createTask(
                  () -> {
                    event.waitSet();
                    event.clear();
                  });
          var other = waiter(1);
          turns(1);
          event.set();
          await(other);
          assertTrue(clearing.done());
          assertFalse(event.isSet());
        });
  }

  @Test
  void cancellingAWaiterLeavesNoTrace() {
    run(
        () -> {
          var task = waiter("never");
          turns(1);
          assertState("unset, waiters: 1");
          task.cancel();
          turns(1);
          assertTrue(task.cancelled());
          assertState("unset");
        });
  }

  @Test
  void cancelBeforeSetInTheSameTurnLeavesTheOthersTheirWakeUp() {
    run(
        () -> {
          var cancelled = waiter("never");
          var other = waiter(1);
          turns(1);
          cancelled.cancel();
          event.set();
          await(other);
          assertTrue(cancelled.cancelled());
          assertEquals(List.of(1), seen);
        });
  }

  @Test
  void cancelAfterSetInTheSameTurnStillCancels() {
    run(
        () -> {
          var cancelled = waiter("never");
          var other = waiter(1);
          turns(1);
          event.set();
          assertTrue(cancelled.cancel());
          await(other);
          assertTrue(cancelled.cancelled());
          assertEquals(List.of(1), seen);
          assertState("set");
        });
  }

  @Test
  void aWaitThatTimesOutLeavesNoTrace() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class, () -> timeout(Duration.ofMillis(10), () -> event.waitSet()));
          assertState("unset");
        });
  }

  @Test
  void waitingOutsideACoroutineFailsAndLeavesNoTrace() {
    run(
        () -> {
          loop.callSoon(() -> seen.add(assertThrows(IllegalStateException.class, event::waitSet)));
          turns(1);
          assertEquals(1, seen.size());
          assertState("unset");
        });
  }

  @Test
  void anEventThatWasWaitedForOnOneLoopCannotBeWaitedForOnAnother() {
    run(
        () -> {
          var task = waiter(1);
          turns(1);
          event.set();
          await(task);
        });
    var other = newLoop();
    try {
      other.runUntilComplete(async(() -> event.waitSet()));
      event.clear();
      assertThrows(
          IllegalStateException.class, () -> other.runUntilComplete(async(() -> event.waitSet())));
    } finally {
      other.close();
    }
  }

  @Test
  void theTextShowsTheState() {
    run(
        () -> {
          assertState("unset");
          var tasks = List.of(waiter(1), waiter(2));
          turns(1);
          assertState("unset, waiters: 2");
          event.set();
          assertState("set, waiters: 2");
          settle(tasks);
          assertState("set");
        });
  }
}
