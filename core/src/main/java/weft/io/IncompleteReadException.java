package weft.io;

import java.io.EOFException;
import org.jspecify.annotations.Nullable;

/// The stream has ended before what was asked for had arrived.
///
/// A client handler that ends with that of its own connection has come to the end of its input; see
/// [ClientHandler].
public final class IncompleteReadException extends EOFException {
  private static final long serialVersionUID = 1;

  private final byte[] partial;
  private final @Nullable Integer expected;

  /// Whose stream has ended.
  private final transient @Nullable StreamReader reader;

  /// @param partial what had arrived
  /// @param expected how many bytes were wanted; null if it was all up to a separator
  public IncompleteReadException(byte[] partial, @Nullable Integer expected) {
    this(partial, expected, null);
  }

  IncompleteReadException(
      byte[] partial, @Nullable Integer expected, @Nullable StreamReader reader) {
    super(message(partial.length, expected));
    this.partial = partial.clone();
    this.expected = expected;
    this.reader = reader;
  }

  private static String message(int bytes, @Nullable Integer expected) {
    return expected == null
        ? "the stream ended before the separator; bytes read: " + bytes
        : bytes + " bytes read of " + expected + " expected bytes";
  }

  /// What had arrived; it was taken out of the stream.
  public byte[] partial() {
    return partial.clone();
  }

  /// How many bytes were wanted, or null if that was not known.
  public @Nullable Integer expected() {
    return expected;
  }

  /// Whether it is the stream of this reader that has ended.
  boolean isOf(StreamReader other) {
    return reader == other;
  }

  int bytes() {
    return partial.length;
  }
}
