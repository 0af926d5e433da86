package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Context;
import weft.ContextVar;
import weft.InvalidStateException;
import weft.Promise;
import weft.Task;

/// The promise: a cell that is set once, its callbacks, and those who await it.
public abstract class PromiseSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected PromiseSuite() {}

  @Test
  void whoTriesToCompleteLearnsWhetherItWasInTime() throws Exception {
    Promise<String> value = loop.createPromise();
    assertTrue(value.trySetResult("first"));
    assertFalse(value.trySetResult("second"));
    assertFalse(value.trySetException(new IllegalStateException("third")));
    assertEquals("first", value.result());
    Promise<String> failed = loop.createPromise();
    assertTrue(failed.trySetException(new IllegalStateException("first")));
    assertFalse(failed.trySetResult("second"));
    assertThrows(IllegalStateException.class, failed::result);
    Promise<String> cancelled = loop.createPromise();
    cancelled.cancel();
    assertFalse(cancelled.trySetResult("late"));
    assertTrue(cancelled.cancelled());
    Task<String> task = loop.createTask(() -> "own");
    assertThrows(UnsupportedOperationException.class, () -> task.trySetResult("foreign"));
    runBriefly();
    assertFalse(task.trySetResult("foreign"));
    run(
        () ->
            elsewhere(
                () ->
                    assertThrows(
                        IllegalStateException.class, () -> value.trySetResult("elsewhere"))));
  }

  @Test
  void aNewPromiseIsPending() {
    Promise<String> promise = loop.createPromise();
    assertFalse(promise.done());
    assertFalse(promise.cancelled());
    assertSame(loop, promise.loop());
  }

  @Test
  void aPromiseBelongsToTheRunningLoop() {
    run(() -> assertSame(loop, new Promise<String>().loop()));
    assertSame(loop, new Promise<String>(loop).loop());
  }

  @Test
  void aPromiseNeedsALoop() {
    assertThrows(IllegalStateException.class, () -> new Promise<String>());
  }

  @Test
  void L17_aPromiseIsSetOnce() {
    Promise<String> promise = loop.createPromise();
    promise.setResult("first");
    assertThrows(InvalidStateException.class, () -> promise.setResult("second"));
    assertThrows(InvalidStateException.class, () -> promise.setException(new IOException("third")));
    assertFalse(promise.cancel());
    assertEquals("first", promise.result());
    assertNull(promise.exception());
    assertTrue(promise.done());
    assertFalse(promise.cancelled());
  }

  @Test
  void L17_aFailedPromiseStaysFailed() {
    Promise<String> promise = loop.createPromise();
    var failure = new IllegalArgumentException("boom");
    promise.setException(failure);
    assertThrows(InvalidStateException.class, () -> promise.setResult("late"));
    assertThrows(
        InvalidStateException.class, () -> promise.setException(new RuntimeException("late")));
    assertFalse(promise.cancel());
    assertSame(failure, promise.exception());
    assertSame(failure, assertThrows(IllegalArgumentException.class, promise::result));
  }

  @Test
  void L17_aCancelledPromiseStaysCancelled() {
    Promise<String> promise = loop.createPromise();
    assertTrue(promise.cancel());
    assertTrue(promise.done());
    assertTrue(promise.cancelled());
    assertFalse(promise.cancel());
    assertThrows(InvalidStateException.class, () -> promise.setResult("late"));
    assertThrows(
        InvalidStateException.class, () -> promise.setException(new RuntimeException("late")));
    assertThrows(CancelledError.class, promise::result);
    assertThrows(CancelledError.class, promise::exception);
  }

  @Test
  void L21_aPendingPromiseHasNoResult() {
    Promise<String> promise = loop.createPromise();
    assertThrows(InvalidStateException.class, promise::result);
    assertThrows(InvalidStateException.class, promise::exception);
  }

  @Test
  void aCheckedExceptionArrivesWrapped() {
    Promise<String> promise = loop.createPromise();
    var failure = new IOException("disk");
    promise.setException(failure);
    assertSame(failure, promise.exception());
    assertSame(failure, assertThrows(CompletionException.class, promise::result).getCause());
    run(
        () ->
            assertSame(
                failure, assertThrows(CompletionException.class, () -> await(promise)).getCause()));
  }

  @Test
  void aCheckedExceptionThatIsNamedArrivesAsItIs() {
    Promise<String> promise = loop.createPromise();
    var failure = new IOException("disk");
    promise.setException(failure);
    run(
        () -> {
          assertSame(
              failure, assertThrows(IOException.class, () -> await(promise, IOException.class)));
          assertSame(
              failure, assertThrows(IOException.class, () -> promise.await(IOException.class)));
          assertSame(
              failure,
              assertThrows(
                      CompletionException.class, () -> await(promise, InterruptedException.class))
                  .getCause());
        });
  }

  @Test
  void uncheckedExceptionsAndErrorsArriveAsTheyAre() {
    run(
        () -> {
          Promise<String> one = loop.createPromise();
          var unchecked = new IllegalStateException("one");
          one.setException(unchecked);
          assertSame(unchecked, failure(one));
          Promise<String> two = loop.createPromise();
          var error = new AssertionError("two");
          two.setException(error);
          assertSame(error, failure(two));
        });
  }

  @Test
  void nullIsAResult() {
    Promise<Void> promise = loop.createPromise();
    promise.setResult(nothing());
    assertTrue(promise.done());
    assertNull(promise.result());
    run(() -> assertNull(await(promise)));
  }

  @Test
  void aNullExceptionIsRefused() {
    Promise<String> promise = loop.createPromise();
    assertThrows(NullPointerException.class, () -> promise.setException(nothing()));
    assertFalse(promise.done());
  }

  @Test
  void aCancellationIsNotAnExceptionToSet() {
    Promise<String> promise = loop.createPromise();
    assertThrows(IllegalArgumentException.class, () -> promise.setException(new CancelledError()));
    assertFalse(promise.done());
  }

  @Test
  void theCancelMessageIsCarried() {
    Promise<String> promise = loop.createPromise();
    promise.cancel("enough");
    assertEquals("enough", assertThrows(CancelledError.class, promise::result).getMessage());
    assertEquals("enough", assertThrows(CancelledError.class, promise::exception).getMessage());
    Promise<String> awaited = loop.createPromise();
    awaited.cancel("enough");
    run(
        () ->
            assertEquals(
                "enough", assertThrows(CancelledError.class, () -> await(awaited)).getMessage()));
  }

  @Test
  void L18_callbacksRunInTheOrderInWhichTheyWereAdded() {
    Promise<String> promise = loop.createPromise();
    for (int i = 0; i < 10; i++) {
      int n = i;
      promise.addDoneCallback(p -> seen.add(n));
    }
    promise.setResult("x");
    assertEquals(List.of(), seen);
    runBriefly();
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), seen);
  }

  @Test
  void L18_aCallbackOfADonePromiseGoesThroughTheQueueToo() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          promise.setResult("x");
          loop.callSoon(() -> steps.at(2));
          promise.addDoneCallback(
              p -> {
                assertSame(promise, p);
                steps.at(3);
              });
          steps.at(1);
          turns(1);
          steps.end(4);
        });
  }

  @Test
  void L18_eachCallbackIsAHandleOfItsOwn() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          promise.addDoneCallback(
              p -> {
                steps.at(1);
                loop.callSoon(() -> steps.at(4));
              });
          promise.addDoneCallback(p -> steps.at(2));
          promise.setResult("x");
          loop.callSoon(() -> steps.at(3));
          turns(2);
          steps.end(5);
        });
  }

  @Test
  void L18_callbacksRunAfterFailureAndCancellationToo() {
    Promise<String> failed = loop.createPromise();
    Promise<String> cancelled = loop.createPromise();
    failed.addDoneCallback(p -> seen.add(String.valueOf(p.exception())));
    cancelled.addDoneCallback(p -> seen.add(p.cancelled()));
    failed.setException(new IllegalStateException("boom"));
    cancelled.cancel();
    runBriefly();
    assertEquals(List.of("java.lang.IllegalStateException: boom", true), seen);
  }

  @Test
  void L18_aFailingCallbackIsReportedAndTheOthersRun() {
    expectErrors(1);
    Promise<String> promise = loop.createPromise();
    var failure = new IllegalStateException("boom");
    promise.addDoneCallback(p -> seen.add("before"));
    promise.addDoneCallback(
        p -> {
          throw failure;
        });
    promise.addDoneCallback(p -> seen.add("after"));
    promise.setResult("x");
    runBriefly();
    assertEquals(List.of("before", "after"), seen);
    assertSame(failure, errors().getFirst().exception());
  }

  @Test
  void L18_removalDropsEveryEqualCallbackAndSaysHowMany() {
    Promise<String> promise = loop.createPromise();
    Consumer<Promise<String>> one = p -> seen.add("one");
    Consumer<Promise<String>> two = p -> seen.add("two");
    promise.addDoneCallback(one);
    promise.addDoneCallback(two);
    promise.addDoneCallback(one);
    assertEquals(2, promise.removeDoneCallback(one));
    assertEquals(0, promise.removeDoneCallback(one));
    promise.setResult("x");
    runBriefly();
    assertEquals(List.of("two"), seen);
    assertEquals(0, promise.removeDoneCallback(two));
  }

  @Test
  void L18_theFirstCallbackMayBeRemoved() {
    Promise<String> promise = loop.createPromise();
    Consumer<Promise<String>> one = p -> seen.add("one");
    Consumer<Promise<String>> two = p -> seen.add("two");
    Consumer<Promise<String>> three = p -> seen.add("three");
    promise.addDoneCallback(one);
    promise.addDoneCallback(two);
    promise.addDoneCallback(three);
    assertEquals(1, promise.removeDoneCallback(one));
    assertEquals(1, promise.removeDoneCallback(three));
    promise.setResult("x");
    runBriefly();
    assertEquals(List.of("two"), seen);
  }

  @Test
  void L18_aCallbackAddedTwiceRunsTwice() {
    Promise<String> promise = loop.createPromise();
    Consumer<Promise<String>> callback = p -> seen.add("x");
    promise.addDoneCallback(callback);
    promise.addDoneCallback(callback);
    promise.setResult("x");
    runBriefly();
    assertEquals(List.of("x", "x"), seen);
  }

  @Test
  void L18_callbacksMayAddAndRemoveCallbacks() {
    Promise<String> promise = loop.createPromise();
    Consumer<Promise<String>> victim = p -> seen.add("victim");
    promise.addDoneCallback(
        p -> {
          seen.add("first");
          assertEquals(0, promise.removeDoneCallback(victim));
          promise.addDoneCallback(q -> seen.add("added"));
        });
    promise.addDoneCallback(victim);
    promise.setResult("x");
    runBriefly();
    assertEquals(List.of("first", "victim", "added"), seen);
  }

  @Test
  void L18_aCallbackRunsInTheContextOfItsRegistration() {
    Promise<String> promise = loop.createPromise();
    var red = new Context();
    red.run(
        () -> {
          COLOUR.set("red");
          promise.addDoneCallback(p -> seen.add(COLOUR.get()));
        });
    var blue = new Context();
    blue.run(
        () -> {
          COLOUR.set("blue");
        });
    promise.addDoneCallback(p -> seen.add(COLOUR.get()), blue);
    promise.addDoneCallback(p -> seen.add(COLOUR.get()));
    promise.setResult("x");
    runBriefly();
    assertEquals(List.of("red", "blue", "none"), seen);
  }

  @Test
  void L19_awaitingADonePromiseDoesNotSuspend() {
    run(
        () -> {
          Promise<String> ready = loop.createPromise();
          Promise<String> failed = loop.createPromise();
          Promise<String> cancelled = loop.createPromise();
          ready.setResult("x");
          failed.setException(new IllegalStateException("boom"));
          cancelled.cancel();
          loop.callSoon(() -> seen.add("another turn"));
          assertEquals("x", await(ready));
          assertEquals("x", await(ready));
          assertInstanceOf(IllegalStateException.class, failure(failed));
          assertInstanceOf(CancelledError.class, failure(cancelled));
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L20_theWaiterResumesInTheNextBatch() {
    Promise<String> promise = loop.createPromise();
    run(
        () -> {
          createTask(
              () -> {
                steps.at(1);
                assertEquals("x", await(promise));
                steps.at(5);
              });
          turns(1);
          loop.callSoon(() -> steps.at(4));
          steps.at(2);
          promise.setResult("x");
          loop.callSoon(() -> steps.at(6));
          steps.at(3);
          turns(1);
          steps.end(7);
        });
  }

  @Test
  void L20_waitersResumeInTheOrderInWhichTheyCame() {
    Promise<String> promise = loop.createPromise();
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 10; i++) {
            int n = i;
            tasks.add(createTask(() -> seen.add(n + await(promise))));
          }
          turns(1);
          promise.setResult("x");
          settle(tasks);
        });
    assertEquals(List.of("0x", "1x", "2x", "3x", "4x", "5x", "6x", "7x", "8x", "9x"), seen);
  }

  @Test
  void L20_waitersAndCallbacksShareOneOrder() {
    Promise<String> promise = loop.createPromise();
    run(
        () -> {
          promise.addDoneCallback(p -> seen.add("a"));
          var waiter = createTask(() -> seen.add(await(promise)));
          turns(1);
          promise.addDoneCallback(p -> seen.add("c"));
          promise.setResult("b");
          await(waiter);
        });
    assertEquals(List.of("a", "b", "c"), seen);
  }

  @Test
  void L20_everyWaiterGetsTheSameError() {
    Promise<String> promise = loop.createPromise();
    var error = new IllegalStateException("boom");
    run(
        () -> {
          var one = createTask(() -> String.valueOf(failure(promise) == error));
          var two = createTask(() -> String.valueOf(failure(promise) == error));
          turns(1);
          promise.setException(error);
          assertEquals("true", await(one));
          assertEquals("true", await(two));
        });
  }

  @Test
  void aPromiseSetBeforeTheRunIsSeenByTheRun() {
    Promise<String> promise = loop.createPromise();
    promise.setResult("early");
    assertEquals("early", run(() -> await(promise)));
  }

  @Test
  void aTimerCompletesAPromise() {
    assertEquals(
        "timer",
        run(
            () -> {
              Promise<String> promise = loop.createPromise();
              loop.callLater(ms(1), () -> promise.setResult("timer"));
              return await(promise);
            }));
  }

  @Test
  void thePrintedFormShowsTheState() {
    Promise<String> promise = loop.createPromise();
    assertTrue(promise.toString().contains("pending"), promise.toString());
    promise.setResult("apple");
    assertTrue(promise.toString().contains("finished"), promise.toString());
    assertTrue(promise.toString().contains("apple"), promise.toString());
    Promise<String> failed = loop.createPromise();
    failed.setException(new IllegalStateException("boom"));
    assertTrue(failed.toString().contains("boom"), failed.toString());
    assertEquals("boom", String.valueOf(failed.exceptionNow().getMessage()));
    Promise<String> cancelled = loop.createPromise();
    cancelled.cancel();
    assertTrue(cancelled.toString().contains("cancelled"), cancelled.toString());
  }

  @Test
  void thePrintedFormShowsTwoCallbacksAndCountsTheRest() {
    Promise<String> promise = loop.createPromise();
    for (int i = 0; i < 5; i++) {
      promise.addDoneCallback(p -> seen.add(p));
    }
    assertTrue(promise.toString().contains("3 more"), promise.toString());
    promise.cancel();
    runBriefly();
  }

  @Test
  void aThousandPromisesInAChain() {
    int last =
        run(
            () -> {
              Promise<Integer> first = loop.createPromise();
              Promise<Integer> tail = first;
              for (int i = 0; i < 1000; i++) {
                Promise<Integer> previous = tail;
                Promise<Integer> next = loop.createPromise();
                previous.addDoneCallback(p -> next.setResult(p.result() + 1));
                tail = next;
              }
              first.setResult(0);
              return await(tail);
            });
    assertEquals(1000, last);
  }
}
