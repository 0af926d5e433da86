package weft;

import java.util.Set;

/// What [Weft#waitAll] and its siblings return.
///
/// @param done the promises that are done
/// @param pending the others, left alone
/// @param <T> the type of the results
public record Waited<T>(Set<Promise<T>> done, Set<Promise<T>> pending) {}
