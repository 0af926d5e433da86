package weft.io;

/// When a writer is paused, and when resumed, in bytes that wait to be sent.
///
/// @param high the protocol is paused when there are more
/// @param low the protocol is resumed when there are no more than these
public record WaterMarks(long high, long low) {
  /// Paused above 64 KiB, resumed at 16 KiB.
  public static final WaterMarks DEFAULT = new WaterMarks(64 * 1024);

  /// @throws IllegalArgumentException unless `high >= low >= 0`
  public WaterMarks {
    if (low < 0 || high < low) {
      throw new IllegalArgumentException(
          "water marks must satisfy high >= low >= 0, not high=" + high + " low=" + low);
    }
  }

  /// The low mark is a quarter of the high one.
  public WaterMarks(long high) {
    this(high, high / 4);
  }
}
