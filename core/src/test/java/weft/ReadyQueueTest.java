package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// [ReadyQueue] against a deque.
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ReadyQueueTest {
  private final ReadyQueue ready = new ReadyQueue();
  private final List<Integer> ran = new ArrayList<>();

  @Test
  void aBatchIsWhatWasThereWhenItBegan() {
    ready.add(
        () -> {
          ran.add(1);
          ready.add(() -> ran.add(3));
        });
    ready.add(() -> ran.add(2));
    ready.runBatch();
    assertEquals(List.of(1, 2), ran);
    ready.runBatch();
    assertEquals(List.of(1, 2, 3), ran);
    assertTrue(ready.isEmpty());
  }

  @Test
  void theRingGrowsInTheMiddleOfABatchAndAroundItsEnd() {
    for (int i = 0; i < 40; i++) {
      add(i);
    }
    ready.runBatch(); // the head now stands in the middle of the ring
    ran.clear();
    for (int i = 0; i < 64; i++) {
      int step = i;
      ready.add(
          () -> {
            ran.add(step);
            add(1000 + 2 * step);
            add(1001 + 2 * step);
          });
    }
    ready.runBatch();
    assertEquals(range(0, 64), ran);
    ran.clear();
    ready.runBatch();
    assertEquals(range(1000, 1128), ran);
  }

  @Test
  void whatAStepThrowsEndsTheBatchAndLosesNothing() {
    add(1);
    ready.add(
        () -> {
          throw new IllegalStateException("on purpose");
        });
    add(2);
    assertThrows(IllegalStateException.class, ready::runBatch);
    assertEquals(1, ready.size());
    add(3);
    ready.runBatch();
    assertEquals(List.of(1, 2, 3), ran);
  }

  @Test
  void clearDropsEverything() {
    for (int i = 0; i < 100; i++) {
      add(i);
    }
    ready.clear();
    assertTrue(ready.isEmpty());
    ready.runBatch();
    add(7);
    ready.runBatch();
    assertEquals(List.of(7), ran);
  }

  @Test
  void anyMixOfAddingAndRunningIsADeque() {
    long seed = Seeds.next();
    Random random = new Random(seed);
    ArrayDeque<Integer> model = new ArrayDeque<>();
    List<Integer> expected = new ArrayList<>();
    int next = 0;
    for (int round = 0; round < 2_000; round++) {
      for (int i = random.nextInt(1 << random.nextInt(10)); i > 0; i--) {
        add(next);
        model.add(next++);
      }
      assertEquals(model.size(), ready.size(), Seeds.of(seed));
      if (random.nextInt(3) > 0) {
        expected.addAll(model);
        model.clear();
        ready.runBatch();
        assertEquals(expected, ran, Seeds.of(seed));
        expected.clear();
        ran.clear();
      }
    }
  }

  private void add(int number) {
    ready.add(() -> ran.add(number));
  }

  private static List<Integer> range(int from, int to) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = from; i < to; i++) {
      numbers.add(i);
    }
    return numbers;
  }
}
