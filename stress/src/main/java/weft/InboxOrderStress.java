package weft;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/// What is pushed arrives once, each producer's steps in its order.
public class InboxOrderStress {
  private InboxOrderStress() {}

  /// The inbox, and a loop that drains it and notes what arrives.
  abstract static class Arrivals {
    final Inbox inbox = new Inbox(() -> {});
    private final ReadyQueue ready = new ReadyQueue();
    private final StringBuilder arrived = new StringBuilder();

    final void push(char letter) {
      inbox.push(() -> arrived.append(letter));
    }

    final void drain() {
      inbox.drainTo(ready);
    }

    final String all() {
      drain();
      ready.runBatch();
      return arrived.toString();
    }
  }

  /// Two producers, drained at the end.
  @JCStressTest
  @Outcome(
      id = {"abxy", "axby", "axyb", "xaby", "xayb", "xyab"},
      expect = Expect.ACCEPTABLE,
      desc = "all, in each producer's order")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled or out of order")
  @State
  public static class TwoProducers extends Arrivals {
    @Actor
    public void first() {
      push('a');
      push('b');
    }

    @Actor
    public void second() {
      push('x');
      push('y');
    }

    @Arbiter
    public void look(L_Result seen) {
      seen.r1 = all();
    }
  }

  /// A producer against a loop that drains again and again.
  @JCStressTest
  @Outcome(id = "abcd", expect = Expect.ACCEPTABLE, desc = "all, in order")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled or out of order")
  @State
  public static class AgainstTheLoop extends Arrivals {
    @Actor
    public void producer() {
      push('a');
      push('b');
      push('c');
      push('d');
    }

    @Actor
    public void loop() {
      drain();
      drain();
      drain();
    }

    @Arbiter
    public void look(L_Result seen) {
      seen.r1 = all();
    }
  }

  /// Two producers against a loop that drains.
  @JCStressTest
  @Outcome(
      id = {"abxy", "axby", "axyb", "xaby", "xayb", "xyab"},
      expect = Expect.ACCEPTABLE,
      desc = "all, in each producer's order")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled or out of order")
  @State
  public static class TwoAgainstTheLoop extends Arrivals {
    @Actor
    public void first() {
      push('a');
      push('b');
    }

    @Actor
    public void second() {
      push('x');
      push('y');
    }

    @Actor
    public void loop() {
      drain();
      drain();
    }

    @Arbiter
    public void look(L_Result seen) {
      seen.r1 = all();
    }
  }

  /// Four producers of one step each.
  @JCStressTest
  @Outcome(id = "1111", expect = Expect.ACCEPTABLE, desc = "each once")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost or doubled")
  @State
  public static class FourProducers extends Arrivals {
    @Actor
    public void first() {
      push('a');
    }

    @Actor
    public void second() {
      push('b');
    }

    @Actor
    public void third() {
      push('c');
    }

    @Actor
    public void fourth() {
      push('d');
    }

    @Arbiter
    public void look(L_Result seen) {
      int[] times = new int[4];
      all().chars().forEach(letter -> times[letter - 'a']++);
      seen.r1 = "" + times[0] + times[1] + times[2] + times[3];
    }
  }
}
