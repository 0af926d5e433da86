package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// [Timers] against a model that cannot be wrong: a sorted list.
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class TimersTest {
  private final long seed = Seeds.next();
  private final Random random = new Random(seed);
  private final Timers timers = new Timers();
  private final ReadyQueue ready = new ReadyQueue();
  private final List<TimerHandle> model = new ArrayList<>();
  private final List<TimerHandle> fired = new ArrayList<>();
  private final AbstractEventLoop loop = new TimersOnly();

  @Test
  void equalDeadlinesFireInTheOrderOfArming() {
    for (int i = 0; i < 1000; i++) {
      arm(random.nextInt(3));
    }
    drain(2);
  }

  @Test
  void anyMixOfArmingCancellingAndDrainingFiresWhatASortedListWould() {
    long now = 0;
    for (int i = 0; i < 50_000; i++) {
      int dice = random.nextInt(100);
      if (dice < 55) {
        arm(now + random.nextInt(1 << random.nextInt(12)));
      } else if (dice < 90) {
        cancelAny();
      } else {
        now += random.nextInt(64);
        drain(now);
      }
      assertEquals(earliest(), timers.nextDeadline(), Seeds.of(seed));
    }
    drain(Long.MAX_VALUE);
    assertEquals(0, timers.size(), Seeds.of(seed));
  }

  @Test
  void cancelledTimersAreThrownAwayBeforeTheyAreTheMajority() {
    for (int i = 0; i < 10_000; i++) {
      arm(random.nextInt(1000));
    }
    while (model.size() > 10) {
      cancelAny();
      assertTrue(timers.size() <= 2 * model.size() + 102, Seeds.of(seed));
    }
    drain(1000);
  }

  @Test
  void cancellingTwiceAndAfterTheEndCountsOnce() {
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 300; i++) {
        arm(random.nextInt(50));
      }
      List<TimerHandle> all = List.copyOf(model);
      for (int i = 0; i < 100; i++) {
        cancelAny();
      }
      all.stream().filter(TimerHandle::cancelled).forEach(TimerHandle::cancel);
      drain(25);
      all.stream().filter(fired::contains).forEach(TimerHandle::cancel);
      assertEquals(earliest(), timers.nextDeadline(), Seeds.of(seed));
    }
    drain(50);
    assertEquals(0, timers.size(), Seeds.of(seed));
  }

  @Test
  void theFarthestDeadlinesKeepTheirOrder() {
    arm(Long.MAX_VALUE);
    arm(Long.MIN_VALUE);
    arm(Long.MAX_VALUE);
    arm(-1);
    arm(0);
    assertEquals(Long.MIN_VALUE, timers.nextDeadline());
    drain(-1);
    drain(Long.MAX_VALUE);
  }

  @Test
  void clearForgetsEverything() {
    for (int i = 0; i < 200; i++) {
      arm(i);
    }
    List<TimerHandle> all = List.copyOf(model);
    timers.clear();
    model.clear();
    assertEquals(Long.MAX_VALUE, timers.nextDeadline());
    all.forEach(TimerHandle::cancel);
    arm(7);
    drain(7);
  }

  private void arm(long when) {
    TimerHandle[] self = new TimerHandle[1];
    self[0] = new TimerHandle(loop, when, () -> fired.add(self[0]), null);
    timers.add(self[0]);
    model.add(self[0]);
  }

  private void cancelAny() {
    if (!model.isEmpty()) {
      model.remove(random.nextInt(model.size())).cancel();
    }
  }

  private long earliest() {
    return model.stream().mapToLong(TimerHandle::whenNanos).min().orElse(Long.MAX_VALUE);
  }

  private void drain(long now) {
    List<TimerHandle> due = new ArrayList<>(model);
    due.removeIf(timer -> timer.whenNanos() > now);
    due.sort(null);
    model.removeAll(due);
    timers.drainDue(now, ready);
    fired.clear();
    ready.runBatch();
    assertEquals(due, fired, Seeds.of(seed));
  }

  /// A loop that does nothing but hand cancellations to the timers under test.
  private final class TimersOnly extends AbstractEventLoop {
    @Override
    protected void enqueue(Runnable step) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected boolean enqueueThreadsafe(Runnable step) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void schedule(TimerHandle timer) {
      timers.add(timer);
    }

    @Override
    protected void unschedule(TimerHandle timer) {
      timers.cancelled();
    }

    @Override
    protected void runUntilStopped() {}

    @Override
    protected void requestStop() {}

    @Override
    protected void dispose() {}

    @Override
    public long timeNanos() {
      return 0;
    }

    @Override
    public String name() {
      return "timers only";
    }
  }
}
