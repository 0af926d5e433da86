package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.shield;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import weft.BaseExceptionGroup;
import weft.CancelledError;
import weft.Context;
import weft.Coroutine;
import weft.ExceptionGroup;
import weft.Promise;
import weft.SystemExit;
import weft.Task;
import weft.TaskGroup;
import weft.TaskOptions;
import weft.ThrowableGroup;

/// `taskGroup`: children that end together.
public abstract class TaskGroupSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();
  private final List<Task<?>> children = new ArrayList<>();
  private final List<TaskGroup> groups = new ArrayList<>();

  /// For subclasses.
  protected TaskGroupSuite() {}

  @Test
  void L46_itReturnsWhenAllChildrenHaveEnded() {
    run(
        () -> {
          String result =
              taskGroup(
                  (TaskGroup g) -> {
                    for (int i = 0; i < 5; i++) {
                      int n = i;
                      g.createTask(
                          () -> {
                            turns(n);
                            seen.add(n);
                          });
                    }
                    return "body";
                  });
          assertEquals("body", result);
          assertEquals(List.of(0, 1, 2, 3, 4), seen);
          assertEquals(1, loop.allTasks().size());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L46_aGroupWithoutChildrenDoesNotSuspend() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("another turn"));
          assertEquals(1, taskGroup((TaskGroup g) -> 1));
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L46_theChildrensResultsAreAtHand() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                children.add(g.createTask(() -> "one"));
                children.add(g.createTask(async(() -> 2), TaskOptions.named("two")));
              });
          assertEquals("one", children.get(0).result());
          assertEquals(2, children.get(1).result());
          assertEquals("two", children.get(1).name());
        });
  }

  @Test
  void L46_theFirstFailureCancelsTheSiblingsAndThrowsAGroup() {
    var failure = new IllegalStateException("boom");
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            children.add(g.createTask(() -> hang()));
                            g.createTask(() -> fail(failure));
                            children.add(g.createTask(() -> hang()));
                          }));
          assertEquals(List.of(failure), group.exceptions());
          assertTrue(children.stream().allMatch(Promise::cancelled));
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L46_aFailureInterruptsTheBody() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(() -> fail(new IllegalStateException("boom")));
                            try {
                              hang();
                            } finally {
                              seen.add(current().cancelling());
                            }
                            seen.add("never");
                          }));
          assertEquals(1, group.exceptions().size());
          assertEquals(List.of(1), seen);
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L46_allFailuresAreCollected() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(() -> fail(new IllegalStateException("one")));
                            g.createTask(() -> fail(new IOException("two")));
                            g.createTask(
                                () -> {
                                  try {
                                    hang();
                                  } finally {
                                    fail(new IllegalArgumentException("three"));
                                  }
                                });
                          }));
          assertEquals(
              Set.of(
                  IllegalStateException.class, IOException.class, IllegalArgumentException.class),
              types(group));
        });
  }

  @Test
  void L46_cancellingOneChildLeavesTheGroupAlone() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                var victim = g.createTask(() -> hang());
                children.add(victim);
                children.add(
                    g.createTask(
                        () -> {
                          turns(4);
                          return "survivor";
                        }));
                turns(1);
                victim.cancel();
              });
          assertTrue(children.get(0).cancelled());
          assertEquals("survivor", children.get(1).result());
        });
  }

  @Test
  void L46_aFailingBodyCancelsTheChildrenAndJoinsTheGroup() {
    var failure = new IOException("body");
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            children.add(g.createTask(() -> hang()));
                            children.add(g.createTask(() -> hang()));
                            turns(1);
                            fail(failure);
                          }));
          assertEquals(List.of(failure), group.exceptions());
          assertTrue(children.stream().allMatch(Promise::cancelled));
        });
  }

  @Test
  void L46_aFailingBodyWithoutChildrenIsAGroupToo() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            fail(new IllegalStateException("body"));
                          }));
          assertEquals(1, group.exceptions().size());
        });
  }

  @Test
  void L46_bodyAndChildFailTogether() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(() -> fail(new IllegalStateException("child")));
                            try {
                              hang();
                            } finally {
                              fail(new IllegalArgumentException("body"));
                            }
                          }));
          assertEquals(
              Set.of(IllegalStateException.class, IllegalArgumentException.class), types(group));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L46_awaitingTheFailingChildCountsItOnce() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            await(g.createTask(() -> fail(new IllegalStateException("child"))));
                          }));
          assertEquals(1, group.exceptions().size());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L46_anOuterCrashEndsAWaitingInnerGroup() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup outer) -> {
                            outer.createTask(
                                () -> {
                                  turns(2);
                                  fail(new IllegalStateException("outer"));
                                });
                            taskGroup(
                                (TaskGroup inner) -> {
                                  children.add(inner.createTask(() -> hang()));
                                });
                          }));
          assertEquals(Set.of(IllegalStateException.class), types(group));
          assertTrue(children.getFirst().cancelled());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L46_anInnerCrashIsAGroupWithinTheGroup() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup outer) -> {
                            children.add(outer.createTask(() -> hang()));
                            taskGroup(
                                (TaskGroup inner) -> {
                                  inner.createTask(() -> fail(new IllegalStateException("inner")));
                                  hang();
                                });
                          }));
          var within = assertInstanceOf(ExceptionGroup.class, group.exceptions().getFirst());
          assertEquals(1, group.exceptions().size());
          assertEquals(Set.of(IllegalStateException.class), types(within));
          assertTrue(children.getFirst().cancelled());
        });
  }

  @Test
  void L46_anErrorMakesABaseGroup() {
    run(
        () -> {
          var group =
              assertThrows(
                  BaseExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(
                                () -> {
                                  throw new AssertionError("child");
                                });
                          }));
          assertEquals(Set.of(AssertionError.class), types(group));
        });
  }

  @Test
  void L46_systemExitInTheBodyIsNotGrouped() {
    assertThrows(
        SystemExit.class,
        () ->
            run(
                () ->
                    taskGroup(
                        (TaskGroup g) -> {
                          children.add(g.createTask(() -> hang()));
                          turns(1);
                          throw new SystemExit(4);
                        })));
    runBriefly();
    assertTrue(children.getFirst().cancelled());
  }

  @Test
  void L46_systemExitInAChildIsNotGrouped() {
    var task =
        loop.createTask(
            async(
                () ->
                    taskGroup(
                        (TaskGroup g) -> {
                          children.add(g.createTask(() -> hang()));
                          g.createTask(
                              () -> {
                                turns(1);
                                throw new SystemExit(5);
                              });
                        })));
    assertThrows(SystemExit.class, () -> loop.runUntilComplete(task));
    assertThrows(SystemExit.class, () -> loop.runUntilComplete(task));
    assertInstanceOf(SystemExit.class, task.exception());
    assertTrue(children.getFirst().cancelled());
  }

  @Test
  void L46_theErrorsThatSystemExitLeavesNoRoomForAreReported() {
    expectErrors(1);
    var failure = new IllegalStateException("boom");
    var task =
        loop.createTask(
            async(
                () ->
                    taskGroup(
                        (TaskGroup g) -> {
                          g.createTask(() -> fail(failure));
                          g.createTask(
                              () -> {
                                untilCancelled();
                                throw new SystemExit(5);
                              });
                        })));
    assertThrows(SystemExit.class, () -> loop.runUntilComplete(task));
    assertThrows(SystemExit.class, () -> loop.runUntilComplete(task));
    assertSame(failure, errors().getFirst().exception());
  }

  @Test
  void L46_childrenMaySpawnWhileTheGroupDrains() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                g.createTask(() -> spawn(g, 5));
              });
          assertEquals(List.of(5, 4, 3, 2, 1, 0), seen);
        });
  }

  @Test
  void L46_anEndlessSpawnerIsStoppedByAFailingSibling() {
    run(
        () -> {
          assertThrows(
              ExceptionGroup.class,
              () ->
                  taskGroup(
                      (TaskGroup g) -> {
                        g.createTask(() -> spawnForEver(g));
                        g.createTask(
                            () -> {
                              turns(10);
                              fail(new IllegalStateException("enough"));
                            });
                      }));
          turns(3);
          assertEquals(1, loop.allTasks().size());
        });
  }

  @Test
  void L46_aFinishedGroupRefusesTasksAndGivesTheCoroutineUp() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                groups.add(g);
              });
          Coroutine<Integer> late = async(() -> 1);
          assertThrows(IllegalStateException.class, () -> groups.getFirst().createTask(late));
          assertThrows(IllegalStateException.class, () -> await(late));
        });
  }

  @Test
  void L46_anAbortingGroupRefusesTasksAndGivesTheCoroutineUp() {
    run(
        () -> {
          Coroutine<Integer> late = async(() -> 1);
          assertThrows(
              ExceptionGroup.class,
              () ->
                  taskGroup(
                      (TaskGroup g) -> {
                        g.createTask(() -> fail(new IllegalStateException("boom")));
                        try {
                          hang();
                        } finally {
                          assertThrows(IllegalStateException.class, () -> g.createTask(late));
                          seen.add("refused");
                        }
                      }));
          assertEquals(List.of("refused"), seen);
          assertThrows(IllegalStateException.class, () -> await(late));
        });
  }

  @Test
  void L46_aGroupNeedsACoroutine() {
    assertThrows(IllegalStateException.class, () -> taskGroup((TaskGroup g) -> 1));
    loop.callSoon(
        () ->
            seen.add(
                assertThrows(IllegalStateException.class, () -> taskGroup((TaskGroup g) -> 1))));
    runBriefly();
    assertEquals(1, seen.size());
  }

  @Test
  void L46_theCountIsZeroAfterAFailure() {
    run(
        () -> {
          assertThrows(
              ExceptionGroup.class,
              () ->
                  taskGroup(
                      (TaskGroup g) -> {
                        g.createTask(() -> fail(new IllegalStateException("boom")));
                        hang();
                      }));
          assertEquals(0, current().cancelling());
          turns(2);
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L46_nestedGroupsThatFailTogetherCountOneBetweenAndZeroAtTheEnd() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup outer) -> {
                            try {
                              taskGroup(
                                  (TaskGroup inner) -> {
                                    inner.createTask(
                                        () -> fail(new IllegalStateException("inner")));
                                    outer.createTask(
                                        () -> fail(new IllegalArgumentException("outer")));
                                    hang();
                                  });
                            } finally {
                              seen.add(current().cancelling());
                            }
                          }));
          assertEquals(List.of(1), seen);
          assertEquals(0, current().cancelling());
          assertEquals(2, group.exceptions().size());
          assertEquals(Set.of(IllegalArgumentException.class, ExceptionGroup.class), types(group));
          turns(2);
        });
  }

  @Test
  void L46_childrenWorkInTheContextTheyAreGiven() {
    run(
        () -> {
          var context = new Context();
          taskGroup(
              (TaskGroup g) -> {
                children.add(g.createTask(() -> turns(1), TaskOptions.named("c").context(context)));
              });
          assertSame(context, children.getFirst().context());
          assertEquals("c", children.getFirst().name());
        });
  }

  @Test
  void L46_aThousandChildren() {
    run(
        () -> {
          int[] sum = {0};
          taskGroup(
              (TaskGroup g) -> {
                for (int i = 0; i < 1000; i++) {
                  int n = i;
                  g.createTask(
                      () -> {
                        turns(n % 3);
                        sum[0] += n;
                      });
                }
              });
          assertEquals(999 * 1000 / 2, sum[0]);
        });
  }

  @Test
  void L46_manyChildrenCancelledByOneFailure() {
    run(
        () -> {
          assertThrows(
              ExceptionGroup.class,
              () ->
                  taskGroup(
                      (TaskGroup g) -> {
                        for (int i = 0; i < 200; i++) {
                          children.add(g.createTask(() -> hang()));
                        }
                        g.createTask(() -> fail(new IllegalStateException("boom")));
                      }));
          assertTrue(children.stream().allMatch(Promise::cancelled));
        });
  }

  private void spawn(TaskGroup group, int left) {
    seen.add(left);
    sleep(java.time.Duration.ZERO);
    if (left > 0) {
      group.createTask(() -> spawn(group, left - 1));
    }
  }

  private void spawnForEver(TaskGroup group) {
    turns(1);
    group.createTask(() -> spawnForEver(group));
    turns(1);
  }

  private static void fail(Exception failure) throws Exception {
    throw failure;
  }

  private static Set<Class<?>> types(ThrowableGroup group) {
    return group.exceptions().stream().map(Object::getClass).collect(Collectors.toSet());
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    assertNotNull(task);
    return task;
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
                        group.createTask(
                            () -> {
                              assertThrows(CancelledError.class, () -> await(shield(me)));
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
}
