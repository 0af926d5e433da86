package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.timeout;
import static weft.Weft.toThread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import weft.EventLoop;
import weft.Instrument;
import weft.Promise;
import weft.RunOptions;
import weft.SystemExit;
import weft.Task;
import weft.TaskOptions;
import weft.Weft;

/// Instruments: what a watcher of a loop is told.
public abstract class InstrumentSuite extends LoopSuite {
  private final List<String> seen = new ArrayList<>();

  /// For subclasses.
  protected InstrumentSuite() {}

  @Test
  void L64_theLifeOfATaskIsTold() {
    run(
        () -> {
          loop.addInstrument(new Recorder("task"));
          var task =
              createTask(
                  () -> {
                    seen.add("first step");
                    turns(1);
                    seen.add("second step");
                  },
                  TaskOptions.named("task"));
          seen.add("made");
          await(task);
        });
    assertEquals(
        List.of(
            "created",
            "made",
            "before",
            "first step",
            "after",
            "before",
            "second step",
            "done",
            "after"),
        seen);
  }

  @Test
  void L64_aStepTellsTheCurrentTask() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    turns(2);
                  },
                  TaskOptions.named("task"));
          loop.addInstrument(
              new Instrument() {
                @Override
                public void beforeStep(Task<?> step) {
                  if (step == task) {
                    seen.add("step");
                  }
                }
              });
          await(task);
        });
    assertEquals(List.of("step", "step", "step"), seen);
  }

  @Test
  void L64_aTaskThatNeverRanIsDoneToo() {
    run(
        () -> {
          loop.addInstrument(new Recorder("task"));
          var task = createTask(() -> seen.add("ran"), TaskOptions.named("task"));
          task.cancel();
          failure(task);
        });
    assertTrue(seen.contains("created") && seen.contains("done"), seen.toString());
    assertEquals(1, seen.stream().filter("done"::equals).count());
  }

  @Test
  void L64_anEagerTaskIsTold() {
    run(
        () -> {
          loop.addInstrument(new Recorder("task"));
          createTask(() -> seen.add("step"), TaskOptions.named("task").eagerStart(true));
          seen.add("creator");
        });
    assertEquals(List.of("created", "before", "step", "done", "after", "creator"), seen);
  }

  @Test
  void L64_aWaitIsTold() {
    run(
        () -> {
          var timeouts = new ArrayList<Long>();
          var waits = new CountDownLatch(1);
          loop.addInstrument(
              new Instrument() {
                @Override
                public void beforePoll(long timeoutNanos) {
                  timeouts.add(timeoutNanos);
                  seen.add("before");
                  if (timeoutNanos > 0) {
                    waits.countDown();
                  }
                }

                @Override
                public void afterPoll() {
                  seen.add("after");
                }
              });
          Duration hour = Duration.ofHours(1);
          loop.callLater(hour, () -> {});
          await(toThread(() -> waits.await()));
          assertTrue(
              timeouts.stream().anyMatch(t -> t > 0 && t <= hour.toNanos()), timeouts::toString);
          for (int i = 0; i < seen.size(); i++) {
            assertEquals(i % 2 == 0 ? "before" : "after", seen.get(i));
          }
        });
  }

  @Test
  void L64_aRemovedInstrumentIsToldNothing() {
    var recorder = new Recorder("task");
    run(
        () -> {
          loop.addInstrument(recorder);
          loop.removeInstrument(recorder);
          loop.removeInstrument(recorder);
          await(createTask(() -> {}, TaskOptions.named("task")));
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L64_severalInstrumentsAreToldInTheirOrder() {
    run(
        () -> {
          loop.addInstrument(
              new Instrument() {
                @Override
                public void taskCreated(Task<?> task) {
                  seen.add("one");
                }
              });
          loop.addInstrument(
              new Instrument() {
                @Override
                public void taskCreated(Task<?> task) {
                  seen.add("two");
                }
              });
          await(createTask(() -> {}));
        });
    assertEquals(List.of("one", "two"), seen);
  }

  @Test
  void L64_aFailingInstrumentIsRemovedAndReported() {
    expectErrors(1);
    var failure = new IllegalStateException("boom");
    run(
        () -> {
          loop.addInstrument(
              new Instrument() {
                @Override
                public void beforeStep(Task<?> task) {
                  seen.add("called");
                  throw failure;
                }
              });
          turns(5);
        });
    assertEquals(List.of("called"), seen);
    assertSame(failure, errors().getFirst().exception());
  }

  @Test
  void L64_createdAndDoneBalance() {
    int[] alive = {0};
    loop.addInstrument(
        new Instrument() {
          @Override
          public void taskCreated(Task<?> task) {
            alive[0]++;
          }

          @Override
          public void taskDone(Task<?> task) {
            assertTrue(task.done());
            alive[0]--;
          }
        });
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 20; i++) {
            tasks.add(createTask(() -> await(gate)));
          }
          assertEquals(21, alive[0]);
          turns(1);
          tasks.get(3).cancel();
          settle(tasks);
        });
    assertEquals(0, alive[0]);
  }

  @Test
  void aHookRunsOutsideAnyCoroutine() {
    run(
        () -> {
          loop.addInstrument(
              new Instrument() {
                @Override
                public void afterStep(Task<?> task) {
                  assertNull(loop.currentTask());
                  seen.add("after");
                }
              });
          turns(1);
        });
    assertTrue(!seen.isEmpty());
  }

  private final class Recorder implements Instrument {
    private final String name;

    Recorder(String name) {
      this.name = name;
    }

    private void add(Task<?> task, String what) {
      if (task.name().equals(name)) {
        seen.add(what);
      }
    }

    @Override
    public void taskCreated(Task<?> task) {
      add(task, "created");
    }

    @Override
    public void taskDone(Task<?> task) {
      add(task, "done");
    }

    @Override
    public void beforeStep(Task<?> task) {
      add(task, "before");
    }

    @Override
    public void afterStep(Task<?> task) {
      add(task, "after");
    }
  }

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
                  RunOptions.defaults().loopFactory(this::newLoop)));
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
}
