package weft.bench;

import java.util.Locale;

/// What a row's figures count.
enum Unit {
  NANOS("ns"),
  BYTES("B"),
  KIBIBYTES("KiB"),
  MICROS("µs"),
  MILLIS("ms"),
  PER_SECOND("/s"),
  MEGABYTES_PER_SECOND("MB/s"),
  PERCENT("%"),
  /// Counted in nanoseconds, shown as millions a second.
  MILLIONS_PER_SECOND("M/s");

  private final String symbol;

  Unit(String symbol) {
    this.symbol = symbol;
  }

  String symbol() {
    return symbol;
  }

  /// The value as the table shows it, without the unit.
  String show(double value) {
    double shown = this == MILLIONS_PER_SECOND ? 1_000 / value : value;
    String format = shown < 9.95 ? "%.1f" : "%,.0f";
    return String.format(Locale.ROOT, format, shown);
  }
}
