package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.runCoroutineThreadsafe;
import static weft.Weft.toThread;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import weft.Body;
import weft.CancelledError;
import weft.ContextVar;
import weft.Coroutine;
import weft.EventLoop;
import weft.Promise;
import weft.RunOptions;
import weft.Task;
import weft.Weft;

/// Other threads: `runInExecutor`, `toThread`, `runCoroutineThreadsafe`, and the default executor.
public abstract class ExecutorSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");
  private static final Executor THREADS =
      job -> Thread.ofPlatform().daemon().name("weft-tck-job").start(job);

  private final List<Object> seen = Collections.synchronizedList(new ArrayList<>());

  /// For subclasses.
  protected ExecutorSuite() {}

  @Test
  void L50_aJobRunsOnAnotherThreadAndItsResultComesBack() {
    run(
        () -> {
          Thread mine = Thread.currentThread();
          Promise<Thread> job = loop.runInExecutor(null, Thread::currentThread);
          assertFalse(job.done());
          Thread its = await(job);
          assertNotSame(mine, its);
          assertFalse(its.isVirtual());
          assertTrue(its.getName().startsWith("weft"), its.getName());
          assertTrue(its.isDaemon());
        });
  }

  @Test
  void L50_theLoopGoesOnMeanwhile() {
    run(
        () -> {
          var gate = new CountDownLatch(1);
          Promise<String> job =
              loop.runInExecutor(
                  null,
                  () -> {
                    gate.await();
                    return "released";
                  });
          turns(10);
          assertFalse(job.done());
          gate.countDown();
          assertEquals("released", await(job));
        });
  }

  @Test
  void L50_aFailureComesBackAsItIs() {
    var unchecked = new IllegalStateException("boom");
    var checked = new IOException("disk");
    run(
        () -> {
          Promise<Object> one = loop.runInExecutor(null, () -> fail(unchecked));
          assertSame(unchecked, assertThrows(IllegalStateException.class, () -> await(one)));
          Promise<Object> two = loop.runInExecutor(null, () -> fail(checked));
          assertSame(checked, assertThrows(CompletionException.class, () -> await(two)).getCause());
          assertSame(checked, two.exception());
        });
  }

  @Test
  void L50_aGivenExecutorIsUsed() {
    run(
        () -> {
          assertEquals(
              "weft-tck-job",
              await(loop.runInExecutor(THREADS, () -> Thread.currentThread().getName())));
          Promise<String> inline = loop.runInExecutor(Runnable::run, () -> "inline");
          assertEquals("inline", await(inline));
        });
  }

  @Test
  void L50_aCancelledJobThatHasNotBegunNeverRuns() {
    run(
        () -> {
          try (var pool = Executors.newSingleThreadExecutor()) {
            var gate = new CountDownLatch(1);
            Promise<Boolean> first =
                loop.runInExecutor(pool, () -> gate.await(20, TimeUnit.SECONDS));
            Promise<Boolean> second = loop.runInExecutor(pool, () -> seen.add("second"));
            Promise<Boolean> third = loop.runInExecutor(pool, () -> seen.add("third"));
            assertTrue(second.cancel());
            turns(1);
            gate.countDown();
            assertTrue(await(first));
            assertTrue(await(third));
            assertEquals(List.of("third"), seen);
          }
        });
  }

  @Test
  void L50_theResultOfAJobCancelledTooLateIsDropped() {
    run(
        () -> {
          var begun = new CountDownLatch(1);
          var gate = new CountDownLatch(1);
          var ended = loop.<String>createPromise();
          Promise<String> job =
              loop.runInExecutor(
                  THREADS,
                  () -> {
                    begun.countDown();
                    gate.await();
                    loop.callSoonThreadsafe(() -> ended.setResult("ended"));
                    return "too late";
                  });
          await(loop.runInExecutor(THREADS, () -> begun.await(20, TimeUnit.SECONDS)));
          assertTrue(job.cancel());
          gate.countDown();
          await(ended);
          turns(2);
          assertTrue(job.cancelled());
        });
  }

  @Test
  void L50_aResultAfterTheLoopWasClosedIsDropped() throws Exception {
    var gate = new CountDownLatch(1);
    var thread = new CompletableFuture<Thread>();
    Promise<String> job =
        loop.runInExecutor(
            THREADS,
            () -> {
              thread.complete(Thread.currentThread());
              gate.await();
              return "too late";
            });
    runBriefly();
    loop.close();
    gate.countDown();
    thread.get(20, TimeUnit.SECONDS).join();
    assertFalse(job.isDone());
  }

  @Test
  void L50_theContextStaysBehind() {
    run(
        () -> {
          COLOUR.set("red");
          assertEquals("none", await(loop.runInExecutor(null, () -> COLOUR.get())));
        });
  }

  @Test
  void L50_anExecutorThatRefusesSaysSo() {
    run(
        () -> {
          var pool = Executors.newSingleThreadExecutor();
          pool.shutdown();
          assertThrows(RejectedExecutionException.class, () -> loop.runInExecutor(pool, () -> 1));
        });
  }

  @Test
  void L50_manyJobsAtOnce() {
    run(
        () -> {
          var jobs = new ArrayList<Promise<Integer>>();
          for (int i = 0; i < 200; i++) {
            int n = i;
            jobs.add(loop.runInExecutor(null, () -> n));
          }
          List<Integer> results = await(gather(jobs));
          for (int i = 0; i < 200; i++) {
            assertEquals(i, results.get(i));
          }
        });
  }

  @Test
  void L51_toThreadIsLazyAndRunsElsewhere() {
    run(
        () -> {
          var me = Thread.currentThread();
          var coroutine =
              toThread(
                  () -> {
                    seen.add("ran");
                    return Thread.currentThread();
                  });
          turns(2);
          assertEquals(List.of(), seen);
          assertNotSame(me, await(coroutine));
          assertEquals(List.of("ran"), seen);
          await(toThread(() -> seen.clear()));
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L51_toThreadTakesTheContextAlong() {
    run(
        () -> {
          COLOUR.set("red");
          String there =
              await(
                  toThread(
                      () -> {
                        String found = COLOUR.get();
                        COLOUR.set("blue");
                        return found;
                      }));
          assertEquals("red", there);
          assertEquals("red", COLOUR.get());
        });
  }

  @Test
  void L51_toThreadPassesTheFailure() {
    run(
        () -> {
          assertThrows(
              IllegalStateException.class,
              () -> await(toThread(() -> fail(new IllegalStateException("boom")))));
          assertThrows(
              IOException.class,
              () -> await(toThread(() -> fail(new IOException("disk"))), IOException.class));
        });
  }

  @Test
  void L51_twoThreadsRunAtOnce() {
    run(
        () -> {
          var both = new CountDownLatch(2);
          Body<Boolean> meet =
              () -> {
                both.countDown();
                return both.await(20, TimeUnit.SECONDS);
              };
          assertEquals(List.of(true, true), await(gather(List.of(toThread(meet), toThread(meet)))));
        });
  }

  @Test
  void L51_cancellingAbandonsTheThread() {
    run(
        () -> {
          var begun = new CountDownLatch(1);
          var gate = new CountDownLatch(1);
          var ended = loop.<String>createPromise();
          var task =
              createTask(
                  toThread(
                      () -> {
                        begun.countDown();
                        gate.await();
                        loop.callSoonThreadsafe(() -> ended.setResult("ended"));
                      }));
          await(loop.runInExecutor(THREADS, () -> begun.await(20, TimeUnit.SECONDS)));
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          gate.countDown();
          assertEquals("ended", await(ended));
        });
  }

  @Test
  void L50_theDefaultExecutorMayBeReplaced() {
    var pool =
        Executors.newSingleThreadExecutor(
            job -> Thread.ofPlatform().daemon().name("my-pool").unstarted(job));
    loop.setDefaultExecutor(pool);
    run(
        () -> {
          assertEquals(
              "my-pool", await(loop.runInExecutor(null, () -> Thread.currentThread().getName())));
          assertEquals("my-pool", await(toThread(() -> Thread.currentThread().getName())));
        });
    assertThrows(NullPointerException.class, () -> loop.setDefaultExecutor(nothing()));
    loop.close();
    assertTrue(pool.isShutdown());
  }

  @Test
  void L50_shutdownWaitsForTheJobsAndRefusesFurtherOnes() {
    run(
        () -> {
          var gate = new CountDownLatch(1);
          Promise<Boolean> job =
              loop.runInExecutor(
                  null,
                  () -> {
                    gate.await();
                    return seen.add("job");
                  });
          var shutdown = createTask(loop.shutdownDefaultExecutor(null));
          turns(3);
          assertFalse(shutdown.done());
          assertThrows(IllegalStateException.class, () -> loop.runInExecutor(null, () -> 1));
          gate.countDown();
          await(shutdown);
          assertEquals(List.of("job"), seen);
          assertTrue(await(job));
          await(loop.shutdownDefaultExecutor(null));
          assertEquals(1, await(loop.runInExecutor(THREADS, () -> 1)));
        });
  }

  @Test
  void L50_shutdownOfAnUnusedExecutorReturnsAtOnce() {
    run(
        () -> {
          await(loop.shutdownDefaultExecutor(Duration.ofHours(1)));
          assertThrows(IllegalStateException.class, () -> loop.runInExecutor(null, () -> 1));
        });
  }

  @Test
  void L50_shutdownGivesUpAtItsTimeoutWithAWarning() {
    expectLog("executor");
    run(
        () -> {
          var gate = new CountDownLatch(1);
          Promise<String> job =
              loop.runInExecutor(
                  null,
                  () -> {
                    boolean released = false;
                    while (!released) {
                      try {
                        gate.await();
                        released = true;
                      } catch (InterruptedException stubborn) {
                        seen.add("interrupted");
                      }
                    }
                    return "released";
                  });
          await(loop.shutdownDefaultExecutor(ms(5)));
          gate.countDown();
          assertEquals("released", await(job));
        });
  }

  @Test
  void L50_ofAnExecutorThatCannotBeShutDownTheOwnJobsAreAwaited() {
    loop.setDefaultExecutor(ForkJoinPool.commonPool());
    var gate = new CountDownLatch(1);
    run(
        () -> {
          Promise<Boolean> job =
              loop.runInExecutor(
                  null,
                  () -> {
                    gate.await();
                    return seen.add("job");
                  });
          loop.runInExecutor(null, () -> seen.add("never")).cancel();
          var shutdown = createTask(loop.shutdownDefaultExecutor(null));
          turns(3);
          assertFalse(shutdown.done());
          assertThrows(IllegalStateException.class, () -> loop.runInExecutor(null, () -> 1));
          gate.countDown();
          await(shutdown);
          assertTrue(await(job));
        });
    loop.close();
    assertEquals(List.of("job"), seen);
  }

  @Test
  void L50_ofAnExecutorThatCannotBeShutDownOnlyTheOwnJobsAreAwaited() {
    expectLog("within PT0.005S");
    loop.setDefaultExecutor(ForkJoinPool.commonPool());
    var gate = new CountDownLatch(1);
    try {
      run(
          () -> {
            ForkJoinPool.commonPool().execute(() -> blockOn(gate));
            await(loop.shutdownDefaultExecutor(null));
          });
      var other = newLoop();
      other.setDefaultExecutor(ForkJoinPool.commonPool());
      other.runUntilComplete(
          async(
              () -> {
                other.runInExecutor(null, () -> blockOn(gate));
                await(other.shutdownDefaultExecutor(ms(5)));
              }));
      other.close();
    } finally {
      gate.countDown();
    }
  }

  private static boolean blockOn(CountDownLatch gate) {
    try {
      return gate.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void L50_closeDoesNotWaitForTheJobs() {
    var gate = new CountDownLatch(1);
    run(() -> assertFalse(loop.runInExecutor(null, () -> gate.await(20, TimeUnit.SECONDS)).done()));
    loop.close();
    gate.countDown();
  }

  @Test
  void L52_aCoroutineIsSubmittedFromAnotherThread() {
    run(
        () -> {
          String result =
              await(
                  loop.runInExecutor(
                      THREADS,
                      () ->
                          runCoroutineThreadsafe(
                                  () -> {
                                    turns(2);
                                    assertSame(loop, weft.EventLoop.running());
                                    return "from there";
                                  },
                                  loop)
                              .get(20, TimeUnit.SECONDS)));
          assertEquals("from there", result);
        });
  }

  @Test
  void L52_itsFailureReachesTheFuture() {
    var failure = new IOException("disk");
    run(
        () -> {
          Promise<Throwable> thrown =
              loop.runInExecutor(
                  THREADS,
                  () -> {
                    var future = runCoroutineThreadsafe(async(() -> fail(failure)), loop);
                    return assertThrows(
                        ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
                  });
          assertSame(failure, await(thrown).getCause());
        });
  }

  @Test
  void L52_cancellingTheFutureCancelsTheTask() {
    run(
        () -> {
          Promise<CancelledError> cancelled = loop.createPromise();
          Promise<Boolean> begun = loop.createPromise();
          CompletableFuture<Void> future =
              runCoroutineThreadsafe(
                  () -> {
                    begun.setResult(true);
                    cancelled.setResult(untilCancelled());
                  },
                  loop);
          await(begun);
          await(loop.runInExecutor(THREADS, () -> future.cancel(true)));
          assertInstanceOf(CancelledError.class, await(cancelled));
          assertTrue(future.isCancelled());
        });
  }

  @Test
  void L52_cancellingTheFutureBeforeTheStartKeepsTheCoroutineFromRunning() throws Exception {
    var future = elsewhere(() -> runCoroutineThreadsafe(() -> seen.add("ran"), loop));
    assertTrue(future.cancel(true));
    runBriefly();
    assertEquals(List.of(), seen);
  }

  @Test
  void L52_aCancelledTaskCancelsTheFuture() {
    run(
        () -> {
          CompletableFuture<Void> future =
              runCoroutineThreadsafe(
                  () -> {
                    Task<?> me = Task.current();
                    if (me != null) {
                      me.cancel();
                    }
                    turns(1);
                  },
                  loop);
          turns(4);
          assertTrue(future.isCancelled());
          assertThrows(CancellationException.class, () -> future.get(20, TimeUnit.SECONDS));
        });
  }

  @Test
  void L52_theFailureOfATaskFactoryReachesTheFutureAndIsReported() {
    expectErrors(1);
    run(
        () -> {
          loop.setTaskFactory(
              (l, coroutine, options) -> {
                throw new IllegalStateException("no tasks today");
              });
          var future = runCoroutineThreadsafe(() -> seen.add("ran"), loop);
          turns(2);
          loop.setTaskFactory(null);
          var thrown =
              assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
          assertInstanceOf(IllegalStateException.class, thrown.getCause());
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L52_anOutcomeThatWasThereBeforeTheCloseReachesTheFuture() throws Exception {
    var value = runCoroutineThreadsafe(() -> stopAnd("value"), loop);
    loop.runForever();
    var failed = runCoroutineThreadsafe(async(() -> fail(stopAnd(new IOException("e")))), loop);
    loop.runForever();
    var cancelled = new ArrayList<CompletableFuture<String>>();
    loop.callSoon(
        () -> {
          Promise<String> promise = loop.createPromise();
          cancelled.add(promise.toCompletableFuture());
          promise.cancel();
          loop.stop();
        });
    loop.runForever();
    loop.close();
    assertEquals("value", value.get(20, TimeUnit.SECONDS));
    var thrown = assertThrows(ExecutionException.class, () -> failed.get(20, TimeUnit.SECONDS));
    assertInstanceOf(IOException.class, thrown.getCause());
    assertTrue(cancelled.getFirst().isCancelled());
  }

  private <T> T stopAnd(T value) {
    loop.stop();
    return value;
  }

  @Test
  void L52_aClosedLoopRefusesIt() {
    loop.close();
    var coroutine = async(() -> seen.add("ran"));
    assertThrows(IllegalStateException.class, () -> runCoroutineThreadsafe(coroutine, loop));
    coroutine.close();
  }

  @Test
  void L52_aLoopThatClosesBeforeTheStartGivesTheCoroutineUp() throws Exception {
    var coroutine = async(() -> seen.add("ran"));
    var future = elsewhere(() -> runCoroutineThreadsafe(coroutine, loop));
    var forgotten = async(() -> seen.add("ran"));
    elsewhere(() -> runCoroutineThreadsafe(forgotten, loop)).cancel(true);
    loop.close();
    var thrown = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
    assertInstanceOf(IllegalStateException.class, thrown.getCause());
    assertUsed(coroutine);
    assertUsed(forgotten);
    assertEquals(List.of(), seen);
  }

  private void assertUsed(Coroutine<?> coroutine) {
    EventLoop other = newLoop();
    assertThrows(IllegalStateException.class, () -> other.runUntilComplete(coroutine));
    other.close();
  }

  @Test
  void L52_theLoopsOwnCoroutinesMayAwaitIt() {
    run(() -> assertEquals("own", await(runCoroutineThreadsafe(() -> "own", loop))));
  }

  @Test
  void L52_manyThreadsSubmitAtOnce() {
    run(
        () -> {
          var jobs = new ArrayList<Promise<Integer>>();
          for (int t = 0; t < 4; t++) {
            jobs.add(
                loop.runInExecutor(
                    THREADS,
                    () -> {
                      int sum = 0;
                      for (int i = 0; i < 100; i++) {
                        int n = i;
                        sum +=
                            runCoroutineThreadsafe(
                                    () -> {
                                      turns(n % 3);
                                      return n;
                                    },
                                    loop)
                                .get(20, TimeUnit.SECONDS);
                      }
                      return sum;
                    }));
          }
          assertEquals(List.of(4950, 4950, 4950, 4950), await(gather(jobs)));
        });
  }

  private static Object fail(Exception failure) throws Exception {
    throw failure;
  }

  private static final class Managed extends AbstractExecutorService {
    @Override
    public void execute(Runnable job) {
      job.run();
    }

    @Override
    public void shutdown() {
      throw new IllegalStateException("not yours to shut down");
    }

    @Override
    public List<Runnable> shutdownNow() {
      throw new IllegalStateException("not yours to shut down");
    }

    @Override
    public boolean isShutdown() {
      throw new IllegalStateException("not yours to ask");
    }

    @Override
    public boolean isTerminated() {
      throw new IllegalStateException("not yours to ask");
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      throw new IllegalStateException("not yours to wait for");
    }
  }

  @Test
  void L50_anExecutorThatRefusesToBeShutDownIsLeftAlone() {
    assertEquals(
        3,
        Weft.run(
            () -> {
              var running = EventLoop.running();
              running.setDefaultExecutor(new Managed());
              return await(running.runInExecutor(null, () -> 3));
            },
            RunOptions.defaults().loopFactory(this::newLoop)));
  }
}
