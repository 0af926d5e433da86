package weft.spi;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SelectableChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The part of an event loop that deals with the outside world: it sleeps, is woken, tells the
/// time, and moves bytes. One driver belongs to one loop.
///
/// **Shape.** Everything completes: a receive, a connection, a transfer. A driver over a system
/// that only says "ready" does the work itself and then reports it as completed. Receiving and
/// accepting are subscriptions, which go on until they are paused.
///
/// **Time.** Work is done in two phases. [#poll] sends what was written since the last poll, waits,
/// and collects what has completed; [#dispatch], which follows each poll, tells the listeners. A
/// listener is called from `dispatch` only, never from within a method that the loop calls on the
/// driver or on one of its channels; so nobody need expect to be called back while calling.
///
/// **Thread.** Every method, of the driver and of its channels, is called on the loop's thread,
/// except [#wakeup] and [#nanoTime], which any thread may call. A driver knows nothing of
/// coroutines, tasks or callbacks.
///
/// **What may be left out.** The first five methods make a driver that can wait. Each of the others
/// may throw [UnsupportedOperationException] with a message that says what is missing, as they do
/// if they are not overridden.
public interface Driver extends AutoCloseable {

  /* ---- Waiting ---- */

  /// Sends what was written, then waits for at most `timeoutNanos` and returns; 0 returns at once,
  /// [Long#MAX_VALUE] waits without limit. Does not wait while anything is left to [#dispatch].
  /// Returns early after [#wakeup] and may return early for no reason. It never returns so early
  /// over and over that the loop would spin: what the system cannot time exactly is rounded up.
  void poll(long timeoutNanos);

  /// Tells the listeners what has completed. It may leave some for the next call, so that those who
  /// kept their chunks use them while the bytes are in the processor's cache. What a listener
  /// throws is passed on; the completions that were not yet told are told by the next call too.
  default void dispatch() {}

  /// Makes a running [#poll], or else the next one, return at once. Any thread; never blocks; does
  /// nothing after [#close].
  void wakeup();

  /// The driver's monotonic clock, in nanoseconds from an arbitrary origin. Any thread.
  long nanoTime();

  /// Closes every channel that is left, as [StreamChannel#close] does, and releases what the system
  /// lent. No listener is called any more. Repeating it does nothing.
  @Override
  void close();

  /* ---- Byte streams ---- */

  /// Opens a listening socket.
  ///
  /// @throws IOException if the address cannot be bound
  default ListenChannel listen(SocketAddress local, ListenOptions options) throws IOException {
    throw new UnsupportedOperationException("this driver cannot listen on " + local);
  }

  /// Begins to connect. The completion is called once, unless [Pending#cancel] is called before;
  /// the channel it gets is open and paused.
  ///
  /// @param local where to bind the socket before, or null
  /// @throws IOException if it fails at once
  default Pending connect(
      SocketAddress remote, @Nullable SocketAddress local, Completion<StreamChannel> completion)
      throws IOException {
    throw new UnsupportedOperationException("this driver cannot connect to " + remote);
  }

  /// Takes over an open channel of the JDK: a connected `SocketChannel`, or an end of a
  /// `java.nio.channels.Pipe`. From now on the driver owns it and closes it.
  ///
  /// @throws IllegalArgumentException if it is a channel of another kind
  /// @throws IOException if the system refuses
  default StreamChannel adopt(SelectableChannel channel) throws IOException {
    throw new UnsupportedOperationException("this driver cannot take over " + channel);
  }

  /// Takes over a bound `ServerSocketChannel` of the JDK. From now on the driver owns it.
  ///
  /// @throws IOException if the system refuses
  default ListenChannel adoptListener(SelectableChannel channel) throws IOException {
    throw new UnsupportedOperationException("this driver cannot take over " + channel);
  }

  /* ---- Datagrams ---- */

  /// Opens a datagram socket.
  ///
  /// @param local where to bind it; null lets the system choose
  /// @param remote the only peer; null for an unconnected socket
  /// @throws IOException if the address cannot be bound, or the socket not be connected
  default PacketChannel openPackets(
      @Nullable SocketAddress local, @Nullable SocketAddress remote, PacketOptions options)
      throws IOException {
    throw new UnsupportedOperationException("this driver has no datagrams");
  }

  /// Takes over an open `DatagramChannel` of the JDK. From now on the driver owns it.
  ///
  /// @throws IOException if the system refuses
  default PacketChannel adoptPackets(SelectableChannel channel) throws IOException {
    throw new UnsupportedOperationException("this driver cannot take over " + channel);
  }

  /* ---- Readiness ---- */

  /// Watches a channel that the driver does not own. The listener is told, by each [#dispatch], the
  /// operations that are ready among those of interest; what stays ready is told again. Channel and
  /// listener are the caller's; the channel is non-blocking while it is watched.
  ///
  /// @throws IllegalArgumentException if the channel cannot be watched, is watched already or is
  ///   owned by the driver
  default Watch watch(SelectableChannel channel, IntConsumer ready) throws IOException {
    throw new UnsupportedOperationException("this driver cannot watch channels");
  }

  /* ---- Files ---- */

  /// Opens a regular file. A failure says only that this driver cannot: the caller then tries as if
  /// there were no such driver, and learns why.
  ///
  /// @param path a path of the default file system
  /// @param options as for [java.nio.channels.FileChannel#open]
  /// @return false if the driver has no such files or does not know an option; then nothing is told
  default boolean openFile(
      Path path, Collection<? extends OpenOption> options, Completion<DiskFile> told) {
    return false;
  }

  /* ---- Processes ---- */

  /// Starts a child process, whose pipes become channels of this driver. Returns when it runs.
  ///
  /// @return null if the driver cannot start this one; then the JDK does
  /// @throws IOException as that of [ProcessBuilder#start] if the process cannot be started
  default @Nullable ChildProcess spawn(ChildOptions options) throws IOException {
    return null;
  }
}
