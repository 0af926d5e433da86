package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.toThread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import weft.Coroutine;
import weft.Promise;
import weft.Task;
import weft.TaskOptions;

/// Debug mode: what it remembers and what it says.
public abstract class DebugSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected DebugSuite() {}

  @BeforeEach
  void switchDebugOn() {
    loop.setDebug(true);
    loop.setSlowCallbackDuration(Duration.ofHours(1));
  }

  @Test
  void debugModeIsSwitchedAtAnyTime() {
    assertTrue(loop.debug());
    loop.setDebug(false);
    assertFalse(loop.debug());
    assertEquals(Duration.ofHours(1), loop.slowCallbackDuration());
  }

  @Test
  void aNewLoopCallsATenthOfASecondSlow() {
    var other = newLoop();
    try {
      assertEquals(ms(100), other.slowCallbackDuration());
    } finally {
      other.close();
    }
  }

  @Test
  void L58_aSlowCallbackIsLogged() {
    expectLog("took");
    loop.setSlowCallbackDuration(Duration.ZERO);
    loop.callSoon(() -> seen.add("ran"));
    loop.callSoon(loop::stop);
    loop.runForever();
    assertEquals(2, logs().size());
    assertTrue(logs().getFirst().contains("Handle"), logs().toString());
  }

  @Test
  void L58_aSlowStepIsLoggedWithItsTask() {
    expectLog("took");
    var task =
        loop.createTask(
            async(
                () -> {
                  loop.setSlowCallbackDuration(Duration.ZERO);
                }),
            TaskOptions.named("slowpoke"));
    loop.runUntilComplete(task);
    assertTrue(
        logs().stream().anyMatch(log -> log.contains("slowpoke") && log.contains("took")),
        logs().toString());
  }

  @Test
  void L58_withoutDebugModeNothingIsLogged() {
    loop.setDebug(false);
    loop.setSlowCallbackDuration(Duration.ZERO);
    loop.callSoon(() -> seen.add("ran"));
    runBriefly();
    assertEquals(List.of(), logs());
  }

  @Test
  void L58_aQuickCallbackIsNotLogged() {
    loop.callSoon(() -> seen.add("ran"));
    runBriefly();
    assertEquals(List.of(), logs());
  }

  @Test
  @Tag("slow")
  void L58_aCoroutineThatWasNeverAwaitedIsLoggedWithThePlaceWhereItWasMade() {
    expectLog("never awaited");
    run(
        () -> {
          forgetACoroutine();
          for (int i = 0; i < 200 && logs().isEmpty(); i++) {
            System.gc();
            sleep(ms(10));
          }
        });
    assertTrue(logs().getFirst().contains("forgetACoroutine"), logs().toString());
  }

  @Test
  void L58_aCoroutineThatIsLeftWhenTheLoopClosesIsLogged() {
    expectLog("never awaited");
    List<Coroutine<?>> kept = new ArrayList<>();
    run(
        () -> {
          kept.add(keepACoroutine());
        });
    assertEquals(List.of(), logs());
    loop.close();
    assertEquals(1, logs().size(), logs()::toString);
    assertTrue(logs().getFirst().contains("keepACoroutine"), logs()::toString);
  }

  private static Coroutine<Void> keepACoroutine() {
    return async(() -> {});
  }

  @Test
  void L58_aBodyThatReturnsACoroutineIsLoggedInAnyMode() {
    loop.setDebug(false);
    expectLog("has returned");
    run(
        () -> {
          await(createTask(() -> keepACoroutine())).close();
        });
    assertEquals(1, logs().size(), logs()::toString);
    assertTrue(logs().getFirst().contains("keepACoroutine"), logs()::toString);
  }

  @Test
  @Tag("slow")
  void L58_aLoopThatWasNotClosedIsLoggedWithThePlace() throws InterruptedException {
    expectLog("unclosed event loop");
    forgetALoop();
    for (int i = 0; i < 200 && logs().isEmpty(); i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertTrue(logs().getFirst().contains("forgetALoop"), logs().toString());
  }

  private void forgetALoop() {
    newLoop().setDebug(true);
  }

  /// Before a wait that nothing of its own can end.
  @Test
  void L60_aCycleIsLogged() {
    expectLog("await cycle");
    run(
        () -> {
          int length = 1_100; // more than are looked at before each wait
          var tasks = new ArrayList<Task<Object>>();
          for (int i = 0; i < length; i++) {
            int next = (i + 1) % length;
            tasks.add(createTask(async(() -> await(tasks.get(next))), TaskOptions.named("t" + i)));
          }
          await(toThread(this::waitForALog));
          tasks.getFirst().cancel();
          settle(tasks);
        });
    assertEquals(1, logs().size());
    assertTrue(logs().getFirst().contains("t1099"), () -> logs().getFirst());
  }

  private void waitForALog() throws InterruptedException {
    for (int i = 0; i < 2_000 && logs().isEmpty(); i++) {
      Thread.sleep(5);
    }
  }

  @Test
  @Tag("slow")
  void L58_aClosedOrAwaitedCoroutineIsNotLogged() {
    run(
        () -> {
          useCoroutines();
          for (int i = 0; i < 5; i++) {
            System.gc();
            sleep(ms(10));
          }
        });
    assertEquals(List.of(), logs());
  }

  @Test
  void L58_anUnretrievedFailureSaysWhereItsTaskWasMade() {
    expectErrors(1);
    run(
        () -> {
          makeAFailingTask();
          turns(2);
        });
    loop.close();
    var created = errors().getFirst().created();
    assertNotNull(created);
    assertTrue(
        Arrays.stream(created.getStackTrace())
            .anyMatch(f -> f.getMethodName().equals("makeAFailingTask")));
  }

  @Test
  void L58_aFailingCallbackSaysWhereItWasScheduled() {
    expectErrors(1);
    scheduleAFailingCallback();
    runBriefly();
    var created = errors().getFirst().created();
    assertNotNull(created);
    assertTrue(
        Arrays.stream(created.getStackTrace())
            .anyMatch(f -> f.getMethodName().equals("scheduleAFailingCallback")));
  }

  @Test
  void L58_withoutDebugModeNoPlaceIsRemembered() {
    expectErrors(1);
    loop.setDebug(false);
    scheduleAFailingCallback();
    runBriefly();
    assertNull(errors().getFirst().created());
  }

  @Test
  void everythingWorksInDebugMode() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 10; i++) {
            tasks.add(createTask(() -> weft.Weft.await(gate)));
          }
          turns(1);
          gate.setResult("x");
          settle(tasks);
          assertTrue(tasks.stream().allMatch(t -> t.done() && !t.cancelled()));
        });
  }

  private void forgetACoroutine() {
    async(() -> seen.add("ran"));
  }

  private void useCoroutines() {
    async(() -> seen.add("closed")).close();
    weft.Weft.await(async(() -> seen.add("awaited")));
  }

  private static void makeAFailingTask() {
    createTask(
        () -> {
          throw new IllegalStateException("boom");
        });
  }

  private void scheduleAFailingCallback() {
    loop.callSoon(
        () -> {
          throw new IllegalStateException("boom");
        });
  }
}
