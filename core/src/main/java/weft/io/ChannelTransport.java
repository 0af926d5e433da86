package weft.io;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.LoopExit;
import weft.spi.Chunk;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// The transport over a channel: of the driver, of TLS, of a pipe.
///
/// The end comes in three steps, each taken once, whichever way leads there. `closing` is set by
/// whoever closes, aborts or breaks; from then on nothing is read. `lost` is set when there is
/// nothing more to send, and queues the last step: `connectionLost` is told, the channel closed and
/// the owner informed.
final class ChannelTransport extends ProtocolTransport implements Transport, StreamListener {
  private static final int LOST_WRITES_UNTIL_WARNING = 5;

  /// Which directions the channel has.
  enum Kind {
    BOTH,
    INPUT_PIPE,
    OUTPUT_PIPE
  }

  /// The neighbours among a server's connections.
  @Nullable ChannelTransport previous;

  @Nullable ChannelTransport next;

  private final StreamChannel channel;
  private final Kind kind;
  private final @Nullable SocketAddress localAddress;
  private final @Nullable SocketAddress remoteAddress;

  private @Nullable ByteBuffer arriving;

  /// On the path of each piece of data, and therefore made once, but not for streams.
  private @Nullable Runnable delivery;

  private @Nullable StreamProtocol streams;

  private boolean begun;
  private boolean readingPaused;
  private boolean peerEnded;
  private boolean eofWritten;

  /// Whether something was left to send when the transport was closed: until that is sent, there
  /// may be more.
  private boolean lingering;

  private boolean shuttingDown;
  private byte lostWrites;
  private @Nullable FileSending sending;

  /// Data that could not be delivered because the protocol paused in the middle of it.
  private @Nullable ByteBuffer undelivered;

  private @Nullable Consumer<? super ChannelTransport> whenLost;
  private @Nullable Throwable lossReason;

  /// Set while TLS is put on the channel, which is not this transport's meanwhile, and not after a
  /// failure either.
  private @Nullable Consumer<Boolean> giveUpUpgrade;

  /// What has taken this transport's place.
  private @Nullable ChannelTransport replacement;

  ChannelTransport(EventLoop loop, StreamChannel channel, BaseProtocol protocol, Kind kind) {
    this(loop, channel, protocol, kind, new InContext(loop));
  }

  ChannelTransport(
      EventLoop loop,
      StreamChannel channel,
      BaseProtocol protocol,
      Kind kind,
      InContext inContext) {
    super(loop, protocol, inContext);
    this.channel = channel;
    this.kind = kind;
    this.localAddress = channel.localAddress();
    this.remoteAddress = channel.remoteAddress();
    setProtocol(protocol);
    channel.listener(this);
  }

  /// Tells the protocol in the next batch that the connection is made, and begins to read.
  ///
  /// @param told is opened afterwards, if there is one
  void begin(@Nullable Latch told) {
    loop.callSoon(
        () -> {
          tell("connectionMade", () -> protocol.connectionMade(this)); // even if it is lost already
          begun = true;
          if (isReading()) {
            channel.resumeReading();
          }
          if (told != null) {
            told.open();
          }
        });
  }

  /// Has something called when the connection is lost, after the protocol was told.
  void whenLost(Consumer<? super ChannelTransport> action) {
    whenLost = action;
  }

  StreamChannel channel() {
    return channel;
  }

  @Override
  long backlog() {
    return channel.backlog();
  }

  @Override
  void whenBacklogAtMost(long bytes) {
    channel.whenBacklogAtMost(bytes);
  }

  @Override
  public BaseProtocol protocol() {
    return protocol;
  }

  @Override
  public void setProtocol(BaseProtocol replacement) {
    protocol = Objects.requireNonNull(replacement, "protocol");
    streams = replacement instanceof StreamProtocol s ? s : null;
  }

  /* ---- Reading ---- */

  @Override
  public void received(Chunk chunk) {
    StreamProtocol reader = streams;
    if (reader != null && !closing) {
      try {
        reader.received(chunk);
      } catch (LoopExit exit) {
        throw exit;
      } catch (Throwable thrown) {
        broken("the reader failed on received data", thrown);
      }
      return;
    }
    deliverInContext(chunk.data());
  }

  private void deliverInContext(ByteBuffer data) {
    if (delivery == null) {
      delivery = this::deliver;
    }
    arriving = data;
    callInContext(delivery);
    arriving = null;
  }

