package weft.bench;

/// What is measured of a server, or of a program that starts.
enum Metric {
  CPU("cpu", "server CPU per message, user and system", Unit.MICROS),
  RATE("rate", "messages", Unit.PER_SECOND),
  THROUGHPUT("throughput", "payload echoed", Unit.MEGABYTES_PER_SECOND),
  P50("p50", "latency, median", Unit.MICROS),
  P99("p99", "latency, 99th percentile", Unit.MICROS),
  P999("p99.9", "latency, 99.9th percentile", Unit.MICROS),
  MAX("max", "latency, longest", Unit.MICROS),
  SERVER_BUSY("server-busy", "part of the time that the server was busy", Unit.PERCENT),
  LOAD_BUSY("load-busy", "part of the time that the load generator was busy", Unit.PERCENT),
  UNSERVED("unserved", "messages that were due and never sent", Unit.PERCENT),
  STOLEN("stolen", "part of the time that the host had given a processor away", Unit.PERCENT),
  HEAP("heap", "heap per idle connection", Unit.BYTES),
  RESIDENT("resident", "resident memory per idle connection", Unit.BYTES),
  START("start", "from start to end", Unit.MILLIS);

  private final String key;
  private final String title;
  private final Unit unit;

  Metric(String key, String title, Unit unit) {
    this.key = key;
    this.title = title;
    this.unit = unit;
  }

  /// As the files have it.
  String key() {
    return key;
  }

  /// As the tables have it.
  String title() {
    return title;
  }

  Unit unit() {
    return unit;
  }
}
