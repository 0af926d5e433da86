package weft.bench;

import java.util.Locale;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// What is expected of Weft in a row.
///
/// @param text as the table shows it
/// @param judge weighs the row of that name
record Mark(String text, BiFunction<Results, Row, @Nullable Verdict> judge) {
  /// How a mark was met.
  ///
  /// @param ratio what was compared, as the table shows it
  /// @param part the measured value by the allowed one: reached when at most 1
  /// @param sure false when what it rests on has too wide a spread
  record Verdict(String ratio, double part, boolean sure) {
    boolean reached() {
      return part <= 1;
    }

    /// `yes`, or how far off.
    String text() {
      String doubt = sure ? "" : " ~";
      return reached()
          ? "yes" + doubt
          : String.format(Locale.ROOT, "no: %.2f × the mark%s", part, doubt);
    }
  }

  /// At most a `n`th of what uvloop takes.
  static Mark partOfUvloop(int n) {
    return new Mark(
        "≤ 1/" + n + " of uvloop",
        (results, row) -> {
          var weft = results.get(row.name(), Side.WEFT);
          var uvloop = results.get(row.name(), Side.UVLOOP);
          if (weft == null || uvloop == null) {
            return null;
          }
          var times = uvloop.by(weft);
          return new Verdict(
              String.format(Locale.ROOT, "1/%.1f of uvloop", times.median()),
              n / times.median(),
              !times.wide());
        });
  }

  /// At most `limit` times what another side takes.
  static Mark times(double limit, Side side, String of) {
    return new Mark(
        "≤ " + limit + " × " + of,
        (results, row) ->
            compare(
                results.get(row.name(), Side.WEFT),
                results.get(row.name(), side),
                limit,
                " × " + of));
  }

  /// At most `limit` times what Weft takes in another row.
  static Mark timesRow(double limit, String other, String of) {
    return new Mark(
        "≤ " + limit + " × " + of,
        (results, row) ->
            compare(
                results.get(row.name(), Side.WEFT),
                results.get(other, Side.WEFT),
                limit,
                " × " + of));
  }

  /// At most this much, in the row's unit.
  static Mark atMost(double limit, Unit unit) {
    return new Mark(
        "≤ " + String.format(Locale.ROOT, "%,.0f ", limit) + unit.symbol(),
        (results, row) -> {
          var weft = results.get(row.name(), Side.WEFT);
          return weft == null ? null : new Verdict("", weft.median() / limit, !weft.wide());
        });
  }

  /// At least this many millions a second, of a row counted in nanoseconds.
  static Mark atLeastMillions(double limit) {
    return new Mark(
        String.format(Locale.ROOT, "≥ %.0fM/s", limit),
        (results, row) -> {
          var weft = results.get(row.name(), Side.WEFT);
          return weft == null ? null : new Verdict("", weft.median() * limit / 1_000, !weft.wide());
        });
  }

  /// Nothing allocated per operation. What an invocation allocates once stays below half a byte.
  static Mark noBytes(String per) {
    return new Mark(
        "0 B allocated per " + per,
        (results, row) -> {
          var weft = results.get(row.name(), Side.WEFT);
          return weft == null || Double.isNaN(weft.bytes())
              ? null
              : new Verdict(
                  String.format(Locale.ROOT, "%.1f B", weft.bytes()), weft.bytes() / 0.5, true);
        });
  }

  private static @Nullable Verdict compare(
      @Nullable Figure weft, @Nullable Figure other, double limit, String of) {
    if (weft == null || other == null) {
      return null;
    }
    var times = weft.by(other);
    return new Verdict(
        String.format(Locale.ROOT, "%.2f%s", times.median(), of),
        times.median() / limit,
        !times.wide());
  }
}
