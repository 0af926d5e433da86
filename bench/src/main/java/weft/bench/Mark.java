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
  /// @param low the least that `part` is likely to be in truth
  /// @param high the greatest
  /// @param certain whether there were rounds enough to decide
  record Verdict(String ratio, double part, double low, double high, boolean certain) {
    /// Of something that is at most `limit` where the mark is reached.
    static Verdict atMost(String ratio, Figure figure, double limit) {
      return new Verdict(
          ratio,
          figure.median() / limit,
          figure.low() / limit,
          figure.high() / limit,
          figure.judges());
    }

    /// Of something that is at least `limit` there.
    static Verdict atLeast(String ratio, Figure figure, double limit) {
      return new Verdict(
          ratio,
          limit / figure.median(),
          limit / figure.high(),
          limit / figure.low(),
          figure.judges());
    }

    /// `yes` or `no`; or `open`, when more rounds could show either.
    String reached() {
      return !certain ? "open" : high <= 1 ? "yes" : low > 1 ? "no" : "open";
    }

    /// The same, with how far off.
    String text() {
      if (!certain) {
        return String.format(Locale.ROOT, "open: %.2f × the mark, of too few rounds", part);
      }
      return switch (reached()) {
        case "yes" -> "yes";
        case "no" -> String.format(Locale.ROOT, "no: %.2f × the mark", part);
        default -> String.format(Locale.ROOT, "open: %.2f (%.2f–%.2f) × the mark", part, low, high);
      };
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
          var wide = times.wide() ? "~" : "";
          var text = String.format(Locale.ROOT, "%s1/%.1f of uvloop", wide, times.median());
          return Verdict.atLeast(text, times, n);
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
          return weft == null ? null : Verdict.atMost("", weft, limit);
        });
  }

  /// At least this many millions a second, of a row counted in nanoseconds.
  static Mark atLeastMillions(double limit) {
    return new Mark(
        String.format(Locale.ROOT, "≥ %.0fM/s", limit),
        (results, row) -> {
          var weft = results.get(row.name(), Side.WEFT);
          return weft == null ? null : Verdict.atMost("", weft, 1_000 / limit);
        });
  }

  /// Nothing allocated per operation. What an invocation allocates once stays below half a byte.
  static Mark noBytes(String per) {
    return new Mark(
        "0 B allocated per " + per,
        (results, row) -> {
          var weft = results.get(row.name(), Side.WEFT);
          if (weft == null || Double.isNaN(weft.bytes())) {
            return null;
          }
          double part = weft.bytes() / 0.5;
          var text = String.format(Locale.ROOT, "%.1f B", weft.bytes());
          return new Verdict(text, part, part, part, true);
        });
  }

  private static @Nullable Verdict compare(
      @Nullable Figure weft, @Nullable Figure other, double limit, String of) {
    if (weft == null || other == null) {
      return null;
    }
    var times = weft.by(other);
    return Verdict.atMost(times.showRatio() + of, times, limit);
  }
}
