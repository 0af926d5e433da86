package weft.bench;

import java.io.IOException;

/// A server did not come so far as to serve.
final class NotStarted extends IOException {
  private static final long serialVersionUID = 1L;

  NotStarted(String reason) {
    super(reason);
  }
}
