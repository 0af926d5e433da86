package weft.bench;

import java.util.List;
import java.util.Map;

/// One line of the table: a piece of work, who does it, and what is expected of Weft.
///
/// @param name what `--only` calls it
/// @param work what the table calls it
/// @param beside what the JDK's two sides do in its place
record Row(
    String name,
    String work,
    Unit unit,
    Map<Side, Contestant> contestants,
    List<Mark> marks,
    String beside) {}
