package weft;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import weft.nio.SelectorDriverProvider;
import weft.spi.Driver;

/// No wake-up is lost between a push and a loop that falls asleep.
public class WakeUpStress {
  private WakeUpStress() {}

  /// The bare protocol: of a loop that looks into the inbox and a producer that looks whether the
  /// loop sleeps, at least one sees the other.
  @JCStressTest
  @Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "asleep, and woken")
  @Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "saw the step")
  @Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "saw the step, and was woken")
  @Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "sleeps over a step")
  @State
  public static class OneProducer {
    private final Bell bell = new Bell();
    private final Inbox inbox = new Inbox(bell);
    private boolean fellAsleep;

    @Actor
    public void producer() {
      inbox.push(() -> {});
    }

    @Actor
    public void loop() {
      fellAsleep = inbox.fallAsleep();
    }

    @Arbiter
    public void look(ZZ_Result seen) {
      seen.r1 = fellAsleep;
      seen.r2 = bell.rang;
    }
  }

  /// A loop that has been awake in between: the step of the second push is seen or rung for as
  /// well.
  @JCStressTest
  @Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "asleep, and woken")
  @Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "saw the steps")
  @Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "saw a step, and was woken")
  @Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "sleeps over a step")
  @State
  public static class SecondTurn {
    private final Bell bell = new Bell();
    private final Inbox inbox = new Inbox(bell);
    private final ReadyQueue ready = new ReadyQueue();
    private boolean fellAsleep;

    @Actor
    public void producer() {
      inbox.push(() -> {});
      inbox.push(() -> {});
    }

    @Actor
    public void loop() {
      if (inbox.fallAsleep()) {
        inbox.wakeUp();
      }
      inbox.drainTo(ready);
      bell.rang = false;
      fellAsleep = inbox.fallAsleep();
    }

    @Arbiter
    public void look(ZZ_Result seen) {
      seen.r1 = fellAsleep && ready.size() < 2;
      seen.r2 = bell.rang;
    }
  }

  /// The whole wait with a real driver: the loop gets both steps long before its wait would end by
  /// itself.
  @JCStressTest
  @Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "both steps, in time")
  @Outcome(expect = Expect.FORBIDDEN, desc = "a step is missing, or nobody woke the loop")
  @State
  public static class RealDriver {
    private final Driver driver = new SelectorDriverProvider().open();
    private final Inbox inbox = new Inbox(driver::wakeup);
    private final ReadyQueue ready = new ReadyQueue();
    private int ran;

    @Actor
    public void producer() {
      inbox.push(() -> ran++);
      inbox.push(() -> ran++);
    }

    @Actor
    public void loop(ZZ_Result seen) {
      while (ran < 2 && !seen.r2) {
        seen.r2 = waitOnce();
        inbox.drainTo(ready);
        ready.runBatch();
      }
      seen.r1 = ran == 2;
    }

    /// Returns whether the wait has ended only because its time was up.
    private boolean waitOnce() {
      if (!inbox.fallAsleep()) {
        driver.poll(0);
        return false;
      }
      boolean overslept = DriverHandshakeStress.oversleeps(driver);
      inbox.wakeUp();
      return overslept;
    }
  }

  /// Stands for the driver's wake-up. Plain on purpose: it must not lend the inbox a fence.
  private static final class Bell implements Runnable {
    boolean rang;

    @Override
    public void run() {
      rang = true;
    }
  }
}
