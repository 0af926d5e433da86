package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/// A key pair on P-256 and the certificate it signed itself, for servers that speak TLS.
///
/// @param folder has them as a PKCS #12 store and as two PEM files
record Certificate(Path folder) {
  static final String PASSWORD = "weft-bench";

  private static final String KEYTOOL =
      "-genkeypair -alias bench -keyalg EC -groupname secp256r1 -dname CN=localhost"
          + " -validity 30 -storetype PKCS12 -storepass "
          + PASSWORD
          + " -keystore";

  /// Makes them, with the JDK's keytool.
  static Certificate create(Path folder) throws IOException, InterruptedException {
    var certificate = new Certificate(folder);
    Files.deleteIfExists(certificate.store());
    var command = new ArrayList<>(List.of(JavaSide.java().resolveSibling("keytool").toString()));
    command.addAll(List.of(KEYTOOL.split(" ", -1)));
    command.add(certificate.store().toString());
    new Program(command).output();
    try {
      certificate.writePem();
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    return certificate;
  }

  /// Where the servers look for the files.
  Map<String, String> environment() {
    return Map.of(
        "BENCH_STORE",
        store().toString(),
        "BENCH_CERT",
        cert().toString(),
        "BENCH_KEY",
        key().toString());
  }

  private void writePem() throws IOException, GeneralSecurityException {
    var store = KeyStore.getInstance(store().toFile(), PASSWORD.toCharArray());
    Files.writeString(cert(), pem("CERTIFICATE", store.getCertificate("bench").getEncoded()));
    var key = store.getKey("bench", PASSWORD.toCharArray());
    Files.writeString(key(), pem("PRIVATE KEY", key.getEncoded()));
  }

  private static String pem(String what, byte[] bytes) {
    var lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n";
  }

  private Path store() {
    return folder.resolve("store.p12");
  }

  private Path cert() {
    return folder.resolve("cert.pem");
  }

  private Path key() {
    return folder.resolve("key.pem");
  }
}
