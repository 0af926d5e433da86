package weft.nio;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.Driver;
import weft.spi.ListenChannel;
import weft.spi.ListenOptions;
import weft.spi.PacketChannel;
import weft.spi.PacketOptions;
import weft.spi.Pending;
import weft.spi.StreamChannel;
import weft.spi.Watch;

/// A driver over [java.nio.channels.Selector].
///
/// `poll` sends what the channels hold back, selects, and notes which channels are ready;
/// `dispatch` lets each of them receive, accept or send, and tell its listener.
///
/// While no channel is registered there is nothing to select: the driver then parks the thread,
/// which is timed in nanoseconds where a selector counts milliseconds, wakes faster, and opens no
/// descriptor.
final class SelectorDriver implements Driver {
  final Buffers buffers = new Buffers();

  /// How many channels one dispatch takes, and how much memory it may have listeners keep: few
  /// enough that everything is still in the processor's cache when it is used and what was written
  /// is sent.
  private static final int TOLD_MAX = 32;

  private static final int KEPT_BYTES_MAX = 256 * 1024;

  /// The channels that have something to do or to tell.
  private final ArrayDeque<Selected> completed = new ArrayDeque<>();

  /// How many of them, the first ones, are due: they were there when the selector was last asked.
  private int due;

  /// The channels that hold writes back until the next poll.
  private List<NioStream> written = new ArrayList<>();

  private List<NioStream> flushing = new ArrayList<>();

  private @Nullable Selector selector;

  /// Whether a key was cancelled since the last select: only that closes the descriptor.
  private boolean cancelled;

  private volatile boolean woken;
  private volatile boolean selecting;
  private volatile @Nullable Thread sleeper;

  /* ---- Waiting ---- */

  @Override
  public void poll(long timeoutNanos) {
    flush();
    if (due == 0) {
      await(timeoutNanos);
      due = completed.size();
    }
    if (woken) {
      woken = false;
    }
  }

  private void await(long timeoutNanos) {
    Selector channels = selector;
    boolean wait = timeoutNanos > 0 && completed.isEmpty();
    if (channels == null || (channels.keys().isEmpty() && !cancelled)) {
      if (wait) {
        park(timeoutNanos);
      }
    } else {
      select(channels, wait ? timeoutNanos : 0);
    }
  }

