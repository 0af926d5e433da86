package weft.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.spi.PacketChannel;
import weft.spi.PacketListener;

/// The transport over a datagram channel of the driver.
final class ChannelDatagrams extends ProtocolTransport
    implements DatagramTransport, PacketListener {
  private final PacketChannel channel;
  private final @Nullable SocketAddress localAddress;
  private final @Nullable SocketAddress remoteAddress;
  private boolean begun;
  private boolean readingPaused;

  /// @param remote the only peer, whether the system knows it or not
  ChannelDatagrams(
      EventLoop loop,
      PacketChannel channel,
      BaseProtocol protocol,
      @Nullable SocketAddress remote) {
    super(loop, protocol, new InContext(loop));
    this.channel = channel;
    this.localAddress = channel.localAddress();
    this.remoteAddress = remote != null ? remote : channel.remoteAddress();
    channel.listener(this);
  }

  void begin(Latch told) {
    loop.callSoon(
        () -> {
          tell("connectionMade", () -> protocol.connectionMade(this));
          begun = true;
          if (!readingPaused && !closing) {
            channel.resumeReading();
          }
          told.open();
        });
  }

  @Override
  long backlog() {
    return channel.backlog();
  }

  @Override
  void whenBacklogAtMost(long bytes) {
    channel.whenBacklogAtMost(bytes);
  }

  /* ---- Receiving ---- */

  @Override
  public void received(ByteBuffer data, SocketAddress sender) {
    if (!closing && protocol instanceof DatagramProtocol datagrams) {
      callInContext(
          () -> tellOnly("datagramReceived", () -> datagrams.datagramReceived(data, sender)));
    }
  }

  @Override
  public void failed(IOException failure) {
    if (!closing && protocol instanceof DatagramProtocol datagrams) {
      callInContext(() -> tellOnly("errorReceived", () -> datagrams.errorReceived(failure)));
    }
  }

  @Override
  public boolean isReading() {
    return !readingPaused && !closing;
  }

  @Override
  public void pauseReading() {
    loop.checkThread();
    if (!readingPaused && !closing) {
      readingPaused = true;
      channel.pauseReading();
    }
  }

  @Override
  public void resumeReading() {
    loop.checkThread();
    if (readingPaused && !closing) {
      readingPaused = false;
      if (begun) {
        channel.resumeReading();
      }
    }
  }

  /* ---- Sending ---- */

  @Override
  public void sendTo(ByteBuffer data, @Nullable SocketAddress target) {
    loop.checkThread();
    SocketAddress peer = remoteAddress;
    if (peer != null && target != null && !target.equals(peer)) {
      throw new IllegalArgumentException(
          "this transport sends to " + peer + " only, not to " + target);
    }
    if (peer == null && target == null) {
      throw new IllegalArgumentException("a transport without a peer needs a target");
    }
    if (lost || (closing && channel.backlog() == 0)) {
      data.position(data.limit());
      return;
    }
    boolean connected = channel.remoteAddress() != null;
    channel.send(data, connected ? null : target != null ? target : peer);
    pauseWritingIfFull();
  }

  @Override
  public void drained() {
    resumeWritingIfLow();
    if (closing) {
      finish();
    }
  }

  /* ---- The end ---- */

  @Override
  public boolean isClosing() {
    return closing;
  }

  @Override
  public void close() {
    loop.checkThread();
    if (!closing) {
      closing = true;
      channel.pauseReading();
      finish();
    }
  }

  private void finish() {
    if (channel.backlog() > 0) {
      awaitBacklog();
    } else {
      lose(null);
    }
  }

  @Override
  public void abort() {
    loop.checkThread();
    lose(null);
  }

  @Override
  void lose(@Nullable Throwable reason) {
    if (lost) {
      return;
    }
    closing = true;
    lost = true;
    channel.pauseReading();
    if (loop.isClosed()) {
      channel.close();
      return;
    }
    loop.callSoon(() -> callInContext(() -> end(reason)));
  }

  private void end(@Nullable Throwable reason) {
    try {
      protocol.connectionLost(reason);
    } finally {
      channel.close();
    }
  }

  /* ---- Facts ---- */

  @Override
  public BaseProtocol protocol() {
    return protocol;
  }

  @Override
  public void setProtocol(BaseProtocol replacement) {
    protocol = replacement;
  }

  @Override
  public <T> @Nullable T extraInfo(ExtraInfo<T> key) {
    if (key == ExtraInfo.PEERNAME) {
      return key.cast(remoteAddress);
    }
    return key == ExtraInfo.SOCKNAME ? key.cast(localAddress) : null;
  }

  @Override
  public void join(InetAddress group, NetworkInterface network, @Nullable InetAddress source)
      throws IOException {
    channel.join(group, network, source);
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    channel.setOption(option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return channel.getOption(option);
  }

  @Override
  public String toString() {
    return "<DatagramTransport "
        + (lost ? "closed" : closing ? "closing" : "open")
        + " "
        + localAddress
        + (remoteAddress == null ? "" : " - " + remoteAddress)
        + ">";
  }
}
