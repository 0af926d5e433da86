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
import static weft.Weft.waitAll;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weft.CancelledError;
import weft.Coroutine;
import weft.EventLoop;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.SystemExit;
import weft.Task;

/// The life of a loop: run, stop, run again, close; and what it refuses.
public abstract class LifecycleSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected LifecycleSuite() {}

  @Test
  void aNewLoopIsNeitherRunningNorClosed() {
    assertFalse(loop.isRunning());
    assertFalse(loop.isClosed());
    assertEquals(Set.of(), loop.allTasks());
    assertEquals(null, loop.currentTask());
    assertFalse(loop.name().isEmpty());
  }

  @Test
  void isRunningIsTrueOnlyInside() {
    loop.callSoon(() -> seen.add(loop.isRunning()));
    run(() -> seen.add(loop.isRunning()));
    assertEquals(List.of(true, true), seen);
    assertFalse(loop.isRunning());
  }

  @Test
  void L12_stopLetsTheBatchFinish() {
    loop.callSoon(loop::stop);
    loop.callSoon(() -> seen.add("same batch"));
    loop.runForever();
    assertEquals(List.of("same batch"), seen);
  }

  @Test
  void L12_stopKeepsWhatTheBatchQueued() {
    loop.callSoon(() -> loop.callSoon(() -> seen.add("next batch")));
    loop.callSoon(loop::stop);
    loop.runForever();
    assertEquals(List.of(), seen);
    loop.callSoon(loop::stop);
    loop.runForever();
    assertEquals(List.of("next batch"), seen);
  }

  @Test
  void L12_stopBeforeTheRunRunsOneIteration() {
    loop.callSoon(
        () -> {
          seen.add("first");
          loop.callSoon(() -> seen.add("second"));
        });
    loop.callLater(Duration.ofHours(1), () -> seen.add("timer"));
    loop.stop();
    loop.runForever();
    assertEquals(List.of("first"), seen);
  }

  @Test
  void L12_stopBeforeTheRunDoesNotStopALaterRun() {
    loop.stop();
    loop.stop();
    loop.runForever();
    assertEquals(
        "done",
        run(
            () -> {
              turns(5);
              return "done";
            }));
  }

  @Test
  void L12_stopFromATimerAndFromACoroutine() {
    loop.callLater(ms(1), loop::stop);
    loop.runForever();
    loop.createTask(async(loop::stop));
    loop.runForever();
  }

  @Test
  void L12_aStoppedLoopRunsAgain() {
    for (int i = 0; i < 10; i++) {
      int n = i;
      loop.callSoon(() -> seen.add(n));
      loop.callSoon(loop::stop);
      loop.runForever();
    }
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), seen);
  }

  @Test
  void L12_tasksAndTimersSurviveAStop() {
    Task<String> task =
        loop.createTask(
            async(
                () -> {
                  weft.Weft.sleep(ms(2));
                  return "survived";
                }));
    loop.callSoon(loop::stop);
    loop.runForever();
    assertFalse(task.done());
    assertEquals("survived", loop.runUntilComplete(task));
  }

  @Test
  void L13_runUntilCompleteReturnsTheResult() {
    assertEquals(42, run(() -> 42));
    assertEquals(null, loop.runUntilComplete(async(() -> {})));
  }

  @Test
  void L13_runUntilCompleteTakesPromisesAndTasks() {
    Promise<String> promise = loop.createPromise();
    loop.callSoon(() -> promise.setResult("p"));
    assertEquals("p", loop.runUntilComplete(promise));
    assertEquals("p", loop.runUntilComplete(promise));
    assertEquals("t", loop.runUntilComplete(loop.createTask(async(() -> "t"))));
  }

  @Test
  void L13_runUntilCompleteThrowsWhatTheCoroutineThrew() {
    var unchecked = new IllegalArgumentException("unchecked");
    assertSame(
        unchecked,
        assertThrows(
            IllegalArgumentException.class,
            () ->
                run(
                    () -> {
                      throw unchecked;
                    })));
    var checked = new IOException("checked");
    assertSame(
        checked,
        assertThrows(
                CompletionException.class,
                () ->
                    run(
                        () -> {
                          throw checked;
                        }))
            .getCause());
    var error = new AssertionError("error");
    assertSame(
        error,
        assertThrows(
            AssertionError.class,
            () ->
                run(
                    () -> {
                      throw error;
                    })));
  }

  @Test
  void L13_runUntilCompleteThrowsCancelledErrorOfACancelledTask() {
    assertThrows(
        CancelledError.class,
        () ->
            run(
                () -> {
                  current().cancel();
                  turns(1);
                }));
  }

  @Test
  void L13_aLoopStoppedEarlySaysSo() {
    Promise<String> promise = loop.createPromise();
    loop.callSoon(loop::stop);
    var error = assertThrows(IllegalStateException.class, () -> loop.runUntilComplete(promise));
    assertTrue(String.valueOf(error.getMessage()).contains("stopped"), error.toString());
  }

  @Test
  void L13_aRunIsNotStoppedByTheTaskOfAnEarlierOne() {
    Promise<String> first = loop.createPromise();
    loop.callSoon(loop::stop);
    assertThrows(IllegalStateException.class, () -> loop.runUntilComplete(first));
    String second =
        run(
            () -> {
              first.setResult("late");
              turns(5);
              return "not stopped";
            });
    assertEquals("not stopped", second);
  }

  @Test
  void L13_aTaskOfAnEarlierRunGoesOnInTheNext() {
    Task<String> task =
        loop.createTask(
            async(
                () -> {
                  turns(10);
                  return "ended";
                }));
    run(() -> turns(1));
    assertFalse(task.done());
    assertEquals("ended", loop.runUntilComplete(task));
  }

  @Test
  void L13_runUntilCompleteRefusesAnotherLoopsPromise() {
    EventLoop other = newLoop();
    try {
      Promise<String> foreign = other.createPromise();
      assertThrows(IllegalArgumentException.class, () -> loop.runUntilComplete(foreign));
      assertFalse(loop.isRunning());
    } finally {
      other.close();
    }
  }

  @Test
  void L14_theLoopCannotBeRunFromItsOwnCallback() {
    loop.callSoon(() -> seen.add(assertThrows(IllegalStateException.class, loop::runForever)));
    runBriefly();
    assertEquals(1, seen.size());
  }

  @Test
  void L14_theLoopCannotBeRunFromItsOwnCoroutine() {
    run(
        () -> {
          assertThrows(IllegalStateException.class, loop::runForever);
          Coroutine<Integer> inner = async(() -> 1);
          assertThrows(IllegalStateException.class, () -> loop.runUntilComplete(inner));
          inner.close();
          assertTrue(loop.isRunning());
        });
  }

  @Test
  void L14_anotherLoopCannotRunInsideARunningOne() {
    EventLoop other = newLoop();
    try {
      run(
          () -> {
            assertThrows(IllegalStateException.class, other::runForever);
            Coroutine<Integer> inner = async(() -> 1);
            assertThrows(IllegalStateException.class, () -> other.runUntilComplete(inner));
            inner.close();
            assertFalse(other.isRunning());
            assertSame(loop, EventLoop.running());
          });
      assertEquals(2, other.runUntilComplete(async(() -> 2)));
    } finally {
      other.close();
    }
  }

  @Test
  void L14_aRunningLoopCannotBeRunByAnotherThread() {
    var thrown = new AtomicReference<@Nullable Throwable>();
    loop.callSoon(
        () -> {
          var other =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          loop.runForever();
                        } catch (Throwable t) {
                          thrown.set(t);
                        }
                      });
          spinUntilEnded(other);
          loop.stop();
        });
    loop.runForever();
    assertInstanceOf(IllegalStateException.class, thrown.get());
  }

  @Test
  void L14_loopsOfTwoThreadsAreIndependent() throws Exception {
    EventLoop other = newLoop();
    try {
      run(
          () -> {
            var ended = loop.<String>createPromise();
            Thread.ofPlatform()
                .start(
                    () -> {
                      String result =
                          other.runUntilComplete(
                              async(
                                  () -> {
                                    assertSame(other, EventLoop.running());
                                    assertEquals(1, other.allTasks().size());
                                    turns(3);
                                    return "other";
                                  }));
                      loop.callSoonThreadsafe(() -> ended.setResult(result));
                    });
            assertEquals("other", await(ended));
            assertEquals(1, loop.allTasks().size());
            assertSame(loop, EventLoop.running());
          });
    } finally {
      other.close();
    }
  }

  @Test
  void L14_noLoopRunsOutside() {
    assertThrows(IllegalStateException.class, EventLoop::running);
    assertNull(EventLoop.runningOrNull());
    run(() -> assertSame(loop, EventLoop.runningOrNull()));
    assertThrows(IllegalStateException.class, EventLoop::running);
    assertThrows(
        IllegalStateException.class,
        () ->
            run(
                () -> {
                  throw new IllegalStateException("boom");
                }));
    assertThrows(IllegalStateException.class, EventLoop::running);
  }

  @Test
  void L15_closeMayBeCalledTwice() {
    loop.close();
    assertTrue(loop.isClosed());
    loop.close();
    assertTrue(loop.isClosed());
    assertFalse(loop.isRunning());
  }

  @Test
  void L15_aRunningLoopCannotBeClosed() {
    loop.callSoon(() -> seen.add(assertThrows(IllegalStateException.class, loop::close)));
    run(
        () -> {
          assertThrows(IllegalStateException.class, loop::close);
          turns(2);
        });
    assertEquals(1, seen.size());
    assertFalse(loop.isClosed());
  }

  @Test
  void L15_aClosedLoopRefusesEverything() {
    loop.close();
    assertThrows(IllegalStateException.class, () -> loop.callSoon(() -> {}));
    assertThrows(IllegalStateException.class, () -> loop.callSoonThreadsafe(() -> {}));
    assertThrows(IllegalStateException.class, () -> loop.execute(() -> {}));
    assertThrows(IllegalStateException.class, () -> loop.callLater(ms(1), () -> {}));
    assertThrows(IllegalStateException.class, () -> loop.callAt(Duration.ZERO, () -> {}));
    assertThrows(IllegalStateException.class, loop::runForever);
    assertThrows(IllegalStateException.class, () -> loop.runUntilComplete(async(() -> 1)));
    assertThrows(IllegalStateException.class, () -> loop.createTask(async(() -> 1)));
    assertThrows(IllegalStateException.class, () -> loop.runInExecutor(null, () -> 1));
  }

  @Test
  void L15_closeDropsWhatIsQueued() {
    loop.callSoon(() -> seen.add("ready"));
    var timer = loop.callLater(Duration.ZERO, () -> seen.add("timer"));
    loop.callSoonThreadsafe(() -> seen.add("threadsafe"));
    loop.close();
    assertEquals(List.of(), seen);
    timer.cancel();
  }

  @Test
  void L15_closeWakesNoOneAndDoesNotBlockOtherThreads() throws Exception {
    var closed = new CountDownLatch(1);
    var thrown = new AtomicReference<@Nullable Throwable>();
    var other =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    closed.await();
                    loop.callSoonThreadsafe(() -> {});
                  } catch (Throwable t) {
                    thrown.set(t);
                  }
                });
    loop.close();
    closed.countDown();
    other.join();
    assertInstanceOf(IllegalStateException.class, thrown.get());
  }

  @Test
  void L15_createTaskOnAClosedLoopGivesTheCoroutineUp() {
    loop.setDebug(true);
    loop.close();
    var coroutine = async(() -> 1);
    assertThrows(IllegalStateException.class, () -> loop.createTask(coroutine));
    EventLoop other = newLoop();
    try {
      assertThrows(IllegalStateException.class, () -> other.runUntilComplete(coroutine));
    } finally {
      other.close();
    }
  }

  @Test
  void L16_systemExitOfACallbackLeavesTheLoopAtOnce() {
    loop.callSoon(
        () -> {
          throw new SystemExit(3);
        });
    loop.callSoon(() -> seen.add("later"));
    assertEquals(3, assertThrows(SystemExit.class, loop::runForever).status());
    assertEquals(List.of(), seen);
    assertFalse(loop.isRunning());
    runBriefly();
    assertEquals(List.of("later"), seen);
  }

  @Test
  void L16_systemExitOfATaskIsStoredAndLeavesTheLoop() {
    Task<Object> task =
        loop.createTask(
            async(
                () -> {
                  turns(1);
                  throw new SystemExit(7);
                }));
    Promise<String> never = loop.createPromise();
    assertEquals(7, assertThrows(SystemExit.class, () -> loop.runUntilComplete(never)).status());
    assertTrue(task.done());
    assertFalse(task.cancelled());
    assertInstanceOf(SystemExit.class, task.exception());
  }

  @Test
  void L16_keyboardInterruptOfTheMainTaskLeavesNoStopBehind() {
    assertThrows(
        KeyboardInterrupt.class,
        () ->
            run(
                () -> {
                  throw new KeyboardInterrupt();
                }));
    assertEquals(
        "went on",
        run(
            () -> {
              turns(5);
              return "went on";
            }));
  }

  @Test
  void L16_systemExitOfACallbackLeavesNoCompletionHookBehind() {
    Promise<String> first = loop.createPromise();
    loop.callSoon(
        () -> {
          throw new SystemExit(0);
        });
    assertThrows(SystemExit.class, () -> loop.runUntilComplete(first));
    assertEquals(
        "went on",
        run(
            () -> {
              first.setResult("late");
              turns(5);
              return "went on";
            }));
  }

  @Test
  void L16_anInterruptEndsALoopThatWaits() {
    var here = Thread.currentThread();
    loop.callLater(ms(5), () -> Thread.ofPlatform().start(here::interrupt));
    assertThrows(KeyboardInterrupt.class, () -> loop.runForever());
    assertFalse(Thread.interrupted());
    assertEquals("goes on", run(() -> "goes on"));
  }

  @Test
  void L16_anInterruptEndsALoopThatIsBusyWithCallbacks() {
    var here = Thread.currentThread();
    var again =
        new Runnable() {
          @Override
          public void run() {
            loop.callSoon(this);
          }
        };
    loop.callSoon(again);
    loop.callLater(ms(5), () -> Thread.ofPlatform().start(here::interrupt));
    assertThrows(KeyboardInterrupt.class, () -> loop.runForever());
  }

  @Test
  void L16_anInterruptWhileACoroutineRunsIsNotLost() {
    var here = Thread.currentThread();
    for (boolean ends : new boolean[] {false, true}) {
      var task =
          loop.createTask(
              async(
                  () -> {
                    var other = Thread.ofPlatform().start(here::interrupt);
                    while (other.isAlive()) {
                      Thread.onSpinWait();
                    }
                    if (!ends) {
                      hang();
                    }
                  }));
      assertThrows(KeyboardInterrupt.class, () -> loop.runForever());
      task.cancel();
      run(() -> waitAll(List.of(task)));
    }
  }

  @Test
  void L16_anInterruptOfALoopThatIsBusyWithCoroutinesIsNotLost() {
    var here = Thread.currentThread();
    var all = new ArrayList<Task<?>>();
    for (int i = 0; i < 10; i++) {
      all.add(
          loop.createTask(
              async(
                  () -> {
                    while (true) {
                      turns(1);
                    }
                  })));
    }
    for (int i = 0; i < 100; i++) {
      loop.callSoon(() -> Thread.ofPlatform().start(here::interrupt));
      assertThrows(KeyboardInterrupt.class, () -> loop.runForever());
    }
    all.forEach(task -> task.cancel());
    run(() -> turns(3));
  }

  @Test
  void L16_aCoroutineMayInterruptItsLoop() {
    var here = Thread.currentThread();
    for (int i = 0; i < 100; i++) {
      boolean both = i % 2 == 0;
      var task =
          loop.createTask(
              async(
                  () -> {
                    var other = Thread.ofPlatform().unstarted(here::interrupt);
                    if (both) {
                      other.start();
                    }
                    while (other.isAlive()) {
                      Thread.onSpinWait();
                    }
                    here.interrupt();
                    hang();
                  }));
      assertThrows(KeyboardInterrupt.class, () -> loop.runForever());
      Thread.interrupted(); // the second, if it came too late for the run
      task.cancel();
      run(() -> waitAll(List.of(task)));
    }
  }

  @Test
  void L16_otherErrorsDoNotLeaveTheLoop() {
    Task<Object> task =
        loop.createTask(
            async(
                () -> {
                  throw new StackOverflowError("made up");
                }));
    run(() -> turns(2));
    assertInstanceOf(StackOverflowError.class, task.exception());
  }

  @Test
  void aLoopIsClosedAfterManyRuns() {
    for (int i = 0; i < 200; i++) {
      EventLoop other = newLoop();
      assertEquals(i, other.<Integer>runUntilComplete(number(i)));
      other.close();
      assertTrue(other.isClosed());
    }
  }

  @Test
  void aLoopRunByOneThreadMayBeRunByAnotherLater() throws Exception {
    assertEquals(1, run(() -> 1));
    assertEquals(2, elsewhere(() -> loop.runUntilComplete(async(() -> 2))));
    assertEquals(3, run(() -> 3));
  }

  @Test
  void allTasksAreThoseNotYetDone() {
    run(
        () -> {
          Task<?> me = current();
          assertEquals(Set.of(me), loop.allTasks());
          var a = createTask(() -> turns(1));
          var b = createTask(() -> turns(3));
          assertEquals(Set.of(me, a, b), loop.allTasks());
          turns(3);
          assertEquals(Set.of(me, b), loop.allTasks());
          await(b);
          assertEquals(Set.of(me), loop.allTasks());
        });
    assertEquals(Set.of(), loop.allTasks());
  }

  private static Coroutine<Integer> number(int n) {
    return async(
        () -> {
          weft.Weft.sleep(Duration.ZERO);
          return n;
        });
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
  }

  private static void spinUntilEnded(Thread thread) {
    while (thread.isAlive()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void L13_whatTheLastRunQueuedDoesNotStopTheNext() {
    var main = loop.createTask(async(() -> {}));
    loop.createTask(
        async(
            () -> {
              throw new KeyboardInterrupt("in the batch in which the run was to end");
            }));
    assertThrows(KeyboardInterrupt.class, () -> loop.runUntilComplete(main));
    assertEquals(
        "ended",
        run(
            () -> {
              turns(5);
              return "ended";
            }));
  }

  @Test
  void L14_oneThreadAtATimeRunsIt() throws Exception {
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var refused = new AtomicInteger();
    Runnable twice =
        () -> {
          for (int i = 0; i < 200; i++) {
            try {
              loop.runUntilComplete(
                  async(
                      () -> {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        turns(2);
                        inside.decrementAndGet();
                      }));
            } catch (IllegalStateException runsAlready) {
              refused.incrementAndGet();
            }
          }
        };
    var other = Thread.ofPlatform().start(twice);
    twice.run();
    other.join();
    assertEquals(1, most.get());
    assertTrue(refused.get() < 400);
  }

  @Test
  void L57_anExitWaitsUntilTheLoopIsClosed() {
    for (int i = 1; i <= 2; i++) {
      int status = i;
      loop.createTask(
          async(
              () -> {
                try {
                  hang();
                } finally {
                  seen.add(status);
                  if (status == 1) {
                    throw new SystemExit(status);
                  }
                }
              }));
    }
    run(() -> turns(2));
    loop.setExceptionHandler((on, error) -> {});
    assertEquals(1, assertThrows(SystemExit.class, loop::close).status());
    assertTrue(loop.isClosed());
    assertEquals(2, seen.size());
    loop.close();
  }

  @Test
  void L13_anExitInAPromiseThatTheRunIsForEndsIt() {
    Promise<Object> promise = loop.createPromise();
    loop.callSoon(() -> promise.setException(new SystemExit(2)));
    assertThrows(SystemExit.class, () -> loop.runUntilComplete(promise));
    assertEquals("goes on", run(() -> "goes on"));
  }

  @Test
  void L16_anInterruptIsHeardBehindACallbackThatReadsAFile(@TempDir Path folder)
      throws IOException {
    Path path = folder.resolve("file");
    Files.writeString(path, "content");
    var here = Thread.currentThread();
    var read = new CountDownLatch(2);
    try (var file = FileChannel.open(path)) {
      Runnable reading =
          () -> {
            seen.add(size(file));
            read.countDown();
          };
      loop.callSoon(reading);
      loop.callLater(ms(5), reading);
      Thread.ofPlatform()
          .start(
              () -> {
                try {
                  read.await();
                  Thread.sleep(10); // the loop waits by now, or does not: it hears it in any case
                } catch (InterruptedException e) {
                  return;
                }
                here.interrupt();
              });
      assertThrows(KeyboardInterrupt.class, () -> loop.runForever());
    }
    assertEquals(List.of(7, 7), seen);
  }

  private static int size(FileChannel file) {
    try {
      return file.read(ByteBuffer.allocate(100), 0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
