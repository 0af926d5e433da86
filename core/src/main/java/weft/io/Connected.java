package weft.io;

/// A new connection: both sides of it. To close it is to close the transport.
///
/// @param transport sends for the protocol
/// @param protocol is told what arrives
/// @param <T> the kind of transport
/// @param <P> the kind of protocol
public record Connected<T extends BaseTransport, P extends BaseProtocol>(T transport, P protocol)
    implements AutoCloseable {
  @Override
  public void close() {
    transport.close();
  }
}
