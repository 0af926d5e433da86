package weft.io;

import java.net.SocketAddress;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// The facts that [BaseTransport#extraInfo] can be asked for.
///
/// @param <T> what the fact is
public final class ExtraInfo<T> {
  /// The address of the other end.
  public static final ExtraInfo<SocketAddress> PEERNAME =
      new ExtraInfo<>("peername", SocketAddress.class);

  /// The address of this end.
  public static final ExtraInfo<SocketAddress> SOCKNAME =
      new ExtraInfo<>("sockname", SocketAddress.class);

  /// The TLS session: the cipher suite, the peer's certificates, the version.
  public static final ExtraInfo<SSLSession> TLS_SESSION =
      new ExtraInfo<>("tls_session", SSLSession.class);

  /// The application protocol that both ends of a TLS connection agreed upon.
  public static final ExtraInfo<String> ALPN = new ExtraInfo<>("alpn", String.class);

  /// The child process. Its streams are the transport's. Its exit value is the JDK's, 128 + n after
  /// signal n.
  public static final ExtraInfo<Process> SUBPROCESS = new ExtraInfo<>("subprocess", Process.class);

  private final String name;
  private final Class<T> type;

  private ExtraInfo(String name, Class<T> type) {
    this.name = name;
    this.type = type;
  }

  @Nullable T cast(@Nullable Object fact) {
    return type.cast(fact);
  }

  /// The name of the fact.
  @Override
  public String toString() {
    return name;
  }
}
