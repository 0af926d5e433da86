package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.generator;
import static weft.Weft.run;
import static weft.Weft.runCoroutineThreadsafe;
import static weft.Weft.sleep;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What becomes of everything that is still there when a loop is closed.
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class LoopCloseTest {
  private static final Duration LONG = Duration.ofDays(1);

  private final List<String> log = new ArrayList<>();

  @Test
  void aLoopClosedInsideAnotherLeavesThatOneRunning() {
    EventLoop inner = loopWith(() -> sleep(LONG));
    EventLoop second = loopWith(() -> sleep(LONG));
    run(
        () -> {
          EventLoop outer = EventLoop.running();
          outer.callSoon(inner::close);
          sleep(Duration.ZERO);
          sleep(Duration.ZERO);
          assertTrue(inner.isClosed());
          assertSame(outer, EventLoop.running());
          second.close();
          assertSame(outer, EventLoop.running());
          assertEquals("still here", await(createTask(() -> "still here")));
        });
  }

  @Test
  void aCoroutineThatSwallowsItsEndDoesNotKeepTheLoopOpen() {
    EventLoop loop =
        loopWith(
            () -> {
              while (true) {
                try {
                  sleep(LONG);
                } catch (CancelledError refused) {
                  log.add("refused");
                }
              }
            });
    loop.close();
    assertTrue(loop.isClosed());
    assertFalse(log.isEmpty());
  }

  /// A loop that is left while a coroutine of it stands in a blocking call.
  private EventLoop loopWithBlocked(VoidBody body) throws Exception {
    assumeTrue(Weft.engine().equals("direct"));
    EventLoop loop = EventLoop.create();
    loop.setExceptionHandler((on, error) -> log.add("reported"));
    CountDownLatch begun = new CountDownLatch(1);
    loop.createTask(
        () -> {
          begun.countDown();
          body.run();
        });
    loop.runUntilComplete(Weft.toThread(() -> begun.await()));
    return loop;
  }

  @Test
  void aStackThatIsTakenOutOfABlockingCallMayBlockAgain() throws Exception {
    var lock = new ReentrantLock();
    EventLoop loop =
        loopWithBlocked(
            () -> {
              lock.lock();
              try {
                Thread.sleep(LONG);
              } finally {
                Thread.sleep(5);
                Thread.sleep(5);
                lock.unlock();
              }
            });
    loop.close();
    assertTrue(lock.tryLock(20, TimeUnit.SECONDS));
    assertEquals(List.of("reported"), log);
  }

  @Test
  void aStackThatIsTakenOutOfABlockingCallCannotAwait() throws Exception {
    var seen = new CompletableFuture<Throwable>();
    EventLoop loop =
        loopWithBlocked(
            () -> {
              try {
                Thread.sleep(LONG);
              } catch (InterruptedException closed) {
                seen.complete(assertThrows(Throwable.class, () -> sleep(Duration.ZERO)));
              }
            });
    loop.close();
    Throwable thrown = seen.get(20, TimeUnit.SECONDS);
    assertInstanceOf(CancelledError.class, thrown);
    assertTrue(String.valueOf(thrown.getMessage()).contains("was closed"), thrown::toString);
  }

  @Test
  void theExceptionHandlerMayWaitForALockThatACoroutineHolds() throws Exception {
    var lock = new ReentrantLock();
    var reporting = new CountDownLatch(1);
    EventLoop loop =
        loopWithBlocked(
            () -> {
              lock.lock();
              reporting.await();
              log.add("unlocked");
              lock.unlock();
            });
    loop.setExceptionHandler(
        (on, error) -> {
          reporting.countDown();
          lock.lock();
          lock.unlock();
          log.add("reported");
        });
    loop.close();
    assertEquals(List.of("unlocked", "reported"), log);
  }

  @Test
  void aDependentThatWaitsForAnotherFutureOfTheLoopIsRefused() throws Exception {
    EventLoop loop = EventLoop.create();
    var never = runCoroutineThreadsafe(() -> sleep(LONG), loop);
    var first = runCoroutineThreadsafe(() -> loop.stop(), loop);
    CompletableFuture<Void> dependent = first.thenRun(never::join);
    loop.runForever();
    loop.close();
    var thrown = assertThrows(ExecutionException.class, () -> dependent.get(20, TimeUnit.SECONDS));
    assertInstanceOf(IllegalStateException.class, thrown.getCause());
    assertTrue(never.isDone());
  }

  @Test
  void aGeneratorThatWasNotFinishedIsUnwound() {
    EventLoop loop =
        loopWith(
            () -> {
              Generator<Integer> items =
                  generator(
                      emitter -> {
                        try {
                          emitter.emit(1);
                          emitter.emit(2);
                        } finally {
                          log.add("finally");
                        }
                      });
              assertEquals(1, items.next());
            });
    loop.close();
    assertEquals(List.of("finally"), log);
  }

  @Test
  void futuresOfTheJdkHearOfTheEnd() {
    EventLoop loop = loopWith(() -> {});
    Promise<String> promise = loop.createPromise();
    CompletableFuture<String> view = promise.toCompletableFuture();
    CompletableFuture<String> submitted = runCoroutineThreadsafe(async(() -> "never"), loop);
    loop.close();
    for (CompletableFuture<String> future : List.of(view, submitted)) {
      ExecutionException ended =
          assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS));
      assertInstanceOf(IllegalStateException.class, ended.getCause());
    }
    assertThrows(IllegalStateException.class, promise::get);
  }

  /// A loop that has run until the body suspended, or ended.
  private EventLoop loopWith(VoidBody body) {
    EventLoop loop = EventLoop.create();
    loop.setExceptionHandler((on, error) -> {});
    loop.createTask(async(body));
    loop.callSoon(() -> loop.callSoon(loop::stop));
    loop.runForever();
    return loop;
  }
}
