package weft.bench;

import java.io.PrintWriter;
import java.nio.file.Path;

/// What a suite about servers finds when it starts.
///
/// @param folder for sockets, logs, keys
/// @param findings where it puts what it finds out
record Setting(
    Path home,
    Path folder,
    Tools tools,
    JavaSide java,
    Processors processors,
    Choice choice,
    Findings findings,
    PrintWriter progress) {
  Entrants entrants() {
    return new Entrants(tools, java, choice, findings);
  }
}
