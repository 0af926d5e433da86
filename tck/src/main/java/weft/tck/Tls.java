package weft.tck;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import weft.io.TlsOptions;

/// Keys and certificates for tests. The server's is for `localhost`, `weft.test` and the loopback
/// addresses, that of `other` for `other.test`; the stranger's is signed by nobody.
final class Tls {
  static final char[] PASSWORD = "secret".toCharArray();

  private Tls() {}

  /// For a server whom [#client] trusts.
  static TlsOptions server() {
    return server("server");
  }

  /// For a server with the certificate of that name.
  static TlsOptions server(String name) {
    return TlsOptions.server(keys(name), PASSWORD);
  }

  /// For a client who trusts the authority of the tests.
  static TlsOptions client() {
    return TlsOptions.client().trusting(authority());
  }

  /// The key and the certificates of that name.
  static KeyStore keys(String name) {
    try (InputStream in = resource(name + ".p12")) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD);
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The authority that has signed the certificates.
  static KeyStore authority() {
    try (InputStream in = resource("ca.pem")) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static InputStream resource(String name) throws IOException {
    InputStream in = Tls.class.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("no resource " + name);
    }
    return in;
  }
}
