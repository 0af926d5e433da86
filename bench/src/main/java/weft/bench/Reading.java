package weft.bench;

import java.util.List;

/// What a contestant measured in one round.
///
/// @param values the figures of its iterations, in the row's unit
/// @param bytes bytes allocated per operation, or NaN when not known
record Reading(List<Double> values, double bytes) {
  Reading(List<Double> values) {
    this(values, Double.NaN);
  }
}
