package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.ContextVar;
import weft.Coroutine;
import weft.Promise;
import weft.Task;

/// Coroutines: lazy, single use, run inline by `await`, suspended with their whole stack.
public abstract class CoroutineSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected CoroutineSuite() {}

  @Test
  void L22_nothingRunsBeforeTheAwait() {
    var coroutine = async(() -> seen.add("ran"));
    runBriefly();
    assertEquals(List.of(), seen);
    run(
        () -> {
          turns(2);
          assertEquals(List.of(), seen);
          await(coroutine);
          assertEquals(List.of("ran"), seen);
        });
  }

  @Test
  void L22_aCoroutineCannotBeAwaitedTwice() {
    run(
        () -> {
          var coroutine = async(() -> seen.add("ran"));
          await(coroutine);
          assertThrows(IllegalStateException.class, () -> await(coroutine));
          assertThrows(IllegalStateException.class, coroutine::await);
        });
    assertEquals(List.of("ran"), seen);
  }

  @Test
  void L22_aTasksCoroutineCannotBeAwaited() {
    run(
        () -> {
          var coroutine = async(() -> seen.add("ran"));
          var task = createTask(coroutine);
          assertThrows(IllegalStateException.class, () -> await(coroutine));
          await(task);
        });
    assertEquals(List.of("ran"), seen);
  }

  @Test
  void L22_anAwaitedCoroutineCannotBecomeATask() {
    run(
        () -> {
          var coroutine = async(() -> seen.add("ran"));
          await(coroutine);
          assertThrows(IllegalStateException.class, () -> createTask(coroutine));
          turns(2);
          assertEquals(1, loop.allTasks().size());
        });
    assertEquals(List.of("ran"), seen);
  }

  @Test
  void L22_aRunningCoroutineCannotBeAwaitedByAnotherTask() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var coroutine = async(() -> await(gate));
          var first = createTask(() -> await(coroutine));
          turns(1);
          assertThrows(IllegalStateException.class, () -> await(coroutine));
          gate.setResult("once");
          assertEquals("once", await(first));
        });
  }

  @Test
  void L22_aCoroutineCannotRunTwiceThroughTheLoop() {
    var coroutine = async(() -> "ran");
    assertEquals("ran", loop.runUntilComplete(coroutine));
    assertThrows(IllegalStateException.class, () -> loop.runUntilComplete(coroutine));
  }

  @Test
  void L23_anAwaitedCoroutineRunsInlineOnTheSameTask() {
    run(
        () -> {
          Task<?> me = Task.current();
          loop.callSoon(() -> seen.add("another turn"));
          String result =
              await(
                  async(
                      () -> {
                        assertSame(me, Task.current());
                        return "inline";
                      }));
          assertEquals("inline", result);
          assertEquals(List.of(), seen);
          assertEquals(1, loop.allTasks().size());
        });
  }

  @Test
  void L23_aCoroutineMayAwaitItself_ThroughItsMethod() {
    assertEquals(55, run(() -> await(sum(10))));
  }

  @Test
  void L23_aSuspendedInlineCoroutineResumesWhereItWas() {
    run(
        () -> {
          loop.callSoon(() -> steps.at(2));
          await(
              async(
                  () -> {
                    steps.at(1);
                    turns(1);
                    steps.at(3);
                  }));
          steps.end(4);
        });
  }

  @Test
  void L23_exceptionsPassThroughAsTheyAre() {
    var unchecked = new IllegalStateException("unchecked");
    var checked = new IOException("checked");
    run(
        () -> {
          assertSame(
              unchecked,
              assertThrows(IllegalStateException.class, () -> await(thrower(unchecked))));
          assertSame(
              checked,
              assertThrows(CompletionException.class, () -> await(thrower(checked))).getCause());
          assertSame(
              checked,
              assertThrows(IOException.class, () -> await(thrower(checked), IOException.class)));
          assertSame(
              checked,
              assertThrows(IOException.class, () -> thrower(checked).await(IOException.class)));
          assertSame(
              unchecked,
              assertThrows(
                  IllegalStateException.class, () -> await(thrower(unchecked), IOException.class)));
        });
  }

  @Test
  void L23_aCheckedExceptionIsWrappedOnceOnly() {
    var checked = new IOException("checked");
    run(
        () -> {
          var thrown =
              assertThrows(
                  CompletionException.class,
                  () -> await(async(() -> await(async(() -> await(thrower(checked)))))));
          assertSame(checked, thrown.getCause());
          assertSame(
              checked,
              assertThrows(
                  IOException.class,
                  () -> await(async(() -> await(thrower(checked))), IOException.class)));
        });
  }

  @Test
  void L23_theAwaiterSharesTheContext() {
    run(
        () -> {
          COLOUR.set("red");
          await(
              async(
                  () -> {
                    assertEquals("red", COLOUR.get());
                    COLOUR.set("blue");
                  }));
          assertEquals("blue", COLOUR.get());
        });
  }

  @Test
  void L23_cancellationUnwindsTheInlineCoroutinesInsideOut() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      await(
                          async(
                              () -> {
                                try {
                                  hang();
                                } finally {
                                  steps.at(2);
                                }
                              }));
                    } finally {
                      steps.at(3);
                    }
                  });
          turns(1);
          steps.at(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          steps.end(4);
        });
  }

  @Test
  void L23_coroutinesNestDeeply() {
    assertEquals(300, run(() -> await(nested(300))));
  }

  @Test
  void aCoroutineIsNamedAfterItsMethod() {
    var coroutine = hello();
    assertEquals("hello", coroutine.name());
    assertTrue(
        coroutine.toString().matches("<coroutine hello at 0x[0-9a-f]+>"), coroutine.toString());
    assertEquals(coroutine.toString(), coroutine.toString());
    coroutine.close();
  }

  @Test
  void aCoroutineMadeInALambdaIsNamedAfterTheMethodAround() {
    var made = new ArrayList<Coroutine<?>>();
    Runnable maker = () -> made.add(async(() -> {}));
    maker.run();
    assertEquals("aCoroutineMadeInALambdaIsNamedAfterTheMethodAround", made.getFirst().name());
  }

  @Test
  void aCoroutineMayBeGivenAName() {
    var coroutine = async("reader", () -> 1);
    assertEquals("reader", coroutine.name());
    assertTrue(
        coroutine.toString().matches("<coroutine reader at 0x[0-9a-f]+>"), coroutine.toString());
    assertEquals(1, run(() -> await(coroutine)));
    assertEquals("writer", async("writer", () -> {}).name());
  }

  @Test
  void aClosedCoroutineNeverRuns() {
    var coroutine = async(() -> seen.add("ran"));
    coroutine.close();
    coroutine.close();
    run(() -> assertThrows(IllegalStateException.class, () -> await(coroutine)));
    assertThrows(IllegalStateException.class, () -> loop.createTask(coroutine));
    assertEquals(List.of(), seen);
  }

  @Test
  void closingAStartedCoroutineChangesNothing() {
    run(
        () -> {
          var coroutine =
              async(
                  () -> {
                    turns(2);
                    return "ended";
                  });
          var task = createTask(coroutine);
          turns(1);
          coroutine.close();
          assertEquals("ended", await(task));
          coroutine.close();
        });
  }

  @Test
  void aCoroutineWithoutResultGivesNull() {
    run(() -> assertNull(await(async(() -> turns(1)))));
  }

  @Test
  void aCoroutineMayBeMadeOnAnotherThread() throws Exception {
    var coroutine = elsewhere(() -> async(() -> "from there"));
    assertEquals("from there", loop.runUntilComplete(coroutine));
  }

  @Test
  void aLoopMaySuspendInEveryRound() {
    run(
        () -> {
          int sum = 0;
          for (int i = 0; i < 100; i++) {
            sum += await(later(i));
          }
          assertEquals(4950, sum);
        });
  }

  @Test
  void anIteratorMaySuspend() {
    run(
        () -> {
          Iterable<Integer> slow =
              () ->
                  new Iterator<>() {
                    private int next;

                    @Override
                    public boolean hasNext() {
                      return next < 3;
                    }

                    @Override
                    public Integer next() {
                      turns(1);
                      return next++;
                    }
                  };
          for (int n : slow) {
            seen.add(n);
          }
        });
    assertEquals(List.of(0, 1, 2), seen);
  }

  @Test
  void librariesInBetweenNeedNotKnow() {
    run(
        () -> {
          var sorted =
              Stream.of(3, 1, 2)
                  .map(n -> await(later(n)))
                  .sorted(
                      (a, b) -> {
                        turns(1);
                        return a - b;
                      })
                  .toList();
          assertEquals(List.of(1, 2, 3), sorted);
        });
  }

  @Test
  void aResourceIsClosedWhenTheBodyIsCancelled() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try (AutoCloseable resource = () -> seen.add("closed")) {
                      assertTrue(resource != null);
                      hang();
                    }
                  });
          turns(1);
          task.cancel();
          failure(task);
        });
    assertEquals(List.of("closed"), seen);
  }

  @Test
  void aFinallyBlockMaySuspend() {
    run(
        () -> {
          try {
            steps.at(1);
            throw new IOException("boom");
          } catch (IOException e) {
            turns(1);
            steps.at(2);
          } finally {
            turns(1);
            steps.end(3);
          }
        });
  }

  @Test
  void aConstructorAndAnInitialiserMaySuspend() {
    run(
        () -> {
          var made =
              new Object() {
                final int value = await(later(7));
              };
          assertEquals(7, made.value);
        });
  }

  @Test
  void aDeepStackSuspends() {
    assertEquals(1000, run(() -> deep(1000)));
  }

  @Test
  void endlessRecursionFailsItsTaskOnly() {
    run(
        () -> {
          var task = createTask(() -> endless(1));
          assertInstanceOf(StackOverflowError.class, failure(task));
          turns(2);
        });
  }

  private static int endless(int n) {
    return n == 0 ? 0 : endless(n + 1) + 1;
  }

  private static int deep(int n) {
    if (n == 0) {
      sleep(Duration.ZERO);
      return 0;
    }
    return 1 + deep(n - 1);
  }

  private static Coroutine<Void> hello() {
    return async(() -> {});
  }

  private static Coroutine<Integer> later(int n) {
    return async(
        () -> {
          sleep(Duration.ZERO);
          return n;
        });
  }

  private static Coroutine<Integer> sum(int n) {
    return async(() -> n == 0 ? 0 : n + await(sum(n - 1)));
  }

  private static Coroutine<Integer> nested(int n) {
    return async(
        () -> {
          if (n == 0) {
            sleep(Duration.ZERO);
            return 0;
          }
          return 1 + await(nested(n - 1));
        });
  }

  private static Coroutine<String> thrower(Exception failure) {
    return async(
        () -> {
          throw failure;
        });
  }
}
