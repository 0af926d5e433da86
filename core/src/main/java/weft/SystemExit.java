package weft;

/// Ends the run of the loop and, through the launcher, the program: an orderly `System.exit`, after
/// all cleaning up.
public final class SystemExit extends LoopExit {
  private final int status;

  /// @param status the exit status of the program
  public SystemExit(int status) {
    super("exit status " + status);
    this.status = status;
  }

  /// The exit status of the program.
  public int status() {
    return status;
  }
}
