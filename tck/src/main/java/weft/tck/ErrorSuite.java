package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gatherSettled;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.ContextVar;
import weft.ErrorContext;
import weft.ExceptionHandler;
import weft.Promise;
import weft.SystemExit;
import weft.Task;

/// Errors that nobody awaits: the exception handler, and results that nobody retrieves.
public abstract class ErrorSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected ErrorSuite() {}

  @Test
  void L55_theHandlerGetsTheLoopAndTheContext() {
    var failure = new IllegalStateException("boom");
    ExceptionHandler handler =
        (l, context) -> {
          assertSame(loop, l);
          seen.add(context);
        };
    loop.setExceptionHandler(handler);
    assertSame(handler, loop.exceptionHandler());
    var handle =
        loop.callSoon(
            () -> {
              throw failure;
            });
    runBriefly();
    var context = assertInstanceOf(ErrorContext.class, seen.getFirst());
    assertSame(failure, context.exception());
    assertSame(handle, context.handle());
    assertNull(context.promise());
  }

  @Test
  void L55_withoutAHandlerTheErrorIsLogged() {
    expectLog("boom");
    loop.setExceptionHandler(null);
    assertNull(loop.exceptionHandler());
    loop.callSoon(
        () -> {
          throw new IllegalStateException("boom");
        });
    runBriefly();
    assertEquals(1, logs().size());
    assertTrue(logs().getFirst().contains("callback"), logs().toString());
  }

  @Test
  void L55_aFailingHandlerIsReportedByTheDefaultOne() {
    expectLog("exception handler");
    loop.setExceptionHandler(
        (l, context) -> {
          throw new IllegalArgumentException("handler");
        });
    loop.callSoon(
        () -> {
          throw new IllegalStateException("boom");
        });
    loop.callSoon(() -> seen.add("went on"));
    runBriefly();
    assertEquals(List.of("went on"), seen);
    assertEquals(1, logs().size());
  }

  @Test
  void L55_aHandlerMayEndTheLoop() {
    loop.setExceptionHandler(
        (l, context) -> {
          throw new SystemExit(6);
        });
    loop.callSoon(
        () -> {
          throw new IllegalStateException("boom");
        });
    assertEquals(6, assertThrows(SystemExit.class, loop::runForever).status());
  }

  @Test
  void L55_aHandlerMayCallTheDefaultOne() {
    expectLog("my words");
    loop.setExceptionHandler(EventLoopHandlers::passOn);
    loop.callExceptionHandler(new ErrorContext("my words", new IllegalStateException("boom")));
    assertTrue(logs().getFirst().contains("boom"), logs().toString());
  }

  @Test
  void L55_anybodyMayCallTheHandler() {
    expectErrors(1);
    var context = new ErrorContext("something odd", null);
    loop.callExceptionHandler(context);
    assertSame(context, errors().getFirst());
  }

  @Test
  void L55_theHandlerRunsInTheContextOfTheCallback() {
    loop.setExceptionHandler((l, context) -> seen.add(COLOUR.get()));
    run(
        () -> {
          COLOUR.set("red");
          loop.callSoon(
              () -> {
                COLOUR.set("blue");
                throw new IllegalStateException("boom");
              });
          turns(1);
        });
    assertEquals(List.of("blue"), seen);
  }

  @Test
  void L55_theHandlerRunsInTheContextOfTheTaskThatItIsToldOf() {
    loop.setExceptionHandler((l, context) -> seen.add(COLOUR.get()));
    run(
        () -> {
          var task = createTask(() -> COLOUR.set("blue"));
          await(task);
          loop.callExceptionHandler(new ErrorContext("made up", null).withPromise(task));
          assertEquals("none", COLOUR.get());
        });
    assertEquals(List.of("blue"), seen);
  }

  @Test
  void L55_theLogNamesWhatIsConcerned() {
    expectLog("something odd");
    Promise<String> promise = loop.createPromise();
    promise.setResult("apple");
    loop.defaultExceptionHandler(
        new ErrorContext("something odd", null).withPromise(promise).withSource("a source"));
    String log = logs().getFirst();
    assertTrue(log.contains("apple"), log);
    assertTrue(log.contains("a source"), log);
  }

  @Test
  void L56_aFailureThatNobodySawIsReportedWhenTheLoopCloses() {
    expectErrors(1);
    var failure = new IllegalStateException("boom");
    var kept = new ArrayList<Task<?>>();
    run(
        () -> {
          kept.add(createTask(() -> fail(failure)));
          turns(2);
        });
    assertEquals(List.of(), errors());
    loop.close();
    var report = errors().getFirst();
    assertSame(failure, report.exception());
    assertTrue(report.message().contains("never retrieved"), report.message());
    assertTrue(kept.getFirst().isDone());
  }

  @Test
  void L56_aPromisesFailureThatNobodySawIsReportedToo() {
    expectErrors(1);
    Promise<String> promise = loop.createPromise();
    promise.setException(new IllegalStateException("boom"));
    runBriefly();
    loop.close();
    assertEquals("boom", String.valueOf(promise.exceptionNow().getMessage()));
  }

  @Test
  void L56_aFailureThatGivesWayToACancellationIsNotReported() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          Task<String> task = createTask(() -> await(promise));
          turns(1);
          promise.setException(new IllegalStateException("boom"));
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
        });
    loop.close();
  }

  @Test
  void L56_whatIsCancelledAfterItsFailureIsNotReported() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          promise.setException(new IllegalStateException("boom"));
          assertFalse(promise.cancel());
          Task<?> task = createTask(() -> fail(new IllegalStateException("bang")));
          turns(2);
          assertTrue(task.done());
          assertFalse(task.cancel());
        });
    loop.close();
  }

  @Test
  @Tag("slow")
  void L56_aFailureThatNobodySawIsReportedWhenItIsCollected() {
    expectErrors(1);
    run(
        () -> {
          failAndForget();
          turns(2);
          for (int i = 0; i < 200 && errors().isEmpty(); i++) {
            System.gc();
            weft.Weft.sleep(ms(10));
          }
        });
    assertTrue(errors().getFirst().message().contains("never retrieved"));
  }

  @Test
  void L56_whatWasSeenIsNotReported() {
    run(
        () -> {
          Promise<String> byResult = loop.createPromise();
          byResult.setException(new IllegalStateException("one"));
          assertThrows(IllegalStateException.class, byResult::result);
          Promise<String> byException = loop.createPromise();
          byException.setException(new IllegalStateException("two"));
          assertNotNull(byException.exception());
          Promise<String> byAwait = loop.createPromise();
          byAwait.setException(new IllegalStateException("three"));
          assertNotNull(failure(byAwait));
          Promise<String> byFuture = loop.createPromise();
          byFuture.setException(new IllegalStateException("four"));
          assertNotNull(byFuture.exceptionNow());
          Promise<String> byGet = loop.createPromise();
          byGet.setException(new IllegalStateException("five"));
          assertThrows(java.util.concurrent.ExecutionException.class, byGet::get);
        });
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L56_aCancellationIsNotReported() {
    run(
        () -> {
          loop.createPromise().cancel();
          createTask(LoopSuite::hang).cancel();
          turns(3);
        });
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L56_settledChildrenAreNotReported() {
    run(
        () -> {
          var settled =
              weft.Weft.await(
                  gatherSettled(List.of(async(() -> fail(new IllegalStateException("boom"))))));
          assertEquals(1, settled.size());
        });
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L56_theMainCoroutineOfARunIsNotReported() {
    assertThrows(
        IllegalStateException.class, () -> run(() -> fail(new IllegalStateException("boom"))));
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L57_closeUnwindsTheTasksThatAreLeftAndReportsThem() {
    expectErrors(1);
    var task =
        loop.createTask(
            async(
                () -> {
                  try {
                    hang();
                  } finally {
                    seen.add("unwound");
                  }
                }));
    abandon(task);
    runBriefly();
    loop.close();
    assertEquals(List.of("unwound"), seen);
    assertSame(task, errors().getFirst().promise());
    assertTrue(errors().getFirst().message().contains("pending"));
    assertTrue(task.isDone());
  }

  @Test
  void L57_closeUnwindsTasksThatRefuseToEnd() {
    expectErrors(1);
    var task =
        loop.createTask(
            async(
                () -> {
                  for (int i = 0; i < 3; i++) {
                    try {
                      hang();
                    } catch (weft.CancelledError e) {
                      seen.add(i);
                    }
                  }
                }));
    abandon(task);
    runBriefly();
    loop.close();
    assertTrue(loop.isClosed());
    assertEquals(List.of(0, 1, 2), seen);
  }

  @Test
  void L57_theMainTaskOfAStoppedRunIsNotReported() {
    loop.callLater(ms(1), loop::stop);
    assertThrows(
        IllegalStateException.class,
        () ->
            run(
                () -> {
                  abandon(List.copyOf(loop.allTasks()).toArray(Task<?>[]::new));
                  hang();
                }));
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L57_aTaskThatHasNotBegunIsDroppedSilently() {
    var task = loop.createTask(async(() -> seen.add("ran")));
    abandon(task);
    loop.close();
    assertEquals(List.of(), seen);
    assertEquals(List.of(), errors());
  }

  @Test
  void aFailingTaskDoesNotStopTheLoop() {
    run(
        () -> {
          var bad = createTask(() -> fail(new IllegalStateException("boom")));
          turns(3);
          seen.add("went on");
          assertNotNull(bad.exception());
        });
    assertEquals(List.of("went on"), seen);
  }

  private void failAndForget() {
    createTask(() -> fail(new IllegalStateException("boom")));
  }

  private static Object fail(Exception failure) throws Exception {
    throw failure;
  }

  private static final class EventLoopHandlers {
    static void passOn(weft.EventLoop loop, ErrorContext context) {
      loop.defaultExceptionHandler(context);
    }
  }
}
