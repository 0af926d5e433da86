package weft.io;

import java.net.StandardProtocolFamily;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How to serve: `ServerOptions.defaults().backlog(1000)`.
///
/// @param tls TLS on top of each connection; null for none
/// @param backlog how many connections the system holds until they are accepted; too few where
///   thousands of clients connect in the same moment
/// @param reuseAddress whether to bind although connections of a former server linger
/// @param reusePort whether several servers may share the port
/// @param keepAlive whether the system probes idle connections
/// @param startServing whether to accept at once; otherwise [Server#startServing] begins
/// @param family which addresses of a host name to use; null for both
/// @param limit the limit of each connection's reader, in bytes
/// @param cleanupSocket whether the file of a unix socket is deleted on close
/// @param mode the permissions of the file of a unix socket; null for those of the process's mask
public record ServerOptions(
    @Nullable TlsOptions tls,
    int backlog,
    boolean reuseAddress,
    boolean reusePort,
    boolean keepAlive,
    boolean startServing,
    @Nullable StandardProtocolFamily family,
    int limit,
    boolean cleanupSocket,
    @Nullable Set<PosixFilePermission> mode) {
  private static final ServerOptions DEFAULTS =
      new ServerOptions(
          null, 100, true, false, false, true, null, StreamReader.DEFAULT_LIMIT, true, null);

  /// @throws IllegalArgumentException if a number is out of range
  public ServerOptions {
    if (backlog <= 0) {
      throw new IllegalArgumentException("backlog must be positive, not " + backlog);
    }
    if (limit <= 0) {
      throw new IllegalArgumentException("limit must be positive, not " + limit);
    }
    mode = mode == null ? null : Set.copyOf(mode);
  }

  /// Plain TCP, a backlog of 100.
  public static ServerOptions defaults() {
    return DEFAULTS;
  }

  /// The same over TLS, or plain.
  public ServerOptions tls(@Nullable TlsOptions value) {
    return new ServerOptions(
        value,
        backlog,
        reuseAddress,
        reusePort,
        keepAlive,
        startServing,
        family,
        limit,
        cleanupSocket,
        mode);
  }

  /// The same with another backlog.
  public ServerOptions backlog(int value) {
    return new ServerOptions(
        tls,
        value,
        reuseAddress,
        reusePort,
        keepAlive,
        startServing,
        family,
        limit,
        cleanupSocket,
        mode);
  }

  /// The same, with or without regard to lingering connections.
  public ServerOptions reuseAddress(boolean value) {
    return new ServerOptions(
        tls,
        backlog,
        value,
        reusePort,
        keepAlive,
        startServing,
        family,
        limit,
        cleanupSocket,
        mode);
  }

  /// The same with a shared port, or not.
  public ServerOptions reusePort(boolean value) {
    return new ServerOptions(
        tls,
        backlog,
        reuseAddress,
        value,
        keepAlive,
        startServing,
        family,
        limit,
        cleanupSocket,
        mode);
  }

  /// The same with probes on idle connections, or without.
  public ServerOptions keepAlive(boolean value) {
    return new ServerOptions(
        tls,
        backlog,
        reuseAddress,
        reusePort,
        value,
        startServing,
        family,
        limit,
        cleanupSocket,
        mode);
  }

  /// The same, accepting at once or later.
  public ServerOptions startServing(boolean value) {
    return new ServerOptions(
        tls,
        backlog,
        reuseAddress,
        reusePort,
        keepAlive,
        value,
        family,
        limit,
        cleanupSocket,
        mode);
  }

  /// The same on addresses of one family.
  public ServerOptions family(@Nullable StandardProtocolFamily value) {
    return new ServerOptions(
        tls,
        backlog,
        reuseAddress,
        reusePort,
        keepAlive,
        startServing,
        value,
        limit,
        cleanupSocket,
        mode);
  }

  /// The same with another limit of the readers.
  public ServerOptions limit(int value) {
    return new ServerOptions(
        tls,
        backlog,
        reuseAddress,
        reusePort,
        keepAlive,
        startServing,
        family,
        value,
        cleanupSocket,
        mode);
  }

  /// The same, deleting the file of a unix socket or not.
  public ServerOptions cleanupSocket(boolean value) {
    return new ServerOptions(
        tls, backlog, reuseAddress, reusePort, keepAlive, startServing, family, limit, value, mode);
  }

  /// The same with permissions for the file of a unix socket.
  public ServerOptions mode(@Nullable Set<PosixFilePermission> value) {
    return new ServerOptions(
        tls,
        backlog,
        reuseAddress,
        reusePort,
        keepAlive,
        startServing,
        family,
        limit,
        cleanupSocket,
        value);
  }
}
