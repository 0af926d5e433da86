package weft.bench;

import java.time.Duration;

/// How much time a run may spend: `smoke` to see that everyone works, `quick` to see that all is
/// well, `full` for figures to quote.
///
/// @param rounds how often the contestants take turns
/// @param warmups iterations of a benchmark that are not counted, in each of its JVMs
/// @param iterations iterations that are
/// @param iteration the length of one
/// @param pythonSeconds how long a Python contestant counts in each round
/// @param sleepers how many tasks sleep at once
/// @param sleepersPython how many do in Python, whose figure is a mean anyway
record Effort(
    int rounds,
    int warmups,
    int iterations,
    Duration iteration,
    double pythonSeconds,
    int sleepers,
    int sleepersPython) {
  static Effort smoke() {
    return new Effort(1, 0, 1, Duration.ofMillis(10), 0.001, 1_000, 1_000);
  }

  static Effort quick() {
    return new Effort(1, 2, 3, Duration.ofMillis(100), 0.1, 100_000, 20_000);
  }

  static Effort full() {
    return new Effort(5, 4, 3, Duration.ofMillis(200), 0.4, 1_000_000, 100_000);
  }
}
