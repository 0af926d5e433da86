package weft.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import weft.EventLoopProvider;

/// Who of those that could take part does.
///
/// @param peers parts of titles; empty: all
/// @param loops names; empty: all that are available
record Choice(List<String> peers, List<String> loops) {
  static final Choice ALL = new Choice(List.of(), List.of());

  /// Instead of the name of a peer: no peers.
  private static final String NONE = "none";

  boolean has(Peer peer) {
    return peers.isEmpty() || peers.stream().anyMatch(peer::isMeantBy);
  }

  /// What names nobody who could take part, with those that could.
  Optional<String> mistake(Peer.Suite suite) {
    var known = EventLoopProvider.all().stream().map(EventLoopProvider::name).toList();
    for (var loop : loops) {
      if (!known.contains(loop)) {
        return Optional.of("no such loop: " + loop + "; there are: " + String.join(", ", known));
      }
    }
    var able = Arrays.stream(Peer.values()).filter(peer -> peer.takesPartIn(suite)).toList();
    for (var part : peers) {
      if (!part.equals(NONE) && able.stream().noneMatch(peer -> peer.isMeantBy(part))) {
        var titles = able.stream().map(Peer::title).collect(Collectors.joining(", "));
        return Optional.of("no such peer here: " + part + "; there are: " + titles);
      }
    }
    return Optional.empty();
  }
}
