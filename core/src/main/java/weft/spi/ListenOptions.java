package weft.spi;

/// How to listen.
///
/// @param backlog how many connections the system holds for us until they are accepted
/// @param reuseAddress whether an address may be bound while connections of a former socket linger
/// @param reusePort whether several sockets may listen on one port, and share what arrives
public record ListenOptions(int backlog, boolean reuseAddress, boolean reusePort) {}
