package weft.bench;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// What the servers and the load generator are made of: programs of this machine, and what the
/// bench builds with them into `bench/target/tools`. Nothing is installed.
///
/// What is not there is an [IOException] whose message says so and what to install.
final class Tools {
  /// The first build of a peer fetches what it depends on.
  private static final Duration BUILD_LONGEST = Duration.ofMinutes(20);

  private final Path sources;
  private final Path peers;
  private final Path examples;
  private final Path built;
  private final PrintWriter progress;
  private final Map<String, String> notBuilt = new HashMap<>();

  Tools(Path home, PrintWriter progress) throws IOException {
    var bench = home.resolve("bench");
    sources = bench.resolve("src/main");
    peers = bench.resolve("peers");
    examples = home.resolve("examples");
    built = Files.createDirectories(bench.resolve("target/tools"));
    this.progress = progress;
  }

  /// A program on the path.
  static Path find(String name, String install) throws IOException {
    return onPath(name)
        .orElseThrow(() -> new IOException("there is no " + name + " (" + install + ")"));
  }

  static Optional<Path> onPath(String name) {
    for (var folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      var file = Path.of(folder, name);
      if (Files.isExecutable(file) && !Files.isDirectory(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  /// One of Weft's examples, which may not be there.
  Path example(String name) {
    return examples.resolve(name);
  }

  /// A source of a peer that needs no building.
  Path source(String name) {
    return sources.resolve(name);
  }

  /// A C program that speaks TLS, too, when OpenSSL's headers are there.
  record Built(Path program, boolean tls) {}

  Built ccWithTls(String source, String name) throws IOException, InterruptedException {
    try {
      var program = cc(source, name + "-tls", "-DWITH_TLS", "-lssl", "-lcrypto");
      return new Built(program, true);
    } catch (IOException e) {
      return new Built(cc(source, name), false);
    }
  }

  /// A C program.
  Path cc(String source, String name, String... more) throws IOException, InterruptedException {
    var compiler = find("cc", "Debian: gcc");
    var file = sources.resolve(source);
    var target = built.resolve(name);
    if (isOlder(target, file)) {
      var command = new ArrayList<>(List.of(compiler.toString(), "-O2", "-o", target.toString()));
      command.add(file.toString());
      command.addAll(List.of(more));
      new Program(command).output();
    }
    return target;
  }

  /// A Go program of one file.
  Path go(String source, String name) throws IOException, InterruptedException {
    var compiler = find("go", "Debian: golang-go");
    var file = sources.resolve(source);
    var target = built.resolve(name);
    if (isOlder(target, file)) {
      var environment =
          Map.of("GO111MODULE", "off", "GOFLAGS", "", "GOCACHE", built.resolve("go").toString());
      var command = List.of(compiler.toString(), "build", "-o", target.toString(), file.toString());
      new Program(command, environment).output();
    }
    return target;
  }

  /// The class path of a Maven project under `bench/peers`, whose dependencies Maven fetches. What
  /// could not be built is not tried again.
  String maven(String project) throws IOException, InterruptedException {
    var folder = peers.resolve(project);
    var jar = folder.resolve("target/peers.jar");
    var whole = folder.resolve("target/built"); // the jar alone may be that of half a build
    if (isOlder(whole, folder.resolve("pom.xml")) || isOlder(whole, folder.resolve("src"))) {
      var reason = notBuilt.get(project);
      if (reason != null) {
        throw new IOException(reason);
      }
      try {
        build(folder);
        Files.writeString(whole, "");
      } catch (IOException e) {
        notBuilt.put(project, String.valueOf(e.getMessage()));
        throw e;
      }
    }
    return jar + File.pathSeparator + folder.resolve("target/lib") + "/*";
  }

  private void build(Path folder) throws IOException, InterruptedException {
    var maven = find("mvn", "Debian: maven");
    progress.println("building " + folder.getFileName() + " with Maven ...");
    var command = List.of(maven.toString(), "-B", "-q", "-f", folder.toString(), "package");
    var environment = Map.of("JAVA_HOME", System.getProperty("java.home"));
    try {
      new Program(command, environment, BUILD_LONGEST).output();
    } catch (IOException e) {
      var log = built.resolve(folder.getFileName() + ".log");
      Files.writeString(log, String.valueOf(e.getMessage()));
      throw new IOException("Maven could not build " + folder + ": see " + log, e);
    }
  }

  private static boolean isOlder(Path target, Path source) throws IOException {
    if (!Files.exists(target)) {
      return true;
    }
    var time = Files.getLastModifiedTime(target);
    try (Stream<Path> files = Files.walk(source)) {
      for (var file : files.toList()) {
        if (Files.getLastModifiedTime(file).compareTo(time) > 0) {
          return true;
        }
      }
    }
    return false;
  }
}
