package weft.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import weft.Context;
import weft.ErrorContext;
import weft.EventLoop;
import weft.Handle;
import weft.LoopExit;
import weft.spi.PacketChannel;
import weft.spi.PacketListener;

/// The transport over a datagram channel of the driver.
final class ChannelDatagrams implements DatagramTransport, PacketListener {
  private final EventLoop loop;
  private final PacketChannel channel;
  private final @Nullable SocketAddress localAddress;
  private final @Nullable SocketAddress remoteAddress;
  private final Context context;
  private final Handle inContext;
  private @Nullable Runnable call;
  private BaseProtocol protocol;
  private WaterMarks limits = WaterMarks.DEFAULT;
  private boolean begun;
  private boolean readingPaused;
  private boolean writingPaused;
  private boolean closing;
  private boolean lost;

  /// @param remote the only peer, whether the system knows it or not
  ChannelDatagrams(
      EventLoop loop,
      PacketChannel channel,
      BaseProtocol protocol,
      @Nullable SocketAddress remote) {
    this.loop = loop;
    this.channel = channel;
    this.protocol = protocol;
    this.localAddress = channel.localAddress();
    this.remoteAddress = remote != null ? remote : channel.remoteAddress();
    this.context = Context.copyCurrent();
    this.inContext = loop.createHandle(this::runCall);
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

  private void runCall() {
    Runnable due = call;
    if (due != null) {
      due.run();
    }
  }

  /// Runs a callback of the protocol. What it throws is reported, and breaks the transport.
  private void tell(String method, Runnable callback) {
    Runnable outer = call;
    call =
        () -> {
          try {
            callback.run();
          } catch (LoopExit exit) {
            throw exit;
          } catch (Throwable thrown) {
            report(method, thrown);
            lose(thrown);
          }
        };
    try {
      inContext.run();
    } finally {
      call = outer;
    }
  }

  private void report(String method, Throwable thrown) {
    loop.callExceptionHandler(
        new ErrorContext("protocol." + method + "() call failed", thrown).withSource(protocol));
  }

  /* ---- Receiving ---- */

  @Override
  public void received(ByteBuffer data, SocketAddress sender) {
    if (!closing && protocol instanceof DatagramProtocol datagrams) {
      tell("datagramReceived", () -> datagrams.datagramReceived(data, sender));
    }
  }

  @Override
  public void failed(IOException failure) {
    if (!closing && protocol instanceof DatagramProtocol datagrams) {
      tell("errorReceived", () -> datagrams.errorReceived(failure));
    }
  }

  @Override
  public boolean isReading() {
    return !readingPaused && !closing;
  }

  @Override
  public void pauseReading() {
    if (!readingPaused && !closing) {
      readingPaused = true;
      channel.pauseReading();
    }
  }

  @Override
  public void resumeReading() {
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

  private void pauseWritingIfFull() {
    if (!writingPaused && channel.backlog() > limits.high()) {
      writingPaused = true;
      channel.whenBacklogAtMost(limits.low());
      tellFlow("pauseWriting", protocol::pauseWriting);
    }
  }

  private void tellFlow(String method, Runnable callback) {
    try {
      callback.run();
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable thrown) {
      report(method, thrown);
    }
  }

  @Override
  public void drained() {
    if (writingPaused && channel.backlog() <= limits.low()) {
      writingPaused = false;
      Runnable outer = call;
      call = () -> tellFlow("resumeWriting", protocol::resumeWriting);
      inContext.run();
      call = outer;
    }
    if (closing) {
      finish();
    }
  }

  @Override
  public long writeBufferSize() {
    return channel.backlog();
  }

  @Override
  public WaterMarks writeBufferLimits() {
    return limits;
  }

  @Override
  public void setWriteBufferLimits(WaterMarks replacement) {
    limits = replacement;
    if (writingPaused) {
      channel.whenBacklogAtMost(limits.low());
    } else {
      pauseWritingIfFull();
    }
  }

  /* ---- The end ---- */

  @Override
  public boolean isClosing() {
    return closing;
  }

  @Override
  public void close() {
    if (!closing) {
      closing = true;
      channel.pauseReading();
      finish();
    }
  }

  private void finish() {
    if (channel.backlog() > 0) {
      channel.whenBacklogAtMost(writingPaused ? limits.low() : 0);
    } else {
      lose(null);
    }
  }

  @Override
  public void abort() {
    lose(null);
  }

  private void lose(@Nullable Throwable reason) {
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
    loop.callSoon(
        () -> {
          try {
            protocol.connectionLost(reason);
          } finally {
            channel.close();
          }
        },
        context);
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
