package weft.bench;

import java.util.Locale;

/// What carries the bytes between the load generator and a server, both on this machine.
enum Wire {
  TCP,
  TLS,
  UNIX;

  /// As the tables, the options and the servers' arguments have it.
  String title() {
    return name().toLowerCase(Locale.ROOT);
  }
}
