package weft.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/// How to speak TLS: whom to trust, who to be, and the details.
///
/// A client needs nothing but [#client]: it trusts whom Java trusts, and checks that the peer's
/// certificate bears the name that was connected to. A server needs a certificate with its key:
/// [#server(Path, Path)] takes the two PEM files that every tool writes.
///
/// Immutable; any thread. Options that are used for several connections let a client resume its
/// sessions, which saves the better part of a handshake; so make them once.
public final class TlsOptions {
  private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(30);
  private static final int ALPN_BYTES_MAX = 255;

  /// Makes an engine for one connection, other than the JDK's own. It is called on the loop, for
  /// each connection; the engine may use arrays or direct buffers, and gets arrays.
  @FunctionalInterface
  public interface EngineFactory {
    /// Makes an engine.
    ///
    /// @param host the name of the peer; null on a server, and where there is none
    /// @param port the port of the peer, or -1
    SSLEngine create(@Nullable String host, int port);
  }

  /// What the withers change in a copy; never changed afterwards.
  private static final class Settings implements Cloneable {
    @Nullable SSLContext context;
    boolean contextGiven;
    KeyManager @Nullable [] keys;
    TrustManager @Nullable [] trust;
    @Nullable String serverHostname;

    /// Null if nothing is said.
    @Nullable Boolean verifyHostname;

    boolean trustsAnyone;
    String[] alpn = {};
    ClientAuth clientAuth = ClientAuth.NONE;
    String @Nullable [] protocols;
    String @Nullable [] ciphers;
    Duration handshakeTimeout = HANDSHAKE_TIMEOUT;
    Duration shutdownTimeout = SHUTDOWN_TIMEOUT;
    @Nullable EngineFactory engineFactory;
    Consumer<? super SSLEngine> engineClosed = engine -> {};

    boolean verifiesHostname() {
      return verifyHostname == null ? !trustsAnyone : verifyHostname;
    }

