package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import weft.ContextVar;
import weft.EventLoop;
import weft.Handle;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.SystemExit;
import weft.Task;
import weft.TaskOptions;
import weft.VoidBody;

/// Callbacks that wait for locks while coroutines of their loop wait for locks, too, on the direct
/// engine: none of them may wait for the thread of the other. Skipped on the portable engine.
public abstract class CallbackBlockingSuite extends LoopSuite {
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected CallbackBlockingSuite() {}

  @BeforeEach
  void onlyOnTheDirectEngine() {
    assumeTrue(direct(), "the portable engine blocks the loop");
  }

  /// Makes another thread hold the lock until `released` says so; returns when it has it.
  private void holdElsewhere(BooleanSupplier released) {
    var held = new CountDownLatch(1);
    Thread.ofPlatform()
        .start(
            () -> {
              lock.lock();
              try {
                held.countDown();
                while (!released.getAsBoolean()) {
                  Thread.onSpinWait();
                }
              } finally {
                lock.unlock();
              }
            });
    while (held.getCount() > 0) {
      Thread.onSpinWait();
    }
  }

  private void holdElsewhereUntilWaitedForBy(int count) {
    holdElsewhere(() -> lock.getQueueLength() == count);
  }

  private void withLock(Runnable body) {
    lock.lock();
    try {
      body.run();
    } finally {
      lock.unlock();
    }
  }

  @Test
  void L120_aCallbackMayWaitForALockBehindACoroutine() {
    run(
        () -> {
          holdElsewhereUntilWaitedForBy(2);
          var coroutine = createTask(() -> withLock(() -> seen.add("coroutine")));
          turns(1);
          loop.callSoon(() -> withLock(() -> seen.add("callback")));
          await(coroutine);
          turns(2);
        });
    assertEquals(List.of("coroutine", "callback"), seen);
  }

  @Test
  void L09_aCoroutineDoesNotWaitForACallbackThatMayWaitForIt() {
    run(
        () -> {
          lock.lock();
          Handle handle = loop.callSoonThreadsafe(() -> withLock(() -> seen.add("callback")));
          while (!lock.hasQueuedThreads()) {
            Thread.sleep(1);
          }
          handle.cancel(); // it has begun, and waits for our lock
          assertFalse(handle.cancelled());
          seen.add("coroutine");
          lock.unlock();
        });
    assertEquals(List.of("coroutine", "callback"), seen);
  }

  @Test
  void L120_soMayATimerAndADoneCallback() {
    run(
        () -> {
          holdElsewhereUntilWaitedForBy(2);
          var coroutine = createTask(() -> withLock(() -> seen.add("coroutine")));
          turns(1);
          Promise<Void> timer = loop.createPromise();
          loop.callLater(
              ms(1),
              () -> {
                withLock(() -> seen.add("timer"));
                timer.setResult(nothing());
              });
          await(timer);
          await(coroutine);
          holdElsewhereUntilWaitedForBy(2);
          var second = createTask(() -> withLock(() -> seen.add("coroutine")));
          turns(1);
          timer.addDoneCallback(done -> withLock(() -> seen.add("done")));
          turns(2);
          await(second);
        });
    assertEquals(List.of("coroutine", "timer", "coroutine", "done"), seen);
  }

  @Test
  void L120_aCallbackMayWaitForAMonitorBehindACoroutine() {
    var monitor = new Object();
    var held = new AtomicBoolean();
    var waiting = new AtomicInteger();
    run(
        () -> {
          Thread.ofPlatform()
              .start(
                  () -> {
                    synchronized (monitor) {
                      held.set(true);
                      while (waiting.get() < 2) {
                        Thread.onSpinWait();
                      }
                      pause(20); // until they stand in the line
                    }
                  });
          while (!held.get()) {
            Thread.onSpinWait();
          }
          var coroutine =
              createTask(
                  () -> {
                    waiting.incrementAndGet();
                    synchronized (monitor) {
                      seen.add("coroutine");
                    }
                  });
          turns(1);
          loop.callSoon(
              () -> {
                waiting.incrementAndGet();
                synchronized (monitor) {
                  seen.add("callback");
                }
              });
          await(coroutine);
          turns(2);
        });
    assertEquals(2, seen.size());
  }

