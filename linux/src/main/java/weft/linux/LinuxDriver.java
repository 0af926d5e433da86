package weft.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import weft.spi.ChildOptions;
import weft.spi.ChildProcess;
import weft.spi.Completion;
import weft.spi.Driver;
import weft.spi.ListenChannel;
import weft.spi.ListenOptions;
import weft.spi.PacketChannel;
import weft.spi.PacketOptions;
import weft.spi.Pending;
import weft.spi.StreamChannel;
import weft.spi.Watch;

/// What the drivers for Linux have in common: everything but how they wait, and how connections and
/// bytes come in.
///
/// **Events.** Each [Source] has a slot in a table. A subclass's `poll` collects events, its
/// [#dispatchEvents] finds their sources and calls [Source#ready], which does what there is to do
/// and tells the listener. What is to be told without an event (a failure of a write, a backlog
/// that has fallen) waits in a queue, for [Source#attend].
///
/// **Writes.** A stream that holds small writes back stands in a list, which each poll flushes
/// before it waits.
abstract class LinuxDriver implements Driver {
  /// Receives and sends in bulk.
  static final int LARGE_BYTES = 128 * 1024;

  /// Holds the small writes of one iteration.
  static final int SMALL_BYTES = 16 * 1024;

  /// How many events one dispatch tells, and how much memory it may have listeners keep: few enough
  /// that everything is still in the processor's cache when it is used and what was written is
  /// sent.
  static final int TOLD_MAX = 32;

  static final int KEPT_BYTES_MAX = 256 * 1024;

  /// After how many polls, or after how long without any event, idle memory is given back.
  private static final int TRIM_POLLS = 1 << 14;

  private static final long TRIM_NANOS = 1_000_000_000;

  private static final SocketAddress ANY = new InetSocketAddress(0);

  final Linux linux;
  final BufferPool large;
  final BufferPool small;
  final Waker waker;

  /// Whether sockets can serve both versions of IP.
  private final boolean dual;

  /// Room for an address in a call.
  final MemorySegment address = Arena.ofAuto().allocate(Linux.SOCKADDR_BYTES, 8);

  private @Nullable Source[] sources = new Source[64];
  private int[] generations = new int[64];
  private int[] freeSlots = new int[64];
  private int slotsFree;
  private int slotsUsed;

  private final ArrayDeque<Source> attention = new ArrayDeque<>();
  private @Nullable SocketStream[] written = new @Nullable SocketStream[16];
  private int writtenCount;
  private @Nullable ChannelWatcher watcher;
  private @Nullable WaitThread waitThread;

  /// Channels of the JDK that were adopted or are watched.
  private final Set<SelectableChannel> known = new HashSet<>();

  private int polls;
  private boolean closed;

  LinuxDriver(Linux linux) throws IOException {
    this.linux = linux;
    this.large = new BufferPool(linux, LARGE_BYTES);
    this.small = new BufferPool(linux, SMALL_BYTES);
    this.waker = new Waker(linux);
    int probe = linux.socket(Linux.AF_INET6, Linux.SOCK_DGRAM);
    if (probe >= 0) {
      linux.close(probe);
    } else if (probe != -Errno.EAFNOSUPPORT) {
      waker.close();
      throw Errno.exception(-probe);
    }
    this.dual = probe >= 0 && !Boolean.getBoolean("java.net.preferIPv4Stack");
  }

  /* ---- What a driver for Linux has to do ---- */

  /// Waits until something is there to dispatch, and collects it. A negative timeout has no limit.
  /// Whether anything has come.
  abstract boolean await(long timeoutNanos);

  /// Tells what was collected.
  abstract void dispatchEvents();

  /// Whether something that was collected is not told yet.
  abstract boolean hasEvents();

  /// Has the source told while it is ready for this.
  abstract void arm(Source source, int events);

  /// Takes that back.
  abstract void disarm(Source source, int events);

  /// Begins to receive what a socket gets, or goes on.
  abstract void receive(SocketStream stream);

  /// Begins to accept, or goes on.
  abstract void accept(SocketListener listener);

  /// Has what a stream holds sent by the wait that follows, which tells the stream how that went
  /// before it returns. False if the stream has to send it.
  boolean sendByWait(SocketStream stream) {
    return false;
  }

