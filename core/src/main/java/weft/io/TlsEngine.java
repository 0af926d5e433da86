package weft.io;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import weft.LoopExit;
import weft.spi.StreamChannel;

/// An [SSLEngine] with the loops around it that an engine needs: it turns ciphertext into plaintext
/// and back, and writes into a channel what the engine itself has to say. It never calls a
/// listener.
final class TlsEngine {
  /*
   * Tasks that the engine delegates run at once, on the loop. A handshake's arithmetic takes less
   * than a millisecond, about what two hops to a thread and back cost a busy loop, and a handshake
   * stays as deterministic as the loop is. Who checks revocation online in his trust manager blocks
   * the loop, and should staple instead.
   *
   * Renegotiation (TLS 1.2 and before) is a handshake record after the handshake. The type of a
   * record is not encrypted in those versions, so it is refused before the engine sees it. In TLS
   * 1.3 such records are of the type of data, and the engine deals with them: tickets, new keys.
   */

  /// Why [#decrypt] has returned.
  enum Stop {
    /// The rest of the input is no complete record.
    STARVED,
    /// The next record does not fit into what is left of the output.
    FULL,
    /// The peer has said that nothing more will come.
    CLOSED
  }

  private static final int TYPE_HANDSHAKE = 22;
  private static final int IDLE_ROUNDS_MAX = 16;

  /// How much of its own an engine may have to say to a peer that does not read.
  private static final int SAID_MAX = 256 << 10;

  private final SSLEngine engine;
  private final TlsBuffers buffers;
  private final Runnable released;
  private @Nullable SSLSession session;
  private @Nullable String applicationProtocol;
  private boolean mayRenegotiate;
  private int idleRounds;

  /// What the engine has said by itself since the channel had nothing to send.
  private long said;

  /// @param released called once, when the engine is no longer used
  TlsEngine(SSLEngine engine, TlsBuffers buffers, Runnable released) {
    this.engine = engine;
    this.buffers = buffers;
    this.released = released;
  }

  void begin() throws SSLException {
    try {
      engine.beginHandshake();
    } catch (RuntimeException | Error e) {
      throw broken(e);
    }
  }

