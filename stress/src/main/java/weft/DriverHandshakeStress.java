package weft;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import weft.nio.SelectorDriverProvider;
import weft.spi.Driver;

/// [Driver#wakeup] makes a running `poll`, or else the next one, return.
public class DriverHandshakeStress {
  private static final long WAIT_NANOS = 10_000_000_000L;

  private DriverHandshakeStress() {}

  /// Waits for much longer than any thread can be kept from running, and returns whether that was
  /// the end of it.
  static boolean oversleeps(Driver driver) {
    long began = driver.nanoTime();
    driver.poll(WAIT_NANOS);
    return driver.nanoTime() - began >= WAIT_NANOS;
  }

  /// What a producer wrote before its wake-up is seen after the wait that it ended, also when a
  /// poll without waiting came in between.
  @JCStressTest
  @Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "woken, and the write is seen")
  @Outcome(expect = Expect.FORBIDDEN, desc = "the wake-up was lost")
  @State
  public static class PollAndWait {
    private final Driver driver = new SelectorDriverProvider().open();
    private volatile boolean written;

    @Actor
    public void producer() {
      written = true;
      driver.wakeup();
    }

    @Actor
    public void loop(ZZ_Result seen) {
      driver.poll(0);
      while (!written && !seen.r1) {
        seen.r1 = oversleeps(driver); // or returns early for no reason, which a driver may
      }
      seen.r2 = written;
    }
  }
}
