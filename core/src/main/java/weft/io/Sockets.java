package weft.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Handle;
import weft.Promise;

/// Sockets of the JDK, used by hand: what asyncio calls `sock_recv` and so on.
///
/// All methods are to be called in a coroutine of a running loop. Each tries first, and suspends
/// only if the system would make it wait. So a coroutine whose peer is always ready never gives
/// others a turn; streams and transports, which are what programs use, do.
///
/// A channel is made non-blocking, stays the caller's, and must not belong to a transport. One task
/// at a time may read from it or accept, and one write or connect. Cancelling a task that waits
/// leaves the channel as it is, with nothing lost that was not yet returned. Closing a channel does
/// not wake who waits for it; cancel him.
///
/// @see <a
///   href="https://docs.python.org/3/library/asyncio-eventloop.html#working-with-socket-objects-directly">asyncio:
///   working with socket objects directly</a>
public final class Sockets {
  /// How much of a file is sent before others have their turn.
  private static final int FILE_STEP_BYTES = 1 << 20;

  /// Who waits to read from a channel, or to write, so that nobody takes his place unnoticed.
  private static final Map<SelectableChannel, Promise<?>> READERS = new ConcurrentHashMap<>();

  private static final Map<SelectableChannel, Promise<?>> WRITERS = new ConcurrentHashMap<>();

  /// A datagram that was received.
  ///
  /// @param sender who has sent it
  @SuppressWarnings("ArrayRecordComponent") // it is the caller's, not shared
  public record Datagram(byte[] data, SocketAddress sender) {}

  private Sockets() {}

  /* ---- Streams ---- */

  /// Receives what is there, and waits only if there is nothing.
  ///
  /// @param max how many bytes at most
  /// @return the bytes; none at the end of the stream, and if `max` is 0
  /// @throws IllegalStateException if another task waits to read from the channel
  public static byte[] recv(SocketChannel channel, int max) throws IOException {
    ByteBuffer buffer = room(max);
    recvInto(channel, buffer);
    return contents(buffer);
  }

  /// Receives what is there, and waits only if there is nothing.
  ///
  /// @return how many bytes were put into the buffer, -1 at the end of the stream
  /// @throws IllegalStateException if another task waits to read from the channel
  public static int recvInto(SocketChannel channel, ByteBuffer target) throws IOException {
    prepare(channel);
    if (!target.hasRemaining()) {
      return 0;
    }
    for (; ; ) {
      int received = channel.read(target);
      if (received != 0) {
        return received;
      }
      waitReadable(channel);
    }
  }

  /// Sends everything. If it fails or is cancelled nobody knows how much was sent.
  ///
  /// @throws IllegalStateException if another task waits to write to the channel
  public static void sendAll(SocketChannel channel, byte[] data) throws IOException {
    sendAll(channel, ByteBuffer.wrap(data));
  }

  /// Sends all that the buffer has remaining; its position is behind what the system has taken,
  /// also if it fails or is cancelled.
  ///
  /// @throws IllegalStateException if another task waits to write to the channel
  public static void sendAll(SocketChannel channel, ByteBuffer data) throws IOException {
    prepare(channel);
    while (data.hasRemaining()) {
      if (channel.write(data) == 0) {
        waitWritable(channel);
      }
    }
  }

  /// Sends a whole file.
  ///
  /// @return how many bytes were sent
  public static long sendFile(SocketChannel channel, FileChannel file) throws IOException {
    return sendFile(channel, file, 0, null);
  }

  /// Sends a part of a file, without moving it through the program where the system can. The
  /// position of the file is behind what was sent, also if it fails or is cancelled. The disk is
  /// read on the loop's thread.
  ///
  /// @param count how many bytes; null for all that are left
  /// @return how many bytes were sent, which are fewer where the file is shorter
  /// @throws IllegalArgumentException unless the offset is not negative and the count positive
  /// @throws IllegalStateException if another task waits to write to the channel
  public static long sendFile(
      SocketChannel channel, FileChannel file, long offset, @Nullable Long count)
      throws IOException {
    if (offset < 0 || (count != null && count <= 0)) {
      throw new IllegalArgumentException(
          "sendFile() needs an offset that is not negative and a positive count");
    }
    prepare(channel);
    long left = Math.max(0, file.size() - offset);
    long end = offset + (count == null ? left : Math.min(count, left));
    long position = offset;
    try {
      while (position < end) {
        long moved = file.transferTo(position, Math.min(FILE_STEP_BYTES, end - position), channel);
        position += moved;
        if (moved == 0 && position >= file.size()) {
          break; // it was made shorter meanwhile
        }
        if (position < end) {
          waitWritable(channel);
        }
      }
    } finally {
      file.position(position);
    }
    return position - offset;
  }

  /// Connects. Looks the name up if the address is not resolved, and takes the first address that
  /// the channel can be connected to.
  ///
  /// If it is cancelled the system goes on connecting; calling it again waits for the outcome. If
  /// it fails the channel is closed, as the JDK has it.
  ///
  /// @throws java.net.UnknownHostException if the name is unknown
  /// @throws IllegalStateException if another task waits for the channel to connect
  public static void connect(SocketChannel channel, SocketAddress remote) throws IOException {
    prepare(channel);
    if (!channel.isConnectionPending() && begin(channel, remote)) {
      return;
    }
    while (!channel.finishConnect()) {
      waitWritable(channel);
    }
  }

