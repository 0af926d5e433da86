package weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Contestants that run on Python: `core.py` and `hello.py`, on asyncio or uvloop.
///
/// @param python the interpreter
/// @param scripts the folder with the two
/// @param versions of the loops that this interpreter has: asyncio's is Python's own
record PythonSide(Path python, Path scripts, Map<String, String> versions) {
  /// Debian's own interpreter sees its python3-uvloop, which is invisible to any other.
  private static final List<String> NAMES = List.of("/usr/bin/python3", "python3");

  /// One that has uvloop if there is one. Empty when there is no Python 3.
  static Optional<PythonSide> find(Path scripts) throws InterruptedException {
    var found = new ArrayList<PythonSide>();
    for (var name : NAMES) {
      var versions = new HashMap<String, String>();
      for (var loop : List.of("asyncio", "uvloop")) {
        version(name, scripts, loop).ifPresent(version -> versions.put(loop, version));
      }
      if (versions.containsKey("uvloop")) {
        return Optional.of(new PythonSide(Path.of(name), scripts, versions));
      }
      if (versions.containsKey("asyncio")) {
        found.add(new PythonSide(Path.of(name), scripts, versions));
      }
    }
    return found.stream().findFirst();
  }

  boolean has(String loop) {
    return versions.containsKey(loop);
  }

  /// A row of `core.py`.
  Contestant row(String row, String loop, String... more) {
    return effort -> {
      var command = new ArrayList<>(List.of(python.toString(), script("core.py"), row));
      command.addAll(List.of("--loop", loop));
      command.addAll(List.of("--seconds", Double.toString(effort.pythonSeconds())));
      command.addAll(List.of("--count", Integer.toString(effort.sleepersPython())));
      command.addAll(List.of(more));
      return new Reading(new Program(command).figures());
    };
  }

  /// `hello.py`.
  Program hello(String seconds, String loop) {
    return new Program(List.of(python.toString(), script("hello.py"), seconds, loop));
  }

  private String script(String name) {
    return scripts.resolve(name).toString();
  }

  private static Optional<String> version(String python, Path scripts, String loop)
      throws InterruptedException {
    var script = scripts.resolve("core.py");
    if (!Files.exists(script)) {
      return Optional.empty();
    }
    try {
      var command = List.of(python, script.toString(), "version", "--loop", loop);
      return Optional.of(new Program(command).output().strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
