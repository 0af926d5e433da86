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
import static weft.Weft.gather;
import static weft.Weft.gatherSettled;
import static weft.Weft.shield;
import static weft.Weft.sleep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Coroutine;
import weft.EventLoop;
import weft.Promise;

/// `gather` and `gatherSettled`.
public abstract class GatherSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected GatherSuite() {}

  @Test
  void L40_resultsStandInTheOrderOfTheArguments() {
    run(
        () -> {
          Promise<Integer> a = loop.createPromise();
          Promise<Integer> b = loop.createPromise();
          Promise<Integer> c = loop.createPromise();
          Promise<List<Integer>> all = gather(List.of(a, b, c));
          b.setResult(2);
          turns(1);
          c.setResult(3);
          turns(1);
          assertFalse(all.done());
          a.setResult(1);
          assertEquals(List.of(1, 2, 3), await(all));
        });
  }

  @Test
  void L40_coroutinesRunConcurrently() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          List<String> both =
              await(
                  gather(
                      async(() -> await(gate)),
                      async(
                          () -> {
                            gate.setResult("opened");
                            return "opener";
                          })));
          assertEquals(List.of("opened", "opener"), both);
        });
  }

  @Test
  void L40_bodiesAreAccepted() {
    run(
        () -> {
          assertEquals(List.of(1, 2), await(gather(() -> 1, () -> 2)));
          await(gather(() -> turns(1), () -> turns(2)));
        });
  }

  @Test
  void L40_nothingToGatherIsDoneAtOnce() {
    run(
        () -> {
          Promise<List<String>> all = gather(List.<Promise<String>>of());
          assertTrue(all.done());
          loop.callSoon(() -> seen.add("another turn"));
          assertEquals(List.of(), await(all));
          assertEquals(List.of(), await(gatherSettled(List.<Promise<String>>of())));
          assertEquals(List.of(), seen);
        });
  }

  /// Else the failure would be reported when the loop is closed, and fail this test.
  @Test
  void L40_whoCancelsGatherSettledNeedNotLookAtTheFailures() {
    run(
        () -> {
          var failing =
              createTask(
                  () -> {
                    try {
                      hang();
                    } catch (CancelledError leaving) {
                      throw new IllegalStateException("on purpose");
                    }
                  });
          var all = gatherSettled(List.of(failing));
          turns(2);
          all.cancel();
          assertInstanceOf(CancelledError.class, failure(all));
        });
  }

  @Test
  void L40_whatIsDoneAlreadyCompletesAtOnce() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          a.setResult("a");
          b.setResult("b");
          Promise<List<String>> all = gather(List.of(a, b));
          assertTrue(all.done());
          assertEquals(List.of("a", "b"), all.result());
        });
  }

  @Test
  void L40_aDuplicateRunsOnceAndCountsTwice() {
    run(
        () -> {
          Coroutine<Integer> once =
              async(
                  () -> {
                    seen.add("ran");
                    turns(1);
                    return 7;
                  });
          assertEquals(List.of(7, 7), await(gather(List.of(once, once))));
          assertEquals(List.of("ran"), seen);
        });
  }

  @Test
  void L40_cancellingTheOuterAsksADuplicateTwice() {
    run(
        () -> {
          var twice = createTask(LoopSuite::hang);
          turns(1);
          Promise<List<Void>> all = gather(List.of(twice, twice));
          assertTrue(all.cancel("enough"));
          assertEquals(2, twice.cancelling());
          assertInstanceOf(CancelledError.class, failure(all));
          assertTrue(twice.cancelled());
        });
  }

  @Test
  void L40_theFirstFailureCompletesTheOuterAndTheSiblingsGoOn() {
    var failure = new IllegalStateException("boom");
    run(
        () -> {
          var sibling =
              createTask(
                  () -> {
                    turns(5);
                    seen.add("went on");
                    return "sibling";
                  });
          var bad =
              createTask(
                  () -> {
                    turns(1);
                    return fail(failure);
                  });
          assertSame(failure, failure(gather(List.of(sibling, bad))));
          assertFalse(sibling.done());
          assertEquals("sibling", await(sibling));
        });
    assertEquals(List.of("went on"), seen);
  }

  @Test
  void L40_aCheckedFailureArrivesWrapped() {
    var failure = new IOException("disk");
    run(
        () -> {
          Promise<List<String>> all = gather(List.of(async(() -> fail(failure))));
          assertSame(failure, assertThrows(CompletionException.class, () -> await(all)).getCause());
          assertSame(failure, all.exception());
        });
  }

  @Test
  void L40_laterFailuresAreDroppedSilently() {
    run(
        () -> {
          var first = createTask(() -> fail(new IllegalStateException("first")));
          var second =
              createTask(
                  () -> {
                    turns(2);
                    return fail(new IllegalStateException("second"));
                  });
          assertEquals("first", message(failure(gather(List.of(first, second)))));
          turns(5);
        });
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L40_aCancelledChildIsAnExceptionOfTheOuter() {
    run(
        () -> {
          var child = createTask(LoopSuite::hang);
          var sibling = createTask(() -> turns(5));
          Promise<List<Void>> all = gather(List.of(child, sibling));
          turns(1);
          child.cancel();
          assertInstanceOf(CancelledError.class, failure(all));
          assertFalse(all.cancelled());
          assertInstanceOf(CancelledError.class, all.exception());
          assertFalse(sibling.done());
          await(sibling);
        });
  }

  @Test
  void L40_cancellingTheOuterCancelsEveryChild() {
    run(
        () -> {
          var a = createTask(LoopSuite::hang);
          var b = createTask(LoopSuite::hang);
          var done = createTask(() -> {});
          turns(2);
          Promise<List<Void>> all = gather(List.of(a, done, b));
          assertTrue(all.cancel("enough"));
          assertFalse(all.done());
          assertEquals(1, a.cancelling());
          assertEquals(1, b.cancelling());
          assertInstanceOf(CancelledError.class, failure(all));
          turns(2);
          assertTrue(a.cancelled());
          assertTrue(b.cancelled());
          assertEquals("enough", assertThrows(CancelledError.class, b::result).getMessage());
        });
  }

  @Test
  void L40_cancellingTheWaiterCancelsEveryChildAndTheWaiter() {
    run(
        () -> {
          var a = createTask(LoopSuite::hang);
          var b = createTask(LoopSuite::hang);
          var waiter =
              createTask(
                  () -> {
                    await(gather(List.of(a, b)));
                    seen.add("went on");
                  });
          turns(2);
          waiter.cancel();
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertTrue(waiter.cancelled());
          settle(List.of(a, b));
          assertTrue(a.cancelled());
          assertTrue(b.cancelled());
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L40_aCancelledOuterEndsWithItsFirstChild() {
    run(
        () -> {
          Promise<String> cleanup = loop.createPromise();
          var slow =
              createTask(
                  () -> {
                    untilCancelled();
                    return await(cleanup);
                  });
          var quick =
              createTask(
                  () -> {
                    hang();
                    return "never";
                  });
          Promise<List<String>> all = gather(List.of(slow, quick));
          turns(1);
          assertTrue(all.cancel());
          assertInstanceOf(CancelledError.class, failure(all));
          assertTrue(quick.cancelled());
          assertFalse(slow.done());
          cleanup.setResult("cleaned");
          assertEquals("cleaned", await(slow));
        });
  }

  @Test
  void L40_cancellingADoneOuterIsRefused() {
    run(
        () -> {
          var survivor = createTask(() -> turns(5));
          var bad =
              createTask(
                  () -> {
                    throw new IllegalStateException("boom");
                  });
          Promise<List<Object>> all = gather(List.of(survivor, bad));
          failure(all);
          assertFalse(all.cancel());
          await(survivor);
          assertFalse(survivor.cancelled());
          assertEquals(0, survivor.cancelling());
        });
  }

  @Test
  void L40_cancelIsRefusedWhenAllChildrenAreDone() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          Promise<List<String>> all = gather(List.of(a, b));
          a.setResult("a");
          b.setResult("b");
          assertFalse(all.done());
          assertFalse(all.cancel());
          assertEquals(List.of("a", "b"), await(all));
        });
  }

  @Test
  void L40_settledCollectsEveryOutcome() {
    var failure = new IOException("disk");
    run(
        () -> {
          var good = createTask(() -> "good");
          var bad = createTask(() -> fail(failure));
          var cancelled =
              createTask(
                  () -> {
                    hang();
                    return "never";
                  });
          cancelled.cancel();
          List<Promise<String>> all = await(gatherSettled(List.of(good, bad, cancelled)));
          assertEquals("good", all.get(0).result());
          assertSame(failure, all.get(1).exception());
          assertTrue(all.get(2).cancelled());
          assertTrue(all.stream().allMatch(Promise::done));
        });
  }

  @Test
  void L40_settledWaitsForAllAfterAFailure() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          Promise<List<Promise<String>>> all = gatherSettled(List.of(a, b));
          a.setException(new IllegalStateException("boom"));
          turns(2);
          assertFalse(all.done());
          b.setResult("b");
          assertEquals("b", await(all).get(1).result());
          assertEquals("boom", message(a.exception()));
        });
  }

  @Test
  void L40_cancelledSettledWaitsForAllThenThrowsTheCancellation() {
    run(
        () -> {
          Promise<String> cleanup = loop.createPromise();
          var slow =
              createTask(
                  () -> {
                    untilCancelled();
                    return await(cleanup);
                  });
          var quick =
              createTask(
                  () -> {
                    hang();
                    return "never";
                  });
          Promise<List<Promise<String>>> all = gatherSettled(List.of(slow, quick));
          turns(1);
          assertTrue(all.cancel("why"));
          turns(3);
          assertTrue(quick.done());
          assertFalse(all.done());
          cleanup.setResult("cleaned");
          assertEquals("why", message(assertInstanceOf(CancelledError.class, failure(all))));
          assertEquals("cleaned", slow.result());
        });
  }

  @Test
  void L40_cancelledShieldsLeaveTheChildrenAlive() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          Promise<String> shieldA = shield(a);
          Promise<String> shieldB = shield(b);
          Promise<List<String>> all = gather(List.of(shieldA, shieldB));
          assertTrue(all.cancel());
          assertInstanceOf(CancelledError.class, failure(all));
          assertTrue(shieldA.cancelled());
          assertTrue(shieldB.cancelled());
          assertFalse(a.done());
          assertFalse(b.done());
        });
  }

  @Test
  void L40_gatherNests() {
    run(
        () -> {
          List<List<Integer>> all =
              await(gather(gather(number(1), number(2)), gather(number(3), number(4))));
          assertEquals(List.of(List.of(1, 2), List.of(3, 4)), all);
        });
  }

  @Test
  void L40_nullsAreResults() {
    run(
        () -> {
          List<Void> all = await(gather(List.of(async(() -> {}), async(() -> turns(1)))));
          assertEquals(2, all.size());
          assertEquals(null, all.get(0));
        });
  }

  @Test
  void L40_aThousandAreGathered() {
    run(
        () -> {
          var coroutines = new ArrayList<Coroutine<Integer>>();
          for (int i = 0; i < 1000; i++) {
            coroutines.add(number(i));
          }
          List<Integer> all = await(gather(coroutines));
          for (int i = 0; i < 1000; i++) {
            assertEquals(i, all.get(i));
          }
        });
  }

  @Test
  void gatherRefusesPromisesOfTwoLoops() {
    EventLoop other = newLoop();
    try {
      Promise<String> foreign = other.createPromise();
      run(
          () -> {
            Promise<String> own = loop.createPromise();
            assertThrows(IllegalArgumentException.class, () -> gather(List.of(own, foreign)));
          });
    } finally {
      other.close();
    }
  }

  @Test
  void gatherOfCoroutinesNeedsALoop() {
    var coroutine = async(() -> 1);
    assertThrows(IllegalStateException.class, () -> gather(List.of(coroutine)));
    coroutine.close();
  }

  @Test
  void gatherOfPromisesUsesTheirLoop() {
    Promise<String> a = loop.createPromise();
    Promise<List<String>> all = gather(List.of(a));
    assertSame(loop, all.loop());
    a.setResult("a");
    assertEquals(List.of("a"), loop.runUntilComplete(all));
  }

  @Test
  void theTasksOfGatherCarryOnWhenTheOuterIsForgotten() {
    run(
        () -> {
          Promise<List<Void>> all =
              gather(
                  List.of(
                      async(
                          () -> {
                            turns(2);
                            seen.add("ended");
                          })));
          assertFalse(all.done());
          turns(4);
        });
    assertEquals(List.of("ended"), seen);
  }

  private static Coroutine<Integer> number(int n) {
    return async(
        () -> {
          sleep(java.time.Duration.ZERO);
          return n;
        });
  }

  private static String fail(Exception failure) throws Exception {
    throw failure;
  }

  private static String message(@org.jspecify.annotations.Nullable Throwable thrown) {
    return thrown == null ? "nothing" : String.valueOf(thrown.getMessage());
  }
}