  /// Whether the system keeps what the source's descriptor stands for open for a while after that
  /// was closed, so that the peer would not hear of it.
  boolean holds(Source source) {
    return false;
  }

  /// Has the system close what it [#holds]. Returns false if there is nothing.
  boolean letGo() throws IOException {
    return false;
  }

  /// Has no event of this source told any more, before its descriptor is closed.
  abstract void forget(Source source);

  /// Releases what the system lent.
  abstract void shutDown();

  /* ---- Waiting ---- */

  @Override
  public final void poll(long timeoutNanos) {
    if (closed) {
      throw new IllegalStateException("the driver is closed");
    }
    flush();
    boolean wait = timeoutNanos > 0 && attention.isEmpty() && !hasEvents() && !waker.woken();
    if (++polls >= TRIM_POLLS) {
      trim();
    }
    if (!wait) {
      await(0);
    } else {
      boolean surplus = large.surplus() || small.surplus();
      boolean limited = surplus && timeoutNanos > TRIM_NANOS;
      long nanos = limited ? TRIM_NANOS : timeoutNanos == Long.MAX_VALUE ? -1 : timeoutNanos;
      if (!await(nanos) && limited) {
        trim();
      }
    }
    waker.reset();
  }

  /// Whether the current thread must not wait in a system call.
  static boolean mustPark(long timeoutNanos) {
    return timeoutNanos != 0 && Thread.currentThread().isVirtual();
  }

  /// Parks until the descriptor is readable. A negative timeout has no limit. Returns 0 if it was
  /// not in time, or a negated error number.
  final int park(Descriptor descriptor, long timeoutNanos) {
    WaitThread waits = waitThread;
    if (waits == null) {
      waits = new WaitThread();
      waitThread = waits;
    }
    return waits.await(descriptor, timeoutNanos);
  }

  private void trim() {
    polls = 0;
    large.trim();
    small.trim();
  }

  private void flush() {
    for (int i = 0; i < writtenCount; i++) {
      SocketStream stream = written[i];
      written[i] = null;
      if (stream != null && !sendByWait(stream)) {
        stream.flush();
      }
    }
    writtenCount = 0;
  }

  /// Has a stream flushed by the next poll. To be called once for each.
  final void flushLater(SocketStream stream) {
    if (writtenCount == written.length) {
      written = Arrays.copyOf(written, 2 * writtenCount);
    }
    written[writtenCount++] = stream;
  }

  @Override
  public final void dispatch() {
    for (int left = attention.size(); left > 0; left--) {
      Source source = attention.poll();
      if (source == null) {
        return; // closed by a listener
      }
      source.attention = false;
      source.attend();
    }
    if (watcher != null) {
      watcher.dispatch();
    }
    if (!closed) {
      dispatchEvents();
    }
  }

  /// Has a source told by the next dispatch.
  final void attend(Source source) {
    if (!source.attention && !closed) {
      source.attention = true;
      attention.add(source);
    }
  }

  @Override
  public final void wakeup() {
    waker.wake();
  }

  @Override
  public final long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public final void close() {
    if (closed) {
      return;
    }
    for (int slot = 0; slot < slotsUsed; slot++) {
      Source source = sources[slot];
      if (source != null) {
        source.close();
      }
    }
    closed = true;
    attention.clear();
    writtenCount = 0;
    if (watcher != null) {
      watcher.close();
    }
    waker.close();
    shutDown();
    if (waitThread != null) {
      waitThread.close();
    }
  }

  /* ---- Sources ---- */

  final int freeSlot() {
    if (closed) {
      throw new IllegalStateException("the driver is closed");
    }
    if (slotsFree > 0) {
      return freeSlots[--slotsFree];
    }
    if (slotsUsed == sources.length) {
      int length = 2 * slotsUsed;
      sources = Arrays.copyOf(sources, length);
      generations = Arrays.copyOf(generations, length);
      freeSlots = Arrays.copyOf(freeSlots, length);
    }
    return slotsUsed++;
  }

  final int generation(int slot) {
    return generations[slot];
  }

  final void occupy(Source source) {
    sources[source.slot] = source;
  }

  final void vacate(Source source) {
    forget(source);
    int slot = source.slot;
    sources[slot] = null;
    generations[slot] = (generations[slot] + 1) & GENERATIONS;
    freeSlots[slotsFree++] = slot;
  }