    Settings copy() {
      try {
        return (Settings) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private final Settings settings;

  private TlsOptions(Settings settings) {
    this.settings = settings;
  }

  /* ---- Where to begin ---- */

  /// For a client that trusts whom Java trusts. The JDK reads its list of authorities when the
  /// first connection is made, on the loop.
  public static TlsOptions client() {
    return new TlsOptions(new Settings());
  }

  /// For a server, or for a client that shows a certificate: with a context made elsewhere.
  public static TlsOptions of(SSLContext context) {
    Settings settings = new Settings();
    settings.context = Objects.requireNonNull(context);
    settings.contextGiven = true;
    return new TlsOptions(settings);
  }

  /// For a server, with a context made elsewhere. The same as [#of].
  public static TlsOptions server(SSLContext context) {
    return of(context);
  }

  /// For a server, with the certificate and key of two PEM files, such as `fullchain.pem` and
  /// `privkey.pem`. The key is RSA, EC, Ed25519 or Ed448, and not encrypted. They may be one file.
  ///
  /// @param certificateChainPem the server's certificate, followed by those that vouch for it
  /// @throws IllegalArgumentException if the files do not hold what they should, or the key does
  ///   not belong to the certificate
  /// @throws IOException if a file cannot be read
  public static TlsOptions server(Path certificateChainPem, Path privateKeyPem) throws IOException {
    return client().identity(certificateChainPem, privateKeyPem);
  }

  /// For a server, with the certificates and keys of a key store.
  ///
  /// @param password what protects the keys
  /// @throws IllegalArgumentException if it has no key, or the password is wrong
  public static TlsOptions server(KeyStore store, char[] password) {
    return client().identity(store, password);
  }

  /* ---- Whom to trust, who to be ---- */

  /// With another context, for all that has to do with keys and trust. It replaces what [#identity]
  /// and [#trusting] have set.
  public TlsOptions context(SSLContext context) {
    Objects.requireNonNull(context);
    return with(
        s -> {
          s.context = context;
          s.contextGiven = true;
          s.keys = null;
          s.trust = null;
          s.trustsAnyone = false;
        });
  }

  /// Trusting the certificates of a PEM file, and what they vouch for, and nobody else.
  ///
  /// @throws IllegalArgumentException if there is none in it, or if a context was given, whose
  ///   business this is
  /// @throws IOException if the file cannot be read
  public TlsOptions trusting(Path pem) throws IOException {
    List<X509Certificate> certificates = TlsPem.certificates(pem);
    return trusting(TlsKeys.trusting(certificates));
  }

  /// Trusting the certificates of a key store, and what they vouch for, and nobody else.
  ///
  /// @throws IllegalArgumentException if there is none in it, or if a context was given, whose
  ///   business this is
  public TlsOptions trusting(KeyStore store) {
    return trusting(TlsKeys.trusting(store));
  }

  private TlsOptions trusting(TrustManager[] trust) {
    return with(s -> {
          s.trust = trust;
          s.trustsAnyone = false;
        })
        .ownContext();
  }

  /// Trusting anyone who answers, whatever certificate he shows, under whatever name: who is in
  /// between reads and changes everything. For tests.
  ///
  /// @throws IllegalArgumentException if a context was given, whose business this is
  public TlsOptions trustingAnyone() {
    return with(s -> {
          s.trust = TlsKeys.trustingAnyone();
          s.trustsAnyone = true;
          s.verifyHostname = null;
        })
        .ownContext();
  }

  /// Showing the certificate of a PEM file, with the key of another; see [#server(Path, Path)].
  ///
  /// @throws IllegalArgumentException if the files do not hold what they should, or if a context
  ///   was given, whose business this is
  /// @throws IOException if a file cannot be read
  public TlsOptions identity(Path certificateChainPem, Path privateKeyPem) throws IOException {
    KeyManager[] keys = TlsKeys.identity(certificateChainPem, privateKeyPem);
    return with(s -> s.keys = keys).ownContext();
  }

  /// Showing certificates of a key store.
  ///
  /// @param password what protects the keys
  /// @throws IllegalArgumentException if it has no key, the password is wrong, or if a context was
  ///   given, whose business this is
  public TlsOptions identity(KeyStore store, char[] password) {
    return with(s -> s.keys = TlsKeys.identity(store, password)).ownContext();
  }

  /// The context with the keys and the trust.
  public SSLContext context() {
    SSLContext context = settings.context;
    if (context != null) {
      return context;
    }
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Java's own TLS context cannot be made", e);
    }
  }

  /* ---- The client's details ---- */

  /// Under another name than the host's that is connected to: asked for by SNI, and expected in the
  /// certificate. An empty one asks for none and expects none, which trusts everybody who has a
  /// certificate for anything.
  public TlsOptions serverHostname(String name) {
    Objects.requireNonNull(name);
    return with(s -> s.serverHostname = name);
  }

  /// Whether the certificate must bear the name of the server; true if nothing is said.
  public TlsOptions verifyHostname(boolean verify) {
    return with(s -> s.verifyHostname = verify);
  }

  /* ---- The server's details ---- */

  /// Whether clients are asked for a certificate; not, if nothing is said.
  public TlsOptions clientAuth(ClientAuth clientAuth) {
    Objects.requireNonNull(clientAuth);
    return with(s -> s.clientAuth = clientAuth);
  }

  /* ---- Details of both ---- */

  /// Offering application protocols by ALPN, the preferred one first, such as `"h2", "http/1.1"`.
  ///
  /// @throws IllegalArgumentException if a name is empty or longer than 255 bytes
  public TlsOptions alpn(String... protocols) {
    for (String protocol : protocols) {
      int bytes = protocol.getBytes(StandardCharsets.UTF_8).length;
      if (bytes == 0 || bytes > ALPN_BYTES_MAX) {
        throw new IllegalArgumentException(
            "the name of an application protocol has 1 to 255 bytes: '" + protocol + "'");
      }
    }
    String[] copy = protocols.clone();
    return with(s -> s.alpn = copy);
  }

  /// Speaking only these versions, such as `"TLSv1.3"`. A name that the engine does not know fails
  /// each connection with an [IllegalArgumentException].
  ///
  /// @throws IllegalArgumentException if there is none
  public TlsOptions protocols(String... versions) {
    String[] copy = atLeastOne(versions, "version of TLS");
    return with(s -> s.protocols = copy);
  }

  /// Using only these cipher suites, by their standard names, the preferred one first. A name that
  /// the engine does not know fails each connection with an [IllegalArgumentException].
  ///
  /// @throws IllegalArgumentException if there is none
  public TlsOptions ciphers(String... suites) {
    String[] copy = atLeastOne(suites, "cipher suite");
    return with(s -> s.ciphers = copy);
  }

  /// How long a handshake may take; 60 s if nothing is said.
  ///
  /// @throws IllegalArgumentException if it is not positive
  public TlsOptions handshakeTimeout(Duration timeout) {
    Duration positive = positive(timeout, "handshake");
    return with(s -> s.handshakeTimeout = positive);
  }

  /// How long a connection that is being closed may take to send what is left and to wait for the
  /// peer's consent; 30 s if nothing is said. Then it is aborted.
  ///
  /// @throws IllegalArgumentException if it is not positive
  public TlsOptions shutdownTimeout(Duration timeout) {
    Duration positive = positive(timeout, "shutdown");
    return with(s -> s.shutdownTimeout = positive);
  }

  /// With engines from elsewhere, such as Netty's OpenSSL. Keys, trust and ALPN are then the
  /// business of who makes them; names, versions, ciphers and the demand for a client's certificate
  /// are set from these options.
  public TlsOptions engineFactory(EngineFactory factory) {
    return engineFactory(factory, engine -> {});
  }

  /// With engines from elsewhere that have to be released; otherwise as
  /// [#engineFactory(EngineFactory)].
  ///
  /// @param closed called once for each engine, on the loop, when its connection is closed
  public TlsOptions engineFactory(EngineFactory factory, Consumer<? super SSLEngine> closed) {
    Objects.requireNonNull(factory);
    Objects.requireNonNull(closed);
    return with(
        s -> {
          s.engineFactory = factory;
          s.engineClosed = closed;
        });
  }

  /* ---- For this package ---- */

  Duration handshakeTimeout() {
    return settings.handshakeTimeout;
  }

  Duration shutdownTimeout() {
    return settings.shutdownTimeout;
  }

  void engineClosed(SSLEngine engine) {
    settings.engineClosed.accept(engine);
  }

  /// Makes sure that these options make a client of a connection to such a host, so that this is
  /// known before anything is connected.
  ///
  /// @throws IllegalArgumentException if not
  void requireClient(@Nullable String host) {
    boolean nameless = host == null || host.isEmpty();
    if (nameless && settings.serverHostname == null && settings.verifiesHostname()) {
      throw new IllegalArgumentException(
          "without a host, say by TlsOptions.serverHostname(…) whom the certificate must name;"
              + " \"\" checks nothing");
    }
  }

  /// Makes sure that these options make a server.
  ///
  /// @throws IllegalArgumentException if not
  void requireServer() {
    if (settings.engineFactory == null && !settings.contextGiven && settings.keys == null) {
      throw new IllegalArgumentException(
          "a TLS server needs a certificate: TlsOptions.server(certificateChainPem,"
              + " privateKeyPem)");
    }
  }

  /// The engine of a client, before its handshake.
  SSLEngine clientEngine(@Nullable String host, int port) {
    requireClient(host);
    String chosen = settings.serverHostname != null ? settings.serverHostname : host;
    String name = chosen == null || chosen.isEmpty() ? null : plainName(chosen);
    List<SNIServerName> asked = name == null || isAddress(name) ? List.of() : List.of(sni(name));
    SSLEngine engine = engine(name, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = parameters(engine);
    if (!asked.isEmpty()) {
      parameters.setServerNames(asked);
    }
    boolean verify = settings.verifiesHostname() && name != null;
    parameters.setEndpointIdentificationAlgorithm(verify ? "HTTPS" : "");
    apply(engine, parameters);
    return engine;
  }

  /// The engine of a server, before its handshake.
  SSLEngine serverEngine() {
    requireServer();
    SSLEngine engine = engine(null, -1);
    engine.setUseClientMode(false);
    SSLParameters parameters = parameters(engine);
    switch (settings.clientAuth) {
      case NONE -> parameters.setNeedClientAuth(false);
      case WANT -> parameters.setWantClientAuth(true);
      case NEED -> parameters.setNeedClientAuth(true);
    }
    apply(engine, parameters);
    return engine;
  }

  private SSLEngine engine(@Nullable String host, int port) {
    EngineFactory factory = settings.engineFactory;
    if (factory != null) {
      return factory.create(host, port);
    }
    // The host and the port are where the JDK looks for a session to resume.
    return host == null ? context().createSSLEngine() : context().createSSLEngine(host, port);
  }

  private SSLParameters parameters(SSLEngine engine) {
    SSLParameters parameters = engine.getSSLParameters();
    if (settings.alpn.length > 0) {
      parameters.setApplicationProtocols(settings.alpn);
    }
    if (settings.protocols != null) {
      parameters.setProtocols(settings.protocols);
    }
    if (settings.ciphers != null) {
      parameters.setCipherSuites(settings.ciphers);
    }
    return parameters;
  }

  private static SNIServerName sni(String name) {
    try {
      return new SNIHostName(name);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not a host name that TLS can ask for: " + name, e);
    }
  }

  private void apply(SSLEngine engine, SSLParameters parameters) {
    try {
      engine.setSSLParameters(parameters);
    } catch (IllegalArgumentException e) {
      engineClosed(engine);
      throw new IllegalArgumentException(
          "the TLS engine does not know this version or cipher suite ("
              + e.getMessage()
              + "); it knows "
              + List.of(engine.getSupportedProtocols())
              + " and "
              + List.of(engine.getSupportedCipherSuites()),
          e);
    }
  }

  /// Without what belongs to URLs, routing and the root of DNS, but not to the name.
  private static String plainName(String host) {
    String name = host;
    if (name.startsWith("[") && name.endsWith("]")) {
      name = name.substring(1, name.length() - 1);
    }
    int scope = name.indexOf('%');
    if (scope >= 0 && name.indexOf(':') >= 0) {
      name = name.substring(0, scope);
    }
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  /// Whether a host is a literal address: a name's last label is never a number.
  private static boolean isAddress(String name) {
    String last = name.substring(name.lastIndexOf('.') + 1);
    return name.indexOf(':') >= 0 || last.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private TlsOptions with(Consumer<Settings> change) {
    Settings copy = settings.copy();
    change.accept(copy);
    return new TlsOptions(copy);
  }

  /// With a context made of the own keys and the own trust.
  private TlsOptions ownContext() {
    return with(TlsOptions::makeContext);
  }

  private static void makeContext(Settings s) {
    if (s.contextGiven) {
      throw new IllegalArgumentException(
          "these options have a context of their own; trust and identity are set where it is made");
    }
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(s.keys, s.trust, null);
      s.context = context;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("no TLS context can be made of this", e);
    }
  }

  private static String[] atLeastOne(String[] names, String what) {
    if (names.length == 0) {
      throw new IllegalArgumentException("name at least one " + what);
    }
    return names.clone();
  }

  private static Duration positive(Duration timeout, String what) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("the timeout of the " + what + " is positive: " + timeout);
    }
    return timeout;
  }
}
