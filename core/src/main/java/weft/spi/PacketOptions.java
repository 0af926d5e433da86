package weft.spi;

import java.net.ProtocolFamily;
import org.jspecify.annotations.Nullable;

/// How to open a datagram socket.
///
/// @param family which addresses it is for; null takes that of the addresses given
/// @param reuseAddress whether several sockets may be bound to one address, as multicast needs
/// @param reusePort whether several sockets may share one port, and what arrives there
/// @param broadcast whether it may send to broadcast addresses
public record PacketOptions(
    @Nullable ProtocolFamily family, boolean reuseAddress, boolean reusePort, boolean broadcast) {}
