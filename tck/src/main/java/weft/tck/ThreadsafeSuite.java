package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.EventLoop;
import weft.Handle;
import weft.Promise;
import weft.Task;
import weft.TaskGroup;
import weft.Timeout;
import weft.TimerHandle;
import weft.Weft;
import weft.sync.AsyncEvent;
import weft.sync.AsyncLock;
import weft.sync.AsyncQueue;
import weft.sync.AsyncSemaphore;
import weft.sync.QueueShutDownException;

/// `callSoonThreadsafe` and `execute`: calls from other threads.
public abstract class ThreadsafeSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected ThreadsafeSuite() {}

  @Test
  void L09_aCallFromAnotherThreadWakesTheSleepingLoop() throws Exception {
    var polling = new CountDownLatch(1);
    loop.callSoon(polling::countDown);
    var other =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    polling.await();
                    loop.callSoonThreadsafe(
                        () -> {
                          seen.add(Thread.currentThread());
                          loop.stop();
                        });
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    loop.runForever();
    other.join();
    assertEquals(1, seen.size());
    assertNotSame(other, seen.getFirst());
  }

  @Test
  void L09_noCallFromAnotherThreadIsEverLost() throws Exception {
    int rounds = 2000;
    var answered = new AtomicInteger();
    var turn = new java.util.concurrent.Semaphore(0);
    var other =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < rounds; i++) {
                    loop.callSoonThreadsafe(
                        () -> {
                          answered.incrementAndGet();
                          turn.release();
                        });
                    turn.acquireUninterruptibly();
                  }
                  loop.callSoonThreadsafe(loop::stop);
                });
    loop.runForever();
    other.join();
    assertEquals(rounds, answered.get());
  }

  @Test
  void L09_eachThreadsCallsRunInItsOrder() throws Exception {
    int threads = 4;
    int calls = 2000;
    var last = new int[threads];
    var wrong = new AtomicInteger();
    var open = new AtomicInteger(threads);
    var producers = new ArrayList<Thread>();
    for (int t = 0; t < threads; t++) {
      int me = t;
      producers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 1; i <= calls; i++) {
                      int n = i;
                      loop.callSoonThreadsafe(
                          () -> {
                            if (last[me] + 1 != n) {
                              wrong.incrementAndGet();
                            }
                            last[me] = n;
                            if (n == calls && open.decrementAndGet() == 0) {
                              loop.stop();
                            }
                          });
                    }
                  }));
    }
    loop.runForever();
    for (var producer : producers) {
      producer.join();
    }
    assertEquals(0, wrong.get());
    for (int n : last) {
      assertEquals(calls, n);
    }
  }

  @Test
  void L09_theLoopsOwnThreadMayUseItToo() {
    loop.callSoon(() -> loop.callSoonThreadsafe(loop::stop));
    loop.runForever();
    run(
        () -> {
          loop.callSoonThreadsafe(() -> seen.add("x"));
          turns(2);
        });
    assertEquals(List.of("x"), seen);
  }

  @Test
  void L09_itNeverRunsInline() {
    run(
        () -> {
          loop.callSoonThreadsafe(() -> steps.at(2));
          steps.at(1);
          turns(2);
          steps.end(3);
        });
  }

  @Test
  void L09_whatArrivesBeforeTheRunIsKept() throws Exception {
    elsewhere(() -> loop.callSoonThreadsafe(() -> seen.add("x")));
    runBriefly();
    assertEquals(List.of("x"), seen);
  }

  @Test
  void L09_theLoopIsAnExecutor() throws Exception {
    elsewhere(() -> loop.execute(() -> seen.add(EventLoop.running())));
    loop.execute(() -> seen.add(EventLoop.running()));
    runBriefly();
    assertEquals(List.of(loop, loop), seen);
  }

  @Test
  void L09_callsOfOneThreadKeepTheirOrderBeforeTheRun() {
    loop.callSoonThreadsafe(() -> seen.add(1));
    loop.callSoon(() -> seen.add(2));
    loop.callSoonThreadsafe(() -> seen.add(3));
    loop.createTask(async(() -> seen.add(4)));
    loop.callSoonThreadsafe(() -> seen.add(5));
    runBriefly();
    assertEquals(List.of(1, 2, 3, 4, 5), seen);
  }

  @Test
  void L09_callsOfTheLoopsThreadKeepTheirOrder() {
    run(
        () -> {
          loop.callSoonThreadsafe(() -> seen.add(1));
          loop.callSoon(() -> seen.add(2));
          loop.execute(() -> seen.add(3));
          createTask(() -> seen.add(4));
          loop.callSoonThreadsafe(() -> seen.add(5));
          turns(2);
        });
    assertEquals(List.of(1, 2, 3, 4, 5), seen);
  }

  @Test
  void L09_aCallFromAnotherThreadCanBeCancelled() throws Exception {
    Handle handle = elsewhere(() -> loop.callSoonThreadsafe(() -> seen.add("x")));
    elsewhere(handle::cancel);
    runBriefly();
    assertTrue(handle.cancelled());
    assertEquals(List.of(), seen);
  }

  @Test
  void L09_cancellingFromAnotherThreadWaitsForTheRunningCallback() throws Exception {
    var handle = new Handle[1];
    var finished = new AtomicBoolean();
    var canceller =
        Thread.ofPlatform()
            .unstarted(
                () -> {
                  handle[0].cancel();
                  assertTrue(finished.get());
                  seen.add("cancelled after the callback");
                });
    handle[0] =
        loop.callSoonThreadsafe(
            () -> {
              canceller.start();
              while (canceller.getState() == Thread.State.RUNNABLE
                  || canceller.getState() == Thread.State.NEW) {
                Thread.onSpinWait();
              }
              finished.set(true);
            });
    runBriefly();
    canceller.join();
    assertEquals(List.of("cancelled after the callback"), seen);
  }

  /// The `Future` of a promise is for every thread at any time, also while the loop is being run
  /// again and again.
  @Test
  void L63_otherThreadsMayCancelBetweenTheRuns() throws Exception {
    var offered = new SynchronousQueue<Task<?>>();
    var cancelled = new AtomicInteger();
    int rounds = 1000;
    var other =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    for (int i = 0; i < rounds; i++) {
                      var task = offered.take();
                      task.toCompletableFuture()
                          .whenComplete((value, failure) -> cancelled.incrementAndGet());
                      task.cancel(true);
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    for (int i = 0; i < rounds; i++) {
      var task = loop.createTask(async(() -> hang()));
      offered.put(task);
      if (i % 2 == 0) {
        run(() -> turns(1));
      }
      assertThrows(CancelledError.class, () -> loop.runUntilComplete(task));
    }
    other.join();
    run(() -> turns(2));
    assertEquals(rounds, cancelled.get());
  }

  @Test
  void L63_aFutureOfAClosedLoopSaysSo() {
    var promise = loop.createPromise();
    loop.close();
    var thrown =
        assertThrows(
            ExecutionException.class,
            () -> promise.toCompletableFuture().get(20, TimeUnit.SECONDS));
    assertTrue(thrown.getCause() instanceof IllegalStateException, thrown::toString);
  }

  @Test
  void L15_aCoroutineForAClosedLoopIsGivenUp() {
    loop.close();
    var coroutine = async(() -> seen.add("ran"));
    assertThrows(IllegalStateException.class, () -> Weft.runCoroutineThreadsafe(coroutine, loop));
    assertThrows(IllegalStateException.class, () -> Weft.run(coroutine));
    assertEquals(List.of(), seen);
  }

  @Test
  void L69_whatAnotherThreadMayNotWakeItLeavesAsItWas() {
    run(
        () -> {
          var event = new AsyncEvent();
          var lock = new AsyncLock();
          var permits = new AsyncSemaphore(0);
          var full = new AsyncQueue<String>(1);
          full.put("first");
          var empty = new AsyncQueue<String>();
          lock.acquire();
          var waiting =
              List.of(
                  createTask(event::waitSet),
                  createTask(lock::acquire),
                  createTask(permits::acquire),
                  createTask(() -> full.put("second")),
                  createTask(empty::get),
                  createTask(full::join));
          turns(2);
          List<Runnable> wakers =
              List.of(
                  event::set,
                  lock::release,
                  permits::release,
                  full::getNowait,
                  () -> empty.putNowait("item"),
                  full::taskDone,
                  () -> full.shutdown(true));
          elsewhere(() -> wakers.forEach(w -> assertThrows(IllegalStateException.class, w::run)));
          turns(2);
          assertFalse(event.isSet());
          assertTrue(lock.locked());
          assertTrue(empty.isEmpty());
          assertTrue(full.isFull());
          assertEquals(0, waiting.stream().filter(Task::done).count());
          wakers.forEach(Runnable::run);
          for (Task<?> each : waiting.subList(0, 3)) {
            await(each);
          }
          await(waiting.get(4));
          await(waiting.get(5));
          assertThrows(QueueShutDownException.class, () -> await(waiting.get(3)));
        });
  }

  @Test
  void L69_whatAnotherThreadMayNotDoHasNoEffect() {
    run(
        () -> {
          Promise<TaskGroup> group = loop.createPromise();
          Promise<Timeout> limit = loop.createPromise();
          TimerHandle timer = loop.callLater(Duration.ofHours(1), () -> {});
          var late =
              createTask(
                  () ->
                      timeout(
                          Duration.ofHours(1),
                          t -> {
                            limit.setResult(t);
                            hang();
                          }));
          var grouped =
              createTask(
                  () ->
                      taskGroup(
                          g -> {
                            group.setResult(g);
                            g.createTask(LoopSuite::hang);
                          }));
          turns(2);
          TaskGroup open = group.result();
          Timeout ticking = limit.result();
          elsewhere(
              () -> {
                assertThrows(IllegalStateException.class, open::cancel);
                assertThrows(IllegalStateException.class, () -> ticking.reschedule(null));
                assertThrows(IllegalStateException.class, timer::cancel);
              });
          assertFalse(timer.cancelled());
          timer.cancel();
          assertNotNull(ticking.when());
          ticking.reschedule(loop.time());
          assertThrows(TimeoutException.class, () -> await(late, TimeoutException.class));
          open.cancel();
          await(grouped);
        });
  }
}
