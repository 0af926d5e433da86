package weft.bench;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import weft.EventLoopProvider;

/// Who takes part in the suites that measure servers: Weft's programs on each loop, and the peers.
///
/// Everyone has one thread that serves (Go: one that runs goroutines; the JDK: one that carries
/// virtual threads), and sets `TCP_NODELAY`.
final class Entrants {
  /// What each JVM gets: no more heap than a small server has, and a collector without threads of
  /// its own.
  static final List<String> JVM_FLAGS = List.of("-Xms64m", "-Xmx1g", "-XX:+UseSerialGC");

  static final String JVM_FLAGS_TEXT = String.join(" ", JVM_FLAGS);

  /// Against which the others are measured.
  static final String FLOOR = "C epoll";

  /// All that Weft is measured beside, in one suite or another.
  private static final List<String> PEERS =
      List.of(
          FLOOR,
          "asyncio streams",
          "asyncio protocol",
          "uvloop streams",
          "uvloop protocol",
          "uvicorn + uvloop",
          "Node",
          "Go",
          "Netty nio",
          "Netty epoll",
          "Netty io_uring",
          "Netty epoll + OpenSSL",
          "Vert.x",
          "JDK threads",
          "ktor");

  /// Instead of the name of a peer: no peers.
  private static final String NONE = "none";

  private static final Set<Wire> NO_TLS = Set.of(Wire.TCP, Wire.UNIX);

  private final Tools tools;
  private final JavaSide java;
  private final Choice choice;
  private final Findings findings;
  private final List<Entrant> all = new ArrayList<>();

  /// What the user has chosen.
  ///
  /// @param peers parts of names; empty: all
  /// @param loops names; empty: all that are available
  record Choice(List<String> peers, List<String> loops) {
    boolean has(String peer) {
      return peers.isEmpty() || peers.stream().anyMatch(part -> isPartOf(peer, part));
    }

    /// What names nobody, with those that there are.
    Optional<String> mistake() {
      var known = EventLoopProvider.all().stream().map(EventLoopProvider::name).toList();
      for (var loop : loops) {
        if (!known.contains(loop)) {
          return Optional.of("no such loop: " + loop + "; there are: " + String.join(", ", known));
        }
      }
      for (var part : peers) {
        if (!part.equals(NONE) && PEERS.stream().noneMatch(peer -> isPartOf(peer, part))) {
          return Optional.of("no such peer: " + part + "; there are: " + String.join(", ", PEERS));
        }
      }
      return Optional.empty();
    }

    private static boolean isPartOf(String peer, String part) {
      return lower(peer).contains(lower(part));
    }

    private static String lower(String text) {
      return text.toLowerCase(Locale.ROOT);
    }
  }

  /// Finds or builds the program of a peer; fails with the reason why it cannot take part.
  @FunctionalInterface
  private interface Builder {
    List<String> command() throws IOException, InterruptedException;
  }

  Entrants(Tools tools, JavaSide java, Choice choice, Findings findings) {
    this.tools = tools;
    this.java = java;
    this.choice = choice;
    this.findings = findings;
  }

  /// Those that echo.
  List<Entrant> echo() throws InterruptedException {
    weft(WeftEcho.class, List.of("streams", "protocol"));
    floor();
    for (var loop : List.of("asyncio", "uvloop")) {
      for (var work : List.of("streams", "protocol")) {
        add(loop + " " + work, Entrant.ALL, Map.of(), () -> python(loop, work));
      }
    }
    add("Node", Entrant.ALL, Map.of(), () -> node("protocol"));
    add("Go", Entrant.ALL, Map.of("GOMAXPROCS", "1"), () -> go("streams"));
    netty("protocol");
    jvm(
        "Netty epoll + OpenSSL",
        Set.of(Wire.TLS),
        () -> fetched("netty", "weft.peers.NettyPeer", "epoll", "openssl"));
    vertx("protocol");
    threads();
    jvm("ktor", NO_TLS, () -> fetched("ktor", "weft.peers.KtorPeerKt", "streams"));
    return List.copyOf(all);
  }

  /// Those that answer `Hello, World!` by HTTP/1.1, or with a file of `folder`.
  List<Entrant> http(Path folder) throws InterruptedException {
    weft(WeftHttp.class, List.of("http"));
    serve(folder);
    add("Node", Entrant.ALL, Map.of(), () -> node("http"));
    add("Go", Entrant.ALL, Map.of("GOMAXPROCS", "1"), () -> go("http"));
    add("uvicorn + uvloop", Set.of(Wire.TCP), Map.of(), this::uvicorn);
    netty("http");
    vertx("http");
    return List.copyOf(all);
  }

  private void weft(Class<?> program, List<String> works) {
    for (var loop : loops()) {
      for (var work : works) {
        var command = placed(java.command(weftFlags(loop), program, List.of(work)));
        var name = "weft " + work + " " + loop;
        all.add(new Entrant(name, command, Map.of(), Entrant.ALL, true));
      }
    }
  }

  /// The file server among the examples: compiled as it starts, on the module path as it is meant.
  private void serve(Path folder) {
    var program = tools.example("Serve.java");
    if (!Files.exists(program)) {
      findings.leaveOut("Serve.java", "there is no such example");
      return;
    }
    for (var loop : loops()) {
      var command = new ArrayList<>(List.of(JavaSide.java().toString()));
      command.addAll(java.besides(weftFlags(loop)));
      command.addAll(java.asked());
      command.add("--module-path=" + modulePath());
      command.addAll(
          List.of(
              "--add-modules=weft",
              "--add-opens=java.base/java.lang=weft",
              "--add-opens=java.base/sun.nio.ch=weft.linux",
              "--enable-native-access=weft.linux"));
      command.addAll(List.of(program.toString(), folder.toString(), "--port", Entrant.WHERE));
      all.add(new Entrant("weft Serve.java " + loop, command, Map.of(), Set.of(Wire.TCP), true));
    }
  }

