package weft.bench;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import weft.Runner;

/// A loop that outlives the invocations of a benchmark, so that none pays for opening one.
@State(Scope.Thread)
public class WarmLoop {
  final Runner runner = new Runner();

  @TearDown
  public void close() {
    runner.close();
  }
}
