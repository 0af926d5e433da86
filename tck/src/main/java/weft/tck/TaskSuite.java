package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.ensureFuture;
import static weft.Weft.gather;
import static weft.Weft.sleep;
import static weft.Weft.toThread;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import weft.Context;
import weft.EventLoop;
import weft.InvalidStateException;
import weft.Promise;
import weft.Task;
import weft.TaskOptions;

/// Tasks: how they start, step, end, and what they tell about themselves; and `sleep`.
public abstract class TaskSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected TaskSuite() {}

  @Test
  void L24_aTaskNeverStartsInsideCreateTask() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    steps.at(2);
                    return "ended";
                  });
          steps.at(1);
          assertFalse(task.done());
          assertEquals("ended", await(task));
          steps.end(3);
        });
  }

  @Test
  void L24_tasksStartInTheOrderOfTheirCreation() {
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 10; i++) {
            int n = i;
            tasks.add(createTask(() -> seen.add(n)));
          }
          settle(tasks);
        });
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), seen);
  }

  @Test
  void L24_createTaskNeedsARunningLoop() {
    var coroutine = async(() -> seen.add("ran"));
    assertThrows(IllegalStateException.class, () -> createTask(coroutine));
    runBriefly();
    assertEquals(List.of(), seen);
  }

  @Test
  void L24_theLoopTakesTasksBeforeItRuns() {
    Task<String> task = loop.createTask(async(() -> "early"));
    assertFalse(task.done());
    assertSame(loop, task.loop());
    runBriefly();
    assertEquals("early", task.result());
  }

  @Test
  void theLoopTakesBodies() {
    Task<String> value = loop.createTask(() -> "value");
    Task<String> named = loop.createTask(() -> "named", TaskOptions.named("a"));
    Task<Void> empty = loop.createTask(() -> pass("empty"));
    Task<Void> calling = loop.createTask(() -> pass("calling"), TaskOptions.named("b"));
    loop.runUntilComplete(gather(List.of(value, named)));
    runBriefly();
    assertEquals(List.of("value", "named"), List.of(value.result(), named.result()));
    assertEquals(List.of("a", "b"), List.of(named.name(), calling.name()));
    assertTrue(empty.done() && calling.done());
    assertEquals("theLoopTakesBodies", value.coroutine().name());
  }

  private void pass(String what) {
    seen.add(what);
  }

  @Test
  void aTaskSaysWhereItStands() {
    run(
        () -> {
          Task<Void> task = createTask(() -> standHere());
          assertFalse(task.toString().contains(".java"), task::toString);
          turns(1);
          assertTrue(task.toString().contains(" at TaskSuite.java:"), task::toString);
          assertFalse(await(toThread(() -> task.toString())).contains(".java"), task::toString);
          String own = String.valueOf(Task.current());
          assertTrue(own.contains(" at TaskSuite.java:"), own);
          task.cancel();
          settle(List.of(task));
          assertFalse(task.toString().contains(".java"), task::toString);
        });
  }

  private void standHere() {
    sleep(Duration.ofHours(1));
  }

  @Test
  void aTaskEndsWithItsResult() {
    run(
        () -> {
          Task<Integer> task = createTask(() -> 42);
          assertThrows(InvalidStateException.class, task::result);
          assertThrows(InvalidStateException.class, task::exception);
          assertEquals(42, await(task));
          assertEquals(42, await(task));
          assertEquals(42, task.result());
          assertNull(task.exception());
          assertTrue(task.done());
          assertFalse(task.cancelled());
        });
  }

  @Test
  void aTaskEndsWithItsException() {
    var unchecked = new IllegalStateException("unchecked");
    var checked = new IOException("checked");
    run(
        () -> {
          Task<Object> one = createTask(() -> fail(unchecked));
          assertSame(unchecked, failure(one));
          assertSame(unchecked, one.exception());
          assertSame(unchecked, assertThrows(IllegalStateException.class, one::result));
          Task<Object> two = createTask(() -> fail(checked));
          assertSame(checked, assertThrows(CompletionException.class, () -> await(two)).getCause());
          assertSame(checked, two.exception());
          assertSame(checked, assertThrows(IOException.class, () -> await(two, IOException.class)));
        });
  }

  @Test
  void aTaskWithoutResultGivesNull() {
    run(() -> assertNull(await(createTask(() -> turns(1)))));
  }

  @Test
  void aTaskCannotBeCompletedFromOutside() {
    run(
        () -> {
          Task<String> task = createTask(() -> "own");
          assertThrows(UnsupportedOperationException.class, () -> task.setResult("foreign"));
          assertThrows(
              UnsupportedOperationException.class,
              () -> task.setException(new IOException("foreign")));
          assertEquals("own", await(task));
        });
  }

  @Test
  void twoMayAwaitOneTask() {
    run(
        () -> {
          Task<String> task =
              createTask(
                  () -> {
                    turns(2);
                    return "shared";
                  });
          var one = createTask(() -> await(task));
          var two = createTask(() -> await(task));
          assertEquals("shared", await(one));
          assertEquals("shared", await(two));
        });
  }

  @Test
  void L19_awaitingAnEndedTaskDoesNotSuspend() {
    run(
        () -> {
          Task<String> task = createTask(() -> "ended");
          turns(2);
          loop.callSoon(() -> seen.add("another turn"));
          assertEquals("ended", await(task));
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L18_aTasksCallbacksRunThroughTheQueue() {
    run(
        () -> {
          Task<String> task = createTask(() -> "ended");
          task.addDoneCallback(
              t -> {
                assertSame(task, t);
                assertTrue(t.done());
                seen.add("before");
              });
          await(task);
          assertEquals(List.of("before"), seen);
          task.addDoneCallback(t -> seen.add("after"));
          assertEquals(List.of("before"), seen);
          turns(1);
          assertEquals(List.of("before", "after"), seen);
        });
  }

  @Test
  void L25_sleepOfZeroTakesExactlyOneTurn() {
    run(
        () -> {
          loop.callSoon(
              () -> {
                steps.at(1);
                loop.callSoon(() -> steps.at(3));
              });
          sleep(Duration.ZERO);
          steps.at(2);
          sleep(Duration.ZERO);
          steps.end(4);
        });
  }

  @Test
  void L25_aNegativeSleepTakesExactlyOneTurn() {
    run(
        () -> {
          loop.callSoon(
              () -> {
                steps.at(1);
                loop.callSoon(() -> steps.at(3));
              });
          sleep(ms(-5));
          steps.at(2);
          sleep(Duration.ofDays(-1));
          steps.end(4);
        });
  }

  @Test
  void L25_twoTasksTakeTurns() {
    run(
        () -> {
          var a = createTask(() -> ticks("a"));
          var b = createTask(() -> ticks("b"));
          await(a);
          await(b);
        });
    assertEquals(List.of("a0", "b0", "a1", "b1", "a2", "b2"), seen);
  }

  @Test
  void sleepersWakeInTheOrderOfTheirDeadlines() {
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          for (int delay : new int[] {60, 15, 45, 30}) {
            tasks.add(
                createTask(
                    () -> {
                      sleep(ms(delay));
                      seen.add(delay);
                    }));
          }
          settle(tasks);
        });
    assertEquals(List.of(15, 30, 45, 60), seen);
  }

  @Test
  void sleepersWithOneDeadlineWakeInTheOrderInWhichTheyCame() {
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 20; i++) {
            int n = i;
            tasks.add(
                createTask(
                    () -> {
                      sleep(ms(2));
                      seen.add(n);
                    }));
          }
          settle(tasks);
        });
    var sorted = seen.stream().map(n -> (Integer) n).sorted().toList();
    assertEquals(sorted, seen);
  }

  @Test
  void sleepNeverEndsEarly() {
    run(
        () -> {
          for (int i = 1; i < 10; i++) {
            Duration before = loop.time();
            sleep(Duration.ofNanos(300_000L * i + i));
            assertTrue(
                loop.time().minus(before).compareTo(Duration.ofNanos(300_000L * i + i)) >= 0);
          }
        });
  }

  @Test
  void sleepReturnsItsValue() {
    run(
        () -> {
          assertEquals("value", sleep(Duration.ZERO, "value"));
          assertEquals("value", sleep(ms(1), "value"));
        });
  }

  @Test
  void sleepRefusesNull() {
    run(() -> assertThrows(NullPointerException.class, () -> sleep(nothing())));
  }

  @Test
  void namesAreCountedUnlessGiven() {
    run(
        () -> {
          var one = createTask(() -> {});
          var two = createTask(() -> {});
          assertTrue(one.name().matches("Task-\\d+"), one.name());
          int n = Integer.parseInt(one.name().substring(5));
          assertEquals("Task-" + (n + 1), two.name());
          var named = createTask(() -> {}, TaskOptions.named("reader"));
          assertEquals("reader", named.name());
          named.setName("writer");
          assertEquals("writer", named.name());
          settle(List.of(one, two, named));
        });
  }

  @Test
  void thePrintedFormShowsNameStateAndCoroutine() {
    run(
        () -> {
          var task = createTask(async("fetch", () -> "apple"), TaskOptions.named("reader"));
          assertTrue(task.toString().contains("reader"), task.toString());
          assertTrue(task.toString().contains("pending"), task.toString());
          assertTrue(task.toString().contains("fetch"), task.toString());
          await(task);
          assertTrue(task.toString().contains("finished"), task.toString());
          assertTrue(task.toString().contains("apple"), task.toString());
        });
  }

  @Test
  void aTaskToldToCancelPrintsSo() {
    run(
        () -> {
          var task = createTask(LoopSuite::untilCancelled);
          turns(1);
          task.cancel();
          assertTrue(task.toString().contains("cancelling"), task.toString());
          await(task);
        });
  }

  @Test
  void aTaskKnowsItsCoroutineAndContext() {
    run(
        () -> {
          var coroutine = async(() -> 1);
          var context = new Context();
          var task = createTask(coroutine, TaskOptions.defaults().context(context));
          assertSame(coroutine, task.coroutine());
          assertSame(context, task.context());
          await(task);
        });
  }

  @Test
  void L26_currentIsTheTaskThatRuns() {
    assertNull(Task.current());
    run(
        () -> {
          Promise<String> ping = loop.createPromise();
          Promise<String> pong = loop.createPromise();
          var tasks = new ArrayList<Task<?>>();
          tasks.add(
              createTask(
                  () -> {
                    assertSame(tasks.get(0), Task.current());
                    await(ping);
                    assertSame(tasks.get(0), Task.current());
                    pong.setResult("pong");
                    assertSame(tasks.get(0), Task.current());
                    turns(1);
                    assertSame(tasks.get(0), Task.current());
                  }));
          tasks.add(
              createTask(
                  () -> {
                    assertSame(tasks.get(1), Task.current());
                    ping.setResult("ping");
                    assertSame(tasks.get(1), Task.current());
                    await(pong);
                    assertSame(tasks.get(1), Task.current());
                  }));
          var me = Task.current();
          for (var task : tasks) {
            assertNull(failure(task));
            assertSame(me, Task.current());
            assertSame(me, loop.currentTask());
          }
        });
    assertNull(Task.current());
    assertNull(loop.currentTask());
  }

  @Test
  void ensureFutureLetsPromisesPass() {
    run(
        () -> {
          Promise<String> promise = loop.createPromise();
          assertSame(promise, ensureFuture(promise));
          Task<String> task = createTask(() -> "task");
          assertSame(task, ensureFuture(task));
          Promise<String> made = ensureFuture(async(() -> "coroutine"));
          assertInstanceOf(Task.class, made);
          assertEquals("coroutine", await(made));
          assertEquals("task", await(task));
        });
  }

  @Test
  void ensureFutureNeedsALoop() {
    var coroutine = async(() -> 1);
    assertThrows(IllegalStateException.class, () -> ensureFuture(coroutine));
  }

  @Test
  void aTaskFactoryMakesTheTasks() {
    assertNull(loop.taskFactory());
    var options = new ArrayList<TaskOptions>();
    loop.setTaskFactory(
        (l, coroutine, o) -> {
          assertSame(loop, l);
          options.add(o);
          return Task.create(l, coroutine, TaskOptions.named("made-" + coroutine.name()));
        });
    run(
        () -> {
          var task = createTask(async("work", () -> 5), TaskOptions.named("wish"));
          assertEquals("made-work", task.name());
          assertEquals(5, await(task));
        });
    assertEquals("wish", options.getLast().name());
    assertNotNull(loop.taskFactory());
    loop.setTaskFactory(null);
    assertNull(loop.taskFactory());
    run(() -> assertNotEquals("made-x", createTask(async("x", () -> turns(0))).name()));
    runBriefly();
  }

  @Test
  void aFailingTaskFactoryFailsAndTheCoroutineIsGivenUp() {
    run(
        () -> {
          loop.setTaskFactory(
              (l, coroutine, o) -> {
                throw new IllegalStateException("no tasks today");
              });
          var coroutine = async(() -> seen.add("ran"));
          var error = assertThrows(IllegalStateException.class, () -> ensureFuture(coroutine));
          assertEquals("no tasks today", error.getMessage());
          loop.setTaskFactory(null);
          assertThrows(IllegalStateException.class, () -> await(coroutine));
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void aSuspendedTaskShowsItsWholeStack() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task = createTask(() -> outerPlace(gate));
          turns(1);
          var methods = Arrays.stream(task.stack()).map(StackTraceElement::getMethodName).toList();
          assertTrue(methods.contains("innerPlace"), methods.toString());
          assertTrue(methods.contains("outerPlace"), methods.toString());
          assertTrue(methods.indexOf("innerPlace") < methods.indexOf("outerPlace"));
          gate.setResult("x");
          await(task);
        });
  }

  @Test
  void printStackPrintsIt() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task = createTask(() -> outerPlace(gate), TaskOptions.named("printed"));
          turns(1);
          var bytes = new ByteArrayOutputStream();
          task.printStack(new PrintStream(bytes, true, StandardCharsets.UTF_8));
          String text = bytes.toString(StandardCharsets.UTF_8);
          assertTrue(text.contains("printed"), text);
          assertTrue(text.contains("innerPlace"), text);
          gate.setResult("x");
          await(task);
        });
  }

  @Test
  void theStackOfAFailedTaskIsThatOfItsException() {
    run(
        () -> {
          var task = createTask(() -> failingPlace());
          failure(task);
          var methods = Arrays.stream(task.stack()).map(StackTraceElement::getMethodName).toList();
          assertTrue(methods.contains("failingPlace"), methods.toString());
          var ended = createTask(() -> {});
          await(ended);
          assertEquals(0, ended.stack().length);
        });
  }

  @Test
  void aTaskKnowsWhatItWaitsFor() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var task = createTask(() -> await(gate));
          assertNull(task.waitingOn());
          turns(1);
          assertSame(gate, task.waitingOn());
          gate.setResult("x");
          await(task);
          assertNull(task.waitingOn());
        });
  }

  @Test
  @Tag("slow")
  void aTaskThatNobodyHoldsIsNotLost() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          createTask(
              () -> {
                await(gate);
                seen.add("ended");
              });
          turns(1);
          System.gc();
          turns(1);
          System.gc();
          gate.setResult("x");
          turns(2);
        });
    assertEquals(List.of("ended"), seen);
  }

  @Test
  void thousandsOfTasksEnd() {
    run(
        () -> {
          var tasks = new ArrayList<Task<Integer>>();
          for (int i = 0; i < 5000; i++) {
            int n = i;
            tasks.add(
                createTask(
                    () -> {
                      turns(n % 5);
                      return n;
                    }));
          }
          long sum = 0;
          for (var task : tasks) {
            sum += await(task);
          }
          assertEquals(5000L * 4999 / 2, sum);
          assertEquals(1, loop.allTasks().size());
        });
  }

  @Test
  void tasksMakeTasksMakeTasks() {
    assertEquals(1 << 8, run(() -> tree(8)));
  }

  @Test
  void L39_awaitingItselfFailsInsideTheTask() {
    run(
        () -> {
          var self = new ArrayList<Task<?>>();
          self.add(
              createTask(
                  () -> {
                    var error =
                        assertThrows(IllegalStateException.class, () -> await(self.getFirst()));
                    seen.add(String.valueOf(error.getMessage()));
                    return "went on";
                  }));
          assertEquals("went on", await(self.getFirst()));
          assertEquals(1, seen.size());
        });
  }

  @Test
  void L39_awaitingAnotherLoopsPromiseFailsInsideTheTask() {
    EventLoop other = newLoop();
    try {
      Promise<String> foreign = other.createPromise();
      run(
          () -> {
            var task =
                createTask(
                    () -> {
                      assertThrows(IllegalStateException.class, () -> await(foreign));
                      return "went on";
                    });
            assertEquals("went on", await(task));
          });
      assertFalse(foreign.done());
    } finally {
      other.close();
    }
  }

  @Test
  void anErrorOfOneTaskLeavesTheOthersAlone() {
    run(
        () -> {
          var bad =
              createTask(
                  () -> {
                    turns(1);
                    throw new AssertionError("made up");
                  });
          var good =
              createTask(
                  () -> {
                    turns(3);
                    return "good";
                  });
          assertEquals("good", await(good));
          assertInstanceOf(AssertionError.class, bad.exception());
        });
  }

  @Test
  void equalityIsIdentity() {
    run(
        () -> {
          var one = createTask(() -> 1);
          var two = createTask(() -> 1);
          assertNotEquals(one, two);
          assertEquals(one, one);
          settle(List.of(one, two));
        });
  }

  private int tree(int depth) {
    if (depth == 0) {
      return 1;
    }
    var left = createTask(() -> tree(depth - 1));
    var right = createTask(() -> tree(depth - 1));
    return await(left) + await(right);
  }

  private void ticks(String name) {
    for (int i = 0; i < 3; i++) {
      seen.add(name + i);
      sleep(Duration.ZERO);
    }
  }

  private static String outerPlace(Promise<String> gate) {
    return innerPlace(gate) + "!";
  }

  private static String innerPlace(Promise<String> gate) {
    return await(gate) + "?";
  }

  private static void failingPlace() {
    sleep(Duration.ZERO);
    throw new IllegalStateException("made up");
  }

  private static Object fail(Exception failure) throws Exception {
    throw failure;
  }
}
