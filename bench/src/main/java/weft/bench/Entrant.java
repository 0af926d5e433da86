package weft.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A server program that takes part: it is started with a wire and a place, prints `READY`, where
/// it listens and what it is, and serves until it is killed.
///
/// @param name as the tables show it
/// @param command without the last two arguments, wire and place
/// @param environment added to this process's own
/// @param wires it can serve
/// @param jvm whether it runs in one
record Entrant(
    String name,
    List<String> command,
    Map<String, String> environment,
    Set<Wire> wires,
    boolean jvm) {
  static final Set<Wire> ALL = Set.of(Wire.values());

  List<String> command(Wire wire, String where) {
    var whole = new ArrayList<>(command);
    whole.add(wire.title());
    whole.add(where);
    return whole;
  }
}