  /// What of this class path is Weft itself.
  private static String modulePath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(Entrants::isWeft)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static boolean isWeft(String entry) {
    var path = Path.of(entry);
    boolean module = entry.endsWith(".jar") || Files.exists(path.resolve("module-info.class"));
    var finder = module ? ModuleFinder.of(path) : ModuleFinder.of();
    return finder.find("weft").isPresent() || finder.find("weft.linux").isPresent();
  }

  /// The loops that are wanted and available.
  private List<String> loops() {
    var wanted = new ArrayList<String>();
    for (var loop : EventLoopProvider.all()) {
      if (choice.loops().isEmpty() || choice.loops().contains(loop.name())) {
        loop.unavailable()
            .ifPresentOrElse(
                why -> findings.leaveOut("weft " + loop.name(), why),
                () -> wanted.add(loop.name()));
      }
    }
    return wanted;
  }

  private static List<String> weftFlags(String loop) {
    var flags = new ArrayList<>(JVM_FLAGS);
    flags.addAll(List.of("-Xss16m", "-Dweft.loop=" + loop));
    return flags;
  }

  /// The wire and the place are the last arguments.
  private static List<String> placed(List<String> command) {
    var whole = new ArrayList<>(command);
    whole.addAll(List.of(Entrant.WIRE, Entrant.WHERE));
    return whole;
  }

  private void floor() throws InterruptedException {
    try {
      var echo = tools.ccWithTls("peers/echo.c", "echo");
      var command = List.of(echo.program().toString(), "protocol");
      add(FLOOR, echo.tls() ? Entrant.ALL : NO_TLS, Map.of(), () -> command);
    } catch (IOException e) {
      leaveOut(FLOOR, e);
    }
  }

  private void netty(String work) throws InterruptedException {
    for (var transport : List.of("nio", "epoll", "io_uring")) {
      jvm(
          "Netty " + transport,
          Entrant.ALL,
          () -> fetched("netty", "weft.peers.NettyPeer", transport, work));
    }
  }

  private void vertx(String work) throws InterruptedException {
    jvm("Vert.x", Entrant.ALL, () -> fetched("netty", "weft.peers.VertxPeer", work));
  }

  /// Virtual threads on one carrier.
  private void threads() throws InterruptedException {
    var flags = new ArrayList<>(JVM_FLAGS);
    flags.add("-Djdk.virtualThreadScheduler.parallelism=1");
    flags.add("-Djdk.virtualThreadScheduler.maxPoolSize=1");
    jvm(
        "JDK threads",
        Entrant.ALL,
        () -> java.command(flags, ThreadsPeer.class, List.of("streams")));
  }

  private void jvm(String name, Set<Wire> wires, Builder builder) throws InterruptedException {
    add(name, wires, Map.of(), true, builder);
  }

  private void add(String name, Set<Wire> wires, Map<String, String> environment, Builder builder)
      throws InterruptedException {
    add(name, wires, environment, false, builder);
  }

  private void add(
      String name, Set<Wire> wires, Map<String, String> environment, boolean jvm, Builder builder)
      throws InterruptedException {
    if (!PEERS.contains(name)) {
      throw new IllegalArgumentException(name + " cannot be chosen");
    }
    if (choice.has(name)) {
      try {
        all.add(new Entrant(name, placed(builder.command()), environment, wires, jvm));
      } catch (IOException e) {
        leaveOut(name, e);
      }
    }
  }

  private void leaveOut(String name, IOException why) {
    findings.leaveOut(name, String.valueOf(why.getMessage()).lines().findFirst().orElse("?"));
  }

  private List<String> python(String loop, String work) throws IOException, InterruptedException {
    var side = python();
    if (!side.has(loop)) {
      throw new IOException(side.python() + " has none (Debian: python3-uvloop)");
    }
    return List.of(side.python().toString(), tools.source("peers/peer.py").toString(), loop, work);
  }

  private List<String> uvicorn() throws IOException, InterruptedException {
    var side = python();
    try {
      new Program(List.of(side.python().toString(), "-c", "import uvicorn, uvloop")).output();
    } catch (IOException e) {
      throw new IOException(side.python() + " has none (Debian: python3-uvicorn)", e);
    }
    var script = tools.source("peers/uvicorn_peer.py").toString();
    return List.of(side.python().toString(), script, "http");
  }

  private PythonSide python() throws IOException, InterruptedException {
    return PythonSide.find(tools.source("python"))
        .orElseThrow(() -> new IOException("there is no Python 3 (Debian: python3)"));
  }

  private List<String> node(String work) throws IOException {
    var node = Tools.find("node", "Debian: nodejs");
    return List.of(node.toString(), tools.source("peers/peer.js").toString(), work);
  }

  private List<String> go(String work) throws IOException, InterruptedException {
    return List.of(tools.go("peers/peer.go", "peer-go").toString(), work);
  }

  /// A program of one of the Maven projects.
  private List<String> fetched(String project, String main, String... args)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(JavaSide.java().toString()));
    command.addAll(java.flags(JVM_FLAGS));
    command.addAll(List.of("-cp", tools.maven(project), main));
    command.addAll(List.of(args));
    return command;
  }
}
