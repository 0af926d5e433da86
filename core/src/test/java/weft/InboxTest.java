package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// [Inbox]: order, wake-ups and the end. What can only go wrong between two instructions is under
/// jcstress, in `stress`.
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class InboxTest {
  private final AtomicInteger wakeups = new AtomicInteger();
  private final Inbox inbox = new Inbox(wakeups::incrementAndGet);
  private final ReadyQueue ready = new ReadyQueue();
  private final List<Integer> ran = new ArrayList<>();

  @Test
  void firstInFirstOut() {
    for (int i = 0; i < 5; i++) {
      push(i);
    }
    inbox.drainTo(ready);
    push(5);
    ready.runBatch();
    inbox.drainTo(ready);
    inbox.drainTo(ready);
    ready.runBatch();
    assertEquals(List.of(0, 1, 2, 3, 4, 5), ran);
  }

  @Test
  void whatComesInQueuesBehindWhatIsReady() {
    ready.add(() -> ran.add(1));
    push(2);
    inbox.drainTo(ready);
    ready.add(() -> ran.add(3));
    ready.runBatch();
    assertEquals(List.of(1, 2, 3), ran);
  }

  @Test
  void aLoopThatIsAwakeIsNotWoken() {
    push(1);
    push(2);
    assertEquals(0, wakeups.get());
  }

  @Test
  void aLoopThatSleepsIsWokenOnce() {
    assertTrue(inbox.fallAsleep());
    push(1);
    push(2);
    assertEquals(1, wakeups.get());
    inbox.wakeUp();
    push(3);
    assertEquals(1, wakeups.get());
  }

  @Test
  void aLoopDoesNotSleepOverWhatIsThere() {
    push(1);
    assertFalse(inbox.fallAsleep());
    push(2);
    assertEquals(0, wakeups.get());
    inbox.drainTo(ready);
    assertTrue(inbox.fallAsleep());
  }

  @Test
  void aClosedInboxRefusesAndDropsEverything() {
    assertTrue(push(1));
    inbox.close();
    assertFalse(push(2));
    assertFalse(push(3));
    assertFalse(inbox.fallAsleep());
    assertEquals(0, wakeups.get());
  }

  @Test
  void fourProducersLoseAndDoubleNothing() throws InterruptedException {
    int each = 20_000;
    Semaphore bell = new Semaphore(0);
    Inbox crowded = new Inbox(bell::release);
    int[] next = new int[4];
    List<Thread> producers = new ArrayList<>();
    for (int producer = 0; producer < 4; producer++) {
      int me = producer;
      producers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < each; i++) {
                      int number = i;
                      crowded.push(() -> assertEquals(number, next[me]++));
                    }
                  }));
    }
    while (next[0] + next[1] + next[2] + next[3] < 4 * each) {
      if (crowded.fallAsleep()) {
        assertTrue(bell.tryAcquire(10, TimeUnit.SECONDS), "nobody woke the loop");
        crowded.wakeUp();
      }
      crowded.drainTo(ready);
      ready.runBatch();
    }
    for (Thread producer : producers) {
      producer.join();
    }
    crowded.drainTo(ready);
    assertTrue(ready.isEmpty());
  }

  private boolean push(int number) {
    return inbox.push(() -> ran.add(number));
  }
}
