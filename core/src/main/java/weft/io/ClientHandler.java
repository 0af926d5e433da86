package weft.io;

/// What a stream server does with each connection. It runs as a task of its own and may suspend.
///
/// When it returns, the connection is closed gracefully: what was written is sent. So it is when it
/// throws the [IncompleteReadException] of its own reader, which means that the client has ended
/// its side; that goes to the loop's exception handler only if the client stopped in the middle of
/// something.
///
/// When it throws anything else, the exception goes to the exception handler, unless it only says
/// that this connection was lost or closed, and the connection is aborted. When it is cancelled,
/// the connection is aborted silently.
@FunctionalInterface
public interface ClientHandler {
  /// Serves one connection.
  void handle(StreamReader reader, StreamWriter writer) throws Exception;
}
