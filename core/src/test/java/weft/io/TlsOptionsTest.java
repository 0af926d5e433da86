package weft.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.io.TlsPair.clientOptions;
import static weft.io.TlsPair.file;
import static weft.io.TlsPair.serverOptions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// What options make of an engine, and what they refuse; and the PEM files they read.
class TlsOptionsTest {

  @Test
  void nameIsAskedForAndVerified() {
    SSLEngine engine = clientOptions().clientEngine("example.org.", 443);
    assertEquals("example.org", engine.getPeerHost());
    assertEquals(443, engine.getPeerPort());
    assertTrue(engine.getUseClientMode());
    assertEquals("HTTPS", engine.getSSLParameters().getEndpointIdentificationAlgorithm());
    assertEquals(
        List.of(new SNIHostName("example.org")), engine.getSSLParameters().getServerNames());
  }

  @Test
  void aNameWithoutDotIsAskedForToo() {
    SSLEngine engine = clientOptions().clientEngine("localhost", 443);
    assertEquals(List.of(new SNIHostName("localhost")), engine.getSSLParameters().getServerNames());
  }

  @Test
  void anAddressIsVerifiedButNotAskedFor() {
    for (String host : new String[] {"127.0.0.1", "::1", "[::1]", "fe80::1%eth0"}) {
      SSLEngine engine = clientOptions().clientEngine(host, 443);
      assertEquals("HTTPS", engine.getSSLParameters().getEndpointIdentificationAlgorithm());
      List<?> names = engine.getSSLParameters().getServerNames();
      assertTrue(names == null || names.isEmpty(), host);
      assertFalse(engine.getPeerHost().contains("%"));
      assertFalse(engine.getPeerHost().contains("["));
    }
  }

  @Test
  void withoutVerificationTheNameIsStillAskedFor() {
    SSLEngine engine = clientOptions().verifyHostname(false).clientEngine("example.org", 443);
    assertEquals("", engine.getSSLParameters().getEndpointIdentificationAlgorithm());
    assertEquals(1, engine.getSSLParameters().getServerNames().size());
  }

  @Test
  void anEmptyNameAsksForNone() {
    SSLEngine engine = clientOptions().serverHostname("").clientEngine("example.org", 443);
    assertEquals("", engine.getSSLParameters().getEndpointIdentificationAlgorithm());
    assertNull(engine.getPeerHost());
  }

  @Test
  void impossibleNamesAreRefused() {
    refuses("host name", () -> clientOptions().clientEngine("ex ample", 443));
  }

  @Test
  void valuesThatCannotBeAreRefused() {
    TlsOptions options = TlsOptions.client();
    refuses("positive", () -> options.handshakeTimeout(Duration.ZERO));
    refuses("positive", () -> options.shutdownTimeout(Duration.ofSeconds(-1)));
    refuses("1 to 255", () -> options.alpn("h2", ""));
    refuses("1 to 255", () -> options.alpn("x".repeat(256)));
    refuses("at least one", options::protocols);
    refuses("at least one", options::ciphers);
    refuses("it knows", () -> clientOptions().protocols("TLSv9").clientEngine("localhost", 1));
  }

  @Test
  void aServerNeedsACertificate() {
    refuses("certificate", () -> TlsOptions.client().requireServer());
    refuses("certificate", () -> clientOptions().serverEngine());
    serverOptions().requireServer();
  }

