package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What shows that a server runs as its name says: one that quietly fell back to something else
/// would be measured under a false name.
///
/// @param said what it has to say of itself; empty: anything
/// @param held the descriptor it has to hold
record Mode(String said, Held held) {
  /// A kind of descriptor.
  enum Held {
    ANY(""),
    EPOLL("anon_inode:[eventpoll]"),
    IO_URING("anon_inode:[io_uring]");

    private final String target;

    /// @param target in Linux's words
    Held(String target) {
      this.target = target;
    }
  }

  /// @param description what the server said
  /// @throws IOException when it runs in another mode
  void check(String description, long pid) throws IOException {
    if (!description.contains(said)) {
      throw new IOException("does not run as asked: \"" + said + "\" is not in: " + description);
    }
    if (held != Held.ANY && !descriptors(pid).contains(held.target)) {
      throw new IOException("does not run as asked: it holds no " + held.target);
    }
  }

  private static List<String> descriptors(long pid) throws IOException {
    var all = new ArrayList<String>();
    try (var files = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (var file : files) {
        if (Files.isSymbolicLink(file)) {
          all.add(Files.readSymbolicLink(file).toString());
        }
      }
    }
    return all;
  }
}
