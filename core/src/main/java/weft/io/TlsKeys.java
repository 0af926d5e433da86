package weft.io;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/// Key and trust managers of the JDK, made of files and key stores.
final class TlsKeys {
  /*
   * The key managers that choose by name ask the key store again at each handshake. A store of the
   * usual type, PKCS12, would then decrypt the key, slowly on purpose: it would double the cost of
   * a handshake. So keys are moved into a store of the old type, whose obfuscation takes no time;
   * nobody writes it to a disk.
   */

  private static final String MEMORY_TYPE = "JKS";
  private static final char[] IN_MEMORY = {'w'};

  private TlsKeys() {}

  static KeyManager[] identity(Path chainPem, Path keyPem) throws IOException {
    List<X509Certificate> chain = TlsPem.certificates(chainPem);
    PrivateKey key = TlsPem.privateKey(keyPem);
    requirePair(key, chain.getFirst(), chainPem, keyPem);
    try {
      KeyStore store = emptyStore();
      store.setKeyEntry("identity", key, IN_MEMORY, chain.toArray(new X509Certificate[0]));
      return managers(store, IN_MEMORY);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          chainPem + " is no chain: each certificate must be vouched for by the next", e);
    }
  }

  static KeyManager[] identity(KeyStore store, char[] password) {
    try {
      KeyStore copy = emptyStore();
      for (String alias : Collections.list(store.aliases())) {
        if (store.getKey(alias, password) instanceof PrivateKey key) { // Or the password is wrong.
          if (key.getEncoded() == null) {
            return managers(store, password); // It never leaves its token.
          }
          copy.setKeyEntry(alias, key, IN_MEMORY, store.getCertificateChain(alias));
        }
      }
      if (copy.size() == 0) {
        throw new IllegalArgumentException("the key store holds no private key");
      }
      return managers(copy, IN_MEMORY);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("the keys cannot be read: is the password right?", e);
    }
  }

  private static KeyManager[] managers(KeyStore store, char[] password)
      throws GeneralSecurityException {
    // Unlike the default ones, these choose by the name that the client asks for.
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, password);
    return factory.getKeyManagers();
  }

  static TrustManager[] trusting(List<X509Certificate> certificates) {
    try {
      KeyStore store = emptyStore();
      for (int i = 0; i < certificates.size(); i++) {
        store.setCertificateEntry("trusted" + i, certificates.get(i));
      }
      return trusting(store);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("the certificates cannot be trusted", e);
    }
  }

  static TrustManager[] trusting(KeyStore store) {
    try {
      if (store.size() == 0) {
        throw new IllegalArgumentException("the key store is empty: nobody would be trusted");
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return factory.getTrustManagers();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the certificates cannot be trusted", e);
    }
  }

  static TrustManager[] trustingAnyone() {
    return new TrustManager[] {new Credulous()};
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(MEMORY_TYPE);
    store.load(null, null);
    return store;
  }

  private static void requirePair(
      PrivateKey key, X509Certificate certificate, Path chainPem, Path keyPem) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "RSASSA-PSS" -> ""; // Needs parameters, which the certificate alone may have.
          default -> key.getAlgorithm();
        };
    if (algorithm.isEmpty()) {
      return;
    }
    try {
      byte[] sample = {1, 2, 3};
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(sample);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(sample);
      if (signature.verify(signed)) {
        return;
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(notOurs(chainPem, keyPem), e);
    }
    throw new IllegalArgumentException(notOurs(chainPem, keyPem));
  }

  private static String notOurs(Path chainPem, Path keyPem) {
    return "the key in "
        + keyPem
        + " does not belong to the first certificate in "
        + chainPem
        + ", which must be the own one";
  }

  /// Believes everything. An extended one, because the JDK checks names for the others.
  private static final class Credulous extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
