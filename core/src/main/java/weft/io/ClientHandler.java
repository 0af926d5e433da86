package weft.io;

/// What a stream server does with each connection. It runs as a task of its own and may suspend.
/// When it returns, the connection is closed gracefully. When it throws, the exception goes to the
/// loop's exception handler and the connection is aborted; when it is cancelled, the connection is
/// aborted silently.
@FunctionalInterface
public interface ClientHandler {
  /// Serves one connection.
  void handle(StreamReader reader, StreamWriter writer) throws Exception;
}
