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
import static weft.Weft.gather;
import static weft.Weft.generator;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.ContextVar;
import weft.Promise;
import weft.SystemExit;
import weft.Task;
import weft.TaskFactory;
import weft.TaskGroup;
import weft.TaskOptions;

/// Tasks whose first step runs inside `createTask`.
public abstract class EagerSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");
  private static final TaskOptions EAGER = TaskOptions.defaults().eagerStart(true);

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected EagerSuite() {}

  @Test
  void L28_theFirstStepRunsInsideCreateTask() {
    run(
        () -> {
          steps.at(1);
          var task =
              createTask(
                  () -> {
                    steps.at(2);
                    turns(1);
                    steps.at(4);
                    return "later";
                  },
                  EAGER);
          steps.at(3);
          assertFalse(task.done());
          assertEquals("later", await(task));
          steps.end(5);
        });
  }

  @Test
  void L28_anExitInTheFirstStepLeavesTheRunAndTheMakerGoesOnInTheNext() {
    var exit = new SystemExit(3);
    var maker =
        loop.createTask(
            async(
                () -> {
                  var task =
                      createTask(
                          () -> {
                            throw exit;
                          },
                          EAGER);
                  seen.add(task.done());
                }));
    assertSame(exit, assertThrows(SystemExit.class, () -> loop.runUntilComplete(maker)));
    assertEquals(List.of(), seen);
    loop.runUntilComplete(maker);
    assertEquals(List.of(true), seen);
  }

  @Test
  void L28_aTaskThatNeverSuspendsIsDoneWhenCreateTaskReturns() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("another turn"));
          var task = createTask(() -> "done", EAGER);
          assertTrue(task.done());
          assertEquals("done", task.result());
          assertEquals("done", await(task));
          assertEquals(List.of(), seen);
          assertEquals(1, loop.allTasks().size());
        });
  }

  @Test
  void L28_nothingElseRunsBeforeTheCreatorGoesOn() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("another turn"));
          var task = createTask(() -> turns(1), EAGER);
          assertEquals(List.of(), seen);
          await(task);
        });
  }

  @Test
  void L28_theFactoryMakesAllTasksEager() {
    loop.setTaskFactory(TaskFactory.EAGER);
    run(
        () -> {
          var task = createTask(() -> seen.add("ran"));
          assertEquals(List.of("ran"), seen);
          assertTrue(task.done());
        });
  }

  @Test
  void L28_theOptionOverridesTheFactory() {
    loop.setTaskFactory(TaskFactory.EAGER);
    run(
        () -> {
          var task = createTask(() -> seen.add("ran"), TaskOptions.defaults().eagerStart(false));
          assertEquals(List.of(), seen);
          await(task);
          assertEquals(List.of("ran"), seen);
        });
  }

  @Test
  void L28_currentIsTheChildDuringTheStepAndTheCreatorAfter() {
    run(
        () -> {
          var me = Task.current();
          var inside = new ArrayList<Task<?>>();
          var task =
              createTask(
                  () -> {
                    inside.add(current());
                    turns(1);
                    inside.add(current());
                  },
                  EAGER);
          assertSame(me, Task.current());
          assertSame(me, loop.currentTask());
          await(task);
          assertEquals(List.<Task<?>>of(task, task), inside);
        });
  }

  @Test
  void L28_allTasksHasTheChildDuringTheStep() {
    run(
        () -> {
          var me = current();
          var ended =
              createTask(
                  () -> {
                    assertEquals(Set.of(me, current()), loop.allTasks());
                  },
                  EAGER);
          assertEquals(Set.of(me), loop.allTasks());
          var blocked = createTask(() -> turns(1), EAGER);
          assertEquals(Set.of(me, blocked), loop.allTasks());
          await(blocked);
          assertNull(ended.exception());
        });
  }

  @Test
  void L28_theNameIsThereInTheFirstStep() {
    run(
        () -> {
          createTask(() -> seen.add(current().name()), TaskOptions.named("child").eagerStart(true));
          assertEquals(List.of("child"), seen);
        });
  }

  @Test
  void L28_theFirstStepRunsInACopyOfTheContext() {
    run(
        () -> {
          COLOUR.set("red");
          var task =
              createTask(
                  () -> {
                    seen.add(COLOUR.get());
                    COLOUR.set("blue");
                    turns(1);
                    seen.add(COLOUR.get());
                  },
                  EAGER);
          assertEquals("red", COLOUR.get());
          COLOUR.set("green");
          await(task);
          assertEquals("green", COLOUR.get());
        });
    assertEquals(List.of("red", "blue"), seen);
  }

  @Test
  void L28_aFailureIsStoredNotThrown() {
    run(
        () -> {
          var failure = new IllegalStateException("boom");
          var task =
              createTask(
                  () -> {
                    throw failure;
                  },
                  EAGER);
          assertTrue(task.done());
          assertSame(failure, task.exception());
        });
  }

  @Test
  void L28_cancelAfterTheEagerEndIsRefused() {
    run(
        () -> {
          var task = createTask(() -> "done", EAGER);
          assertFalse(task.cancel());
          assertEquals("done", await(task));
        });
  }

  @Test
  void L28_cancelAfterTheFirstStepReachesTheChild() {
    run(
        () -> {
          var task = createTask(LoopSuite::hang, EAGER);
          assertTrue(task.cancel());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
  }

  @Test
  void L28_aCallbackOfADoneEagerTaskGoesThroughTheQueue() {
    run(
        () -> {
          var task = createTask(() -> "done", EAGER);
          task.addDoneCallback(t -> seen.add(t.result()));
          assertEquals(List.of(), seen);
          turns(1);
          assertEquals(List.of("done"), seen);
        });
  }

  @Test
  void L28_aLoopThatDoesNotRunDefersTheStart() {
    var task = loop.createTask(async(() -> seen.add("ran")), EAGER);
    assertEquals(List.of(), seen);
    assertFalse(task.done());
    loop.runUntilComplete(task);
    assertEquals(List.of("ran"), seen);
  }

  @Test
  void L28_aCallbackMayStartTasksEagerly() {
    loop.callSoon(
        () -> {
          steps.at(1);
          loop.createTask(
              async(
                  () -> {
                    steps.at(2);
                    assertNotNull(Task.current());
                    turns(1);
                    steps.end(4);
                  }),
              EAGER);
          assertNull(Task.current());
          assertNull(loop.currentTask());
          steps.at(3);
        });
    runBriefly();
  }

  @Test
  void L28_eagerTasksNest() {
    run(
        () -> {
          int leaves = eagerTree(4, 5);
          assertEquals(625, leaves);
          assertEquals(1, loop.allTasks().size());
        });
  }

  @Test
  void L28_eagerGroupsNest() {
    loop.setTaskFactory(TaskFactory.EAGER);
    run(
        () -> {
          int[] leaves = {0};
          groupTree(4, leaves);
          assertEquals(81, leaves[0]);
        });
  }

  @Test
  void L28_gatherOfDoneEagerTasksIsDoneAtOnce() {
    loop.setTaskFactory(TaskFactory.EAGER);
    run(
        () -> {
          Promise<List<Integer>> all = gather(List.of(async(() -> 1), async(() -> 2)));
          assertTrue(all.done());
          assertEquals(List.of(1, 2), all.result());
        });
  }

  @Test
  void L28_theCreatorsOwnCancellationStaysWithTheCreator() {
    run(
        () -> {
          var children = new ArrayList<Task<?>>();
          var creator =
              createTask(
                  () -> {
                    current().cancel();
                    children.add(
                        createTask(
                            () -> {
                              turns(2);
                              return "child";
                            },
                            EAGER));
                    seen.add("still here");
                    turns(1);
                    seen.add("never");
                  });
          assertInstanceOf(CancelledError.class, failure(creator));
          assertEquals("child", await(children.getFirst()));
          assertEquals(List.of("still here"), seen);
        });
  }

  @Test
  void L28_anEagerChildMayAwaitWhatTheCreatorDoesNext() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task = createTask(() -> await(gate), EAGER);
          gate.setResult("opened");
          assertEquals("opened", await(task));
        });
  }

  @Test
  void L28_aGeneratorThatSuspendsInTheFirstStepDoesNotHoldTheCreator() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    try (var items = generator((weft.Emitter<String> e) -> e.emit(await(gate)))) {
                      for (String item : items) {
                        return item;
                      }
                    }
                    return "none";
                  },
                  EAGER);
          gate.setResult("item");
          assertEquals("item", await(task));
        });
  }

  @Test
  void L28_anEagerChildMayUseATimeout() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      timeout(
                          Duration.ofHours(1),
                          () -> {
                            sleep(Duration.ZERO);
                            return "in time";
                          }),
                  EAGER);
          assertEquals("in time", await(task));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L28_anEagerChildMayCancelItsCreator() {
    run(
        () -> {
          var creator =
              createTask(
                  () -> {
                    var me = current();
                    createTask(() -> seen.add(me.cancel("from below")), EAGER);
                    seen.add("still here");
                    hang();
                  });
          var error = failure(creator);
          assertInstanceOf(CancelledError.class, error);
          assertEquals("from below", error == null ? "" : error.getMessage());
          assertEquals(List.of(true, "still here"), seen);
        });
  }

  private static int eagerTree(int depth, int width) {
    if (depth == 0) {
      return 1;
    }
    int sum = 0;
    for (int i = 0; i < width; i++) {
      var child = createTask(() -> eagerTree(depth - 1, width), EAGER);
      assertTrue(child.done());
      sum += child.result();
    }
    return sum;
  }

  private static void groupTree(int depth, int[] leaves) {
    if (depth == 0) {
      leaves[0]++;
      return;
    }
    taskGroup(
        (TaskGroup g) -> {
          for (int i = 0; i < 3; i++) {
            g.createTask(() -> groupTree(depth - 1, leaves));
          }
        });
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
  }
}
