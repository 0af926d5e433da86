package weft.bench;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  static final String FLOOR = Peer.C_EPOLL.title();

  private static final Set<Wire> NO_TLS = Set.of(Wire.TCP, Wire.UNIX);

  private static final Map<String, String> ONE_PROCESSOR = Map.of("GOMAXPROCS", "1");

  private final Tools tools;
  private final JavaSide java;
  private final Choice choice;
  private final Findings findings;
  private final List<Entrant> all = new ArrayList<>();

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
    add(Peer.ASYNCIO_STREAMS, () -> python("asyncio", "streams"));
    add(Peer.ASYNCIO_PROTOCOL, () -> python("asyncio", "protocol"));
    add(Peer.UVLOOP_STREAMS, () -> python("uvloop", "streams"));
    add(Peer.UVLOOP_PROTOCOL, () -> python("uvloop", "protocol"));
    add(Peer.NODE, () -> node("protocol"));
    add(Peer.GO, Entrant.ALL, ONE_PROCESSOR, () -> go("streams"));
    netty("protocol");
    jvm(Peer.NETTY_OPENSSL, Set.of(Wire.TLS), () -> netty("epoll", "openssl"));
    vertx("protocol");
    threads();
    jvm(Peer.KTOR, NO_TLS, () -> fetched("ktor", "weft.peers.KtorPeerKt", "streams"));
    return List.copyOf(all);
  }

  /// Those that answer `Hello, World!` by HTTP/1.1, or with a file of `folder`.
  List<Entrant> http(Path folder) throws InterruptedException {
    weft(WeftHttp.class, List.of("http"));
    serve(folder);
    add(Peer.NODE, () -> node("http"));
    add(Peer.GO, Entrant.ALL, ONE_PROCESSOR, () -> go("http"));
    add(Peer.UVICORN, Set.of(Wire.TCP), Map.of(), this::uvicorn);
    netty("http");
    vertx("http");
    return List.copyOf(all);
  }

  private void weft(Class<?> program, List<String> works) {
    for (var loop : loops()) {
      for (var work : works) {
        var command = placed(java.command(weftFlags(loop), program, List.of(work)));
        var name = "weft " + work + " " + loop;
        var mode = mode(loop, "loop " + loop + ",");
        all.add(new Entrant(name, command, Map.of(), Entrant.ALL, true, mode));
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
      var mode = mode(loop, ""); // an example, which says nothing of itself
      var name = "weft Serve.java " + loop;
      all.add(new Entrant(name, command, Map.of(), Set.of(Wire.TCP), true, mode));
    }
  }

  private static Mode mode(String loop, String said) {
    return switch (loop) {
      case "uring" -> new Mode(said, Mode.Held.IO_URING);
      case "epoll" -> new Mode(said, Mode.Held.EPOLL);
      default -> new Mode(said, Mode.Held.ANY);
    };
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
      add(Peer.C_EPOLL, echo.tls() ? Entrant.ALL : NO_TLS, Map.of(), () -> command);
    } catch (IOException e) {
      leaveOut(Peer.C_EPOLL, e);
    }
  }

  private void netty(String work) throws InterruptedException {
    jvm(Peer.NETTY_NIO, Entrant.ALL, () -> netty("nio", work));
    jvm(Peer.NETTY_EPOLL, Entrant.ALL, () -> netty("epoll", work));
    jvm(Peer.NETTY_IO_URING, Entrant.ALL, () -> netty("io_uring", work));
  }

  private void vertx(String work) throws InterruptedException {
    jvm(Peer.VERTX, Entrant.ALL, () -> fetched("netty", "weft.peers.VertxPeer", work));
  }

  /// Virtual threads on one carrier.
  private void threads() throws InterruptedException {
    var flags = new ArrayList<>(JVM_FLAGS);
    flags.add("-Djdk.virtualThreadScheduler.parallelism=1");
    flags.add("-Djdk.virtualThreadScheduler.maxPoolSize=1");
    jvm(
        Peer.JDK_THREADS,
        Entrant.ALL,
        () -> java.command(flags, ThreadsPeer.class, List.of("streams")));
  }

  private void jvm(Peer peer, Set<Wire> wires, Builder builder) throws InterruptedException {
    add(peer, wires, Map.of(), true, builder);
  }

  private void add(Peer peer, Builder builder) throws InterruptedException {
    add(peer, Entrant.ALL, Map.of(), builder);
  }

  private void add(Peer peer, Set<Wire> wires, Map<String, String> environment, Builder builder)
      throws InterruptedException {
    add(peer, wires, environment, false, builder);
  }

  private void add(
      Peer peer, Set<Wire> wires, Map<String, String> environment, boolean jvm, Builder builder)
      throws InterruptedException {
    if (choice.has(peer)) {
      try {
        var command = placed(builder.command());
        all.add(new Entrant(peer.title(), command, environment, wires, jvm, peer.mode()));
      } catch (IOException e) {
        leaveOut(peer, e);
      }
    }
  }

  private void leaveOut(Peer peer, IOException why) {
    findings.leaveOut(
        peer.title(), String.valueOf(why.getMessage()).lines().findFirst().orElse("?"));
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

  private List<String> netty(String transport, String work)
      throws IOException, InterruptedException {
    return fetched("netty", "weft.peers.NettyPeer", transport, work);
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
