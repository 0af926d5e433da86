package weft.io;

/// A new connection: both sides of it.
///
/// @param transport sends for the protocol
/// @param protocol is told what arrives
/// @param <T> the kind of transport
/// @param <P> the kind of protocol
public record Connected<T extends BaseTransport, P extends BaseProtocol>(T transport, P protocol) {}
