package weft.bench;

/// One figure of a suite.
///
/// @param row what was done
/// @param contestant who did it
record Finding(String row, String contestant, Metric metric, Figure figure) {}
