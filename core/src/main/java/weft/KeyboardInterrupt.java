package weft;

/// Thrown out of [Weft#run] and [Runner#run] after the user has pressed Ctrl-C (SIGINT), and out of
/// every run of a loop whose thread somebody has interrupted.
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
