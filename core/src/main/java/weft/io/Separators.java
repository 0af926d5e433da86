package weft.io;

/// Searches for what ends a piece of a stream.
final class Separators {
  private Separators() {}

  static int longest(byte[][] separators) {
    int longest = 0;
    int shortest = Integer.MAX_VALUE;
    for (byte[] separator : separators) {
      shortest = Math.min(shortest, separator.length);
      longest = Math.max(longest, separator.length);
    }
    if (longest == 0 || shortest == 0) {
      throw new IllegalArgumentException("readUntil() needs a separator of at least one byte");
    }
    return longest;
  }

  /// Where the separator is that ends first, relative to `head`, or -1; see [#start] and [#end]. Of
  /// two that end at the same place it is the shorter one.
  ///
  /// @param searched how many bytes need no look, because no separator begins there
  static long find(byte[] bytes, int head, int tail, int searched, byte[][] separators) {
    int bestStart = -1;
    int bestEnd = Integer.MAX_VALUE;
    for (byte[] separator : separators) {
      int at = indexOf(bytes, head + searched, tail, separator);
      int start = at - head;
      int end = start + separator.length;
      if (at >= 0 && (end < bestEnd || (end == bestEnd && start > bestStart))) {
        bestStart = start;
        bestEnd = end;
      }
    }
    return bestStart < 0 ? -1 : (long) bestStart << 32 | bestEnd;
  }

  static int start(long found) {
    return (int) (found >>> 32);
  }

  static int end(long found) {
    return (int) found;
  }

  private static int indexOf(byte[] bytes, int from, int to, byte[] separator) {
    byte first = separator[0];
    int last = to - separator.length;
    for (int at = from; at <= last; at++) {
      if (bytes[at] == first && matches(bytes, at, separator)) {
        return at;
      }
    }
    return -1;
  }

  private static boolean matches(byte[] bytes, int at, byte[] separator) {
    for (int i = 1; i < separator.length; i++) {
      if (bytes[at + i] != separator[i]) {
        return false;
      }
    }
    return true;
  }
}
