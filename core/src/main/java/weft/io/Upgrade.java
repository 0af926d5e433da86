package weft.io;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import weft.CancelledError;
import weft.EventLoop;
import weft.LoopExit;
import weft.Promise;
import weft.io.ChannelTransport.Kind;
import weft.spi.Completion;
import weft.spi.StreamChannel;

/// Puts TLS on a channel, a new one or one in use.
final class Upgrade {
  private Upgrade() {}

  /// Suspends until the handshake of a client is done. If it fails or is cancelled the channel is
  /// closed.
  static TlsChannel client(
      EventLoop loop, StreamChannel channel, TlsOptions tls, @Nullable String host)
      throws IOException {
    return handshake(
        channel,
        loop.createPromise(),
        done -> TlsChannel.client(loop, channel, tls, host, port(channel), null, done));
  }

  /// Suspends until the handshake of a server is done. If it fails or is cancelled the channel is
  /// closed.
  static TlsChannel server(EventLoop loop, StreamChannel channel, TlsOptions tls)
      throws IOException {
    return handshake(
        channel, loop.createPromise(), done -> TlsChannel.server(loop, channel, tls, null, done));
  }

  private interface Handshake {
    TlsChannel begin(Completion<TlsChannel> done);
  }

  private static TlsChannel handshake(
      StreamChannel inner, Promise<TlsChannel> secured, Handshake handshake) throws IOException {
    TlsChannel channel =
        begin(
            inner,
            handshake,
            new Completion<>() {
              @Override
              public void completed(TlsChannel ready) {
                if (secured.done()) {
                  ready.close();
                } else {
                  secured.setResult(ready);
                }
              }

              @Override
              public void failed(IOException failure) {
                fail(secured, failure);
              }
            });
    boolean done = false;
    try {
      TlsChannel ready = Rethrown.await(secured);
      done = true;
      return ready;
    } finally {
      if (!done) {
        channel.cancelHandshake();
        channel.close();
      }
    }
  }

  /// Closes the channel if the options are such that there can be no handshake.
  private static TlsChannel begin(
      StreamChannel inner, Handshake handshake, Completion<TlsChannel> done) {
    try {
      return handshake.begin(done);
    } catch (RuntimeException | Error e) {
      inner.close();
      throw e;
    }
  }

  /// Puts TLS on a pair of streams, which go on with it.
  static void upgrade(StreamProtocol protocol, TlsOptions tls) throws IOException {
    protocol.checkAlive();
    ChannelTransport plain = protocol.transport();
    ChannelTransport secure =
        upgrade(plain, protocol, tls, protocol.isServerSide(), protocol.reader::takeAll);
    protocol.attach(secure);
  }

  /// Puts TLS on a transport; a new transport takes its place, whose protocol is told nothing of
  /// it.
  ///
  /// @param received gives up what has arrived and was not read; only asked if TLS may begin
  static ChannelTransport upgrade(
      ChannelTransport plain,
      BaseProtocol protocol,
      TlsOptions tls,
      boolean serverSide,
      Supplier<@Nullable ByteBuffer> received)
      throws IOException {
    if (plain.isClosing()) {
      throw new ConnectionClosedException(
          protocol instanceof StreamProtocol streams ? streams : null);
    }
    if (plain.sending() != null) {
      throw new IllegalStateException("startTls() while a file is being sent");
    }
    if (plain.peerEnded()) {
      throw new EOFException("the peer has ended the connection; TLS cannot begin any more");
    }
    if (serverSide) {
      tls.requireServer();
    } else {
      tls.requireClient(null);
    }
    EventLoop loop = plain.loop;
    ByteBuffer read = received.get();
    Promise<TlsChannel> secured = loop.createPromise();
    GivenUp givenUp = new GivenUp(secured);
    StreamChannel channel = plain.surrender(givenUp);
    TlsChannel layer;
    try {
      layer = handshake(channel, secured, begin(channel, loop, tls, serverSide, read));
    } catch (IOException | RuntimeException | Error e) {
      secured.cancel(); // if it has not come so far: nobody waits for it
      boolean cancelled = e instanceof CancelledError || e instanceof LoopExit;
      plain.upgradeFailed(e, cancelled || givenUp.closed || givenUp.aborted);
      throw e;
    }
    ChannelTransport secure = new ChannelTransport(loop, layer, protocol, Kind.BOTH);
    plain.replaceBy(secure);
    if (givenUp.aborted) {
      secure.abort();
    } else if (givenUp.closed) {
      secure.close();
    }
    return secure;
  }

  /// That the transport was closed during the handshake, or in the turn in which it succeeded.
  private static final class GivenUp implements Consumer<Boolean> {
    private final Promise<TlsChannel> secured;
    private boolean closed;
    private boolean aborted;

    GivenUp(Promise<TlsChannel> secured) {
      this.secured = secured;
    }

    @Override
    public void accept(Boolean abort) {
      closed |= !abort;
      aborted |= abort;
      fail(secured, new SocketException("the connection was closed in the handshake"));
    }
  }

  private static Handshake begin(
      StreamChannel channel,
      EventLoop loop,
      TlsOptions tls,
      boolean serverSide,
      @Nullable ByteBuffer received) {
    return serverSide
        ? done -> TlsChannel.server(loop, channel, tls, received, done)
        : done -> TlsChannel.client(loop, channel, tls, null, port(channel), received, done);
  }

  private static int port(StreamChannel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress inet ? inet.getPort() : -1;
  }

  private static void fail(Promise<TlsChannel> secured, IOException failure) {
    if (!secured.done()) {
      secured.setException(failure);
    }
  }
}
