package weft.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.io.ChannelTransport.Kind;
import weft.spi.PacketChannel;
import weft.spi.PacketOptions;
import weft.spi.StreamChannel;

/// The front door to the network; meant for `import static weft.io.Net.*`.
///
/// All methods are to be called in a coroutine of a running loop, and suspend until what they open
/// is open. Cancelling closes what was opened so far. What they return belongs to the caller, and
/// is used on that loop only.
///
/// @see <a href="https://docs.python.org/3/library/asyncio-stream.html">asyncio streams</a>
public final class Net {
  private Net() {}

  /* ---- Streams: clients ---- */

  /// Connects to a host.
  ///
  /// @throws IOException if it does not answer, or its name is unknown
  public static Streams openConnection(String host, int port) throws IOException {
    return openConnection(host, port, ConnectOptions.defaults());
  }

  /// Connects to a host in a certain way.
  public static Streams openConnection(String host, int port, ConnectOptions options)
      throws IOException {
    return streams(createConnection(clientProtocol(options), host, port, options));
  }

  /// Makes streams of a connected socket, which they own from now on.
  public static Streams openConnection(SocketChannel socket, ConnectOptions options)
      throws IOException {
    return streams(createConnection(clientProtocol(options), socket, options));
  }

  /// Connects to a unix socket.
  public static Streams openUnixConnection(Path path) throws IOException {
    return openUnixConnection(path, ConnectOptions.defaults());
  }

  /// Connects to a unix socket in a certain way.
  public static Streams openUnixConnection(Path path, ConnectOptions options) throws IOException {
    return streams(createUnixConnection(clientProtocol(options), path, options));
  }

  private static Supplier<StreamProtocol> clientProtocol(ConnectOptions options) {
    EventLoop loop = EventLoop.running();
    return () -> new StreamProtocol(loop, options.limit(), null);
  }

  private static Streams streams(Connected<?, StreamProtocol> connected) {
    return new Streams(connected.protocol().reader, connected.protocol().writer);
  }

  /* ---- Streams: servers ---- */

  /// Serves clients on a host's addresses.
  ///
  /// @param host a name or an address of this machine; null for all addresses
  /// @param port 0 for any that is free; see [Server#addresses]
  /// @throws IOException if an address cannot be bound
  public static Server startServer(ClientHandler handler, @Nullable String host, int port)
      throws IOException {
    return startServer(handler, host, port, ServerOptions.defaults());
  }

  /// Serves clients on a host's addresses in a certain way.
  public static Server startServer(
      ClientHandler handler, @Nullable String host, int port, ServerOptions options)
      throws IOException {
    return createServer(serverProtocol(handler, options), host, port, options);
  }

  /// Serves clients on several hosts' addresses in a certain way.
  public static Server startServer(
      ClientHandler handler, List<String> hosts, int port, ServerOptions options)
      throws IOException {
    return createServer(serverProtocol(handler, options), hosts, port, options);
  }

  /// Serves clients on a listening socket, which the server owns from now on.
  public static Server startServer(
      ClientHandler handler, ServerSocketChannel socket, ServerOptions options) throws IOException {
    return createServer(serverProtocol(handler, options), socket, options);
  }

  /// Serves clients on a unix socket.
  public static Server startUnixServer(ClientHandler handler, Path path) throws IOException {
    return startUnixServer(handler, path, ServerOptions.defaults());
  }

  /// Serves clients on a unix socket in a certain way.
  public static Server startUnixServer(ClientHandler handler, Path path, ServerOptions options)
      throws IOException {
    return createUnixServer(serverProtocol(handler, options), path, options);
  }

  private static Supplier<StreamProtocol> serverProtocol(
      ClientHandler handler, ServerOptions options) {
    Objects.requireNonNull(handler, "handler");
    return new ClientHandlers(handler, EventLoop.running(), options.limit());
  }

  /* ---- Streams: pipes ---- */

  /// Reads from a pipe. It is closed when it has ended, or with the loop; to close it before, use
  /// [#connectReadPipe(Supplier, Pipe.SourceChannel)].
  public static StreamReader openReadPipe(Pipe.SourceChannel pipe) throws IOException {
    return connectReadPipe(pipeProtocol(), pipe).protocol().reader;
  }

  /// Reads from a stream of the JDK: `openReadPipe(System.in)`. A thread waits for it, because such
  /// streams block. It is closed when it has ended, but not with the loop.
  public static StreamReader openReadPipe(InputStream pipe) {
    return connectReadPipe(pipeProtocol(), pipe).protocol().reader;
  }

  /// Writes into a pipe; closing the writer closes it.
  public static StreamWriter openWritePipe(Pipe.SinkChannel pipe) throws IOException {
    return connectWritePipe(pipeProtocol(), pipe).protocol().writer;
  }