  @Test
  void L120_aCallbackMayWaitForWhatABlockedCoroutineHolds() {
    var outer = new ReentrantLock();
    run(
        () -> {
          holdElsewhere(() -> outer.getQueueLength() == 1);
          var coroutine =
              createTask(
                  () -> {
                    outer.lock();
                    try {
                      withLock(() -> seen.add("coroutine"));
                    } finally {
                      outer.unlock();
                    }
                  });
          turns(1);
          loop.callSoon(
              () -> {
                outer.lock();
                try {
                  seen.add("callback");
                } finally {
                  outer.unlock();
                }
              });
          await(coroutine);
          turns(2);
        });
    assertEquals(List.of("coroutine", "callback"), seen);
  }

  @Test
  void L120_meanwhileTheLoopRunsOnlyWhatTheJdkLetsGoOn() {
    run(
        () -> {
          var queue = new LinkedBlockingQueue<String>();
          holdElsewhere(() -> lock.getQueueLength() == 2 && seen.contains("queue"));
          var locker =
              createTask(
                  () -> {
                    withLock(() -> seen.add("lock"));
                    sleep(Duration.ZERO);
                    seen.add("after");
                  });
          var taker = createTask(() -> seen.add(queue.take()));
          turns(2);
          loop.callSoon(
              () -> {
                seen.add("begin");
                loop.callSoon(() -> seen.add("next"));
                queue.add("queue");
                withLock(() -> seen.add("callback"));
              });
          loop.callSoon(() -> seen.add("neighbour"));
          var patient = createTask(() -> seen.add("awaiting"));
          await(locker);
          await(taker);
          await(patient);
        });
    assertEquals(
        List.of("begin", "queue", "lock", "callback", "neighbour", "awaiting", "next", "after"),
        seen);
  }

  @Test
  void L120_aCallbackThatWaitsIsACallbackAllTheSame() {
    ContextVar<String> name = new ContextVar<>("name", "default");
    run(
        () -> {
          name.set("main");
          holdElsewhereUntilWaitedForBy(2);
          var coroutine =
              createTask(
                  () -> {
                    name.set("coroutine");
                    withLock(() -> seen.add(name.get()));
                    assertEquals("coroutine", name.get());
                  });
          turns(1);
          loop.callSoon(
              () -> {
                name.set("callback");
                withLock(() -> seen.add(name.get()));
                assertNull(loop.currentTask());
                assertSame(loop, EventLoop.running());
                assertThrows(IllegalStateException.class, () -> sleep(Duration.ZERO));
                assertThrows(IllegalStateException.class, () -> loop.runForever());
                loop.callSoon(() -> seen.add(name.get() + " later"));
              });
          await(coroutine);
          turns(2);
          assertEquals("main", name.get());
        });
    assertEquals(List.of("coroutine", "callback", "callback later"), seen);
  }

  @Test
  void L120_whatItThrowsIsReported() {
    var mistake = new IllegalStateException("made up");
    run(
        () -> {
          holdElsewhereUntilWaitedForBy(2);
          var coroutine = createTask(() -> withLock(() -> {}));
          turns(1);
          loop.callSoon(
              () ->
                  withLock(
                      () -> {
                        throw mistake;
                      }));
          await(coroutine);
          turns(2);
        });
    expectErrors(1);
    assertSame(mistake, errors().getFirst().exception());
  }

  @Test
  void L120_anExceptionHandlerMayWait() {
    run(
        () -> {
          holdElsewhereUntilWaitedForBy(2);
          loop.setExceptionHandler((l, error) -> withLock(() -> seen.add(error.message())));
          var coroutine = createTask(() -> withLock(() -> seen.add("coroutine")));
          turns(1);
          loop.callSoon(
              () -> {
                throw new IllegalStateException("made up");
              });
          await(coroutine);
          turns(2);
        });
    assertEquals("coroutine", seen.getFirst());
    assertEquals(2, seen.size());
  }

  @Test
  void L120_anExitOfTheCallbackLeavesTheLoop() {
    var coroutine = loop.createTask(async(() -> withLock(() -> seen.add("coroutine"))));
    holdElsewhereUntilWaitedForBy(2);
    loop.callLater(
        ms(1),
        () ->
            withLock(
                () -> {
                  throw new SystemExit(3);
                }));
    assertEquals(3, assertThrows(SystemExit.class, () -> loop.runForever()).status());
    run(() -> await(coroutine));
    assertEquals(List.of("coroutine"), seen);
  }

