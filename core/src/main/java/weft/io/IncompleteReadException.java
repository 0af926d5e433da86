package weft.io;

import java.io.EOFException;
import org.jspecify.annotations.Nullable;

/// The stream has ended before what was asked for had arrived.
public final class IncompleteReadException extends EOFException {
  private static final long serialVersionUID = 1;

  private final byte[] partial;
  private final @Nullable Integer expected;

  /// @param partial what had arrived
  /// @param expected how many bytes were wanted; null if that is not known
  public IncompleteReadException(byte[] partial, @Nullable Integer expected) {
    super(
        partial.length
            + " bytes read of "
            + (expected == null ? "an unknown number of" : expected)
            + " expected bytes");
    this.partial = partial.clone();
    this.expected = expected;
  }

  /// What had arrived; it was taken out of the stream.
  public byte[] partial() {
    return partial.clone();
  }

  /// How many bytes were wanted, or null if that was not known.
  public @Nullable Integer expected() {
    return expected;
  }
}
