package weft.io;

import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/// Something was asked of a connection that is closing or closed, by this side or because the peer
/// has ended it. One that has failed throws why it did instead.
///
/// Each attempt is told by an exception of its own.
public final class ConnectionClosedException extends SocketException {
  private static final long serialVersionUID = 1;

  /// The connection, where that is a pair of streams.
  final transient @Nullable StreamProtocol connection;

  ConnectionClosedException(@Nullable StreamProtocol connection) {
    super("the connection is closed");
    this.connection = connection;
  }
}