  private void park(long timeoutNanos) {
    if (woken) {
      return;
    }
    sleeper = Thread.currentThread();
    if (!woken) {
      if (timeoutNanos == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, timeoutNanos);
      }
    }
    sleeper = null;
  }

  private void select(Selector channels, long timeoutNanos) {
    cancelled = false;
    try {
      if (timeoutNanos > 0 && !woken) {
        selecting = true;
        if (woken) {
          channels.selectNow(SelectorDriver::collect);
        } else if (timeoutNanos == Long.MAX_VALUE) {
          channels.select(SelectorDriver::collect);
        } else {
          channels.select(SelectorDriver::collect, Math.ceilDiv(timeoutNanos, 1_000_000));
        }
        selecting = false;
      } else {
        channels.selectNow(SelectorDriver::collect);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the selector has failed", e);
    }
  }

  /// Has the JDK do what it puts off to the next select: a channel that was closed keeps its
  /// address until then, and one that was given back its key.
  private void letGo() throws IOException {
    Selector channels = selector;
    if (cancelled && channels != null) {
      cancelled = false;
      channels.selectNow(SelectorDriver::collect);
    }
  }

  private static void collect(SelectionKey key) {
    ((Selected) key.attachment()).ready(key.readyOps());
  }

  @Override
  public void dispatch() {
    long keptMax = buffers.kept() + KEPT_BYTES_MAX;
    for (int told = 0; due > 0 && told < TOLD_MAX && buffers.kept() < keptMax; told++) {
      due--;
      completed.remove().dispatch();
    }
  }

  @Override
  public void wakeup() {
    woken = true;
    Thread parked = sleeper;
    if (parked != null) {
      LockSupport.unpark(parked);
    }
    if (selecting) { // to be read first: it publishes the selector
      Selector channels = selector;
      if (channels != null) {
        channels.wakeup();
      }
    }
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public void close() {
    Selector channels = selector;
    if (channels == null || !channels.isOpen()) {
      return;
    }
    for (SelectionKey key : List.copyOf(channels.keys())) {
      if (key.attachment() instanceof Selected selected) {
        selected.close();
      }
    }
    completed.clear();
    due = 0;
    try {
      channels.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the selector could not be closed", e);
    }
  }

  /* ---- For the channels ---- */

  SelectionKey register(SelectableChannel channel, int operations, Selected selected)
      throws IOException {
    if (selector == null) {
      selector = Selector.open();
    }
    channel.configureBlocking(false);
    return channel.register(selector, operations, selected);
  }

  /// Has a channel dispatched, once.
  void complete(Selected selected) {
    completed.add(selected);
  }

  /// Has a channel flushed by the next poll, once.
  void flushLater(NioStream stream) {
    written.add(stream);
  }

  private void flush() {
    if (written.isEmpty()) {
      return;
    }
    List<NioStream> batch = written;
    written = flushing;
    flushing = batch;
    for (NioStream stream : batch) {
      stream.flush();
    }
    batch.clear();
  }

  void keyCancelled() {
    cancelled = true;
  }

  /// Closes the descriptors of cancelled keys at once; otherwise the next select does.
  void releaseCancelled() {
    Selector channels = selector;
    if (channels != null && channels.isOpen()) {
      select(channels, 0);
    }
  }

  /* ---- Opening channels ---- */

  @Override
  public ListenChannel listen(SocketAddress local, ListenOptions options) throws IOException {
    boolean unix = local instanceof UnixDomainSocketAddress;
    ServerSocketChannel socket = openListener(local);
    try {
      if (!unix) {
        socket.setOption(StandardSocketOptions.SO_REUSEADDR, options.reuseAddress());
        if (options.reusePort()) {
          socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        }
      }
      letGo();
      socket.bind(local, options.backlog());
      return new NioListener(this, socket, options.backlog());
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /// The JDK's usual socket would serve both families if it is bound to the wildcard of the older.
  private static ServerSocketChannel openListener(SocketAddress local) throws IOException {
    if (local instanceof UnixDomainSocketAddress) {
      return ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    }
    return local instanceof InetSocketAddress network
            && network.getAddress() instanceof Inet4Address
        ? ServerSocketChannel.open(StandardProtocolFamily.INET)
        : ServerSocketChannel.open();
  }

  @Override
  public ListenChannel adoptListener(SelectableChannel channel) throws IOException {
    if (channel instanceof ServerSocketChannel socket) {
      if (socket.getLocalAddress() == null) {
        throw new IllegalArgumentException(socket + " is not bound; bind it first");
      }
      return new NioListener(this, socket, 100);
    }
    throw new IllegalArgumentException(channel + " is not a ServerSocketChannel");
  }

  @Override
  public Pending connect(
      SocketAddress remote, @Nullable SocketAddress local, Completion<StreamChannel> completion)
      throws IOException {
    SocketChannel socket =
        remote instanceof UnixDomainSocketAddress
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open();
    try {
      if (local != null) {
        letGo();
        socket.bind(local);
      }
      return new NioConnect(this, socket, remote, completion);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public StreamChannel adopt(SelectableChannel channel) throws IOException {
    boolean fits =
        channel instanceof SocketChannel socket
            ? socket.isConnected()
            : channel instanceof Pipe.SourceChannel || channel instanceof Pipe.SinkChannel;
    if (!fits) {
      throw new IllegalArgumentException(
          channel + " is neither a connected SocketChannel nor an end of a Pipe");
    }
    return new NioStream(this, channel);
  }

  @Override
  public PacketChannel openPackets(
      @Nullable SocketAddress local, @Nullable SocketAddress remote, PacketOptions options)
      throws IOException {
    DatagramChannel socket =
        options.family() == null ? DatagramChannel.open() : DatagramChannel.open(options.family());
    try {
      if (options.reuseAddress()) {
        socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      }
      if (options.reusePort()) {
        socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      if (options.broadcast()) {
        socket.setOption(StandardSocketOptions.SO_BROADCAST, true);
      }
      letGo();
      socket.bind(local);
      if (remote != null) {
        socket.connect(remote);
      }
      return new NioPackets(this, socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public PacketChannel adoptPackets(SelectableChannel channel) throws IOException {
    if (channel instanceof DatagramChannel socket) {
      return new NioPackets(this, socket);
    }
    throw new IllegalArgumentException(channel + " is not a DatagramChannel");
  }

  @Override
  public Watch watch(SelectableChannel channel, IntConsumer ready) throws IOException {
    Selector channels = selector;
    SelectionKey key = channels == null ? null : channel.keyFor(channels);
    if (key != null && key.isValid()) {
      throw new IllegalArgumentException(
          channel
              + (key.attachment() instanceof NioWatch
                  ? " is watched already"
                  : " belongs to a transport"));
    }
    letGo();
    return new NioWatch(this, channel, ready);
  }
}
