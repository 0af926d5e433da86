package weft.bench;

/// One row of the echo benchmark.
///
/// @param idle connections that are open besides and do nothing
/// @param rate messages a second over all connections; 0: each sends its next one when the last one
///   has come back
record EchoCase(Wire wire, int bytes, int connections, int idle, int rate) {
  /// As the tables show it.
  String title() {
    var title = wire.title() + " " + size() + " × " + connections;
    if (idle > 0) {
      title += " + " + idle + " idle";
    }
    return rate == 0 ? title : title + ", " + rate + "/s";
  }

  /// The same row without the idle connections.
  EchoCase allActive() {
    return new EchoCase(wire, bytes, connections, 0, rate);
  }

  private String size() {
    return bytes % 1024 == 0 ? bytes / 1024 + " KiB" : bytes + " B";
  }
}