  private void deliver() {
    ByteBuffer data = arriving;
    if (data == null) {
      return;
    }
    try {
      while (data.hasRemaining() && isReading()) {
        if (protocol instanceof Protocol plain) {
          plain.dataReceived(data);
          return;
        } else if (protocol instanceof BufferedProtocol buffered) {
          fill(buffered, data);
        } else {
          throw new IllegalStateException(
              protocol + " receives data but is neither a Protocol nor a BufferedProtocol");
        }
      }
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable thrown) {
      broken("the protocol failed on received data", thrown);
    }
    if (data.hasRemaining() && !closing) {
      undelivered = ByteBuffer.allocate(data.remaining()).put(data).flip();
    }
  }

  private static void fill(BufferedProtocol reader, ByteBuffer data) {
    ByteBuffer target = reader.getBuffer(data.remaining());
    int bytes = Math.min(target.remaining(), data.remaining());
    if (bytes == 0) {
      throw new IllegalStateException("getBuffer() returned a buffer without room");
    }
    target.put(target.position(), data, data.position(), bytes);
    target.position(target.position() + bytes);
    data.position(data.position() + bytes);
    reader.bufferUpdated(bytes);
  }

  @Override
  public void ended() {
    peerEnded = true;
    if (closing) {
      return;
    }
    boolean[] keepOpen = new boolean[1];
    if (kind != Kind.OUTPUT_PIPE) { // whose reader is gone
      tell("eofReceived", () -> keepOpen[0] = eofReceived());
    }
    if (keepOpen[0] && canWriteEof() && kind == Kind.BOTH) {
      readingPaused = true;
    } else {
      close();
    }
  }

  private boolean eofReceived() {
    if (protocol instanceof Protocol plain) {
      return plain.eofReceived();
    }
    return protocol instanceof BufferedProtocol buffered && buffered.eofReceived();
  }

