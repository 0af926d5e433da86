package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Task;
import weft.sync.AsyncLifoQueue;
import weft.sync.AsyncPriorityQueue;
import weft.sync.AsyncQueue;
import weft.sync.QueueEmptyException;
import weft.sync.QueueFullException;

/// `AsyncQueue` and its kinds: order, waiting, and that no item is ever lost.
public abstract class QueueSuite extends LoopSuite {
  private static final Duration SHORT = Duration.ofMillis(10);

  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected QueueSuite() {}

  static List<AsyncQueue<Integer>> kinds(int maxSize) {
    return List.of(
        new AsyncQueue<>(maxSize),
        new AsyncLifoQueue<>(maxSize),
        new AsyncPriorityQueue<>(maxSize));
  }

  @SafeVarargs
  private static <T> AsyncQueue<T> queueOf(int maxSize, T... items) {
    var queue = new AsyncQueue<T>(maxSize);
    for (T item : items) {
      queue.putNowait(item);
    }
    return queue;
  }

  static <T> Task<T> getter(AsyncQueue<T> queue) {
    return createTask(() -> queue.get());
  }

  static <T> Task<Void> putter(AsyncQueue<T> queue, T item) {
    return createTask(() -> queue.put(item));
  }

  private static <T> List<T> drain(AsyncQueue<T> queue) {
    var items = new ArrayList<T>();
    while (!queue.isEmpty()) {
      items.add(queue.getNowait());
    }
    return items;
  }

  private static void assertState(String state, AsyncQueue<?> queue) {
    assertEquals("<AsyncQueue maxSize: " + state + ">", queue.toString());
  }

  // Order and size.

  @Test
  void aQueueGivesTheOldestItemFirst() {
    assertEquals(List.of(1, 3, 2), drain(queueOf(0, 1, 3, 2)));
  }

  @Test
  void aLifoQueueGivesTheLatestItemFirst() {
    var queue = new AsyncLifoQueue<Integer>();
    List.of(1, 3, 2).forEach(queue::putNowait);
    assertEquals(List.of(2, 3, 1), drain(queue));
  }

  @Test
  void aPriorityQueueGivesTheLeastItemFirst() {
    var queue = new AsyncPriorityQueue<Integer>();
    List.of(1, 3, 2).forEach(queue::putNowait);
    assertEquals(List.of(1, 2, 3), drain(queue));
  }

  @Test
  void aPriorityQueueGoesByTheOrderItIsGiven() {
    var queue = new AsyncPriorityQueue<String>(Comparator.comparingInt(String::length).reversed());
    List.of("a", "ccc", "bb").forEach(queue::putNowait);
    assertEquals(List.of("ccc", "bb", "a"), drain(queue));
    assertEquals(3, new AsyncPriorityQueue<String>(3, Comparator.naturalOrder()).maxSize());
  }

  @Test
  void aPriorityQueueRefusesWhatItCannotCompareAndStaysUsable() {
    run(
        () -> {
          var queue = new AsyncPriorityQueue<Object>();
          assertThrows(ClassCastException.class, () -> queue.put(new Object()));
          assertTrue(queue.isEmpty());
          queue.join();
          queue.put(1);
          assertEquals(1, queue.get());
        });
  }

  @Test
  void sizeAndStateFollowTheItems() {
    var queue = new AsyncQueue<Integer>(2);
    assertEquals(2, queue.maxSize());
    assertTrue(queue.isEmpty());
    assertFalse(queue.isFull());
    queue.putNowait(1);
    assertEquals(1, queue.size());
    assertFalse(queue.isEmpty());
    assertFalse(queue.isFull());
    queue.putNowait(2);
    assertTrue(queue.isFull());
    assertEquals(1, queue.getNowait());
    assertFalse(queue.isFull());
  }

  @Test
  void withoutALimitAQueueIsNeverFull() {
    for (int maxSize : new int[] {0, -1}) {
      var queue = new AsyncQueue<Integer>(maxSize);
      for (int i = 0; i < 1000; i++) {
        assertFalse(queue.isFull());
        queue.putNowait(i);
      }
      assertEquals(1000, queue.size());
    }
    assertEquals(0, new AsyncQueue<>().maxSize());
  }

  @Test
  void nullIsNoItem() {
    run(
        () -> {
          var queue = new AsyncQueue<Object>(1);
          assertThrows(NullPointerException.class, () -> queue.put(nothing()));
          assertThrows(NullPointerException.class, () -> queue.putNowait(nothing()));
          queue.join();
        });
  }

