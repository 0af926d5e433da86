package weft.io;

/// The two directions of a connection.
///
/// @param reader what arrives
/// @param writer what is sent
public record Streams(StreamReader reader, StreamWriter writer) implements AutoCloseable {
  /// Closes the connection, as [StreamWriter#close] does.
  @Override
  public void close() {
    writer.close();
  }
}
