package weft.io;

import java.net.StandardProtocolFamily;
import org.jspecify.annotations.Nullable;

/// How to open a datagram socket.
///
/// @param family which addresses it is for; null takes that of the addresses given
/// @param reuseAddress whether several sockets may be bound to one address, as multicast needs
/// @param reusePort whether several sockets may share the port
/// @param allowBroadcast whether it may send to broadcast addresses; it is then not connected
public record DatagramOptions(
    @Nullable StandardProtocolFamily family,
    boolean reuseAddress,
    boolean reusePort,
    boolean allowBroadcast) {
  private static final DatagramOptions DEFAULTS = new DatagramOptions(null, false, false, false);

  /// No wishes.
  public static DatagramOptions defaults() {
    return DEFAULTS;
  }

  /// The same for addresses of one family.
  public DatagramOptions family(@Nullable StandardProtocolFamily value) {
    return new DatagramOptions(value, reuseAddress, reusePort, allowBroadcast);
  }

  /// The same with a shared address, or not.
  public DatagramOptions reuseAddress(boolean value) {
    return new DatagramOptions(family, value, reusePort, allowBroadcast);
  }

  /// The same with a shared port, or not.
  public DatagramOptions reusePort(boolean value) {
    return new DatagramOptions(family, reuseAddress, value, allowBroadcast);
  }

  /// The same with broadcasts, or without.
  public DatagramOptions allowBroadcast(boolean value) {
    return new DatagramOptions(family, reuseAddress, reusePort, value);
  }
}
