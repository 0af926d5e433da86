package weft;

/// Thrown out of [Weft#run] and [Runner#run] after the user has pressed Ctrl-C (SIGINT).
public final class KeyboardInterrupt extends LoopExit {
  /// An interrupt without a message.
  public KeyboardInterrupt() {
    super(null);
  }

  /// @param message what was interrupted
  public KeyboardInterrupt(String message) {
    super(message);
  }
}
