package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.asCompleted;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.generator;
import static weft.Weft.shield;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;
import static weft.Weft.waitAll;
import static weft.Weft.waitFirstCompleted;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weft.CallGraph;
import weft.CancelledError;
import weft.ContextVar;
import weft.Emitter;
import weft.ErrorContext;
import weft.EventLoop;
import weft.Generator;
import weft.Instrument;
import weft.KeyboardInterrupt;
import weft.Promise;
import weft.RunOptions;
import weft.SystemExit;
import weft.Task;
import weft.TaskGroup;
import weft.Timeout;
import weft.TimerHandle;
import weft.Weft;
import weft.sync.AsyncBarrier;

/// What goes wrong in code that a loop calls, calls from where they are not allowed, and requests
/// at awkward moments.
public abstract class FaultSuite extends LoopSuite {
  private static final ContextVar<String> REQUEST = new ContextVar<>("request", "none");

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected FaultSuite() {}

  private static Task<?> self() {
    return Objects.requireNonNull(Task.current());
  }

  /* ---- Cancellation ---- */

  @Test
  void L66_eachRequestReachesTheCallThatBlocksThen() {
    assumeTrue(direct());
    run(
        () -> {
          var nothing = new LinkedBlockingQueue<String>();
          var task =
              createTask(
                  () -> {
                    for (int i = 0; i < 3; i++) {
                      try {
                        nothing.take();
                      } catch (InterruptedException e) {
                        seen.add(i);
                      }
                    }
                    nothing.take();
                  });
          for (int i = 0; i < 4; i++) {
            assertEquals(i, seen.size());
            until(task);
            task.cancel();
            sleep(ms(2));
          }
          assertInstanceOf(CancelledError.class, failure(task));
        });
  }

  private void until(Task<?> blocked) {
    sleep(ms(2));
    assertFalse(blocked.done());
  }

