package weft.io;

import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How to connect: `ConnectOptions.defaults().tls(TlsOptions.client())`.
///
/// @param tls TLS on top of the connection; null for none
/// @param localAddress where to bind the socket before; null lets the system choose. A name, as of
///   [InetSocketAddress#createUnresolved], is looked up, too
/// @param timeout how long the whole may take, name lookup and handshake included; null for no
///   limit
/// @param happyEyeballsDelay after which time the next address is tried beside those before; null
///   tries one after the other
/// @param interleave how many addresses of the first family come before families alternate; 0 keeps
///   the order of the name service. Only counts with a delay
/// @param allErrors whether a failure is an [weft.ExceptionGroup] with that of each address
/// @param family which addresses to use; null for both
/// @param limit the reader's limit, in bytes
/// @param resolver who looks names up
/// @see <a href="https://www.rfc-editor.org/rfc/rfc8305">RFC 8305, Happy Eyeballs</a>
public record ConnectOptions(
    @Nullable TlsOptions tls,
    @Nullable InetSocketAddress localAddress,
    @Nullable Duration timeout,
    @Nullable Duration happyEyeballsDelay,
    int interleave,
    boolean allErrors,
    @Nullable StandardProtocolFamily family,
    int limit,
    Resolver resolver) {
  private static final ConnectOptions DEFAULTS =
      new ConnectOptions(
          null, null, null, null, 1, false, null, StreamReader.DEFAULT_LIMIT, Resolver.system());

  /// @throws IllegalArgumentException if a number is out of range
  public ConnectOptions {
    if (interleave < 0) {
      throw new IllegalArgumentException("interleave must not be negative: " + interleave);
    }
    if (limit <= 0) {
      throw new IllegalArgumentException("limit must be positive, not " + limit);
    }
    Objects.requireNonNull(resolver, "resolver");
  }

  /// Plain TCP, one address after the other.
  public static ConnectOptions defaults() {
    return DEFAULTS;
  }

  /// The same over TLS, or plain.
  public ConnectOptions tls(@Nullable TlsOptions value) {
    return new ConnectOptions(
        value,
        localAddress,
        timeout,
        happyEyeballsDelay,
        interleave,
        allErrors,
        family,
        limit,
        resolver);
  }

  /// The same from a local address.
  public ConnectOptions localAddress(@Nullable InetSocketAddress value) {
    return new ConnectOptions(
        tls, value, timeout, happyEyeballsDelay, interleave, allErrors, family, limit, resolver);
  }

  /// The same with a limit of time.
  public ConnectOptions timeout(@Nullable Duration value) {
    return new ConnectOptions(
        tls,
        localAddress,
        value,
        happyEyeballsDelay,
        interleave,
        allErrors,
        family,
        limit,
        resolver);
  }

  /// The same with staggered attempts; 250 ms is a good delay.
  public ConnectOptions happyEyeballsDelay(@Nullable Duration value) {
    return new ConnectOptions(
        tls, localAddress, timeout, value, interleave, allErrors, family, limit, resolver);
  }

  /// The same with addresses in another order.
  public ConnectOptions interleave(int value) {
    return new ConnectOptions(
        tls, localAddress, timeout, happyEyeballsDelay, value, allErrors, family, limit, resolver);
  }

  /// The same with all failures reported, or one.
  public ConnectOptions allErrors(boolean value) {
    return new ConnectOptions(
        tls, localAddress, timeout, happyEyeballsDelay, interleave, value, family, limit, resolver);
  }

  /// The same with addresses of one family.
  public ConnectOptions family(@Nullable StandardProtocolFamily value) {
    return new ConnectOptions(
        tls,
        localAddress,
        timeout,
        happyEyeballsDelay,
        interleave,
        allErrors,
        value,
        limit,
        resolver);
  }

  /// The same with another limit of the reader.
  public ConnectOptions limit(int value) {
    return new ConnectOptions(
        tls,
        localAddress,
        timeout,
        happyEyeballsDelay,
        interleave,
        allErrors,
        family,
        value,
        resolver);
  }

  /// The same with somebody else to look names up.
  public ConnectOptions resolver(Resolver value) {
    return new ConnectOptions(
        tls,
        localAddress,
        timeout,
        happyEyeballsDelay,
        interleave,
        allErrors,
        family,
        limit,
        value);
  }
}
