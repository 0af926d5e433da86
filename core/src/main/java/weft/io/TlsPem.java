package weft.io;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Certificates and private keys from PEM files (RFC 7468): whatever else stands in the file is
/// skipped, as OpenSSL does.
final class TlsPem {
  /*
   * A key is either in the form of PKCS#8, which says of which kind it is, or in one of the two
   * older forms of OpenSSL, which the JDK does not read: these are put into an envelope of PKCS#8
   * here, a matter of a few bytes of DER.
   */

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

  private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};
  private static final byte[] RSA = {
    0x06,
    0x09,
    0x2a,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xf7,
    0x0d,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };
  private static final byte[] EC = {
    0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01
  };
  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final int EC_PARAMETERS = 0xa0;

  @SuppressWarnings("ArrayRecordComponent") // nobody compares blocks
  private record Block(String type, byte[] bytes) {}

  private TlsPem() {}

  /// All certificates of a file, in their order; at least one.
  ///
  /// @throws IllegalArgumentException if there is none, or one is broken
  /// @throws IOException if the file cannot be read
  static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Block block : blocks(file)) {
        if (block.type.equals("CERTIFICATE") || block.type.equals("X509 CERTIFICATE")) {
          certificates.add(
              (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.bytes)));
        }
      }
    } catch (CertificateException e) {
      throw new IllegalArgumentException(file + " holds a broken certificate", e);
    }
    if (certificates.isEmpty()) {
      throw new IllegalArgumentException(
          file + " holds no certificate: expected is PEM, with '-----BEGIN CERTIFICATE-----'");
    }
    return certificates;
  }

  /// The first private key of a file.
  ///
  /// @throws IllegalArgumentException if there is none, it is encrypted, or broken
  /// @throws IOException if the file cannot be read
  static PrivateKey privateKey(Path file) throws IOException {
    for (Block block : blocks(file)) {
      try {
        switch (block.type) {
          case "PRIVATE KEY" -> {
            return pkcs8(block.bytes);
          }
          case "RSA PRIVATE KEY" -> {
            requirePlain(file, block);
            return pkcs8(envelope(der(SEQUENCE, RSA), block.bytes));
          }
          case "EC PRIVATE KEY" -> {
            requirePlain(file, block);
            return pkcs8(envelope(der(SEQUENCE, EC, curve(block.bytes)), block.bytes));
          }
          case "ENCRYPTED PRIVATE KEY" -> throw encrypted(file);
          default -> {}
        }
      } catch (GeneralSecurityException | BufferUnderflowException e) {
        throw new IllegalArgumentException(
            file + " holds a private key that is broken, or neither RSA, EC nor Ed25519/Ed448", e);
      }
    }
    throw new IllegalArgumentException(
        file + " holds no private key: expected is PEM, with '-----BEGIN PRIVATE KEY-----'");
  }

  private static void requirePlain(Path file, Block block) {
    if (block.bytes.length == 0) {
      throw encrypted(file);
    }
  }

  private static IllegalArgumentException encrypted(Path file) {
    return new IllegalArgumentException(
        file + " holds an encrypted key; use a KeyStore, or decrypt it: openssl pkey -in … -out …");
  }

  private static List<Block> blocks(Path file) throws IOException {
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      String body = matcher.group(2);
      boolean headers = body.contains(":"); // Of the old forms, if they are encrypted.
      try {
        blocks.add(
            new Block(
                matcher.group(1), headers ? new byte[0] : Base64.getMimeDecoder().decode(body)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(file + " is broken: not Base64", e);
      }
    }
    return blocks;
  }

  private static PrivateKey pkcs8(byte[] bytes) throws GeneralSecurityException {
    GeneralSecurityException first = null;
    for (String algorithm : new String[] {"RSA", "EC", "EdDSA", "RSASSA-PSS"}) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
      } catch (GeneralSecurityException e) {
        if (first == null) {
          first = e;
        }
      }
    }
    throw first;
  }

  private static byte[] envelope(byte[] algorithm, byte[] key) {
    return der(SEQUENCE, VERSION_0, algorithm, der(OCTETS, key));
  }

  /// The name of the curve, which in this form stands within the key.
  private static byte[] curve(byte[] key) throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(key);
    in.get();
    int end = Math.min(length(in) + in.position(), in.limit());
    while (in.position() < end) {
      int tag = Byte.toUnsignedInt(in.get());
      int length = length(in);
      if (tag == EC_PARAMETERS) {
        byte[] parameters = new byte[length];
        in.get(parameters);
        return parameters;
      }
      in.position(Math.min(end, in.position() + length));
    }
    throw new GeneralSecurityException("the key does not name its curve");
  }

  private static int length(ByteBuffer in) {
    int first = Byte.toUnsignedInt(in.get());
    if (first < 0x80) {
      return first;
    }
    int length = 0;
    for (int i = first & 0x7f; i > 0; i--) {
      length = (length << 8 | Byte.toUnsignedInt(in.get())) & 0xffff; // No key is longer.
    }
    return length;
  }

  private static byte[] der(int tag, byte[]... contents) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int length = Arrays.stream(contents).mapToInt(content -> content.length).sum();
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >> 8);
      out.write(length);
    }
    for (byte[] content : contents) {
      out.writeBytes(content);
    }
    return out.toByteArray();
  }
}
