package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.wrapFuture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.Body;
import weft.CancelledError;
import weft.Promise;

/// The ways between promises and the JDK's futures, stages and publishers.
public abstract class BridgeSuite extends LoopSuite {
  private static final Executor THREADS =
      job -> Thread.ofPlatform().daemon().name("weft-tck-job").start(job);

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected BridgeSuite() {}

  @Test
  void L61_aStageIsAwaited() {
    run(
        () -> {
          CompletionStage<String> stage = CompletableFuture.supplyAsync(() -> "stage", THREADS);
          assertEquals("stage", await(stage));
          CompletableFuture<String> future = CompletableFuture.supplyAsync(() -> "future", THREADS);
          assertEquals("future", await(future));
        });
  }

  @Test
  void L61_aCompletedFutureDoesNotSuspend() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("another turn"));
          assertEquals("done", await(CompletableFuture.completedFuture("done")));
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L61_theFailureOfAStageIsItsOwn() {
    var unchecked = new IllegalStateException("boom");
    var checked = new IOException("disk");
    run(
        () -> {
          assertSame(
              unchecked,
              assertThrows(
                  IllegalStateException.class,
                  () -> await(CompletableFuture.failedFuture(unchecked))));
          CompletableFuture<String> async =
              CompletableFuture.supplyAsync(
                  () -> {
                    throw unchecked;
                  },
                  THREADS);
          assertSame(unchecked, assertThrows(IllegalStateException.class, () -> await(async)));
          assertSame(
              checked,
              assertThrows(
                      CompletionException.class,
                      () -> await(CompletableFuture.failedFuture(checked)))
                  .getCause());
          assertSame(
              checked,
              assertThrows(
                  IOException.class,
                  () -> await(CompletableFuture.failedFuture(checked), IOException.class)));
        });
  }

  @Test
  void L61_aCancelledFutureIsACancelledError() {
    run(
        () -> {
          var future = new CompletableFuture<String>();
          future.cancel(true);
          assertThrows(CancelledError.class, () -> await(future));
        });
  }

  @Test
  void L61_cancellingTheAwaitCancelsTheFuture() {
    run(
        () -> {
          var future = new CompletableFuture<String>();
          var task = createTask(() -> await(future));
          turns(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          turns(1);
          assertTrue(future.isCancelled());
        });
  }

  @Test
  void L61_aFutureThatCanOnlyBeAskedIsAwaited() {
    run(
        () -> {
          var job = new FutureTask<>(() -> "asked");
          THREADS.execute(job);
          Future<String> plain = job;
          assertEquals("asked", await(plain));
          assertEquals("asked", await(plain));
          try (var pool = Executors.newSingleThreadExecutor()) {
            Future<String> failing =
                pool.submit(
                    () -> {
                      throw new IOException("disk");
                    });
            assertThrows(IOException.class, () -> await(failing, IOException.class));
          }
        });
  }

  @Test
  void L61_theLoopGoesOnWhileAFutureIsAwaited() {
    run(
        () -> {
          var gate = new CountDownLatch(1);
          var job = new FutureTask<>(() -> gate.await(20, TimeUnit.SECONDS));
          THREADS.execute(job);
          var task = createTask(() -> await((Future<Boolean>) job));
          turns(5);
          assertFalse(task.done());
          gate.countDown();
          assertTrue(await(task));
        });
  }

  @Test
  void L61_cancellingTheAwaitCancelsAPlainFutureToo() {
    run(
        () -> {
          var job = new FutureTask<>(() -> "never");
          var task = createTask(() -> await((Future<String>) job));
          turns(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          turns(1);
          assertTrue(job.isCancelled());
        });
  }

  @Test
  void L61_wrapFutureGivesAPromise() {
    run(
        () -> {
          var future = new CompletableFuture<String>();
          Promise<String> promise = wrapFuture(future);
          assertFalse(promise.done());
          THREADS.execute(() -> future.complete("x"));
          assertEquals("x", await(promise));
          var own = loop.<String>createPromise();
          assertSame(own, wrapFuture((Future<String>) own));
          own.setResult("x");
        });
  }

  @Test
  void L61_cancellingTheWrapperAfterTheSourceWasDoneLeavesTheSource() {
    run(
        () -> {
          var future = new CompletableFuture<String>();
          Promise<String> promise = wrapFuture(future);
          future.complete("done");
          promise.cancel();
          turns(2);
          assertFalse(future.isCancelled());
          assertTrue(promise.cancelled());
        });
  }

  @Test
  void L61_aSourceThatCompletesAfterTheLoopWasClosedIsIgnored() {
    var future = new CompletableFuture<String>();
    run(() -> assertFalse(wrapFuture(future).done()));
    loop.close();
    future.complete("too late");
  }

  @Test
  void L61_manyStagesFromManyThreads() {
    run(
        () -> {
          var promises = new ArrayList<Promise<Integer>>();
          for (int i = 0; i < 100; i++) {
            int n = i;
            promises.add(wrapFuture(CompletableFuture.supplyAsync(() -> n, THREADS)));
          }
          var results = await(gather(promises));
          for (int i = 0; i < 100; i++) {
            assertEquals(i, results.get(i));
          }
        });
  }

  @Test
  void L62_aPublishersFirstItemIsAwaited() {
    run(
        () -> {
          try (var publisher = new SubmissionPublisher<String>(THREADS, 16)) {
            var task = createTask(() -> await((Flow.Publisher<String>) publisher));
            turns(1);
            publisher.submit("first");
            publisher.submit("second");
            assertEquals("first", await(task));
          }
        });
  }

  @Test
  void L62_oneItemIsRequestedAndTheRestCancelled() {
    run(
        () -> {
          Flow.Publisher<String> publisher =
              subscriber ->
                  subscriber.onSubscribe(
                      new Flow.Subscription() {
                        @Override
                        public void request(long n) {
                          seen.add("request " + n);
                          subscriber.onNext("item");
                        }

                        @Override
                        public void cancel() {
                          seen.add("cancel");
                        }
                      });
          assertEquals("item", await(publisher));
          turns(2);
          assertEquals(List.of("request 1", "cancel"), seen);
        });
  }

  @Test
  void L62_anEmptyPublisherAndAFailingOne() {
    run(
        () -> {
          assertThrows(
              NoSuchElementException.class, () -> await(publisher(Flow.Subscriber::onComplete)));
          assertThrows(
              IllegalStateException.class,
              () -> await(publisher(s -> s.onError(new IllegalStateException("boom")))));
          assertThrows(
              IOException.class,
              () -> await(publisher(s -> s.onError(new IOException("disk"))), IOException.class));
        });
  }

  @Test
  void L62_cancellingTheAwaitCancelsTheSubscription() {
    run(
        () -> {
          Flow.Publisher<String> silent =
              subscriber ->
                  subscriber.onSubscribe(
                      new Flow.Subscription() {
                        @Override
                        public void request(long n) {}

                        @Override
                        public void cancel() {
                          seen.add("cancel");
                        }
                      });
          var task = createTask(() -> await(silent));
          turns(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          turns(1);
          assertEquals(List.of("cancel"), seen);
        });
  }

  @Test
  void L63_anotherThreadMayWaitForATask() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    turns(5);
                    return "result";
                  });
          assertEquals("result", await(there(task::get)));
          assertEquals("result", await(there(() -> task.get(20, TimeUnit.SECONDS))));
          assertEquals("result", await(there(task::resultNow)));
          assertEquals(Future.State.SUCCESS, await(there(task::state)));
          assertTrue(await(there(task::isDone)));
        });
  }

  @Test
  void L63_anotherThreadSeesFailureAndCancellation() {
    var failure = new IOException("disk");
    run(
        () -> {
          Promise<String> bad = loop.createPromise();
          Promise<String> cancelled = loop.createPromise();
          Promise<Throwable> badSeen =
              there(() -> assertThrows(ExecutionException.class, bad::get));
          Promise<Throwable> cancelledSeen =
              there(() -> assertThrows(CancellationException.class, cancelled::get));
          turns(3);
          bad.setException(failure);
          cancelled.cancel();
          assertSame(failure, await(badSeen).getCause());
          assertInstanceOf(CancellationException.class, await(cancelledSeen));
          assertSame(failure, await(there(bad::exceptionNow)));
          assertEquals(Future.State.FAILED, bad.state());
          assertEquals(Future.State.CANCELLED, cancelled.state());
          assertTrue(cancelled.isCancelled());
        });
  }

  @Test
  void L63_aLimitedGetTimesOut() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          assertEquals(Future.State.RUNNING, promise.state());
          assertInstanceOf(
              TimeoutException.class,
              await(
                  there(
                      () ->
                          assertThrows(
                              TimeoutException.class,
                              () -> promise.get(2, TimeUnit.MILLISECONDS)))));
          assertFalse(promise.done());
          assertThrows(IllegalStateException.class, promise::resultNow);
          assertThrows(IllegalStateException.class, promise::exceptionNow);
        });
  }

  @Test
  void L63_aLimitedGetLeavesNothingBehind() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          CompletableFuture<String> future = promise.toCompletableFuture();
          String before = promise.toString();
          int dependents = future.getNumberOfDependents();
          for (int i = 0; i < 3; i++) {
            for (Future<String> polled : List.of(promise, future)) {
              assertThrows(TimeoutException.class, () -> polled.get(1, TimeUnit.MILLISECONDS));
              await(
                  there(
                      () ->
                          assertThrows(
                              TimeoutException.class, () -> polled.get(1, TimeUnit.MILLISECONDS))));
            }
          }
          turns(2);
          assertEquals(dependents, future.getNumberOfDependents());
          assertEquals(before, promise.toString());
        });
  }

  @Test
  void L63_severalCoroutinesWaitForTheSameFutureOfTheJdk() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          CompletableFuture<String> future = promise.toCompletableFuture();
          var one = createTask(() -> future.get(1, TimeUnit.HOURS));
          var cancelled = createTask(() -> future.get(1, TimeUnit.HOURS));
          var other = createTask(() -> future.get());
          turns(2);
          cancelled.cancel();
          assertInstanceOf(CancelledError.class, failure(cancelled));
          assertFalse(future.isDone());
          promise.setResult("x");
          assertEquals("x", await(one));
          assertEquals("x", await(other));
        });
  }

  @Test
  void L63_anotherThreadMayCancelATask() {
    run(
        () -> {
          var task = createTask(LoopSuite::hang);
          turns(1);
          assertTrue(await(there(() -> task.cancel(true))));
          assertInstanceOf(CancelledError.class, failure(task));
          assertFalse(await(there(() -> task.cancel(true))));
        });
  }

  @Test
  void L63_getInACoroutineSuspends() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          loop.callSoon(() -> promise.setResult("x"));
          assertEquals("x", promise.get());
          assertEquals("x", promise.get(1, TimeUnit.SECONDS));
          Promise<String> never = loop.createPromise();
          assertThrows(TimeoutException.class, () -> never.get(2, TimeUnit.MILLISECONDS));
          assertFalse(never.done());
        });
  }

  @Test
  void L63_cancelReachesAGetInACoroutine() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> promise.get(1, TimeUnit.HOURS));
          turns(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
        });
  }

  @Test
  void L63_cancelReachesAnUnlimitedGetInACoroutine() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> promise.get());
          turns(1);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
          assertTrue(promise.cancelled());
        });
  }

  @Test
  void L63_aWaitingThreadIsReleasedWhenTheLoopCloses() throws Exception {
    Promise<String> promise = loop.createPromise();
    var thrown = new CompletableFuture<Throwable>();
    var waiter =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    promise.get();
                  } catch (Throwable t) {
                    thrown.complete(t);
                  }
                });
    while (waiter.getState() == Thread.State.NEW || waiter.getState() == Thread.State.RUNNABLE) {
      Thread.onSpinWait();
    }
    runBriefly();
    loop.close();
    assertInstanceOf(IllegalStateException.class, thrown.get(20, TimeUnit.SECONDS));
  }

  @Test
  void L63_aPromiseBecomesACompletableFuture() {
    run(
        () -> {
          Promise<Integer> promise = loop.createPromise();
          CompletableFuture<Integer> future = promise.toCompletableFuture();
          CompletableFuture<Integer> doubled = future.thenApply(n -> 2 * n);
          promise.setResult(21);
          assertEquals(42, await(doubled));
          assertEquals(21, promise.toCompletableFuture().getNow(0));
        });
  }

  @Test
  void L63_itsFailureAndCancellationArePassedOn() {
    var failure = new IOException("disk");
    run(
        () -> {
          Promise<String> bad = loop.createPromise();
          var badFuture = bad.toCompletableFuture();
          bad.setException(failure);
          turns(1);
          assertSame(failure, badFuture.exceptionNow());
          Promise<String> cancelled = loop.createPromise();
          var cancelledFuture = cancelled.toCompletableFuture();
          cancelled.cancel();
          turns(1);
          assertTrue(cancelledFuture.isCancelled());
          Promise<String> target = loop.createPromise();
          target.toCompletableFuture().cancel(true);
          turns(1);
          assertTrue(target.cancelled());
        });
  }

  private <T> Promise<T> there(Body<T> body) {
    return loop.runInExecutor(THREADS, body);
  }

  private static Flow.Publisher<String> publisher(
      java.util.function.Consumer<Flow.Subscriber<? super String>> end) {
    return subscriber -> {
      assertNotNull(subscriber);
      subscriber.onSubscribe(
          new Flow.Subscription() {
            @Override
            public void request(long n) {
              end.accept(subscriber);
            }

            @Override
            public void cancel() {}
          });
    };
  }
}