  /// Writes into a stream of the JDK, on a thread that waits for it, because such streams block.
  /// Closing the writer closes it, and [StreamWriter#waitClosed] throws what that throws; the end
  /// of the loop does not close it.
  public static StreamWriter openWritePipe(OutputStream pipe) {
    return connectWritePipe(pipeProtocol(), pipe).protocol().writer;
  }

  private static Supplier<StreamProtocol> pipeProtocol() {
    EventLoop loop = EventLoop.running();
    return () -> new StreamProtocol(loop, StreamReader.DEFAULT_LIMIT, null);
  }

  /* ---- Transports: clients ---- */

  /// Connects to a host, with a protocol of one's own.
  public static <P extends BaseProtocol> Connected<Transport, P> createConnection(
      Supplier<P> protocol, String host, int port) throws IOException {
    return createConnection(protocol, host, port, ConnectOptions.defaults());
  }

  /// Connects to a host in a certain way, with a protocol of one's own.
  public static <P extends BaseProtocol> Connected<Transport, P> createConnection(
      Supplier<P> protocol, String host, int port, ConnectOptions options) throws IOException {
    Objects.requireNonNull(host, "host");
    EventLoop loop = EventLoop.running();
    requireClient(options, host);
    return Connector.limited(
        options,
        () ->
            finish(loop, protocol, new Connector(loop, options).connect(host, port), options, host),
        host + ":" + port);
  }

  /// Makes a transport of a connected socket, which it owns from now on.
  public static <P extends BaseProtocol> Connected<Transport, P> createConnection(
      Supplier<P> protocol, SocketChannel socket, ConnectOptions options) throws IOException {
    EventLoop loop = EventLoop.running();
    requireClient(options, null);
    return Connector.limited(
        options,
        () -> finish(loop, protocol, adopt(loop, socket), options, null),
        socket.toString());
  }

  /// Connects to a unix socket, with a protocol of one's own.
  public static <P extends BaseProtocol> Connected<Transport, P> createUnixConnection(
      Supplier<P> protocol, Path path, ConnectOptions options) throws IOException {
    EventLoop loop = EventLoop.running();
    requireClient(options, null);
    return Connector.limited(
        options,
        () ->
            finish(
                loop,
                protocol,
                new Connector(loop, options).connect(UnixDomainSocketAddress.of(path)),
                options,
                null),
        path.toString());
  }

  /// Makes a transport of a socket that a server accepted. With TLS options this is the server's
  /// side of it.
  public static <P extends BaseProtocol> Connected<Transport, P> connectAcceptedSocket(
      Supplier<P> protocol, SocketChannel socket, ServerOptions options) throws IOException {
    EventLoop loop = EventLoop.running();
    Listening.requireServer(options);
    StreamChannel channel = adopt(loop, socket);
    TlsOptions tls = options.tls();
    return begin(
        loop, protocol, tls == null ? channel : Upgrade.server(loop, channel, tls), Kind.BOTH);
  }

  private static StreamChannel adopt(EventLoop loop, SocketChannel socket) throws IOException {
    StreamChannel channel = loop.driver().adopt(socket);
    Addresses.setOption(channel, StandardSocketOptions.TCP_NODELAY, true);
    return channel;
  }

  /// Finds out what is wrong with the options before anything is opened.
  private static void requireClient(ConnectOptions options, @Nullable String host) {
    TlsOptions tls = options.tls();
    if (tls != null) {
      tls.requireClient(host);
    }
  }

  private static <P extends BaseProtocol> Connected<Transport, P> finish(
      EventLoop loop,
      Supplier<P> protocol,
      StreamChannel channel,
      ConnectOptions options,
      @Nullable String host)
      throws IOException {
    TlsOptions tls = options.tls();
    return begin(
        loop,
        protocol,
        tls == null ? channel : Upgrade.client(loop, channel, tls, host),
        Kind.BOTH);
  }

  /// Makes the protocol and its transport, and waits until the protocol knows.
  private static <P extends BaseProtocol> Connected<Transport, P> begin(
      EventLoop loop, Supplier<P> protocols, StreamChannel channel, Kind kind) {
    P protocol;
    try {
      protocol = Objects.requireNonNull(protocols.get(), "the protocol");
    } catch (RuntimeException | Error e) {
      channel.close();
      throw e;
    }
    ChannelTransport transport = new ChannelTransport(loop, channel, protocol, kind);
    Latch told = new Latch(loop);
    transport.begin(told);
    boolean done = false;
    try {
      told.await();
      done = true;
    } finally {
      if (!done) {
        transport.close();
      }
    }
    return new Connected<>(transport, protocol);
  }

