package weft.bench;

import java.util.ArrayList;
import java.util.List;

/// A contestant's figure over all rounds: the median, and how far the rounds lie apart.
///
/// @param rounds how many values it is made of
/// @param bytes median of the bytes allocated per operation, or NaN
record Figure(double median, double min, double max, int rounds, double bytes) {
  /// Beyond this part of the median, min to max, a figure tells more about the machine's other
  /// business than about the contestant.
  private static final double SPREAD_MAX = 0.25;

  /// One value a round (the median of its iterations); of a single round, its iterations.
  static Figure of(List<Reading> readings) {
    var values = new ArrayList<Double>();
    if (readings.size() == 1) {
      values.addAll(readings.getFirst().values());
    } else {
      readings.forEach(reading -> values.add(median(reading.values())));
    }
    double bytes = median(readings.stream().map(Reading::bytes).toList());
    return new Figure(
        median(values),
        values.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
        values.stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
        values.size(),
        bytes);
  }

  /// True when the figure is not to be quoted.
  boolean wide() {
    return max - min > SPREAD_MAX * median;
  }

  /// The median with the extremes, after a `~` when it is [#wide].
  String show(Unit unit) {
    // The extremes change places where the inverse of what is counted is shown.
    double low = unit == Unit.MILLIONS_PER_SECOND ? max : min;
    double high = unit == Unit.MILLIONS_PER_SECOND ? min : max;
    var range = rounds == 1 ? "" : " (" + unit.show(low) + "–" + unit.show(high) + ")";
    return (wide() ? "~" : "") + unit.show(median) + range;
  }

  private static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
