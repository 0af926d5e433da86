package weft.io;

/// Whether a TLS server asks its clients for a certificate.
public enum ClientAuth {
  /// It does not ask.
  NONE,

  /// It asks; a client may decline, but what it shows must be valid.
  WANT,

  /// It insists: the handshake fails without a valid certificate.
  NEED
}