  @Test
  void L120_anExitOfACoroutineWaitsForTheCallback() {
    Task<?> coroutine =
        loop.createTask(
            async(
                () -> {
                  withLock(() -> seen.add("coroutine"));
                  throw new SystemExit(4);
                }));
    holdElsewhereUntilWaitedForBy(2);
    loop.callLater(ms(1), () -> withLock(() -> seen.add("callback")));
    assertEquals(4, assertThrows(SystemExit.class, () -> loop.runForever()).status());
    assertEquals(List.of("coroutine", "callback"), seen);
    assertTrue(coroutine.done());
    assertThrows(SystemExit.class, coroutine::result);
  }

  @Test
  void L120_anInterruptReachesTheCallbackThatWaits() {
    var here = Thread.currentThread();
    var taken = new LinkedBlockingQueue<String>();
    var coroutine = loop.createTask(async(() -> seen.add(taken.take())));
    loop.callLater(
        ms(1),
        () -> {
          Thread.ofPlatform().start(here::interrupt);
          try {
            Thread.sleep(Duration.ofHours(1));
          } catch (InterruptedException e) {
            seen.add("interrupted");
          }
        });
    assertThrows(KeyboardInterrupt.class, () -> loop.runForever());
    taken.add("taken");
    run(() -> await(coroutine));
    assertEquals(List.of("interrupted", "taken"), seen);
    assertFalse(Thread.interrupted());
  }

  @Test
  void L120_aCoroutineThatWentOnEarlyTakesItsTurnOnce() {
    run(
        () -> {
          holdElsewhereUntilWaitedForBy(2);
          Promise<String> promise = loop.createPromise();
          var coroutine =
              createTask(
                  () -> {
                    withLock(() -> seen.add("lock"));
                    seen.add(await(promise));
                  });
          turns(1);
          loop.callSoon(() -> withLock(() -> seen.add("callback")));
          turns(3);
          assertFalse(coroutine.done());
          promise.setResult("promise");
          await(coroutine);
        });
    assertEquals(List.of("lock", "callback", "promise"), seen);
  }

  @Test
  void L120_aTaskThatItStartsEagerlyRunsAtOnce() {
    run(
        () -> {
          holdElsewhere(() -> lock.getQueueLength() == 3);
          var coroutine = createTask(() -> withLock(() -> seen.add("coroutine")));
          turns(1);
          var eager = new ArrayList<Task<?>>();
          loop.callSoon(
              () -> {
                seen.add("callback");
                eager.add(createEagerly(() -> seen.add("at once")));
                eager.add(createEagerly(() -> withLock(() -> seen.add("eager"))));
                seen.add("created");
                withLock(() -> seen.add("callback"));
              });
          await(coroutine);
          turns(2);
          for (Task<?> task : eager) {
            await(task);
          }
        });
    assertEquals(List.of("callback", "at once", "created", "coroutine", "eager", "callback"), seen);
  }

  private Task<?> createEagerly(VoidBody body) {
    return loop.createTask(async(body), TaskOptions.defaults().eagerStart(true));
  }

  @Test
  void L120_anExitOfATaskThatItStartsEagerlyIsItsOwn() {
    var taken = new LinkedBlockingQueue<String>();
    var coroutine = loop.createTask(async(() -> seen.add(taken.take())));
    loop.callLater(
        ms(1),
        () -> {
          try {
            createEagerly(
                () -> {
                  throw new SystemExit(5);
                });
          } catch (SystemExit exit) {
            seen.add(exit.status());
            throw exit;
          }
        });
    assertEquals(5, assertThrows(SystemExit.class, () -> loop.runForever()).status());
    taken.add("taken");
    run(() -> await(coroutine));
    assertEquals(List.of(5, "taken"), seen);
  }

