package weft.io;

import java.io.IOException;

/// What was searched for is farther away than the reader's limit.
public final class LimitOverrunException extends IOException {
  private static final long serialVersionUID = 1;

  private final int consumed;

  /// @param consumed how many bytes can be read without reaching into what was searched for
  public LimitOverrunException(String message, int consumed) {
    super(message);
    this.consumed = consumed;
  }

  /// How many bytes can be read without reaching into what was searched for.
  public int consumed() {
    return consumed;
  }
}
