package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import weft.CancelledError;
import weft.Task;
import weft.sync.AsyncQueue;
import weft.sync.QueueShutDownException;

/// `AsyncQueue` and its kinds: joining, and the end of the stream.
public abstract class QueueShutdownSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected QueueShutdownSuite() {}

  private static AsyncQueue<Integer> queueOf(int maxSize, int item) {
    var queue = new AsyncQueue<Integer>(maxSize);
    queue.putNowait(item);
    return queue;
  }

  private static void assertShutDown(Executable operation) {
    assertThrows(QueueShutDownException.class, operation);
  }

  // Iteration.

  @Test
  void aForTakesTheItemsUntilTheEnd() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>(1);
          Task<Void> consumer =
              createTask(
                  () -> {
                    for (int item : queue) {
                      seen.add(item);
                    }
                    seen.add("end");
                  });
          for (int i = 1; i <= 3; i++) {
            queue.put(i);
          }
          turns(3);
          assertEquals(List.of(1, 2, 3), seen);
          assertFalse(consumer.done());
          queue.shutdown();
          await(consumer);
          assertEquals(List.of(1, 2, 3, "end"), seen);
        });
  }

  @Test
  void anIteratorTakesWhatItHasNextAndKeepsItUntilItIsAskedFor() {
    run(
        () -> {
          for (AsyncQueue<Integer> queue : QueueSuite.kinds(0)) {
            var items = queue.iterator();
            queue.putNowait(1);
            assertTrue(items.hasNext());
            assertTrue(items.hasNext());
            assertTrue(queue.isEmpty());
            queue.putNowait(2);
            queue.shutdown();
            assertEquals(1, items.next());
            assertEquals(2, items.next());
            assertFalse(items.hasNext());
            assertThrows(NoSuchElementException.class, items::next);
          }
        });
  }

  @Test
  void aCancelledIteratorHasTakenNothing() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var items = queue.iterator();
          Task<Boolean> waiting = createTask(items::hasNext);
          turns(1);
          queue.putNowait(1);
          waiting.cancel();
          assertInstanceOf(CancelledError.class, failure(waiting));
          assertEquals(1, queue.size());
          assertEquals(1, items.next());
        });
  }

  // Join.

  @Test
  void joinOfAFreshQueueReturnsAtOnce() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            queue.join();
            queue.join();
          }
        });
  }

  @Test
  void taskDoneMoreOftenThanPutFails() {
    for (var queue : QueueSuite.kinds(0)) {
      assertThrows(IllegalStateException.class, queue::taskDone);
      queue.putNowait(1);
      queue.taskDone();
      assertThrows(IllegalStateException.class, queue::taskDone);
    }
  }

  @Test
  void joinWaitsUntilEveryItemIsReportedAsDone() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            IntStream.range(0, 100).forEach(queue::putNowait);
            var sum = new int[1];
            var workers =
                List.of(createTask(() -> work(queue, sum)), createTask(() -> work(queue, sum)));
            queue.join();
            assertEquals(4950, sum[0]);
            queue.shutdown();
            settle(workers);
          }
        });
  }

  private void work(AsyncQueue<Integer> queue, int[] sum) {
    while (true) {
      int item;
      try {
        item = queue.get();
      } catch (QueueShutDownException _) {
        return;
      }
      turns(1);
      sum[0] += item;
      queue.taskDone();
    }
  }

  @Test
  void allWhoJoinAreWokenInOrder() {
    run(
        () -> {
          var queue = queueOf(0, 1);
          var tasks = new ArrayList<Task<Void>>();
          for (int i = 0; i < 3; i++) {
            int number = i;
            tasks.add(
                createTask(
                    () -> {
                      queue.join();
                      seen.add(number);
                    }));
          }
          turns(2);
          queue.getNowait();
          turns(1);
          assertEquals(List.of(), seen);
          queue.taskDone();
          turns(1);
          assertEquals(List.of(0, 1, 2), seen);
          settle(tasks);
        });
  }

  @Test
  void whoJoinsIsWokenEvenIfAnItemFollowsAtOnce() {
    run(
        () -> {
          var queue = queueOf(0, 1);
          var joiner = createTask(queue::join);
          turns(1);
          queue.taskDone();
          queue.putNowait(2);
          await(joiner);
          assertEquals(2, queue.size());
        });
  }

  @Test
  void aCancelledJoinLeavesNoTrace() {
    run(
        () -> {
          var queue = queueOf(0, 1);
          var joiner = createTask(queue::join);
          turns(1);
          joiner.cancel();
          assertInstanceOf(CancelledError.class, failure(joiner));
          queue.taskDone();
          queue.join();
        });
  }

  // Shutdown.

  @Test
  void shutdownOfAnEmptyQueueFailsEverything() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(1)) {
            queue.shutdown();
            queue.join();
            assertShutDown(() -> queue.put(1));
            assertShutDown(() -> queue.putNowait(1));
            assertShutDown(() -> queue.get());
            assertShutDown(() -> queue.getNowait());
            assertEquals(0, queue.size());
          }
        });
  }

  @Test
  void shutdownWakesThoseWhoGet() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            var tasks = List.of(QueueSuite.getter(queue), QueueSuite.getter(queue));
            turns(1);
            queue.shutdown();
            for (var task : tasks) {
              assertInstanceOf(QueueShutDownException.class, failure(task));
            }
          }
        });
  }

  @Test
  void shutdownLetsWhatIsThereBeTaken() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(2)) {
            queue.put(1);
            queue.put(2);
            queue.shutdown();
            assertShutDown(() -> queue.putNowait(3));
            var items = List.of(queue.get(), queue.getNowait());
            assertEquals(List.of(1, 2), items.stream().sorted().toList());
            assertShutDown(() -> queue.get());
            assertShutDown(() -> queue.getNowait());
            assertShutDown(() -> queue.put(3));
          }
        });
  }

  @Test
  void aPutThatWaitsWhileTheQueueIsShutDownFailsAndPutsNothing() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(1)) {
            queue.put(1);
            var putter = QueueSuite.putter(queue, 2);
            turns(1);
            queue.shutdown();
            assertEquals(1, queue.get());
            assertInstanceOf(QueueShutDownException.class, failure(putter));
            assertTrue(queue.isEmpty());
          }
        });
  }

  @Test
  void aPutWokenByAGetBeforeTheShutdownStillFails() {
    run(
        () -> {
          var queue = queueOf(1, 1);
          var putter = QueueSuite.putter(queue, 2);
          turns(1);
          queue.getNowait();
          queue.shutdown();
          assertInstanceOf(QueueShutDownException.class, failure(putter));
          assertTrue(queue.isEmpty());
        });
  }

  @Test
  void joinWaitsForTheItemsTakenAfterAShutdown() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            queue.put(1);
            queue.put(2);
            var joiner = createTask(queue::join);
            turns(1);
            queue.shutdown();
            turns(1);
            queue.get();
            queue.taskDone();
            queue.get();
            turns(1);
            assertFalse(joiner.done());
            queue.taskDone();
            await(joiner);
          }
        });
  }

  @Test
  void anImmediateShutdownDropsTheItemsAndReleasesWhoJoins() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            queue.put(1);
            queue.put(2);
            var joiner = createTask(queue::join);
            turns(1);
            queue.shutdown(true);
            await(joiner);
            assertEquals(0, queue.size());
            assertShutDown(() -> queue.get());
            assertShutDown(() -> queue.putNowait(1));
            assertThrows(IllegalStateException.class, queue::taskDone);
          }
        });
  }

  @Test
  void afterAnImmediateShutdownJoinWaitsForWhatWasTakenBefore() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            queue.put(1);
            queue.put(2);
            queue.put(3);
            queue.get();
            var joiner = createTask(queue::join);
            turns(1);
            queue.shutdown(true);
            turns(2);
            assertFalse(joiner.done());
            queue.taskDone();
            await(joiner);
            assertThrows(IllegalStateException.class, queue::taskDone);
          }
        });
  }

  @Test
  void anImmediateShutdownAfterReportsBeforeTheirItemsWereTakenLeavesNothingToReport() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            queue.put(1);
            queue.put(2);
            queue.taskDone();
            queue.shutdown(true);
            queue.join();
            assertThrows(IllegalStateException.class, queue::taskDone);
          }
        });
  }

  @Test
  void anImmediateShutdownFailsThoseWhoPut() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(1)) {
            queue.put(1);
            var tasks = List.of(QueueSuite.putter(queue, 2), QueueSuite.putter(queue, 3));
            turns(1);
            queue.shutdown(true);
            for (var task : tasks) {
              assertInstanceOf(QueueShutDownException.class, failure(task));
            }
            assertTrue(queue.isEmpty());
          }
        });
  }

  @Test
  void aSecondShutdownMayDropWhatTheFirstLeft() {
    run(
        () -> {
          for (var queue : QueueSuite.kinds(0)) {
            queue.put(1);
            queue.shutdown();
            queue.shutdown();
            assertEquals(1, queue.size());
            queue.shutdown(true);
            assertTrue(queue.isEmpty());
            queue.join();
          }
        });
  }

  @Test
  void aGetterWokenByItsItemBeforeTheShutdownGetsIt() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var getter = QueueSuite.getter(queue);
          turns(1);
          queue.putNowait(1);
          queue.shutdown();
          assertEquals(1, await(getter));
        });
  }

  @Test
  void aGetterWokenByItsItemFailsAfterAnImmediateShutdown() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var getter = QueueSuite.getter(queue);
          turns(1);
          queue.putNowait(1);
          queue.shutdown(true);
          assertInstanceOf(QueueShutDownException.class, failure(getter));
        });
  }
}