  // Putting and getting.

  @Test
  void whatDoesNotHaveToWaitDoesNotSuspend() {
    run(
        () -> {
          for (var queue : kinds(2)) {
            loop.callSoon(() -> seen.add("the loop turned"));
            queue.put(1);
            queue.put(1);
            assertEquals(1, queue.get());
            assertEquals(1, queue.get());
            queue.taskDone();
            queue.taskDone();
            queue.join();
            assertEquals(List.of(), seen);
            turns(1);
            seen.clear();
          }
        });
  }

  @Test
  void getNowaitOfAnEmptyQueueFails() {
    for (var queue : kinds(0)) {
      assertThrows(QueueEmptyException.class, queue::getNowait);
    }
  }

  @Test
  void putNowaitToAFullQueueFails() {
    for (var queue : kinds(1)) {
      queue.putNowait(1);
      assertThrows(QueueFullException.class, () -> queue.putNowait(2));
      assertEquals(List.of(1), drain(queue));
    }
  }

  @Test
  void getWaitsForAnItem() {
    run(
        () -> {
          for (var queue : kinds(0)) {
            var getter = getter(queue);
            turns(2);
            assertFalse(getter.done());
            loop.callSoon(() -> queue.putNowait(1));
            assertEquals(1, await(getter));
          }
        });
  }

  @Test
  void putWaitsForAPlace() {
    run(
        () -> {
          for (var queue : kinds(1)) {
            queue.put(1);
            var putter = putter(queue, 2);
            turns(2);
            assertFalse(putter.done());
            loop.callSoon(() -> assertEquals(1, queue.getNowait()));
            await(putter);
            assertEquals(2, queue.getNowait());
          }
        });
  }

