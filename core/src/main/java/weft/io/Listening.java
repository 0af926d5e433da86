package weft.io;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Weft;
import weft.spi.ListenChannel;
import weft.spi.ListenOptions;
import weft.spi.PacketChannel;
import weft.spi.PacketOptions;

/// Binds the sockets of servers.
final class Listening {
  private static final int S_IFMT = 0xF000;
  private static final int S_IFSOCK = 0xC000;

  private Listening() {}

  /// Lets a new server serve, if it is to, and gives the loop a turn.
  static Server start(Server server) {
    if (server.options().startServing()) {
      server.startServing();
    }
    boolean done = false;
    try {
      Weft.sleep(Duration.ZERO);
      done = true;
    } finally {
      if (!done) {
        server.close();
      }
    }
    return server;
  }

  /// Finds out what is wrong with the options before anything is opened.
  static void requireServer(ServerOptions options) {
    TlsOptions tls = options.tls();
    if (tls != null) {
      tls.requireServer();
    }
  }

  /// Binds a socket for each address of the hosts; without hosts one for all addresses.
  static List<ListenChannel> bind(List<String> hosts, int port, ServerOptions options)
      throws IOException {
    requireServer(options);
    EventLoop loop = EventLoop.running();
    Set<InetSocketAddress> addresses = new LinkedHashSet<>();
    if (hosts.isEmpty()) {
      addresses.add(everywhere(port, options.family()));
    }
    for (String host : hosts) {
      if (host.isEmpty()) {
        addresses.add(everywhere(port, options.family()));
      } else {
        addresses.addAll(Resolver.system().resolve(host, port, options.family()));
      }
    }
    List<ListenChannel> listeners = new ArrayList<>();
    boolean done = false;
    try {
      for (InetSocketAddress address : addresses) {
        listen(loop, address, options, listeners, addresses.size() > 1);
      }
      if (listeners.isEmpty()) {
        throw new BindException("none of the addresses " + addresses + " is of this machine");
      }
      done = true;
      return listeners;
    } finally {
      if (!done) {
        listeners.forEach(ListenChannel::close);
      }
    }
  }

  /// The wildcard: of both families, unless one is wanted.
  private static InetSocketAddress everywhere(int port, @Nullable StandardProtocolFamily family)
      throws IOException {
    boolean both = family != StandardProtocolFamily.INET && Addresses.hasIpv6();
    return new InetSocketAddress(InetAddress.getByAddress(new byte[both ? 16 : 4]), port);
  }

  /// Binds one address. Of several, one that this machine does not have is skipped.
  private static void listen(
      EventLoop loop,
      InetSocketAddress address,
      ServerOptions options,
      List<ListenChannel> listeners,
      boolean several)
      throws IOException {
    try {
      listeners.add(
          loop.driver()
              .listen(
                  address,
                  new ListenOptions(
                      options.backlog(), options.reuseAddress(), options.reusePort())));
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      if (several && message.contains("assign requested address")) {
        return;
      }
      throw named(e, address);
    }
  }

  private static IOException named(IOException failure, Object address) {
    BindException named = new BindException(failure.getMessage() + ": " + address);
    named.initCause(failure);
    return named;
  }

  /* ---- Unix sockets ---- */

  static Server unix(Supplier<? extends BaseProtocol> protocols, Path path, ServerOptions options)
      throws IOException {
    requireServer(options);
    EventLoop loop = EventLoop.running();
    removeStale(path);
    ListenChannel listener;
    try {
      listener =
          loop.driver()
              .listen(
                  UnixDomainSocketAddress.of(path),
                  new ListenOptions(options.backlog(), false, false));
    } catch (IOException e) {
      throw named(e, path);
    }
    boolean done = false;
    try {
      if (options.mode() != null) {
        Files.setPosixFilePermissions(path, options.mode());
      }
      Object bound = identity(path);
      Runnable cleanup = options.cleanupSocket() ? () -> remove(path, bound) : null;
      Server server = new Server(loop, protocols, options, List.of(listener), cleanup);
      done = true;
      return server;
    } finally {
      if (!done) {
        listener.close();
      }
    }
  }

  /// Removes a socket that was left behind; anything else at the path stays, and fails the bind.
  private static void removeStale(Path path) throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && isSocket(path)) {
      Files.delete(path);
    }
  }

  private static boolean isSocket(Path path) throws IOException {
    try {
      Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      return ((int) mode & S_IFMT) == S_IFSOCK;
    } catch (UnsupportedOperationException windows) { // which has no pipes and devices in folders
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isOther();
    }
  }

  private static @Nullable Object identity(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  /// Removes the file of a socket, unless it was replaced meanwhile.
  private static void remove(Path path, @Nullable Object bound) {
    try {
      if (bound != null && bound.equals(identity(path))) {
        Files.delete(path);
      }
    } catch (IOException e) {
      // Somebody else has removed it, or has taken away the right to.
    }
  }

  /* ---- Datagrams ---- */

  /// Opens a datagram socket. A local address that is taken is named.
  static PacketChannel packets(
      EventLoop loop,
      @Nullable InetSocketAddress local,
      @Nullable InetSocketAddress remote,
      PacketOptions options)
      throws IOException {
    try {
      return loop.driver().openPackets(local, remote, options);
    } catch (BindException e) {
      throw local == null ? e : named(e, local);
    }
  }

  /// The address with its name looked up.
  static @Nullable InetSocketAddress resolved(
      @Nullable InetSocketAddress address, @Nullable StandardProtocolFamily family)
      throws IOException {
    return address == null || !address.isUnresolved()
        ? address
        : Resolver.system().resolve(address.getHostString(), address.getPort(), family).getFirst();
  }

  static @Nullable StandardProtocolFamily family(
      @Nullable InetSocketAddress local, @Nullable InetSocketAddress remote) {
    InetSocketAddress decisive = remote != null ? remote : local;
    return decisive == null ? null : Addresses.family(decisive.getAddress());
  }
}