  /* ---- Transports: servers ---- */

  /// Serves clients on a host's addresses, with a protocol for each.
  public static Server createServer(
      Supplier<? extends BaseProtocol> protocols, @Nullable String host, int port)
      throws IOException {
    return createServer(protocols, host, port, ServerOptions.defaults());
  }

  /// Serves clients on a host's addresses in a certain way, with a protocol for each.
  public static Server createServer(
      Supplier<? extends BaseProtocol> protocols,
      @Nullable String host,
      int port,
      ServerOptions options)
      throws IOException {
    return createServer(protocols, host == null ? List.of() : List.of(host), port, options);
  }

  /// Serves clients on several hosts' addresses in a certain way, with a protocol for each.
  ///
  /// @param hosts none for all addresses of this machine
  public static Server createServer(
      Supplier<? extends BaseProtocol> protocols,
      List<String> hosts,
      int port,
      ServerOptions options)
      throws IOException {
    return Listening.start(
        new Server(
            EventLoop.running(), protocols, options, Listening.bind(hosts, port, options), null));
  }

  /// Serves clients on a listening socket, which the server owns from now on.
  public static Server createServer(
      Supplier<? extends BaseProtocol> protocols, ServerSocketChannel socket, ServerOptions options)
      throws IOException {
    EventLoop loop = EventLoop.running();
    Listening.requireServer(options);
    return Listening.start(
        new Server(loop, protocols, options, List.of(loop.driver().adoptListener(socket)), null));
  }

  /// Serves clients on a unix socket, with a protocol for each. A socket at the path is removed
  /// before, whoever made it; anything else there is not.
  public static Server createUnixServer(
      Supplier<? extends BaseProtocol> protocols, Path path, ServerOptions options)
      throws IOException {
    return Listening.start(Listening.unix(protocols, path, options));
  }

  /* ---- Datagrams ---- */

  /// Opens a datagram socket. Suspends if a name has to be looked up: one that
  /// [InetSocketAddress#createUnresolved] was given is looked up off the loop's thread, while the
  /// constructor of an address looks it up by itself, on the thread that calls it.
  ///
  /// @param local where to bind it; null lets the system choose
  /// @param remote the only peer; null for anyone
  public static <P extends BaseProtocol> Connected<DatagramTransport, P> createDatagramEndpoint(
      Supplier<P> protocol, @Nullable InetSocketAddress local, @Nullable InetSocketAddress remote)
      throws IOException {
    return createDatagramEndpoint(protocol, local, remote, DatagramOptions.defaults());
  }

  /// Opens a datagram socket in a certain way.
  ///
  /// @throws IllegalArgumentException if there is neither an address nor a family
  public static <P extends BaseProtocol> Connected<DatagramTransport, P> createDatagramEndpoint(
      Supplier<P> protocol,
      @Nullable InetSocketAddress local,
      @Nullable InetSocketAddress remote,
      DatagramOptions options)
      throws IOException {
    if (local == null && remote == null && options.family() == null) {
      throw new IllegalArgumentException(
          "a datagram socket needs a local or a remote address, or a family");
    }
    EventLoop loop = EventLoop.running();
    InetSocketAddress bound = Listening.resolved(local, options.family());
    InetSocketAddress peer = Listening.resolved(remote, options.family());
    PacketChannel channel =
        Listening.packets(
            loop,
            bound,
            options.allowBroadcast() ? null : peer,
            new PacketOptions(
                options.family() != null ? options.family() : Listening.family(bound, peer),
                options.reuseAddress(),
                options.reusePort(),
                options.allowBroadcast()));
    return begin(loop, protocol, channel, peer);
  }

  /// Makes a transport of a datagram socket, which it owns from now on.
  public static <P extends BaseProtocol> Connected<DatagramTransport, P> createDatagramEndpoint(
      Supplier<P> protocol, DatagramChannel socket) throws IOException {
    EventLoop loop = EventLoop.running();
    return begin(loop, protocol, loop.driver().adoptPackets(socket), null);
  }

  private static <P extends BaseProtocol> Connected<DatagramTransport, P> begin(
      EventLoop loop,
      Supplier<P> protocols,
      PacketChannel channel,
      @Nullable InetSocketAddress peer) {
    P protocol;
    try {
      protocol = Objects.requireNonNull(protocols.get(), "the protocol");
    } catch (RuntimeException | Error e) {
      channel.close();
      throw e;
    }
    ChannelDatagrams transport = new ChannelDatagrams(loop, channel, protocol, peer);
    Latch told = new Latch(loop);
    transport.begin(told);
    boolean done = false;
    try {
      told.await();
      done = true;
    } finally {
      if (!done) {
        transport.abort();
      }
    }
    return new Connected<>(transport, protocol);
  }

