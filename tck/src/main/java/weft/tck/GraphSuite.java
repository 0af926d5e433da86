package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.asCompleted;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.generator;
import static weft.Weft.shield;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;
import static weft.Weft.waitAll;
import static weft.Weft.waitFor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CallGraph;
import weft.Emitter;
import weft.ExceptionGroup;
import weft.Promise;
import weft.Task;
import weft.TaskGroup;
import weft.TaskOptions;

/// The await graph: who waits for whom.
public abstract class GraphSuite extends LoopSuite {
  private final List<Task<?>> children = new ArrayList<>();

  /// For subclasses.
  protected GraphSuite() {}

  @Test
  void L59_anAwaitIsAnEdge() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> await(promise));
          assertEquals(Set.of(), promise.awaitedBy());
          turns(1);
          assertEquals(Set.of(task), promise.awaitedBy());
          assertSame(promise, task.waitingOn());
          promise.setResult("x");
          await(task);
          assertEquals(Set.of(), promise.awaitedBy());
        });
  }

  @Test
  void L59_severalMayWait() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var one = createTask(() -> await(promise));
          var two = createTask(() -> await(promise));
          turns(1);
          assertEquals(Set.of(one, two), promise.awaitedBy());
          promise.setResult("x");
          settle(List.of(one, two));
        });
  }

  @Test
  void L59_aCancelledWaiterLeavesNoEdge() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> await(shield(promise)));
          turns(1);
          assertEquals(Set.of(task), promise.awaitedBy());
          task.cancel();
          failure(task);
          turns(1);
          assertEquals(Set.of(), promise.awaitedBy());
        });
  }

  @Test
  void L59_gatherAndShieldPassTheEdgeOn() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<String> b = loop.createPromise();
          var task = createTask(() -> await(gather(List.of(a, shield(b)))));
          turns(1);
          assertEquals(Set.of(task), a.awaitedBy());
          assertEquals(Set.of(task), b.awaitedBy());
          a.setResult("a");
          b.setResult("b");
          await(task);
        });
  }

  @Test
  void L59_gatherWithoutAWaiterIsNoTasksEdge() {
    run(
        () -> {
          Promise<String> a = loop.createPromise();
          Promise<List<String>> all = gather(List.of(a));
          assertEquals(Set.of(), a.awaitedBy());
          a.setResult("a");
          await(all);
        });
  }

  @Test
  void L59_waitAndAsCompletedAreEdges() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var one = createTask(() -> waitAll(List.of(promise)));
          var two = createTask(() -> asCompleted(List.of(promise)).next());
          turns(1);
          assertEquals(Set.of(one, two), promise.awaitedBy());
          promise.setResult("x");
          settle(List.of(one, two));
        });
  }

  @Test
  void L59_aGroupsChildIsAwaitedByTheParentFromTheStart() {
    run(
        () -> {
          var parent =
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            children.add(g.createTask(() -> turns(3)));
                            children.add(g.createTask(() -> turns(3)));
                            turns(2);
                          }));
          turns(1);
          assertEquals(Set.of(parent), children.get(0).awaitedBy());
          assertEquals(Set.of(parent), children.get(1).awaitedBy());
          await(parent);
          assertEquals(Set.of(), children.get(0).awaitedBy());
        });
  }

  @Test
  void L59_aGeneratorPassesTheEdgeOn() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var consumer =
              createTask(() -> generator((Emitter<String> e) -> e.emit(await(gate))).next());
          turns(1);
          assertTrue(reaches(CallGraph.capture(gate), consumer));
          gate.setResult("x");
          assertEquals("x", await(consumer));
          await(loop.shutdownGenerators());
        });
  }

  private static boolean reaches(CallGraph graph, Promise<?> target) {
    return graph.promise() == target
        || graph.awaitedBy().stream().anyMatch(above -> reaches(above, target));
  }

  @Test
  void L59_aTimeoutAddsNoEdge() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          var task = createTask(() -> timeout(Duration.ofHours(1), () -> await(promise)));
          turns(1);
          assertEquals(Set.of(task), promise.awaitedBy());
          assertEquals(2, loop.allTasks().size());
          promise.setResult("x");
          await(task);
        });
  }

  @Test
  void L59_aCaptureShowsStackAndWaiters() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var leaf = createTask(() -> waitingPlace(gate), TaskOptions.named("leaf"));
          var middle = createTask(() -> await(leaf), TaskOptions.named("middle"));
          var top = createTask(() -> await(middle), TaskOptions.named("top"));
          turns(1);
          var graph = CallGraph.capture(leaf);
          assertSame(leaf, graph.promise());
          assertTrue(
              graph.stack().stream().anyMatch(f -> f.getMethodName().equals("waitingPlace")));
          assertEquals(1, graph.awaitedBy().size());
          assertSame(middle, graph.awaitedBy().getFirst().promise());
          assertSame(top, graph.awaitedBy().getFirst().awaitedBy().getFirst().promise());
          String text = graph.format();
          String own = Objects.requireNonNull(CallGraph.capture()).format();
          assertFalse(own.contains("CallGraph.capture"), own);
          for (String part : List.of("leaf", "middle", "top", "waitingPlace")) {
            assertTrue(text.contains(part), text);
          }
          assertTrue(text.indexOf("leaf") < text.indexOf("middle"), text);
          var ofPromise = CallGraph.capture(gate);
          assertEquals(List.of(), ofPromise.stack());
          assertSame(leaf, ofPromise.awaitedBy().getFirst().promise());
          gate.setResult("x");
          await(top);
        });
  }

  @Test
  void L59_aCaptureOfTheCurrentTask() {
    run(
        () -> {
          var graph = CallGraph.capture();
          assertNotNull(graph);
          assertSame(Task.current(), graph.promise());
          assertFalse(graph.stack().isEmpty());
          loop.callSoon(() -> assertNull(CallGraph.capture()));
          turns(1);
        });
    assertThrows(IllegalStateException.class, CallGraph::capture);
  }

  @Test
  void L60_aCycleIsRefusedAtOnce() {
    run(
        () -> {
          var tasks = new ArrayList<Task<String>>();
          tasks.add(createTask(async(() -> await(tasks.get(1))), TaskOptions.named("first")));
          tasks.add(createTask(async(() -> await(tasks.get(0))), TaskOptions.named("second")));
          var error = assertThrows(IllegalStateException.class, () -> await(tasks.get(1)));
          String text = String.valueOf(error.getMessage());
          assertTrue(text.contains("first") && text.contains("second"), text);
          assertThrows(IllegalStateException.class, () -> await(tasks.get(0)));
          assertEquals(List.of(), CallGraph.cycles(loop));
        });
  }

  @Test
  void L60_aCycleThroughGatherIsRefusedToo() {
    run(
        () -> {
          var tasks = new ArrayList<Task<String>>();
          tasks.add(createTask(async(() -> await(gather(List.of(tasks.get(1)))).getFirst())));
          tasks.add(createTask(async(() -> await(tasks.get(0)))));
          assertThrows(IllegalStateException.class, () -> await(tasks.get(1)));
          assertThrows(IllegalStateException.class, () -> await(tasks.get(0)));
        });
  }

  /// The one who waits for the gather resumes in the next batch.
  @Test
  void L60_aGatherThatHasFailedClosesNoCycle() {
    run(
        () -> {
          Promise<Boolean> gate = loop.createPromise();
          var outer = new ArrayList<Task<List<Boolean>>>();
          Task<Boolean> failing =
              createTask(
                  () -> {
                    await(gate);
                    throw new IllegalStateException("on purpose");
                  });
          Task<Boolean> waiting =
              createTask(
                  () -> {
                    await(gate);
                    turns(1);
                    await(outer.getFirst());
                    return true;
                  });
          outer.add(createTask(() -> await(gather(List.of(failing, waiting)))));
          turns(2);
          gate.setResult(true);
          var thrown = failure(waiting);
          assertEquals("on purpose", thrown == null ? null : thrown.getMessage());
        });
  }

  @Test
  void L60_aDeadlineOfEitherClosesNoCycle() {
    for (boolean ofTheFirst : List.of(true, false)) {
      run(
          () -> {
            var tasks = new ArrayList<Task<String>>();
            tasks.add(createTask(() -> shielded(tasks, 1, ofTheFirst)));
            tasks.add(createTask(() -> shielded(tasks, 0, !ofTheFirst)));
            assertEquals("got time is up", await(tasks.get(ofTheFirst ? 1 : 0)));
            assertEquals("time is up", await(tasks.get(ofTheFirst ? 0 : 1)));
            assertEquals(List.of(), CallGraph.cycles(loop));
          });
    }
  }

  private static String shielded(List<Task<String>> tasks, int other, boolean limited) {
    Promise<String> shield = shield(tasks.get(other));
    try {
      return limited ? waitFor(shield, ms(20)) : "got " + await(shield);
    } catch (TimeoutException e) {
      return "time is up";
    }
  }

  @Test
  void L60_noDeadlineHelpsWhoAwaitsItself() {
    run(
        () -> {
          var task = createTask(() -> waitFor(Objects.requireNonNull(Task.current()), ms(10_000)));
          var thrown = assertThrows(IllegalStateException.class, () -> await(task));
          assertTrue(String.valueOf(thrown.getMessage()).contains("itself"), thrown::toString);
        });
  }

  @Test
  void L60_aDeadlineThatWasTakenAwayIsNone() {
    run(
        () -> {
          var tasks = new ArrayList<Task<String>>();
          tasks.add(
              createTask(
                  () ->
                      timeout(
                          ms(10_000),
                          limit -> {
                            limit.reschedule(null);
                            return await(tasks.get(1));
                          })));
          tasks.add(createTask(() -> await(tasks.get(0))));
          assertThrows(IllegalStateException.class, () -> await(tasks.get(1)));
          assertThrows(IllegalStateException.class, () -> await(tasks.get(0)));
        });
  }

  @Test
  void L60_aFailureOfAnotherEndsTheWaitOfAGather() {
    run(
        () -> {
          Promise<String> other = loop.createPromise();
          var tasks = new ArrayList<Task<String>>();
          tasks.add(
              createTask(() -> String.valueOf(failure(gather(List.of(tasks.get(1), other))))));
          tasks.add(createTask(() -> "got " + await(tasks.get(0))));
          turns(2);
          assertEquals(1, CallGraph.cycles(loop).size());
          other.setException(new IllegalStateException("on purpose"));
          assertEquals("got java.lang.IllegalStateException: on purpose", await(tasks.get(1)));
        });
  }

  @Test
  void L60_aFailureOfASiblingEndsTheWaitOfAGroup() {
    expectErrors(1); // which the shield reports, as nobody waits for it any more
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var parent = new ArrayList<Task<Void>>();
          parent.add(
              createTask(
                  () ->
                      taskGroup(
                          (TaskGroup group) -> {
                            group.createTask(() -> await(shield(parent.getFirst())));
                            group.createTask(
                                () -> {
                                  await(gate);
                                  throw new IllegalArgumentException("on purpose");
                                });
                          })));
          turns(3);
          assertFalse(parent.getFirst().done());
          gate.setResult("open");
          var thrown = assertInstanceOf(ExceptionGroup.class, failure(parent.getFirst()));
          assertEquals("on purpose", thrown.exceptions().getFirst().getMessage());
          assertEquals(1, thrown.exceptions().size());
        });
  }

  @Test
  void L60_aLongChainIsNoCycle() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var tasks = new ArrayList<Task<String>>();
          tasks.add(createTask(() -> await(gate)));
          for (int i = 0; i < 100; i++) {
            int n = i;
            tasks.add(createTask(() -> await(tasks.get(n))));
          }
          turns(1);
          assertEquals(List.of(), CallGraph.cycles(loop));
          gate.setResult("x");
          assertEquals("x", await(tasks.getLast()));
        });
  }

  @Test
  void L60_aCycleThroughWaitAllIsRefusedToo() {
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          tasks.add(createTask(() -> waitAll(List.of(tasks.get(1)))));
          tasks.add(createTask(() -> waitAll(List.of(tasks.get(0)))));
          settle(tasks);
          assertNull(failure(tasks.get(0)));
          assertInstanceOf(IllegalStateException.class, failure(tasks.get(1)));
        });
  }

  @Test
  void L60_aCycleThatIsTooLongToBeRefusedIsListed() {
    run(
        () -> {
          int length = 1_500;
          var tasks = new ArrayList<Task<Object>>();
          for (int i = 0; i < length; i++) {
            int next = (i + 1) % length;
            tasks.add(createTask(() -> await(tasks.get(next))));
          }
          turns(2);
          assertTrue(tasks.stream().noneMatch(Promise::done));
          List<List<Task<?>>> cycles = CallGraph.cycles(loop);
          assertEquals(1, cycles.size());
          assertEquals(length, cycles.getFirst().size());
          assertEquals(Set.copyOf(tasks), Set.copyOf(cycles.getFirst()));
          tasks.get(7).cancel();
          settle(tasks);
          assertEquals(List.of(), CallGraph.cycles(loop));
        });
  }

  private static String waitingPlace(Promise<String> gate) {
    return await(gate) + "!";
  }
}
