package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.asCompleted;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.shield;
import static weft.Weft.sleep;
import static weft.Weft.waitAll;
import static weft.Weft.waitFirstCompleted;
import static weft.Weft.waitFirstException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CallGraph;
import weft.CancelledError;
import weft.Coroutine;
import weft.Promise;
import weft.Task;
import weft.Weft;

/// `waitAll`, `waitFirstCompleted`, `waitFirstException`, and `asCompleted`.
public abstract class WaitSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected WaitSuite() {}

  @Test
  void aNextThatCannotWaitLeavesNobodyBehind() {
    Promise<String> first = loop.createPromise();
    Promise<String> second = loop.createPromise();
    run(
        () -> {
          var items = asCompleted(List.of(first, second));
          Promise<Void> tried = loop.createPromise();
          loop.callSoon(
              () -> {
                assertThrows(IllegalStateException.class, items::next);
                tried.setResult(nothing());
              });
          await(tried);
          var all =
              createTask(
                  () -> {
                    var results = new ArrayList<String>();
                    for (var item : items) {
                      results.add(item.result());
                    }
                    return results;
                  });
          turns(1);
          first.setResult("first");
          turns(3);
          second.setResult("second");
          assertEquals(List.of("first", "second"), await(all));
        });
  }

  @Test
  void L42_waitAllWaitsForAll() {
    run(
        () -> {
          var a = value("a", 1);
          var b = value("b", 3);
          var waited = waitAll(List.of(a, b));
          assertEquals(Set.of(a, b), waited.done());
          assertEquals(Set.of(), waited.pending());
          assertEquals("a", a.result());
        });
  }

  @Test
  void L42_waitAllThrowsNothing() {
    run(
        () -> {
          var good = value("good", 1);
          var bad =
              createTask(
                  () -> {
                    throw new IllegalStateException("boom");
                  });
          var cancelled = createTask(LoopSuite::hang);
          cancelled.cancel();
          List<Promise<?>> promises = List.of(good, bad, cancelled);
          var waited = waitAllOf(promises);
          assertEquals(Set.copyOf(promises), waited);
          assertInstanceOf(IllegalStateException.class, bad.exception());
        });
  }

  @Test
  void L42_itSuspendsEvenWhenAllAreDone() {
    run(
        () -> {
          Promise<String> done = loop.createPromise();
          done.setResult("x");
          loop.callSoon(() -> seen.add("another turn"));
          var waited = waitAll(List.of(done));
          assertEquals(List.of("another turn"), seen);
          assertEquals(Set.of(done), waited.done());
        });
  }

  @Test
  void L42_atTheTimeoutTheRestIsPendingAndUntouched() {
    run(
        () -> {
          Promise<String> never = loop.createPromise();
          Promise<String> done = loop.createPromise();
          done.setResult("x");
          var waited = waitAll(List.of(never, done), ms(2));
          assertEquals(Set.of(done), waited.done());
          assertEquals(Set.of(never), waited.pending());
          assertFalse(never.done());
        });
  }

  @Test
  void L42_aTimeoutOfZeroStillLooks() {
    run(
        () -> {
          Promise<String> never = loop.createPromise();
          var waited = waitAll(List.of(never), Duration.ZERO);
          assertEquals(Set.of(never), waited.pending());
          var late = waitFirstCompleted(List.of(never), Duration.ZERO);
          assertEquals(Set.of(never), late.pending());
        });
  }

  @Test
  void L42_aTimeoutThatIsNotReachedChangesNothing() {
    run(
        () -> {
          var a = value("a", 2);
          assertEquals(Set.of(a), waitAll(List.of(a), Duration.ofHours(1)).done());
          var b = value("b", 2);
          assertEquals(Set.of(b), waitAll(List.of(b), null).done());
        });
  }

  @Test
  void L42_nothingToWaitForIsRefused() {
    run(
        () -> {
          List<Promise<String>> none = List.of();
          assertThrows(IllegalArgumentException.class, () -> waitAll(none));
          assertThrows(IllegalArgumentException.class, () -> waitFirstCompleted(none));
          assertThrows(IllegalArgumentException.class, () -> waitFirstException(none, ms(1)));
        });
  }

  @Test
  void L42_firstCompletedReturnsAtTheFirst() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          loop.callLater(ms(1), () -> b.setResult("b"));
          var waited = waitFirstCompleted(List.of(a, b));
          assertEquals(Set.of(b), waited.done());
          assertEquals(Set.of(a), waited.pending());
        });
  }

  @Test
  void L42_whatEndsInTheSameTurnIsDoneToo() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          Promise<String> c = loop.createPromise();
          loop.callSoon(
              () -> {
                a.setResult("a");
                b.setResult("b");
              });
          var waited = waitFirstCompleted(List.of(a, b, c));
          assertEquals(Set.of(a, b), waited.done());
          assertEquals(Set.of(c), waited.pending());
        });
  }

  @Test
  void L42_firstCompletedCountsFailureAndCancellation() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          loop.callSoon(a::cancel);
          assertEquals(Set.of(a), waitFirstCompleted(List.of(a, b)).done());
          loop.callSoon(() -> b.setException(new IllegalStateException("boom")));
          Promise<String> c = loop.createPromise();
          assertEquals(Set.of(b), waitFirstCompleted(List.of(b, c)).done());
          assertNotNull(b.exception());
        });
  }

  @Test
  void L42_firstCompletedOfSomethingDoneReturnsAfterOneTurn() {
    run(
        () -> {
          Promise<String> done = loop.createPromise();
          Promise<String> never = loop.createPromise();
          done.setResult("x");
          var waited = waitFirstCompleted(List.of(never, done));
          assertEquals(Set.of(done), waited.done());
        });
  }

  @Test
  void L42_firstExceptionReturnsAtTheFirstFailure() {
    run(
        () -> {
          var good = value("good", 1);
          Promise<String> never = loop.createPromise();
          Promise<String> bad = loop.createPromise();
          loop.callLater(ms(2), () -> bad.setException(new IllegalStateException("boom")));
          var waited = waitFirstException(List.of(good, never, bad));
          assertEquals(Set.of(good, bad), waited.done());
          assertEquals(Set.of(never), waited.pending());
          assertNotNull(bad.exception());
        });
  }

  @Test
  void L42_aCancellationIsNoExceptionToFirstException() {
    run(
        () -> {
          Promise<String> cancelled = loop.createPromise();
          Promise<String> later = loop.createPromise();
          loop.callSoon(cancelled::cancel);
          loop.callLater(ms(2), () -> later.setResult("later"));
          var waited = waitFirstException(List.of(cancelled, later));
          assertEquals(Set.of(cancelled, later), waited.done());
        });
  }

  @Test
  void L42_firstExceptionWithoutOneWaitsForAll() {
    run(
        () -> {
          var a = value("a", 1);
          var b = value("b", 4);
          assertEquals(Set.of(a, b), waitFirstException(List.of(a, b)).done());
        });
  }

  @Test
  void L42_firstExceptionOfSomethingFailedReturnsAfterOneTurn() {
    run(
        () -> {
          Promise<String> failed = loop.createPromise();
          Promise<String> never = loop.createPromise();
          failed.setException(new IllegalStateException("boom"));
          assertEquals(Set.of(never), waitFirstException(List.of(failed, never)).pending());
          assertNotNull(failed.exception());
        });
  }

  @Test
  void L42_duplicatesAreCountedOnce() {
    run(
        () -> {
          var a = value("a", 1);
          var waited = waitAll(List.of(a, a, a));
          assertEquals(1, waited.done().size());
        });
  }

  @Test
  void L42_waitingTwiceForTheSameIsAllowed() {
    run(
        () -> {
          var a = value("a", 2);
          var one = createTask(() -> waitAll(List.of(a)).done().size());
          var two = createTask(() -> waitFirstCompleted(List.of(a)).done().size());
          assertEquals(1, await(one));
          assertEquals(1, await(two));
        });
  }

  @Test
  void L42_theTimeoutWinsOrLosesButNeverHangs() {
    run(
        () -> {
          for (int i = 0; i < 20; i++) {
            var a =
                createTask(
                    () -> {
                      sleep(ms(1));
                      return "a";
                    });
            var waited = waitAll(List.of(a), ms(1));
            assertEquals(1, waited.done().size() + waited.pending().size());
            await(a);
          }
        });
  }

  @Test
  void L42_cancellingTheWaitLeavesThePromisesAndTheirCallbacksAlone() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          var waiter = createTask(() -> waitAll(List.of(a), Duration.ofHours(1)));
          turns(1);
          waiter.cancel();
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertEquals(Set.of(), a.awaitedBy());
          a.setResult("a");
          turns(2);
        });
  }

  @Test
  void L43_itemsComeInTheOrderOfCompletion() {
    run(
        () -> {
          var slow = value("slow", 6);
          var quick = value("quick", 2);
          var middle = value("middle", 4);
          for (var item : asCompleted(List.of(slow, quick, middle))) {
            seen.add(await(item));
          }
        });
    assertEquals(List.of("quick", "middle", "slow"), seen);
  }

  @Test
  void L43_theItemsAreTheOriginalsAndDone() {
    run(
        () -> {
          var a = value("a", 1);
          Promise<String> b = loop.createPromise();
          createTask(
              () -> {
                await(a);
                b.setResult("b");
              });
          for (var item : asCompleted(List.of(a, b))) {
            assertTrue(item.done());
            seen.add(item);
          }
          assertEquals(2, seen.size());
          assertSame(a, seen.get(0));
          assertSame(b, seen.get(1));
        });
  }

  @Test
  void L43_coroutinesBecomeTasks() {
    run(
        () -> {
          var results = new ArrayList<Integer>();
          for (var item : asCompleted(List.of(async(() -> 1), async(() -> 2)))) {
            assertInstanceOf(Task.class, item);
            results.add(item.result());
          }
          assertEquals(List.of(1, 2), results);
        });
  }

  @Test
  void L43_duplicatesComeOnce() {
    run(
        () -> {
          var a = value("a", 1);
          Coroutine<String> c = async(() -> "c");
          int count = 0;
          for (var item : asCompleted(List.of(a, c, a, c))) {
            assertTrue(item.done());
            count++;
          }
          assertEquals(2, count);
        });
  }

  @Test
  void L43_noneIsNoItems() {
    run(
        () -> {
          var none = asCompleted(List.<Promise<String>>of());
          assertFalse(none.hasNext());
          assertThrows(NoSuchElementException.class, none::next);
        });
  }

  @Test
  void L43_aBrokenOffIterationGoesOnWhereItWas() {
    run(
        () -> {
          var items = asCompleted(List.of(value("a", 1), value("b", 2), value("c", 3)));
          for (var item : items) {
            seen.add(item.result());
            break;
          }
          for (var item : items) {
            seen.add(item.result());
          }
          assertFalse(items.hasNext());
        });
    assertEquals(List.of("a", "b", "c"), seen);
  }

  @Test
  void L43_aFailedItemIsAnItem() {
    run(
        () -> {
          var bad =
              createTask(
                  () -> {
                    throw new IllegalStateException("boom");
                  });
          for (var item : asCompleted(List.of(bad))) {
            assertInstanceOf(IllegalStateException.class, item.exception());
            seen.add(item);
          }
        });
    assertEquals(1, seen.size());
  }

  @Test
  void L43_atTheTimeoutTheRemainingItemsAreTimeoutErrors() {
    run(
        () -> {
          Promise<String> never = loop.createPromise();
          Promise<String> quick = loop.createPromise();
          quick.setResult("quick");
          var items = asCompleted(List.of(never, quick), ms(5));
          assertSame(quick, items.next());
          assertTimeout(items::next);
          assertFalse(never.done());
        });
  }

  @Test
  void L43_nextAwaitableGivesTheResultsInOrder() {
    run(
        () -> {
          var items = asCompleted(List.of(value("slow", 4), value("quick", 2)));
          Coroutine<String> first = items.nextAwaitable();
          Coroutine<String> second = items.nextAwaitable();
          assertEquals("quick", await(first));
          assertEquals("slow", await(second));
          assertFalse(items.hasNext());
        });
  }

  @Test
  void L43_theAwaitablesMayBeAwaitedInAnyOrder() {
    run(
        () -> {
          var items = asCompleted(List.of(value("slow", 4), value("quick", 2)));
          Coroutine<String> first = items.nextAwaitable();
          Coroutine<String> second = items.nextAwaitable();
          assertEquals("quick", await(second));
          assertEquals("slow", await(first));
        });
  }

  @Test
  void L43_twoTasksMayShareTheItems() {
    run(
        () -> {
          var items = asCompleted(List.of(value("a", 2), value("b", 3), value("c", 4)));
          var one = createTask(items.nextAwaitable());
          var two = createTask(items.nextAwaitable());
          var three = createTask(() -> items.next().result());
          assertEquals("a", await(one));
          assertEquals("b", await(two));
          assertEquals("c", await(three));
        });
  }

  @Test
  void L43_itemsThatAreDoneComeInTheirOrder() {
    run(
        () -> {
          var promises = new ArrayList<Promise<Integer>>();
          for (int i = 0; i < 100; i++) {
            Promise<Integer> promise = loop.createPromise();
            promise.setResult(i);
            promises.add(promise);
          }
          for (var item : asCompleted(promises)) {
            seen.add(item);
          }
          assertEquals(promises, seen);
        });
  }

  @Test
  void L43_nextAwaitableThrowsTheFailureAndTheTimeout() {
    run(
        () -> {
          Promise<String> never = loop.createPromise();
          Promise<String> bad = loop.createPromise();
          bad.setException(new IllegalStateException("boom"));
          var items = asCompleted(List.of(never, bad), ms(5));
          assertThrows(IllegalStateException.class, () -> await(items.nextAwaitable()));
          assertThrows(
              TimeoutException.class, () -> await(items.nextAwaitable(), TimeoutException.class));
        });
  }

  @Test
  void L43_whatIsLeftGoesOnRunning() {
    run(
        () -> {
          var quick = value("quick", 1);
          var slow = value("slow", 5);
          for (var item : asCompleted(List.of(slow, quick))) {
            assertSame(quick, item);
            break;
          }
          assertFalse(slow.done());
          assertEquals("slow", await(slow));
        });
  }

  @Test
  void L43_cancellingTheIterationLeavesTheItemsAlone() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          var waiter = createTask(() -> asCompleted(List.of(a)).next());
          turns(1);
          waiter.cancel();
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertFalse(a.done());
        });
  }

  private Task<String> value(String value, int turns) {
    return createTask(
        () -> {
          turns(turns);
          return value;
        });
  }

  private static Set<Promise<?>> waitAllOf(List<Promise<?>> promises) {
    return Weft.<Object>waitAll(promises).done().stream()
        .<Promise<?>>map(p -> p)
        .collect(java.util.stream.Collectors.toSet());
  }

  private static void assertTimeout(org.junit.jupiter.api.function.Executable executable) {
    Throwable thrown = assertThrows(Throwable.class, executable);
    if (!(thrown instanceof TimeoutException)) {
      assertInstanceOf(TimeoutException.class, thrown.getCause());
    }
  }

  @Test
  void L60_aWaitThatCanEndIsNotRefused() {
    run(
        () -> {
          Task<?> me = self();
          Task<?> child = createTask(() -> await(shield(me)));
          turns(1);
          assertEquals(Set.of(child), waitAll(List.of(child), ms(2)).pending());
          Task<String> other = createTask(() -> "done");
          assertEquals(Set.of(other), waitFirstCompleted(List.of(child, other)).done());
          assertThrows(IllegalStateException.class, () -> waitAll(List.of(child)));
          child.cancel();
          failure(child);
        });
  }

  @Test
  void L43_asCompletedLeavesNothingBehindWhenItsTimeIsUp() {
    run(
        () -> {
          Promise<String> never = loop.createPromise();
          var items = asCompleted(List.of(never), ms(1));
          assertThrows(Exception.class, items::next);
          assertEquals(List.of(), CallGraph.capture(never).awaitedBy());
        });
  }
}
