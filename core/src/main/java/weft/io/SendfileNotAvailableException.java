package weft.io;

import java.io.IOException;

/// The system cannot send this file by itself, and copying was not allowed.
public final class SendfileNotAvailableException extends IOException {
  private static final long serialVersionUID = 1;

  /// @param message why not
  public SendfileNotAvailableException(String message) {
    super(message);
  }
}