  @Test
  void L66_aTimeoutReachesABlockingCallBehindACaughtCancellation() {
    assumeTrue(direct());
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      Thread.sleep(Duration.ofHours(1));
                    } catch (InterruptedException e) {
                      seen.add("cancelled");
                    }
                    try {
                      timeout(ms(5), () -> Thread.sleep(Duration.ofHours(1)));
                    } catch (TimeoutException | CancelledError e) {
                      seen.add("over");
                    }
                  });
          sleep(ms(2));
          task.cancel();
          failure(task);
          assertEquals(List.of("cancelled", "over"), seen);
        });
  }

  @Test
  void L45_aTimeoutInAGeneratorThatExpiresWhileNobodyAsksIsForgotten() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    timeout(
                        ms(2),
                        () -> {
                          e.emit(1);
                        });
                    e.emit(2);
                  });
          for (int item : items) {
            seen.add(item);
            sleep(ms(10));
          }
          assertEquals(0, self().cancelling());
          assertEquals(List.of(1, 2), seen);
        });
  }

  /* ---- Instruments ---- */

  private abstract static class Failing implements Instrument {
    @Override
    public String toString() {
      throw new IllegalStateException("no name either");
    }
  }

  @Test
  void L64_aHandlerMayEndTheRunBecauseOfAnInstrument() {
    var hooks =
        List.<Instrument>of(
            new Failing() {
              @Override
              public void beforeStep(Task<?> task) {
                throw new IllegalStateException("before");
              }
            },
            new Failing() {
              @Override
              public void afterStep(Task<?> task) {
                throw new IllegalStateException("after");
              }
            },
            new Failing() {
              @Override
              public void taskCreated(Task<?> task) {
                throw new IllegalStateException("created");
              }
            },
            new Failing() {
              @Override
              public void taskDone(Task<?> task) {
                throw new IllegalStateException("done");
              }
            });
    for (Instrument hook : hooks) {
      assertThrows(
          SystemExit.class,
          () ->
              Weft.run(
                  () -> {
                    var running = EventLoop.running();
                    running.setExceptionHandler(
                        (l, error) -> {
                          throw new SystemExit(1);
                        });
                    running.addInstrument(hook);
                    await(createTask(() -> turns(1)));
                    hang();
                  },
                  RunOptions.loopFactory(this::newLoop)));
    }
  }

  @Test
  void L64_whatIsScheduledBeforeAWaitIsNotSleptOver() {
    run(
        () -> {
          Promise<Boolean> idle = loop.createPromise();
          Promise<Boolean> later = loop.createPromise();
          loop.addInstrument(
              new Instrument() {
                @Override
                public void beforePoll(long timeoutNanos) {
                  if (!idle.done()) {
                    idle.setResult(true);
                  } else if (!later.done() && seen.isEmpty()) {
                    seen.add("armed");
                    loop.callLater(ms(1), () -> later.setResult(true));
                  }
                }
              });
          timeout(ms(5_000), () -> await(idle));
          timeout(ms(5_000), () -> await(later));
        });
  }

  /* ---- Waits ---- */

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
  void L46_aGroupThatCannotWaitGivesItsChildrenUp() {
    expectErrors(1);
    run(
        () -> {
          Task<?> me = self();
          Promise<Boolean> gate = loop.createPromise();
          assertThrows(
              IllegalStateException.class,
              () ->
                  taskGroup(
                      group -> {
                        group.createTask(() -> await(shield(me)));
                        group.createTask(
                            () -> {
                              untilCancelled();
                              seen.add("cancelled");
                              await(gate);
                              throw new IllegalArgumentException("too late");
                            });
                        turns(2);
                      }));
          turns(3);
          assertEquals(List.of("cancelled"), seen);
          gate.setResult(true);
          turns(5);
          assertEquals(0, self().cancelling());
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

  @Test
  void aBarriersNumbersAreDifferentAlsoIfSomebodyLeft() {
    run(
        () -> {
          var barrier = new AsyncBarrier(3);
          var leaving = createTask(() -> barrier.waitAll());
          turns(1);
          var parties = new ArrayList<Task<Integer>>();
          parties.add(createTask(() -> barrier.waitAll()));
          turns(1);
          leaving.cancel();
          turns(2);
          parties.add(createTask(() -> barrier.waitAll()));
          turns(1);
          parties.add(createTask(() -> barrier.waitAll()));
          for (var party : parties) {
            seen.add(await(party));
          }
          assertEquals(List.of(0, 1, 2), seen);
        });
  }

  /* ---- Other threads ---- */

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

  /* ---- The end ---- */

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
            RunOptions.loopFactory(this::newLoop)));
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
    try (var file = FileChannel.open(path)) {
      loop.callSoon(() -> seen.add(size(file)));
      loop.callLater(ms(5), () -> seen.add(size(file)));
      Thread.ofPlatform()
          .start(
              () -> {
                try {
                  Thread.sleep(30);
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

  @Test
  void L55_theHandlerRunsInTheContextOfTheTask() {
    var requests = new ArrayList<String>();
    loop.setExceptionHandler((l, error) -> requests.add(REQUEST.get()));
    run(
        () -> {
          createTask(
              () -> {
                REQUEST.set("of the task");
                loop.callSoon(
                    () -> {
                      throw new IllegalStateException("in a callback");
                    });
              });
          turns(3);
          var named = createTask(() -> REQUEST.set("of another task"));
          await(named);
          loop.callExceptionHandler(new ErrorContext("made up", null).withPromise(named));
          assertEquals("none", REQUEST.get());
        });
    assertEquals(List.of("of the task", "of another task"), requests);
  }

  @Test
  void L56_aFailureNobodySawIsReportedOnce() {
    expectErrors(1);
    run(
        () -> {
          createTask(
              () -> {
                throw new IllegalStateException("nobody looks");
              });
          turns(2);
        });
    loop.close();
    assertTrue(errors().getFirst().message().contains("never retrieved"));
  }
}