  /// Generations have 24 bits, so that an event can name slot and generation beside a byte.
  static final int GENERATIONS = 0xff_ffff;

  /// The source that an event is for, or null if it has ended.
  final @Nullable Source source(int slot, int generation) {
    return slot < slotsUsed ? Source.same(sources[slot], generation) : null;
  }

  /// How many sources there are.
  final int sourceCount() {
    return slotsUsed - slotsFree;
  }

  final @Nullable Source sourceAt(int slot) {
    return sources[slot];
  }

  final int slots() {
    return slotsUsed;
  }

  /* ---- Opening channels ---- */

  @Override
  public final ListenChannel listen(SocketAddress local, ListenOptions options) throws IOException {
    boolean older =
        local instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address;
    int family = older ? Linux.AF_INET : family(local); // its wildcard is not that of both here
    Descriptor socket = socket(family, Linux.SOCK_STREAM);
    try {
      int fd = socket.fd();
      if (family != Linux.AF_UNIX && options.reuseAddress()) {
        Errno.check(linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1));
      }
      if (family != Linux.AF_UNIX && options.reusePort()) {
        Errno.check(linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEPORT, 1));
      }
      bind(socket, local, family);
      Errno.check(linux.listen(fd, options.backlog()));
      return new SocketListener(this, socket, options.backlog());
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private int family(SocketAddress given) {
    int family = Addresses.family(given);
    return family == Linux.AF_INET6 && !dual && Addresses.isWildcard(given)
        ? Linux.AF_INET
        : family;
  }

  private Descriptor socket(int family, int type) throws IOException {
    if (closed) {
      throw new IllegalStateException("the driver is closed");
    }
    Descriptor socket = Descriptor.of(linux, linux.socket(family, type));
    if (family == Linux.AF_INET6) {
      linux.setsockopt(socket.fd(), Linux.SOL_IPV6, Linux.IPV6_V6ONLY, 0);
    }
    return socket;
  }

  private void bind(Descriptor socket, SocketAddress local, int family) throws IOException {
    int length = Addresses.write(local, family, address);
    int bound = linux.bind(socket.fd(), address, length);
    if (bound == -Errno.EADDRINUSE && letGo()) {
      bound = linux.bind(socket.fd(), address, length);
    }
    Errno.check(bound);
  }

