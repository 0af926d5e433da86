package weft.bench;

/// One row of the echo benchmark.
///
/// @param rate messages a second over all connections; 0: each sends its next one when the last one
///   has come back
record EchoCase(Wire wire, int bytes, int connections, int rate) {
  /// As the tables show it.
  String title() {
    var closed = size() + " × " + connections;
    return wire.title() + " " + (rate == 0 ? closed : closed + ", " + rate + "/s");
  }

  private String size() {
    return bytes % 1024 == 0 ? bytes / 1024 + " KiB" : bytes + " B";
  }
}