  @Test
  void L120_aCoroutineThatWentOnEarlyWaitsForItsNextTurnAsOthersDo() {
    run(
        () -> {
          var queue = new LinkedBlockingQueue<String>();
          var coroutine =
              createTask(
                  () -> {
                    seen.add(queue.take());
                    for (int i = 0; i < 3; i++) {
                      sleep(Duration.ZERO);
                      seen.add("coroutine " + i);
                    }
                  });
          turns(1);
          loop.callSoon(
              () -> {
                queue.add("early"); // the loop's own thread lets it go on
                while (seen.isEmpty()) {
                  Thread.yield();
                }
              });
          for (int i = 0; i < 4; i++) {
            sleep(Duration.ZERO);
            seen.add("main " + i);
          }
          await(coroutine);
        });
    assertEquals("early", seen.getFirst());
    var order = seen.subList(1, seen.size());
    for (int i = 0; i < 3; i++) {
      int distance = order.indexOf("coroutine " + i) - order.indexOf("main " + i);
      assertTrue(Math.abs(distance) <= 2, seen::toString);
    }
  }

  @Test
  void L120_aCoroutineThatSpinsMeanwhileTakesOneTurnABatchAfterwards() {
    run(
        () -> {
          var turns = new AtomicInteger();
          var over = new AtomicBoolean();
          var spinner =
              createTask(
                  () -> {
                    while (!over.get()) {
                      turns.incrementAndGet();
                      Thread.yield();
                    }
                  });
          holdElsewhere(() -> turns.get() > 1000);
          loop.callSoon(() -> withLock(() -> seen.add("callback")));
          turns(1);
          assertEquals(List.of("callback"), seen);
          int before = turns.get();
          turns(10);
          assertTrue(turns.get() - before <= 20, () -> (turns.get() - before) + " turns");
          over.set(true);
          await(spinner);
        });
  }

  @Test
  void L120_dependentsOfACompletableFutureMayWait() {
    run(
        () -> {
          holdElsewhereUntilWaitedForBy(2);
          var coroutine = createTask(() -> withLock(() -> seen.add("coroutine")));
          Promise<String> promise = loop.createPromise();
          var unused =
              promise.toCompletableFuture().thenAccept(value -> withLock(() -> seen.add(value)));
          turns(1);
          promise.setResult("dependent");
          await(coroutine);
          turns(2);
        });
    assertEquals(List.of("coroutine", "dependent"), seen);
  }

  @Test
  void L120_twoExitsEndTwoRuns() {
    for (int status : new int[] {6, 7}) {
      var unused =
          loop.createTask(
              async(
                  () -> {
                    withLock(() -> seen.add(status));
                    throw new SystemExit(status);
                  }));
    }
    holdElsewhereUntilWaitedForBy(3);
    loop.callLater(ms(1), () -> withLock(() -> seen.add("callback")));
    assertEquals(6, assertThrows(SystemExit.class, () -> loop.runForever()).status());
    assertEquals(7, assertThrows(SystemExit.class, () -> loop.runForever()).status());
    assertEquals(List.of(6, 7, "callback"), seen);
  }

  @Test
  void L120_callbacksCoroutinesAndThreadsShareALockForLong() {
    var threads = new ArrayList<Thread>();
    var over = new AtomicBoolean();
    var callbacks = new AtomicInteger();
    var monitor = new Object();
    Runnable both =
        () ->
            withLock(
                () -> {
                  synchronized (monitor) {
                    Thread.onSpinWait();
                  }
                });
    for (int i = 0; i < 2; i++) {
      Runnable body = i == 0 ? both : () -> touch(monitor);
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!over.get()) {
                      body.run();
                    }
                  }));
    }
    try {
      run(
          () -> {
            var coroutines = new ArrayList<Task<?>>();
            for (int i = 0; i < 3; i++) {
              coroutines.add(
                  createTask(
                      () -> {
                        for (int round = 0; round < 300; round++) {
                          both.run();
                          sleep(Duration.ZERO);
                        }
                      }));
            }
            loop.callSoon(again(300, callbacks, both));
            for (Task<?> coroutine : coroutines) {
              await(coroutine);
            }
            while (callbacks.get() < 300) {
              turns(1);
            }
          });
    } finally {
      over.set(true);
    }
    threads.forEach(thread -> assertNull(join(thread)));
  }

  private Runnable again(int times, AtomicInteger count, Runnable body) {
    return new Runnable() {
      @Override
      public void run() {
        body.run();
        if (count.incrementAndGet() < times) {
          loop.callSoon(this);
        }
      }
    };
  }

  private static void touch(Object monitor) {
    synchronized (monitor) {
      Thread.onSpinWait();
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static @Nullable Throwable join(Thread thread) {
    try {
      thread.join();
      return null;
    } catch (InterruptedException e) {
      return e;
    }
  }
}