  @Override
  public final Pending connect(
      SocketAddress to, @Nullable SocketAddress local, Completion<StreamChannel> completion)
      throws IOException {
    SocketAddress remote = Addresses.destination(to);
    int family = family(remote);
    if (local != null && family == Linux.AF_INET) {
      family = family(local);
    }
    Descriptor socket = socket(family, Linux.SOCK_STREAM);
    try {
      if (local != null) {
        bind(socket, local, family);
      }
      int length = Addresses.write(remote, family, address);
      int done = linux.connect(socket.fd(), address, length);
      return new SocketConnect(this, socket, done, completion);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public final PacketChannel openPackets(
      @Nullable SocketAddress local, @Nullable SocketAddress to, PacketOptions options)
      throws IOException {
    SocketAddress remote = to == null ? null : Addresses.destination(to);
    int family = packetFamily(local, remote, options);
    Descriptor socket = socket(family, Linux.SOCK_DGRAM);
    try {
      int fd = socket.fd();
      if (options.reuseAddress()) {
        Errno.check(linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1));
      }
      if (options.reusePort()) {
        Errno.check(linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEPORT, 1));
      }
      if (options.broadcast()) {
        Errno.check(linux.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_BROADCAST, 1));
      }
      if (local != null) {
        bind(socket, local, family);
      } else if (family != Linux.AF_UNIX) {
        bind(socket, ANY, family);
      }
      if (remote != null) {
        Errno.check(linux.connect(fd, address, Addresses.write(remote, family, address)));
      }
      return new PacketSocket(this, socket, family);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private int packetFamily(
      @Nullable SocketAddress local, @Nullable SocketAddress remote, PacketOptions options) {
    if (options.family() == StandardProtocolFamily.INET) {
      return Linux.AF_INET;
    }
    if (options.family() == StandardProtocolFamily.INET6) {
      return Linux.AF_INET6;
    }
    if (options.family() == StandardProtocolFamily.UNIX) {
      return Linux.AF_UNIX;
    }
    SocketAddress given = local != null ? local : remote;
    int family = family(given == null ? ANY : given);
    return family == Linux.AF_INET && remote != null ? family(remote) : family;
  }

  /// The address of a socket, or of its peer; null if it has none.
  final @Nullable SocketAddress name(Descriptor socket, boolean peer) {
    int length = linux.name(socket.fd(), peer, address);
    return Addresses.read(address, length);
  }

  /* ---- Channels of the JDK ---- */

  @Override
  public final StreamChannel adopt(SelectableChannel channel) throws IOException {
    boolean socket = channel instanceof SocketChannel;
    if (socket && !((SocketChannel) channel).isConnected()) {
      throw new IllegalArgumentException(channel + " is not connected");
    }
    if (!socket && !JdkChannels.isPipe(channel)) {
      throw new IllegalArgumentException(
          channel + " is neither a connected SocketChannel nor an end of a Pipe");
    }
    Descriptor copy = copy(channel);
    return adopted(
        channel,
        socket
            ? SocketStream.socket(this, copy)
            : SocketStream.pipe(this, copy, channel instanceof Pipe.SinkChannel));
  }

  @Override
  public final ListenChannel adoptListener(SelectableChannel channel) throws IOException {
    if (!(channel instanceof ServerSocketChannel server)) {
      throw new IllegalArgumentException(channel + " is not a ServerSocketChannel");
    }
    if (server.getLocalAddress() == null) {
      throw new IllegalArgumentException(channel + " is not bound; bind it first");
    }
    return adopted(channel, new SocketListener(this, copy(channel), ADOPTED_BACKLOG));
  }

  private static final int ADOPTED_BACKLOG = 100;

  private Descriptor copy(SelectableChannel channel) throws IOException {
    checkUnknown(channel);
    return JdkChannels.copy(linux, channel);
  }

  private <S extends Source> S adopted(SelectableChannel channel, S source) {
    known.add(channel);
    source.adopted(channel);
    return source;
  }

  private void checkUnknown(SelectableChannel channel) {
    if (closed) {
      throw new IllegalStateException("the driver is closed");
    }
    if (!channel.isOpen()) {
      throw new IllegalArgumentException(channel + " is closed");
    }
    if (known.contains(channel)) {
      throw new IllegalArgumentException(channel + " is watched already, or has a transport");
    }
  }

  /// Closes a channel that was adopted.
  final void release(SelectableChannel channel) {
    known.remove(channel);
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone in any case, and there is nobody left to whom it matters.
    }
  }

  /// A channel is not watched any more.
  final void unknow(SelectableChannel channel) {
    known.remove(channel);
  }

  @Override
  public final PacketChannel adoptPackets(SelectableChannel channel) throws IOException {
    if (!(channel instanceof DatagramChannel datagrams)) {
      throw new IllegalArgumentException(channel + " is not a DatagramChannel");
    }
    if (datagrams.getLocalAddress() == null) {
      datagrams.bind(null);
    }
    Descriptor socket = copy(channel);
    int family = SocketOptions.family(linux, socket);
    return adopted(channel, new PacketSocket(this, socket, family));
  }

  @Override
  public final Watch watch(SelectableChannel channel, IntConsumer ready) throws IOException {
    checkUnknown(channel);
    if (!JdkChannels.isOpen()) {
      return watchByThread(channel, ready);
    }
    Descriptor copy = JdkChannels.copy(linux, channel);
    known.add(channel);
    return new ChannelWatch(this, copy, channel, ready);
  }

  /// Watches a channel whose descriptor is not known.
  final Watch watchByThread(SelectableChannel channel, IntConsumer ready) throws IOException {
    ChannelWatcher channels = watcher;
    if (channels == null) {
      channels = new ChannelWatcher(waker);
      watcher = channels;
    }
    return channels.watch(channel, ready);
  }

  /* ---- Processes ---- */

  /// Null on an old kernel, with another C library than glibc, and where `/proc` is not mounted.
  @Override
  public final @Nullable ChildProcess spawn(ChildOptions options) throws IOException {
    if (closed) {
      throw new IllegalStateException("the driver is closed");
    }
    return PosixSpawn.isAvailable() ? ChildStart.run(this, options) : null;
  }
}