  @Test
  void aPutterStopsAtTheLimitAndGoesOnAfterAGet() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>(2);
          var putter =
              createTask(
                  () -> {
                    for (int i = 0; i < 3; i++) {
                      queue.put(i);
                      seen.add(i);
                    }
                  });
          turns(2);
          assertEquals(List.of(0, 1), seen);
          assertEquals(0, queue.get());
          turns(1);
          assertEquals(List.of(0, 1, 2), seen);
          assertEquals(List.of(1, 2), drain(queue));
          assertTrue(putter.done());
        });
  }

  @Test
  void aGetterThatWaitsGetsWhatIsPut() {
    run(
        () -> {
          var queue = new AsyncQueue<String>();
          var getter = getter(queue);
          turns(1);
          queue.put("a");
          assertEquals("a", await(getter));
        });
  }

  @Test
  void puttersThatWaitPutInTheOrderInWhichTheyCame() {
    run(
        () -> {
          var queue = new AsyncQueue<String>(1);
          var tasks = List.of(putter(queue, "a"), putter(queue, "b"), putter(queue, "c"));
          assertEquals("a", queue.get());
          assertEquals("b", queue.get());
          assertEquals("c", queue.get());
          settle(tasks);
        });
  }

  @Test
  void gettersThatWaitAreServedInOrderWhenNobodyElseComes() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var tasks = List.of(getter(queue), getter(queue), getter(queue));
          turns(1);
          for (int i = 0; i < 3; i++) {
            queue.putNowait(i);
          }
          assertEquals(List.of(0, 1, 2), await(gather(tasks)));
        });
  }

  @Test
  void producerAndConsumerNeverStallOverOnePlace() {
    run(
        () -> {
          for (var queue : kinds(1)) {
            var produced = createTask(() -> IntStream.range(0, 20).forEach(queue::put));
            for (int i = 0; i < 20; i++) {
              assertEquals(i, queue.get());
            }
            await(produced);
          }
        });
  }

  @Test
  void gettersNeverStallWhileSomeTakeEverythingAtOnce() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>(2);
          taskGroup(
              group -> {
                group.createTask(
                    () -> {
                      turns(1);
                      drain(queue);
                    });
                for (int i = 0; i < 4; i++) {
                  int item = i;
                  group.createTask(() -> queue.put(item));
                }
              });
          assertEquals(2, queue.size());
        });
  }

  @Test
  void aWokenGetterWhoseItemIsGoneQueuesAgainAtTheEnd() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var first = getter(queue);
          var second = getter(queue);
          turns(1);
          queue.putNowait(1);
          assertEquals(1, queue.getNowait());
          turns(1);
          assertFalse(first.done());

          queue.putNowait(2);
          turns(1);
          assertEquals(2, await(second));
          assertFalse(first.done());
          queue.putNowait(3);
          assertEquals(3, await(first));
        });
  }

  @Test
  void aWokenPutterWhosePlaceIsTakenQueuesAgainAtTheEnd() {
    run(
        () -> {
          var queue = queueOf(1, "x");
          var first = putter(queue, "first");
          var second = putter(queue, "second");
          turns(1);
          queue.getNowait();
          queue.putNowait("faster");
          turns(1);
          assertFalse(first.done());
          assertEquals("faster", queue.get());
          turns(1);
          assertEquals("second", queue.get());
          turns(1);
          assertEquals("first", queue.get());
          settle(List.of(first, second));
        });
  }

  // Cancellation.

  @Test
  void cancelledGettersAndPuttersLeaveNoTrace() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>(1);
          var getter = getter(queue);
          turns(1);
          assertState("1, getters: 1", queue);
          getter.cancel();
          assertInstanceOf(CancelledError.class, failure(getter));
          assertState("1", queue);

          queue.put(1);
          var putter = putter(queue, 2);
          turns(1);
          assertState("1, items: [1], putters: 1, tasks: 1", queue);
          putter.cancel();
          assertInstanceOf(CancelledError.class, failure(putter));
          assertState("1, items: [1], tasks: 1", queue);
        });
  }

  @Test
  void getsAndPutsThatTimeOutLeaveNoTrace() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>(1);
          assertThrows(TimeoutException.class, () -> timeout(SHORT, () -> queue.get()));
          assertState("1", queue);
          queue.put(1);
          assertThrows(TimeoutException.class, () -> timeout(SHORT, () -> queue.put(2)));
          assertState("1, items: [1], tasks: 1", queue);
        });
  }

  @Test
  void aGetCancelledAfterItsItemArrivedKeepsTheItemInTheQueue() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var reader = getter(queue);
          turns(1);
          queue.putNowait(1);
          queue.putNowait(2);
          assertTrue(reader.cancel());
          assertInstanceOf(CancelledError.class, failure(reader));
          assertEquals(1, await(getter(queue)));
          assertEquals(List.of(2), drain(queue));
        });
  }

  @Test
  void aGetCancelledAfterItsItemArrivedWakesTheNext() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var first = getter(queue);
          var second = getter(queue);
          turns(1);
          queue.putNowait(1);
          first.cancel();
          assertEquals(1, await(second));
          assertTrue(first.cancelled());
        });
  }

  @Test
  void threeReadersTwoItemsOneCancelledLeavesTheOthersOneEach() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var first = getter(queue);
          var second = getter(queue);
          var third = getter(queue);
          turns(1);
          queue.putNowait(1);
          queue.putNowait(2);
          first.cancel();
          assertInstanceOf(CancelledError.class, failure(first));
          assertEquals(Set.of(1, 2), Set.of(await(second), await(third)));
        });
  }

  @Test
  void aGetterCancelledBeforeTheItemArrivesIsPassedOver() {
    run(
        () -> {
          var queue = new AsyncQueue<String>();
          var first = getter(queue);
          var second = getter(queue);
          turns(1);
          first.cancel();
          queue.put("a");
          assertEquals("a", await(second));
          assertTrue(first.cancelled());
        });
  }

  @Test
  void aPutCancelledAfterItsPlaceWasFreedPutsNothing() {
    run(
        () -> {
          var queue = queueOf(1, 1);
          var writer = putter(queue, 2);
          turns(1);
          assertEquals(1, queue.getNowait());
          assertTrue(writer.cancel());
          assertInstanceOf(CancelledError.class, failure(writer));
          assertTrue(queue.isEmpty());
          await(putter(queue, 2));
          assertEquals(List.of(2), drain(queue));
        });
  }

  @Test
  void aPutCancelledAfterItsPlaceWasFreedWakesTheNext() {
    run(
        () -> {
          var queue = queueOf(1, "a");
          var first = putter(queue, "never");
          var second = putter(queue, "b");
          turns(1);
          assertEquals("a", queue.getNowait());
          first.cancel();
          await(second);
          assertTrue(first.cancelled());
          assertEquals(List.of("b"), drain(queue));
        });
  }

  @Test
  void aCancelledPutterBehindAnotherChangesNothing() {
    run(
        () -> {
          var queue = new AsyncQueue<String>(1);
          var a = putter(queue, "a");
          var b = putter(queue, "b");
          var never = putter(queue, "never");
          turns(1);
          assertTrue(a.done());
          assertFalse(b.done());
          never.cancel();
          turns(1);
          assertTrue(never.done());
          assertEquals("a", queue.getNowait());
          turns(1);
          assertEquals("b", queue.getNowait());
          await(b);
        });
  }

  @Test
  void aReaderCancelledWhileANewcomerTakesItsItemCostsNobodyAnything() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          var first = getter(queue);
          var second = getter(queue);
          turns(1);
          queue.putNowait(1);
          first.cancel();
          assertEquals(1, queue.getNowait());
          turns(2);
          assertTrue(first.cancelled());
          assertFalse(second.done());
          queue.putNowait(2);
          assertEquals(2, await(second));
        });
  }

  @Test
  void noItemIsLostOrDoubledWhoeverIsCancelled() {
    for (int seed = 0; seed < 20; seed++) {
      var random = new Random(seed);
      String text = "seed " + seed;
      run(() -> someGetSomePutSomeCancelled(random, text));
    }
  }

  private void someGetSomePutSomeCancelled(Random random, String seed) {
    var queue = new AsyncQueue<Integer>(1 + random.nextInt(3));
    var putters = new ArrayList<Task<Void>>();
    var getters = new ArrayList<Task<Integer>>();
    for (int i = 0; i < 20; i++) {
      putters.add(putter(queue, i));
      getters.add(getter(queue));
      turns(random.nextInt(2));
      if (random.nextBoolean()) {
        putters.get(random.nextInt(putters.size())).cancel();
      } else {
        getters.get(random.nextInt(getters.size())).cancel();
      }
    }
    turns(40);
    queue.shutdown();
    settle(putters);
    settle(getters);

    var put = new ArrayList<Integer>();
    for (int i = 0; i < putters.size(); i++) {
      if (!putters.get(i).cancelled() && putters.get(i).exception() == null) {
        put.add(i);
      }
    }
    var got = new ArrayList<>(drain(queue));
    for (var getter : getters) {
      if (!getter.cancelled() && getter.exception() == null) {
        got.add(getter.result());
      }
    }
    assertEquals(put, got.stream().sorted().toList(), seed);
  }

  // Loops and text.

  @Test
  void waitingOutsideACoroutineFailsAndLeavesNoTrace() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>();
          loop.callSoon(
              () -> seen.add(assertThrows(IllegalStateException.class, () -> queue.get())));
          turns(1);
          assertEquals(1, seen.size());
          assertState("0", queue);
        });
  }

  @Test
  void aQueueThatWasWaitedForOnOneLoopCannotBeWaitedForOnAnother() {
    var queue = new AsyncQueue<Integer>(1);
    run(
        () -> {
          var getter = getter(queue);
          turns(1);
          queue.putNowait(1);
          await(getter);
          queue.putNowait(2);
        });
    var other = newLoop();
    try {
      other.runUntilComplete(
          async(
              () -> {
                assertThrows(IllegalStateException.class, () -> queue.put(3));
                assertThrows(IllegalStateException.class, queue::join);
                assertEquals(2, queue.get());
                assertThrows(IllegalStateException.class, () -> queue.get());
              }));
    } finally {
      other.close();
    }
  }

  @Test
  void theTextShowsTheState() {
    run(
        () -> {
          var queue = new AsyncQueue<Integer>(1);
          assertState("1", queue);
          var getters = List.of(getter(queue), getter(queue));
          turns(1);
          assertState("1, getters: 2", queue);
          queue.put(7);
          assertState("1, items: [7], getters: 2, tasks: 1", queue);
          queue.shutdown();
          settle(getters);
          assertState("1, tasks: 1, shutdown", queue);
          assertEquals("<AsyncLifoQueue maxSize: 3>", new AsyncLifoQueue<>(3).toString());
          assertEquals("<AsyncPriorityQueue maxSize: 0>", new AsyncPriorityQueue<>().toString());
        });
  }

  @Test
  void theTextShowsAFewItemsOfMany() {
    var queue = new AsyncQueue<Integer>();
    IntStream.range(0, 12).forEach(queue::putNowait);
    assertState("0, items: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 2 more], tasks: 12", queue);
  }
}
