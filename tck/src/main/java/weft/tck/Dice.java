package weft.tck;

/// Numbers that look random and are the same for the same seed.
final class Dice {
  final long seed;
  private long state;

  Dice(long seed) {
    this.seed = seed;
    this.state = seed;
  }

  /// From 0 to `bound - 1`.
  int roll(int bound) {
    state += 0x9e3779b97f4a7c15L;
    long mixed = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return (int) Long.remainderUnsigned(mixed ^ (mixed >>> 31), bound);
  }
}
