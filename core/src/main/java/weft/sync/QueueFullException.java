package weft.sync;

/// Thrown by [AsyncQueue#putNowait] when the queue is full; asyncio's `QueueFull`.
public final class QueueFullException extends RuntimeException {
  QueueFullException(String message) {
    super(message);
  }
}