  /// Begins to connect, and returns whether that is all.
  private static boolean begin(SocketChannel channel, SocketAddress remote) throws IOException {
    List<? extends SocketAddress> addresses = resolved(remote);
    for (SocketAddress address : addresses.subList(0, addresses.size() - 1)) {
      try {
        return channel.connect(address);
      } catch (UnsupportedAddressTypeException e) {
        // It is of the other family: try the next.
      }
    }
    return channel.connect(addresses.getLast());
  }

  /// Waits for a connection and accepts it. The channel is non-blocking, and the caller's.
  ///
  /// @throws IllegalStateException if another task waits to accept
  public static SocketChannel accept(ServerSocketChannel channel) throws IOException {
    prepare(channel);
    for (; ; ) {
      SocketChannel accepted = channel.accept();
      if (accepted != null) {
        accepted.configureBlocking(false);
        return accepted;
      }
      waitReadable(channel);
    }
  }

  /* ---- Datagrams ---- */

  /// Receives a datagram. What is longer than `max` is cut off.
  ///
  /// @throws IllegalStateException if another task waits to read from the channel
  public static Datagram recvFrom(DatagramChannel channel, int max) throws IOException {
    ByteBuffer buffer = room(max);
    SocketAddress sender = recvFromInto(channel, buffer);
    return new Datagram(contents(buffer), sender);
  }

  /// Receives a datagram. What the buffer has no room for is cut off.
  ///
  /// @return who has sent it
  /// @throws IllegalStateException if another task waits to read from the channel
  public static SocketAddress recvFromInto(DatagramChannel channel, ByteBuffer target)
      throws IOException {
    prepare(channel);
    for (; ; ) {
      SocketAddress sender = channel.receive(target);
      if (sender != null) {
        return sender;
      }
      waitReadable(channel);
    }
  }

  /// Sends one datagram, which may be empty unless the channel is connected.
  ///
  /// @param target where to; null on a connected channel
  /// @return how many bytes were sent
  /// @throws IllegalStateException if another task waits to write to the channel
  /// @throws UnsupportedOperationException if it is empty and the channel connected: there is no
  ///   way to make the JDK send it
  public static int sendTo(DatagramChannel channel, byte[] data, @Nullable SocketAddress target)
      throws IOException {
    return sendTo(channel, ByteBuffer.wrap(data), target);
  }

  /// As [#sendTo(DatagramChannel, byte[], SocketAddress)].
  public static int sendTo(DatagramChannel channel, ByteBuffer data, @Nullable SocketAddress target)
      throws IOException {
    prepare(channel);
    SocketAddress peer = target == null ? null : resolved(target).getFirst();
    boolean empty = !data.hasRemaining();
    if (empty && channel.isConnected()) {
      throw new UnsupportedOperationException(
          "the JDK sends no empty datagram on a connected channel");
    }
    for (; ; ) {
      int sent = peer == null ? channel.write(data) : channel.send(data, peer);
      if (sent > 0 || empty) {
        return sent;
      }
      waitWritable(channel);
    }
  }

  /* ---- Waiting ---- */

  private static void prepare(SelectableChannel channel) throws IOException {
    EventLoop.running();
    if (channel.isBlocking()) {
      channel.configureBlocking(false);
    }
  }

  private static void waitReadable(SelectableChannel channel) throws IOException {
    EventLoop loop = EventLoop.running();
    Latch ready = enter(READERS, channel, loop, "read from");
    @Nullable Handle handle = null;
    try {
      handle = loop.addReader(channel, ready::open);
      ready.await();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      READERS.remove(channel, ready.promise());
      if (handle != null && !handle.cancelled()) {
        loop.removeReader(channel);
      }
    }
  }

  private static void waitWritable(SelectableChannel channel) throws IOException {
    EventLoop loop = EventLoop.running();
    Latch ready = enter(WRITERS, channel, loop, "write to");
    @Nullable Handle handle = null;
    try {
      handle = loop.addWriter(channel, ready::open);
      ready.await();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      WRITERS.remove(channel, ready.promise());
      if (handle != null && !handle.cancelled()) {
        loop.removeWriter(channel);
      }
    }
  }

  /// Notes that somebody waits. One who was cancelled and has not gone on yet does not count: his
  /// handle is replaced, and he will leave that of his successor alone.
  private static Latch enter(
      Map<SelectableChannel, Promise<?>> waiting,
      SelectableChannel channel,
      EventLoop loop,
      String verb) {
    Promise<?> former = waiting.get(channel);
    if (former != null && !former.done()) {
      throw new IllegalStateException("another task waits to " + verb + " " + channel);
    }
    Latch ready = new Latch(loop);
    waiting.put(channel, ready.promise());
    return ready;
  }

  /* ---- Small matters ---- */

  private static ByteBuffer room(int max) {
    if (max < 0) {
      throw new IllegalArgumentException("the number of bytes must not be negative: " + max);
    }
    return ByteBuffer.allocate(max);
  }

  private static byte[] contents(ByteBuffer buffer) {
    byte[] contents = new byte[buffer.flip().remaining()];
    buffer.get(contents);
    return contents;
  }

  private static List<? extends SocketAddress> resolved(SocketAddress address) throws IOException {
    return address instanceof InetSocketAddress inet && inet.isUnresolved()
        ? Resolver.system().resolve(inet.getHostString(), inet.getPort(), null)
        : List.of(address);
  }
}
