package weft.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A contestant's figure over all rounds: the median, and how far the rounds lie apart.
///
/// @param values one a round, in their order; of a single round, those of its iterations
/// @param several whether there was more than one round
/// @param bytes median of the bytes allocated per operation, or NaN
record Figure(List<Double> values, boolean several, double bytes) {
  /// Beyond this part of the median, [#low] to [#high], a figure tells more about the machine's
  /// other business than about the contestant.
  private static final double SPREAD_MAX = 0.25;

  /// How likely the true median has to lie between [#low] and [#high]. The extremes of five rounds
  /// have it between them in 30 of 32 cases.
  private static final double CONFIDENCE = 0.93;

  /// Of fewer rounds the extremes have the true median between them less often than that.
  private static final int ROUNDS_MIN = 5;

  /// One value a round (the median of its iterations); of a single round, its iterations.
  static Figure of(List<Reading> readings) {
    boolean several = readings.size() > 1;
    var values =
        several
            ? readings.stream().map(reading -> median(reading.values())).toList()
            : List.copyOf(readings.getFirst().values());
    double bytes = median(readings.stream().map(Reading::bytes).toList());
    return new Figure(values, several, bytes);
  }

  double median() {
    return median(values);
  }

  double min() {
    return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  double max() {
    return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }

  /// The least that the true median is likely to be. Further rounds bring it nearer.
  double low() {
    return sorted(values).get(outside());
  }

  /// The greatest that the true median is likely to be.
  double high() {
    return sorted(values).get(rounds() - 1 - outside());
  }

  /// How many values may be left out at either end. Each value is as likely above the true median
  /// as below it, so what is left out is a matter of tossing coins, whatever the distribution.
  private int outside() {
    int n = rounds();
    double ways = 1; // that exactly `out` values lie below the median, of 2^n
    double below = ways;
    int out = 0;
    while (several
        && 1 - 2 * (below + ways * (n - out) / (out + 1)) / Math.pow(2, n) >= CONFIDENCE) {
      ways *= (double) (n - out) / (out + 1);
      below += ways;
      out++;
    }
    return out;
  }

  /// How many values it is made of.
  int rounds() {
    return values.size();
  }

  /// This figure by another, round by round: what slows the machine for a while slows both, and is
  /// not in their ratio.
  Figure by(Figure other) {
    if (!several || !other.several || values.size() != other.values.size()) {
      var extremes = List.of(median() / other.median(), min() / other.max(), max() / other.min());
      return new Figure(extremes, false, Double.NaN);
    }
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / other.values.get(i));
    }
    return new Figure(ratios, true, Double.NaN);
  }

  /// True when there were rounds enough to say how far off the figure may be.
  boolean judges() {
    return several && rounds() >= ROUNDS_MIN;
  }

  /// True when the figure is not to be quoted.
  boolean wide() {
    return !judges() || high() - low() > SPREAD_MAX * median();
  }

  /// The median as a ratio, after a `~` when it is [#wide].
  String showRatio() {
    return String.format(Locale.ROOT, "%s%.2f", wide() ? "~" : "", median());
  }

  /// The median with the extremes, after a `~` when it is [#wide].
  String show(Unit unit) {
    // The extremes change places where the inverse of what is counted is shown.
    double low = unit == Unit.MILLIONS_PER_SECOND ? max() : min();
    double high = unit == Unit.MILLIONS_PER_SECOND ? min() : max();
    var range = rounds() == 1 ? "" : " (" + unit.show(low) + "–" + unit.show(high) + ")";
    return (wide() ? "~" : "") + unit.show(median()) + range;
  }

  private static List<Double> sorted(List<Double> values) {
    return values.stream().sorted().toList();
  }

  private static double median(List<Double> values) {
    var sorted = sorted(values);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
