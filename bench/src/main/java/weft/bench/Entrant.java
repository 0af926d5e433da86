package weft.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// A server program that takes part: it is started with a wire and a place, prints `READY`, where
/// it listens and what it is, and serves until it is killed.
///
/// @param name as the tables show it
/// @param command in which [#WIRE] and [#WHERE] stand for the wire and the place
/// @param environment added to this process's own
/// @param wires it can serve
/// @param jvm whether it runs in one
/// @param mode in which it has to run
record Entrant(
    String name,
    List<String> command,
    Map<String, String> environment,
    Set<Wire> wires,
    boolean jvm,
    Mode mode) {
  static final Set<Wire> ALL = Set.of(Wire.values());

  static final String WIRE = "{wire}";
  static final String WHERE = "{where}";

  /// Whether it is the file server, which answers `/` with a list.
  boolean listsFiles() {
    return name.startsWith("weft Serve.java");
  }

  List<String> command(Wire wire, String where) {
    return command.stream()
        .map(word -> word.replace(WIRE, wire.title()).replace(WHERE, where))
        .toList();
  }
}
