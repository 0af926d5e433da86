package weft.nio;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

/// A driver over the JDK's asynchronous channels, which on Windows are the system's completion
/// ports.
///
/// TCP goes through one [AsynchronousChannelGroup], opened when it is first needed, whose thread
/// pool is the loop ([ProactorPool]). What the asynchronous channels do not know (unix sockets,
/// datagrams, readiness, channels of the caller's) goes through a [SelectorDriver], and so does the
/// waiting: a completion wakes it.
///
/// `poll` begins what the channels want, waits, and collects outcomes; `dispatch` tells them.
final class ProactorDriver implements Driver {
  /// How long the end of operations is waited for, by which the system lets go of their buffers.
  private static final int CLOSING_MAX_MILLIS = 100;

  private final SelectorDriver selector = new SelectorDriver();
  final Buffers buffers = selector.buffers;
  final ProactorPool pool = new ProactorPool(selector::wakeup);

  /// The channels that have an operation to begin, or to be closed.
  private List<ProactorChannel> beginning = new ArrayList<>();

  private List<ProactorChannel> begun = new ArrayList<>();

  /// The channels that have something to tell.
  private final ArrayDeque<ProactorChannel> completed = new ArrayDeque<>();

  private final Set<ProactorChannel> open = new HashSet<>();
  private @Nullable AsynchronousChannelGroup group;
  private int operations;
  private boolean closed;

  /* ---- Waiting ---- */

  @Override
  public void poll(long timeoutNanos) {
    pool.enter();
    begin();
    pool.runAll();
    boolean idle = completed.isEmpty() && beginning.isEmpty();
    selector.poll(idle ? timeoutNanos : 0);
    pool.runAll();
  }

  private void begin() {
    if (beginning.isEmpty()) {
      return;
    }
    List<ProactorChannel> batch = beginning;
    beginning = begun;
    begun = batch;
    for (ProactorChannel channel : batch) {
      channel.beginNow();
    }
    batch.clear();
  }

  @Override
  public void dispatch() {
    for (int left = completed.size(); left > 0; left--) {
      completed.remove().dispatch();
    }
    selector.dispatch();
  }

  @Override
  public void wakeup() {
    selector.wakeup();
  }

  @Override
  public long nanoTime() {
    return selector.nanoTime();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    pool.enter();
    releaseAll();
    for (int i = 0; operations > 0 && i < CLOSING_MAX_MILLIS; i++) {
      selector.poll(1_000_000);
      pool.runAll();
      releaseAll();
    }
    pool.end();
    beginning.clear();
    completed.clear();
    if (group != null) {
      try {
        group.shutdownNow();
      } catch (IOException e) {
        // Its channels are closed already; there is nothing else that could be left.
      }
    }
    selector.close();
  }

  private void releaseAll() {
    for (ProactorChannel channel : List.copyOf(open)) {
      channel.close();
      channel.release();
    }
    pool.runAll();
  }

  /* ---- For the channels ---- */

  void operationBegins() {
    operations++;
  }

  void operationEnds() {
    operations--;
  }

  void opened(ProactorChannel channel) {
    open.add(channel);
  }

  void released(ProactorChannel channel) {
    open.remove(channel);
  }

  /// Has a channel begun by the next poll, once.
  void begin(ProactorChannel channel) {
    beginning.add(channel);
  }

  /// Has a channel dispatched, once.
  void complete(ProactorChannel channel) {
    completed.add(channel);
  }

  /// Notes the outcomes that are there already.
  void collect() {
    pool.runAll();
  }

  private AsynchronousChannelGroup group() throws IOException {
    if (closed) {
      throw new IllegalStateException("this driver is closed");
    }
    AsynchronousChannelGroup channels = group;
    if (channels == null) {
      channels = AsynchronousChannelGroup.withThreadPool(pool);
      group = channels;
    }
    return channels;
  }

  /* ---- Opening channels ---- */

  @Override
  public ListenChannel listen(SocketAddress local, ListenOptions options) throws IOException {
    if (!(local instanceof InetSocketAddress)) {
      return selector.listen(local, options);
    }
    AsynchronousServerSocketChannel socket = AsynchronousServerSocketChannel.open(group());
    try {
      socket.setOption(StandardSocketOptions.SO_REUSEADDR, options.reuseAddress());
      if (options.reusePort()) {
        socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      socket.bind(local, options.backlog());
      return new ProactorListener(this, socket, options.backlog());
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public Pending connect(
      SocketAddress remote, @Nullable SocketAddress local, Completion<StreamChannel> completion)
      throws IOException {
    if (!(remote instanceof InetSocketAddress target)) {
      return selector.connect(remote, local, completion);
    }
    if (target.isUnresolved()) {
      throw new UnresolvedAddressException();
    }
    AsynchronousSocketChannel socket = AsynchronousSocketChannel.open(group());
    try {
      if (local != null) {
        socket.bind(local);
      }
      return new ProactorConnect(this, socket, remote, completion);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public StreamChannel adopt(SelectableChannel channel) throws IOException {
    return selector.adopt(channel);
  }

  @Override
  public ListenChannel adoptListener(SelectableChannel channel) throws IOException {
    return selector.adoptListener(channel);
  }

  @Override
  public PacketChannel openPackets(
      @Nullable SocketAddress local, @Nullable SocketAddress remote, PacketOptions options)
      throws IOException {
    return selector.openPackets(local, remote, options);
  }

  @Override
  public PacketChannel adoptPackets(SelectableChannel channel) throws IOException {
    return selector.adoptPackets(channel);
  }

  @Override
  public Watch watch(SelectableChannel channel, IntConsumer ready) throws IOException {
    return selector.watch(channel, ready);
  }
}
