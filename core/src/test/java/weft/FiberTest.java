package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.run;
import static weft.Weft.sleep;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How a stack suspends and comes back: only when it was woken, whatever else happens to its
/// thread.
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class FiberTest {
  private static boolean refused;

  @Test
  void suspendingInAClassInitialiserIsRefusedAndLeavesNothingBehind() {
    assumeTrue(Weft.engine().equals("direct"));
    run(
        () -> {
          assertEquals(1, YieldsInInitialiser.field);
          assertTrue(refused);
          Promise<String> later = new Promise<>();
          EventLoop.running().callLater(Duration.ofMillis(5), () -> later.setResult("value"));
          assertEquals("value", await(later));
        });
  }

  private static final class YieldsInInitialiser {
    static int field;

    static {
      try {
        sleep(Duration.ZERO);
      } catch (IllegalStateException expected) {
        refused = true;
      }
      field = 1;
    }
  }

  @Test
  void anOverflowOfTheStackInASuspensionLeavesNothingBehind() {
    run(
        () -> {
          int deepest = deepest(0);
          for (int depth = deepest / 2; depth < deepest; depth += Math.max(1, deepest / 60)) {
            try {
              yieldAt(depth);
            } catch (StackOverflowError expected) {
              // the deeper ones have no room for the suspension itself
            }
            Promise<String> later = new Promise<>();
            EventLoop.running()
                .callLater(Duration.ofNanos(100_000), () -> later.setResult("value"));
            assertEquals("value", await(later), "after a suspension at depth " + depth);
          }
        });
  }

  private static int deepest(int depth) {
    try {
      return deepest(depth + 1);
    } catch (StackOverflowError end) {
      return depth;
    }
  }

  private static int yieldAt(int depth) {
    if (depth == 0) {
      sleep(Duration.ZERO);
      return 0;
    }
    return yieldAt(depth - 1) + 1;
  }

  @Test
  void anEagerTaskThatExitsGivesItsCreatorBack() {
    SystemExit exit =
        assertThrows(
            SystemExit.class,
            () ->
                run(
                    () -> {
                      createTask(
                          () -> {
                            throw new SystemExit(3);
                          },
                          TaskOptions.defaults().eagerStart(true));
                      sleep(Duration.ofSeconds(20));
                    }));
    assertEquals(3, exit.status());
  }

  @Test
  void aGeneratorThatExitsGivesItsConsumerBack() {
    SystemExit exit =
        assertThrows(
            SystemExit.class,
            () ->
                run(
                    () -> {
                      for (int item :
                          Weft.<Integer>generator(
                              emitter -> {
                                emitter.emit(1);
                                throw new SystemExit(4);
                              })) {
                        assertEquals(1, item);
                      }
                    }));
    assertEquals(4, exit.status());
  }

  @Test
  void tasksThatAwaitTheirChildrenNestThousandsDeep() {
    assertEquals(20_000, Weft.<Integer>run(nested(20_000)));
  }

  private static Coroutine<Integer> nested(int depth) {
    return async(() -> depth == 0 ? 0 : 1 + await(createTask(nested(depth - 1))));
  }

  @Test
  void lookingAtTheThreadsWakesNobodyAndLosesNobody() throws InterruptedException {
    AtomicBoolean end = new AtomicBoolean();
    List<Thread> coroutines = new ArrayList<>();
    Thread looker =
        Thread.ofPlatform()
            .unstarted(
                () -> {
                  while (!end.get()) {
                    coroutines.forEach(Thread::getStackTrace);
                  }
                });
    try {
      run(
          () -> {
            List<Coroutine<Integer>> pairs = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
              pairs.add(async(() -> handToAndFro(coroutines)));
            }
            Promise<List<Integer>> all = gather(pairs);
            sleep(Duration.ZERO);
            looker.start();
            for (int turns : await(all)) {
              assertEquals(1000, turns);
            }
          });
    } finally {
      end.set(true);
      looker.join();
    }
  }

  /// Each promise is completed in the turn after that in which it is awaited; an early return would
  /// find it pending.
  private static int handToAndFro(List<Thread> coroutines) {
    coroutines.add(Thread.currentThread());
    int turns = 0;
    while (turns < 1000) {
      Promise<Integer> next = new Promise<>();
      int turn = turns + 1;
      EventLoop.running().callSoon(() -> next.setResult(turn));
      turns = await(next);
      if (turns % 3 == 0) {
        sleep(Duration.ZERO);
      }
    }
    return turns;
  }
}