  /// Goes on with the handshake as far as the input reaches, and returns whether it is done.
  boolean shake(ByteBuffer in, StreamChannel out) throws SSLException {
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> runTasks();
        case NEED_WRAP -> speak(out);
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (!shakeOnce(in) && wantsInput()) {
            return false;
          }
        }
        case FINISHED, NOT_HANDSHAKING -> {
          shaken();
          return true;
        }
      }
    }
  }

  private boolean wantsInput() {
    HandshakeStatus status = engine.getHandshakeStatus();
    return status == HandshakeStatus.NEED_UNWRAP || status == HandshakeStatus.NEED_UNWRAP_AGAIN;
  }

  /// Consumes one record; returns false if there is none.
  private boolean shakeOnce(ByteBuffer in) throws SSLException {
    // Also with a part of a record, or nothing: an engine may have kept a failure to itself till
    // now.
    TlsBuffers.Plain none = buffers.plain(TlsBuffers.PLAIN_BYTES);
    try {
      SSLEngineResult result = unwrap(in, none.data());
      if (result.bytesProduced() > 0) {
        throw new SSLException("the peer sent data within the TLS handshake");
      }
      return switch (result.getStatus()) {
        case OK -> true;
        case BUFFER_UNDERFLOW -> false;
        case BUFFER_OVERFLOW ->
            throw new SSLException("a record of the TLS handshake is too large");
        case CLOSED -> throw new SSLException("the peer refused the TLS handshake");
      };
    } finally {
      none.release();
    }
  }

  private void shaken() throws SSLException {
    if (engine.isOutboundDone() || engine.isInboundDone()) {
      throw new SSLException("the TLS handshake was broken off");
    }
    session = engine.getSession();
    applicationProtocol = agreedProtocol();
    mayRenegotiate = !session.getProtocol().equals("TLSv1.3");
  }

  private @Nullable String agreedProtocol() {
    try {
      String chosen = engine.getApplicationProtocol();
      return chosen == null || chosen.isEmpty() ? null : chosen;
    } catch (UnsupportedOperationException e) {
      return null; // somebody else's engine, without ALPN
    }
  }

  /// Decrypts records until one of the reasons to stop. If it throws, what was decrypted before is
  /// in the output and good.
  Stop decrypt(ByteBuffer in, ByteBuffer plain, StreamChannel out) throws SSLException {
    while (TlsInput.missing(in) == 0) {
      if (mayRenegotiate && in.get(in.position()) == TYPE_HANDSHAKE) {
        throw new SSLException("the peer asked to renegotiate the TLS session, which is refused");
      }
      SSLEngineResult result = unwrap(in, plain);
      switch (result.getStatus()) {
        case OK -> obey(result.getHandshakeStatus(), out);
        case BUFFER_UNDERFLOW -> {
          return Stop.STARVED;
        }
        case BUFFER_OVERFLOW -> {
          return Stop.FULL;
        }
        case CLOSED -> {
          speak(out);
          return Stop.CLOSED;
        }
      }
    }
    return Stop.STARVED;
  }

  /// Encrypts all of the data into the channel. Returns false if the engine has ended its output;
  /// then the rest is dropped.
  boolean encrypt(ByteBuffer data, StreamChannel out) throws SSLException {
    boolean ended = false;
    ByteBuffer packet = buffers.packet(0);
    HandshakeStatus wish = HandshakeStatus.NOT_HANDSHAKING;
    try {
      while (data.hasRemaining()) {
        SSLEngineResult result = wrap(data, packet);
        wish = result.getHandshakeStatus();
        switch (result.getStatus()) {
          case OK -> {
            if (wish == HandshakeStatus.NEED_TASK) {
              runTasks();
            }
          }
          case BUFFER_OVERFLOW, BUFFER_UNDERFLOW -> send(packet, out);
          case CLOSED -> {
            ended = true;
            data.position(data.limit());
          }
        }
      }
      send(packet, out);
    } finally {
      buffers.giveBack(packet);
    }
    if (wish == HandshakeStatus.NEED_WRAP) {
      speak(out);
    }
    return !ended;
  }

  /// Ends the output: the peer is told. Not all engines say that they want to say this.
  void closeOutput(StreamChannel out) throws SSLException {
    ByteBuffer packet = buffers.packet(0);
    try {
      engine.closeOutbound();
      while (!engine.isOutboundDone()) {
        SSLEngineResult result = wrap(TlsInput.NOTHING, packet);
        if (result.bytesProduced() == 0 && result.getStatus() == SSLEngineResult.Status.CLOSED) {
          break;
        }
      }
    } catch (RuntimeException | Error e) {
      throw broken(e);
    } finally {
      send(packet, out);
      buffers.giveBack(packet);
    }
  }

  /// Sends what the engine itself has to say: a flight of the handshake, an alert, new keys.
  void speak(StreamChannel out) throws SSLException {
    ByteBuffer packet = buffers.packet(0);
    try {
      while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
        SSLEngineResult result = wrap(TlsInput.NOTHING, packet);
        switch (result.getStatus()) {
          case OK -> {}
          case BUFFER_OVERFLOW, BUFFER_UNDERFLOW -> send(packet, out);
          case CLOSED -> {
            if (result.bytesProduced() == 0) {
              return;
            }
          }
        }
      }
    } finally {
      send(packet, out);
      buffers.giveBack(packet);
    }
  }

  /// The session: an empty one until the handshake is done.
  SSLSession session() {
    return session != null ? session : engine.getSession();
  }

  /// What was agreed on by ALPN, or null.
  @Nullable String applicationProtocol() {
    return applicationProtocol;
  }

  /// Lets go of the engine, which must not be used afterwards.
  void release() {
    released.run();
  }

  private void obey(HandshakeStatus wish, StreamChannel out) throws SSLException {
    if (wish == HandshakeStatus.NEED_TASK) {
      runTasks();
    }
    if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
      long before = out.backlog();
      speak(out);
      said = (before == 0 ? 0 : said) + Math.max(0, out.backlog() - before);
      if (said > SAID_MAX) {
        throw new SSLException("the peer asks for new keys and does not read the answers");
      }
    }
  }

  private void runTasks() throws SSLException {
    try {
      Runnable task;
      while ((task = engine.getDelegatedTask()) != null) {
        task.run();
      }
    } catch (RuntimeException | Error e) {
      throw broken(e);
    }
  }

  private static void send(ByteBuffer packet, StreamChannel out) {
    if (packet.position() > 0) {
      out.write(packet.flip());
      packet.clear();
    }
  }

  private SSLEngineResult unwrap(ByteBuffer in, ByteBuffer plain) throws SSLException {
    try {
      SSLEngineResult result = engine.unwrap(in, plain);
      boolean starved = result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW;
      return starved ? result : watch(result);
    } catch (RuntimeException | Error e) {
      throw broken(e);
    }
  }

  private SSLEngineResult wrap(ByteBuffer data, ByteBuffer packet) throws SSLException {
    try {
      return watch(engine.wrap(data, packet));
    } catch (RuntimeException | Error e) {
      throw broken(e);
    }
  }

  /// Sees to it that an engine which does nothing cannot hold the loop.
  private SSLEngineResult watch(SSLEngineResult result) throws SSLException {
    if (result.bytesConsumed() > 0 || result.bytesProduced() > 0) {
      idleRounds = 0;
    } else if (++idleRounds > IDLE_ROUNDS_MAX) {
      throw new SSLException("the TLS engine makes no progress: " + result);
    }
    return result;
  }

  private static SSLException broken(Throwable cause) {
    if (cause instanceof LoopExit exit) {
      throw exit;
    }
    return new SSLException("the TLS engine has failed: " + cause.getMessage(), cause);
  }
}
