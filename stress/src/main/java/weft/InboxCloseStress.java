package weft;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/// Once the inbox is closed, it stays closed: a producer learns it, at the latest with its next
/// push.
@JCStressTest
@Outcome(id = "true, true, false", expect = Expect.ACCEPTABLE, desc = "both before the end")
@Outcome(id = "true, false, false", expect = Expect.ACCEPTABLE, desc = "the end in between")
@Outcome(id = "false, false, false", expect = Expect.ACCEPTABLE, desc = "both after the end")
@Outcome(expect = Expect.FORBIDDEN, desc = "taken after it was refused, or open again")
@State
public class InboxCloseStress {
  private final Inbox inbox = new Inbox(() -> {});

  @Actor
  public void producer(ZZZ_Result seen) {
    seen.r1 = inbox.push(() -> {});
    seen.r2 = inbox.push(() -> {});
  }

  @Actor
  public void loop() {
    inbox.close();
  }

  @Arbiter
  public void look(ZZZ_Result seen) {
    seen.r3 = inbox.push(() -> {});
  }
}
