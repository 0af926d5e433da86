package weft.sync;

/// Thrown by the operations of an [AsyncQueue] that was shut down; asyncio's `QueueShutDown`. For a
/// consumer it is the end of the stream.
public final class QueueShutDownException extends RuntimeException {
  QueueShutDownException(String message) {
    super(message);
  }
}