  @Override
  public boolean isReading() {
    return !readingPaused && sending == null && !closing;
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
      goOnReading();
    }
  }

  private void goOnReading() {
    if (!isReading()) {
      return;
    }
    if (undelivered != null) {
      loop.callSoon(this::deliverRest);
    } else if (begun) {
      channel.resumeReading();
    }
  }

  private void deliverRest() {
    ByteBuffer rest = undelivered;
    if (rest != null && !readingPaused && sending == null) {
      undelivered = null;
      deliverInContext(rest);
    }
    if (isReading()) {
      channel.resumeReading();
    }
  }

  /* ---- Writing ---- */

  @Override
  public void write(ByteBuffer data) {
    loop.checkThread();
    if (eofWritten) {
      throw new IllegalStateException("write() after writeEof()");
    }
    if (sending != null) {
      throw new IllegalStateException("write() while a file is being sent");
    }
    if (!data.hasRemaining()) {
      return;
    }
    if (lost || (closing && (!lingering || shuttingDown))) {
      data.position(data.limit());
      warnOfLostWrite();
      return;
    }
    channel.write(data);
    pauseWritingIfFull();
  }

  private void warnOfLostWrite() {
    if (lostWrites < LOST_WRITES_UNTIL_WARNING && ++lostWrites == LOST_WRITES_UNTIL_WARNING) {
      System.getLogger("weft")
          .log(Level.WARNING, "write() on a closed connection, {0} times: {1}", lostWrites, this);
    }
  }

  @Override
  public void drained() {
    resumeWritingIfLow();
    FileSending file = sending;
    if (file != null) {
      file.drained();
    }
    if (closing) {
      finish();
    } else if (writingPaused()) {
      awaitBacklog();
    }
  }

  @Override
  public boolean canWriteEof() {
    return kind != Kind.BOTH || channel.canShutdownOutput();
  }

  @Override
  public void writeEof() {
    loop.checkThread();
    if (kind != Kind.BOTH) {
      close();
      return;
    }
    if (!canWriteEof()) {
      throw new UnsupportedOperationException("TLS cannot close one direction only; use close()");
    }
    if (!closing && !eofWritten) {
      eofWritten = true;
      if (sending == null) {
        channel.shutdownOutput();
      }
    }
  }

  boolean eofWritten() {
    return eofWritten;
  }

  /// Marks the time in which only a file may be sent, and nothing is read, whoever asks for it;
  /// null ends it.
  void sending(@Nullable FileSending file) {
    sending = file;
    if (file != null) {
      channel.pauseReading();
      return;
    }
    if (eofWritten && !closing) {
      channel.shutdownOutput(); // the end goes behind the file
    }
    goOnReading();
  }

  @Nullable FileSending sending() {
    return sending;
  }

  /* ---- Another transport in its place ---- */

  /// Whether the peer has ended its direction, so that no layer can be put on the channel.
  boolean peerEnded() {
    return peerEnded;
  }

  /// What has arrived and a protocol that has paused was not told.
  @Nullable ByteBuffer takeUndelivered() {
    ByteBuffer rest = undelivered;
    undelivered = null;
    return rest;
  }

  /// Lets go of the channel, so that a layer can be put on it.
  ///
  /// @param giveUp ends the attempt, if the transport is closed (false) or aborted (true) meanwhile
  StreamChannel surrender(Consumer<Boolean> giveUp) {
    giveUpUpgrade = giveUp;
    channel.pauseReading();
    return channel;
  }

  /// The layer could not be put on the channel. Whoever tried closes that; it may take a while.
  ///
  /// @param asked whether this side wanted the end, so that it is no failure to tell of
  void upgradeFailed(Throwable reason, boolean asked) {
    lose(asked ? null : reason);
    lossReason = reason;
  }

  /// Another transport, over the new layer, goes on in this one's place.
  void replaceBy(ChannelTransport successor) {
    giveUpUpgrade = null;
    replacement = successor;
    successor.whenLost(lostSuccessor -> tellOwner());
    closing = true;
    lost = true;
    successor.begun = true;
    successor.takeFlowFrom(this);
    successor.channel.resumeReading();
  }

  /// Closes what has taken this transport's place, or is about to. Returns whether there was any.
  private boolean closeOther(boolean abort) {
    if (giveUpUpgrade != null) {
      giveUpUpgrade.accept(abort);
      return true;
    }
    if (replacement == null) {
      return false;
    }
    if (abort) {
      replacement.abort();
    } else {
      replacement.close();
    }
    return true;
  }

  /* ---- The end ---- */

  @Override
  public void failed(IOException failure) {
    lose(failure);
  }

  /// Why the connection was lost, as soon as this is known: before the protocol is told.
  @Nullable Throwable lossReason() {
    return lossReason;
  }

  @Override
  public boolean isClosing() {
    return closing || channel.isClosed();
  }

  @Override
  public void close() {
    loop.checkThread();
    if (closeOther(false) || closing) {
      return;
    }
    closing = true;
    lingering = kind == Kind.BOTH && channel.backlog() > 0;
    channel.pauseReading();
    finish();
  }

  /// Ends the connection when nothing is left to send, and looks again when less is left.
  private void finish() {
    if (lost || shuttingDown) {
      return;
    }
    if (channel.backlog() > 0) {
      if (channel instanceof TlsChannel tls) {
        tls.flushing();
      }
      awaitBacklog();
    } else if (channel instanceof GracefulChannel graceful) {
      shuttingDown = true;
      graceful.shutdown(this::lose);
    } else {
      lose(null);
    }
  }

  @Override
  public void abort() {
    loop.checkThread();
    if (!closeOther(true) && !lost) {
      channel.abort();
      lose(null);
    }
  }

  /// The connection is over: nothing is read or sent any more.
  @Override
  void lose(@Nullable Throwable reason) {
    if (lost) {
      return;
    }
    closing = true;
    lost = true;
    lossReason = reason;
    if (giveUpUpgrade == null) {
      channel.pauseReading();
    }
    FileSending file = sending;
    if (file != null) {
      if (lossReason == null) {
        lossReason = new ClosedChannelException();
      }
      file.lost(lossReason);
    }
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
      if (giveUpUpgrade == null) {
        channel.close();
      }
      tellOwner();
    }
  }

  private void tellOwner() {
    if (whenLost != null) {
      whenLost.accept(this);
    }
  }

  /* ---- Facts ---- */

  @Override
  public <T> @Nullable T extraInfo(ExtraInfo<T> key) {
    if (key == ExtraInfo.PEERNAME) {
      return key.cast(remoteAddress);
    }
    if (key == ExtraInfo.SOCKNAME) {
      return key.cast(localAddress);
    }
    if (channel instanceof TlsChannel tls) {
      if (key == ExtraInfo.TLS_SESSION) {
        return key.cast(tls.session());
      }
      if (key == ExtraInfo.ALPN) {
        return key.cast(tls.applicationProtocol());
      }
    }
    return null;
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
    return "<Transport "
        + (lost ? "closed" : closing ? "closing" : "open")
        + " "
        + localAddress
        + " - "
        + remoteAddress
        + (readingPaused ? " reading paused" : "")
        + " write buffer: "
        + channel.backlog()
        + ">";
  }
}
