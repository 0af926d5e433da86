package weft;

/// Thrown when a [Promise] is asked for an outcome it does not have yet, or given a second one.
public final class InvalidStateException extends IllegalStateException {
  /// @param message what was tried, and in which state
  public InvalidStateException(String message) {
    super(message);
  }
}