  @Test
  void aGivenContextIsLeftAlone() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, null, null);
    TlsOptions options = TlsOptions.of(context);
    assertSame(context, options.context());
    assertSame(context, TlsOptions.server(context).context());
    assertSame(context, clientOptions().context(context).context());
    refuses("context", () -> options.trusting(file("ca.pem")));
    refuses("context", () -> options.identity(file("server.pem"), file("server.key")));
    refuses("context", options::trustingAnyone);
  }

  @Test
  void whatHasNothingToDoWithKeysKeepsTheContextAndItsSessions() {
    TlsOptions options = clientOptions();
    TlsOptions other =
        options.alpn("h2").handshakeTimeout(Duration.ofSeconds(1)).serverHostname("x");
    assertNotSame(options, other);
    assertSame(options.context(), other.context());
    assertEquals(Duration.ofSeconds(60), options.handshakeTimeout());
    assertEquals(Duration.ofSeconds(30), options.shutdownTimeout());
    assertEquals(Duration.ofSeconds(1), other.handshakeTimeout());
  }

  @Test
  void javasOwnTrustIsTheDefault() throws Exception {
    assertSame(SSLContext.getDefault(), TlsOptions.client().context());
  }

  @Test
  void keyStoresWork() throws Exception {
    char[] password = "secret".toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    refuses("empty", () -> TlsOptions.client().trusting(store));
    refuses("no private key", () -> TlsOptions.server(store, password));
    store.setKeyEntry(
        "me",
        TlsPem.privateKey(file("server.key")),
        password,
        TlsPem.certificates(file("server.pem")).toArray(new Certificate[0]));
    refuses("password", () -> TlsOptions.server(store, "wrong".toCharArray()));
    TlsOptions.server(store, password).serverEngine();
    store.setCertificateEntry("ca", TlsPem.certificates(file("ca.pem")).getFirst());
    TlsOptions.client().trusting(store);
  }

  @Test
  void keysInAllForms() throws Exception {
    assertEquals("RSA", TlsPem.privateKey(file("rsa.key")).getAlgorithm());
    assertEquals(TlsPem.privateKey(file("rsa.key")), TlsPem.privateKey(file("rsa-pkcs1.key")));
    assertEquals("EC", TlsPem.privateKey(file("server.key")).getAlgorithm());
    assertEquals(
        ((ECPrivateKey) TlsPem.privateKey(file("server.key"))).getS(),
        ((ECPrivateKey) TlsPem.privateKey(file("server-sec1.key"))).getS());
    assertEquals("EdDSA", TlsPem.privateKey(file("ed25519.key")).getAlgorithm());
    TlsOptions.server(file("rsa.pem"), file("rsa-pkcs1.key"));
    TlsOptions.server(file("server.pem"), file("server-sec1.key"));
    TlsOptions.server(file("ed25519.pem"), file("ed25519.key"));
  }

  @Test
  void encryptedKeysAreRefusedWithAdvice() {
    refuses("openssl pkey", () -> TlsPem.privateKey(file("server-encrypted.key")));
    refuses("openssl pkey", () -> TlsPem.privateKey(file("rsa-pkcs1-encrypted.key")));
  }

  @Test
  void filesThatAreSomethingElseAreRefused(@TempDir Path folder) throws IOException {
    refuses("no private key", () -> TlsOptions.server(file("server.pem"), file("server.pem")));
    refuses("no certificate", () -> TlsOptions.server(file("server.key"), file("server.key")));
    refuses("does not belong", () -> TlsOptions.server(file("server.pem"), file("client.key")));
    refuses("does not belong", () -> TlsOptions.server(file("server.pem"), file("rsa.key")));
    assertThrows(
        NoSuchFileException.class, () -> TlsOptions.client().trusting(folder.resolve("none")));

    Path broken = folder.resolve("broken.pem");
    String text = Files.readString(file("server.key"));
    Files.writeString(broken, text.replace("MI", "XX"));
    refuses("broken", () -> TlsPem.privateKey(broken));
    Files.writeString(broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    refuses("broken", () -> TlsPem.certificates(broken));
    Files.writeString(broken, "-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----");
    refuses("broken", () -> TlsPem.privateKey(broken));
  }

  @Test
  void oneFileMayHoldBoth(@TempDir Path folder) throws IOException {
    Path both = folder.resolve("both.pem");
    Files.writeString(
        both,
        "Some words before.\n"
            + Files.readString(file("server.key"))
            + Files.readString(file("server.pem")));
    assertEquals(2, TlsPem.certificates(both).size());
    TlsOptions.server(both, both).serverEngine();
  }

  private static void refuses(String text, Executable what) {
    var e = assertThrows(IllegalArgumentException.class, what);
    assertTrue(e.getMessage().contains(text), e.getMessage());
  }
}
