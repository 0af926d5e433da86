package weft;

/// The seeds of randomised tests: printed, and settable with `-Dweft.test.seed` to repeat a
/// failure.
final class Seeds {
  private Seeds() {}

  /// A seed for one test.
  static long next() {
    long seed = Long.getLong("weft.test.seed", System.nanoTime());
    System.out.println(of(seed));
    return seed;
  }

  /// What to say when an assertion fails.
  static String of(long seed) {
    return "-Dweft.test.seed=" + seed;
  }
}