  /* ---- Pipes ---- */

  /// Reads from a pipe, which the transport owns from now on.
  public static <P extends BaseProtocol> Connected<ReadTransport, P> connectReadPipe(
      Supplier<P> protocol, Pipe.SourceChannel pipe) throws IOException {
    EventLoop loop = EventLoop.running();
    Connected<Transport, P> made =
        begin(loop, protocol, loop.driver().adopt(pipe), Kind.INPUT_PIPE);
    return new Connected<>(made.transport(), made.protocol());
  }

  /// Writes into a pipe, which the transport owns from now on.
  public static <P extends BaseProtocol> Connected<WriteTransport, P> connectWritePipe(
      Supplier<P> protocol, Pipe.SinkChannel pipe) throws IOException {
    EventLoop loop = EventLoop.running();
    Connected<Transport, P> made =
        begin(loop, protocol, loop.driver().adopt(pipe), Kind.OUTPUT_PIPE);
    return new Connected<>(made.transport(), made.protocol());
  }

  /// Reads from a stream of the JDK, such as [System#in], which the transport owns from now on. A
  /// thread waits for it, because such streams block. Closing the loop does not close it.
  public static <P extends BaseProtocol> Connected<ReadTransport, P> connectReadPipe(
      Supplier<P> protocol, InputStream pipe) {
    EventLoop loop = EventLoop.running();
    Connected<Transport, P> made =
        begin(loop, protocol, PipeChannel.reading(loop, pipe), Kind.INPUT_PIPE);
    return new Connected<>(made.transport(), made.protocol());
  }

  /// Writes into a stream of the JDK, such as [System#out], which the transport owns from now on. A
  /// thread waits for it, because such streams block. The protocol's `connectionLost` is told when
  /// the stream is closed. Closing the loop does not close it.
  public static <P extends BaseProtocol> Connected<WriteTransport, P> connectWritePipe(
      Supplier<P> protocol, OutputStream pipe) {
    EventLoop loop = EventLoop.running();
    Connected<Transport, P> made =
        begin(loop, protocol, PipeChannel.writing(loop, pipe), Kind.OUTPUT_PIPE);
    return new Connected<>(made.transport(), made.protocol());
  }

  /* ---- More ---- */

  /// Turns a connection into a TLS connection. The transport that is returned takes the place of
  /// the one given; the protocol is not told.
  ///
  /// @param serverSide whether this is the server's side
  /// @throws IOException if the handshake fails; the connection is closed then
  /// @throws IllegalArgumentException if the options of a client have no name to check, or those of
  ///   a server no certificate; the connection is as it was
  public static Transport startTls(
      Transport transport, BaseProtocol protocol, TlsOptions options, boolean serverSide)
      throws IOException {
    ChannelTransport plain = ours(transport);
    return Upgrade.upgrade(plain, protocol, options, serverSide, plain::takeUndelivered);
  }

  /// Sends a file, behind what was written before. Nothing else may be written meanwhile, and
  /// reading pauses. Where the system cannot do it by itself, the file is read in pieces.
  ///
  /// @return how many bytes were sent; the position of the file is behind them, also if it fails
  /// @throws IOException if the connection is lost or closed, or the file cannot be read
  public static long sendFile(StreamWriter writer, FileChannel file) throws IOException {
    writer.protocol().checkAlive();
    return sendFile(writer.transport(), file, 0, null, true);
  }

  /// Sends a part of a file.
  ///
  /// @param count how many bytes; null for all that are left
  /// @throws IllegalStateException if the transport is closing, its output has ended, it sends a
  ///   file already, or it is over TLS and `fallback` is false
  /// @throws SendfileNotAvailableException if the system cannot do it and `fallback` is false
  public static long sendFile(
      Transport transport, FileChannel file, long offset, @Nullable Long count, boolean fallback)
      throws IOException {
    return FileSending.send(ours(transport), file, offset, count, fallback);
  }

  private static ChannelTransport ours(Transport transport) {
    if (transport instanceof ChannelTransport ours) {
      return ours;
    }
    throw new IllegalArgumentException(transport + " was not made by Weft");
  }

  /// The addresses of a host.
  ///
  /// @throws java.net.UnknownHostException if there are none
  public static List<InetSocketAddress> getAddrInfo(String host, int port) throws IOException {
    return Resolver.system().resolve(host, port, null);
  }

  /// The name of a host, or its address as a text if it has none.
  public static String getNameInfo(InetSocketAddress address) throws IOException {
    return Rethrown.await(
        EventLoop.running().runInExecutor(null, () -> address.getAddress().getCanonicalHostName()));
  }
}
