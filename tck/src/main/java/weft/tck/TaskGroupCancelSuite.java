package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Coroutine;
import weft.ExceptionGroup;
import weft.Promise;
import weft.Task;
import weft.TaskGroup;
import weft.TaskOptions;
import weft.ThrowableGroup;

/// Task groups and cancellation: requests from outside, `TaskGroup.cancel`, and eager children.
public abstract class TaskGroupCancelSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();
  private final List<Task<?>> children = new ArrayList<>();
  private final List<TaskGroup> groups = new ArrayList<>();

  /// For subclasses.
  protected TaskGroupCancelSuite() {}

  @Test
  void L46_aCancelFromOutsideCancelsTheChildrenAndComesThrough() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    taskGroup(
                        (TaskGroup g) -> {
                          children.add(g.createTask(() -> hang()));
                          children.add(g.createTask(() -> hang()));
                        });
                    seen.add("never");
                  });
          turns(2);
          task.cancel("outside");
          assertEquals(
              "outside", assertThrows(CancelledError.class, () -> await(task)).getMessage());
          assertTrue(task.cancelled());
          assertEquals(1, task.cancelling());
          assertTrue(children.stream().allMatch(Promise::cancelled));
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L46_aCancelInTheBodyCancelsTheChildrenAndComesThrough() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            children.add(g.createTask(() -> hang()));
                            hang();
                          }));
          turns(2);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(children.getFirst().cancelled());
        });
  }

  @Test
  void L46_childrenThatCrashInTheirCleanupBeatTheCancellation() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            for (int i = 0; i < 2; i++) {
                              g.createTask(
                                  () -> {
                                    try {
                                      hang();
                                    } finally {
                                      fail(new IllegalStateException("cleanup"));
                                    }
                                  });
                            }
                          }));
          turns(2);
          task.cancel();
          var group = assertInstanceOf(ExceptionGroup.class, failure(task));
          assertEquals(2, group.exceptions().size());
          assertFalse(task.cancelled());
        });
  }

  @Test
  void L46_aBodyThatLingersAfterACancelAndAChildThatCrashesThenGiveTheGroup() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task =
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(
                                () -> {
                                  await(gate);
                                  fail(new IllegalStateException("child"));
                                });
                            try {
                              hang();
                            } finally {
                              turns(4);
                            }
                          }));
          turns(2);
          task.cancel();
          turns(1);
          gate.setResult("crash");
          var group = assertInstanceOf(ExceptionGroup.class, failure(task));
          assertEquals(Set.of(IllegalStateException.class), types(group));
        });
  }

  @Test
  void L46_theSameThroughATaskInBetween() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var inner =
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(
                                () -> {
                                  await(gate);
                                  fail(new IllegalStateException("child"));
                                });
                            try {
                              hang();
                            } finally {
                              turns(4);
                            }
                          }));
          var outer = createTask(() -> await(inner));
          turns(3);
          outer.cancel();
          turns(1);
          gate.setResult("crash");
          assertInstanceOf(ExceptionGroup.class, failure(outer));
        });
  }

  @Test
  void L46_aBodyThatTurnsTheCancellationIntoAnError() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(() -> hang());
                            untilCancelled();
                            fail(new IllegalArgumentException("instead"));
                          }));
          turns(2);
          task.cancel();
          var group = assertInstanceOf(ExceptionGroup.class, failure(task));
          assertEquals(Set.of(IllegalArgumentException.class), types(group));
        });
  }

  @Test
  void L46_failureAndOutsideCancelTogetherRaiseTheGroupAndThrowAtTheNextSuspension() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    assertThrows(
                        ExceptionGroup.class,
                        () ->
                            taskGroup(
                                (TaskGroup g) -> {
                                  g.createTask(
                                      () -> {
                                        current().cancelling();
                                        children.getFirst().cancel("outside");
                                        fail(new IllegalStateException("boom"));
                                      });
                                }));
                    seen.add(current().cancelling());
                    turns(1);
                    seen.add("never");
                  });
          children.add(task);
          assertInstanceOf(CancelledError.class, failure(task));
          assertEquals(List.of(1), seen);
          assertEquals(1, task.cancelling());
        });
  }

  @Test
  void L46_aFailingBodyBeatsACancelThatComesWhileTheGroupDrains() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    var group =
                        assertThrows(
                            ExceptionGroup.class,
                            () ->
                                taskGroup(
                                    (TaskGroup g) -> {
                                      g.createTask(
                                          () -> {
                                            untilCancelled();
                                            await(gate);
                                          });
                                      turns(1);
                                      fail(new IllegalStateException("body"));
                                    }));
                    assertEquals(Set.of(IllegalStateException.class), types(group));
                    seen.add(current().cancelling());
                    turns(1);
                    seen.add("never");
                  });
          turns(4);
          task.cancel("outside");
          turns(2);
          gate.setResult("end");
          assertInstanceOf(CancelledError.class, failure(task));
          assertEquals(List.of(1), seen);
        });
  }

  @Test
  void L46_aFailingBodyBeatsATimeoutThatComesWhileTheGroupDrains() {
    run(
        () -> {
          assertThrows(
              ExceptionGroup.class,
              () ->
                  timeout(
                      ms(2),
                      () ->
                          taskGroup(
                              (TaskGroup g) -> {
                                g.createTask(
                                    () -> {
                                      untilCancelled();
                                      sleep(ms(6));
                                    });
                                turns(1);
                                fail(new IllegalStateException("body"));
                              })));
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L46_aGroupInsideATimeoutIsCancelledByIt() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(1),
                      () ->
                          taskGroup(
                              (TaskGroup g) -> {
                                children.add(g.createTask(() -> hang()));
                              })));
          assertTrue(children.getFirst().cancelled());
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L47_cancelFromTheBodyEndsTheGroupQuietly() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                groups.add(g);
                children.add(g.createTask(() -> hang()));
                turns(1);
                g.cancel();
                g.cancel();
                hang();
                seen.add("never");
              });
          groups.getFirst().cancel();
          assertTrue(children.getFirst().cancelled());
          assertEquals(List.of(), seen);
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L47_cancelAtTheEndOfTheBodyLeavesNoTrace() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                children.add(g.createTask(() -> hang()));
                g.cancel();
              });
          assertTrue(children.getFirst().cancelled());
          assertEquals(0, current().cancelling());
          turns(2);
          taskGroup(
              (TaskGroup g) -> {
                g.cancel();
              });
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L47_cancelFromAChildEndsTheGroupQuietly() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                children.add(g.createTask(() -> hang()));
                children.add(
                    g.createTask(
                        () -> {
                          turns(2);
                          g.cancel();
                        }));
              });
          assertTrue(children.get(0).cancelled());
          assertTrue(children.get(1).cancelled());
          assertEquals(0, current().cancelling());
          turns(2);
        });
  }

  @Test
  void L47_cancelFromACallbackInterruptsTheBody() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                loop.callLater(ms(1), g::cancel);
                try {
                  hang();
                } finally {
                  seen.add("interrupted");
                }
              });
          assertEquals(List.of("interrupted"), seen);
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L47_cancelDoesNotHideRealErrors() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(
                                () -> {
                                  try {
                                    hang();
                                  } finally {
                                    fail(new IllegalStateException("cleanup"));
                                  }
                                });
                            turns(1);
                            g.cancel();
                          }));
          assertEquals(Set.of(IllegalStateException.class), types(group));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L47_cancelDoesNotSwallowACancelFromOutside() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task =
              createTask(
                  () -> {
                    taskGroup(
                        (TaskGroup g) -> {
                          groups.add(g);
                          g.createTask(
                              () -> {
                                untilCancelled();
                                await(gate);
                              });
                        });
                    seen.add("never");
                  });
          turns(2);
          groups.getFirst().cancel();
          turns(1);
          task.cancel("outside");
          turns(1);
          gate.setResult("end");
          assertInstanceOf(CancelledError.class, failure(task));
          assertEquals(List.of(), seen);
          assertEquals(1, task.cancelling());
        });
  }

  @Test
  void L47_aTimeoutDuringACancelledDrainStillRaises() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(2),
                      () ->
                          taskGroup(
                              (TaskGroup g) -> {
                                g.createTask(
                                    () -> {
                                      untilCancelled();
                                      sleep(ms(6));
                                    });
                                turns(1);
                                g.cancel();
                              })));
          assertEquals(0, current().cancelling());
        });
  }

  @Test
  void L47_aCancelledGroupRefusesTasks() {
    run(
        () -> {
          Coroutine<Integer> late = async(() -> 1);
          taskGroup(
              (TaskGroup g) -> {
                g.cancel();
                assertThrows(IllegalStateException.class, () -> g.createTask(late));
                seen.add("refused");
              });
          assertEquals(List.of("refused"), seen);
          assertThrows(IllegalStateException.class, () -> await(late));
        });
  }

  @Test
  void L46_ofTwoRequestsFromOutsideTheFirstComesThrough() {
    run(
        () -> {
          var task =
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(
                                () -> {
                                  try {
                                    hang();
                                  } finally {
                                    turns(4);
                                  }
                                });
                            hang();
                          }));
          turns(2);
          task.cancel("first");
          turns(2);
          task.cancel("second");
          var thrown = assertThrows(CancelledError.class, () -> await(task));
          assertEquals("first", thrown.getMessage());
        });
  }

  @Test
  void L47_cancelCountsAlikeInTheBodyAndAfterIt() {
    run(
        () -> {
          for (boolean inBody : List.of(true, false)) {
            var task =
                createTask(
                    () -> {
                      untilCancelled(); // and keeps the count
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(
                                () -> {
                                  turns(1);
                                  g.cancel();
                                });
                            if (inBody) {
                              hang();
                            }
                          });
                    });
            turns(1);
            task.cancel();
            assertInstanceOf(CancelledError.class, failure(task));
            assertEquals(1, task.cancelling());
          }
        });
  }

  @Test
  void L47_anEagerChildThatCancelsTheGroupIsCancelledToo() {
    run(
        () -> {
          taskGroup(
              (TaskGroup g) -> {
                children.add(
                    g.createTask(
                        () -> {
                          g.cancel();
                          hang();
                        },
                        TaskOptions.defaults().eagerStart(true)));
              });
          assertTrue(children.getFirst().cancelled());
          assertEquals(0, current().cancelling());
          turns(1);
        });
  }

  @Test
  void L28_anEagerChildThatFailsAtOnceFailsTheGroupInItsTurn() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(
                                () -> fail(new IllegalStateException("eager")),
                                TaskOptions.defaults().eagerStart(true));
                            seen.add("not yet");
                          }));
          assertEquals(List.of("not yet"), seen);
          assertEquals(1, group.exceptions().size());
          assertEquals(0, current().cancelling());
          turns(2);
        });
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
}
