package weft.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayDeque;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.spi.PacketChannel;
import weft.spi.PacketListener;

/// A datagram socket.
final class NioPackets extends Selected implements PacketChannel {
  /// How many datagrams one dispatch receives before others have their turn.
  private static final int RECEIVES_MAX = 64;

  /// What a waiting datagram counts beyond its bytes.
  private static final int HEADER_BYTES = 8;

  private record Waiting(ByteBuffer data, @Nullable SocketAddress target) {}

  private final DatagramChannel socket;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final ArrayDeque<IOException> failures = new ArrayDeque<>();
  private @Nullable PacketListener listener;
  private long backlog;
  private long drainedAt = -1;
  private boolean reading;
  private boolean closed;

  NioPackets(SelectorDriver driver, DatagramChannel socket) throws IOException {
    super(driver, socket);
    this.socket = socket;
  }

  @Override
  void complete(int ready) {
    if ((ready & OP_READ) != 0) {
      receive();
    }
    if (!closed && (ready & OP_WRITE) != 0) {
      sendWaiting();
    }
    for (IOException failure; !closed && (failure = failures.poll()) != null; ) {
      listener().failed(failure);
    }
    if (!closed && drainedAt >= 0 && backlog <= drainedAt) {
      drainedAt = -1;
      listener().drained();
    }
  }

  private PacketListener listener() {
    PacketListener told = listener;
    if (told == null) {
      throw new IllegalStateException("this channel has no listener; set it before reading");
    }
    return told;
  }

  @Override
  public void listener(PacketListener replacement) {
    listener = replacement;
  }

  @Override
  public void resumeReading() {
    if (!closed) {
      reading = true;
      interest(OP_READ, true);
    }
  }

  @Override
  public void pauseReading() {
    reading = false;
    if (!closed) {
      interest(OP_READ, false);
    }
  }

  private void receive() {
    Buffers.Lent lent = driver.buffers.take();
    try {
      for (int times = 0; times < RECEIVES_MAX && reading; times++) {
        SocketAddress sender;
        try {
          sender = socket.receive(lent.data.clear());
        } catch (IOException e) {
          listener().failed(e);
          continue;
        }
        if (sender == null) {
          return;
        }
        listener().received(lent.data.flip(), sender);
      }
    } finally {
      lent.end();
    }
  }

  @Override
  public void send(ByteBuffer data, @Nullable SocketAddress target) {
    if (closed) {
      data.position(data.limit());
      return;
    }
    if (waiting.isEmpty() && offer(data, target)) {
      return;
    }
    ByteBuffer copy = ByteBuffer.allocate(data.remaining()).put(data).flip();
    waiting.add(new Waiting(copy, target));
    backlog += copy.remaining() + HEADER_BYTES;
    interest(OP_WRITE, true);
  }

  /// Whether the system has taken the datagram, or refused it for good.
  private boolean offer(ByteBuffer data, @Nullable SocketAddress target) {
    int bytes = data.remaining();
    try {
      SocketAddress peer = target != null ? target : socket.getRemoteAddress();
      if (peer == null) {
        throw new IOException("the socket is not connected, so that each datagram needs a target");
      }
      if (bytes == 0 && socket.isConnected()) {
        throw new IOException("the JDK sends no empty datagram on a connected socket");
      }
      int sent = socket.send(data, peer);
      return sent > 0 || bytes == 0;
    } catch (IOException | RuntimeException e) {
      data.position(data.limit());
      failures.add(e instanceof IOException failure ? failure : refused(e, target));
      completeLater();
      return true;
    }
  }

  /// What the JDK says by the class of an exception only, in words.
  private static IOException refused(Exception e, @Nullable SocketAddress target) {
    String what =
        switch (e) {
          case UnresolvedAddressException unresolved -> "the name was not looked up";
          case UnsupportedAddressTypeException other ->
              "the socket does not send to addresses of this family";
          default -> e.toString();
        };
    return new IOException(what + ": " + target, e);
  }

  private void sendWaiting() {
    for (Waiting first; (first = waiting.peek()) != null; ) {
      int bytes = first.data.remaining();
      if (!offer(first.data, first.target)) {
        return;
      }
      waiting.remove();
      backlog -= bytes + HEADER_BYTES;
    }
    interest(OP_WRITE, false);
  }

  @Override
  public long backlog() {
    return backlog;
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    drainedAt = bytes;
    if (backlog <= bytes) {
      completeLater();
    }
  }

  @Override
  public void join(InetAddress group, NetworkInterface network, @Nullable InetAddress source)
      throws IOException {
    if (source == null) {
      socket.join(group, network);
    } else {
      socket.join(group, network, source);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      reading = false;
      waiting.clear();
      backlog = 0;
      closeChannel();
    }
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public @Nullable SocketAddress localAddress() {
    try {
      return socket.getLocalAddress();
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    try {
      return socket.getRemoteAddress();
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    socket.setOption(option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return socket.getOption(option);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return socket.supportedOptions();
  }
}
