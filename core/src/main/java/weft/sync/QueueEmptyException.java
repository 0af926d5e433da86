package weft.sync;

/// Thrown by [AsyncQueue#getNowait] when the queue is empty; asyncio's `QueueEmpty`.
public final class QueueEmptyException extends RuntimeException {
  QueueEmptyException(String message) {
    super(message);
  }
}
