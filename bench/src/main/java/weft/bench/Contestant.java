package weft.bench;

import java.io.IOException;

/// One who does the work of a row: Weft, a peer, or the JDK's floor.
@FunctionalInterface
interface Contestant {
  /// Does the work for a while, in a process of its own.
  Reading measure(Effort effort) throws IOException, InterruptedException;
}
