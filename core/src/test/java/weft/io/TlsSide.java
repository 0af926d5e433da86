package weft.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import weft.spi.Chunk;
import weft.spi.Completion;
import weft.spi.StreamListener;

/// What one end of a TLS connection under test is told, written down.
final class TlsSide implements Completion<TlsChannel>, StreamListener {
  /// The channel as `client` or `server` returned it.
  @Nullable TlsChannel begun;

  /// The channel, once the handshake has succeeded.
  @Nullable TlsChannel tls;

  @Nullable IOException refused;
  final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  final List<String> events = new ArrayList<>();
  @Nullable IOException failure;
  int chunks;
  int ends;
  int drains;
  int shutdowns;
  @Nullable IOException shutdownReason;

  /// Whether reading begins with the handshake's end.
  boolean readAtOnce = true;

  /// What is done at each chunk, after its bytes were written down.
  Runnable atChunk = () -> {};

  Runnable atEnd = () -> {};

  private boolean calling;

  @Override
  public void completed(TlsChannel channel) {
    if (tls != null || refused != null) {
      throw new AssertionError("the handshake ended twice");
    }
    tls = channel;
    channel.listener(this);
    if (readAtOnce) {
      channel.resumeReading();
    }
  }

  @Override
  public void failed(IOException why) {
    events.add("failed");
    if (tls == null) {
      if (refused != null) {
        throw new AssertionError("the handshake failed twice");
      }
      refused = why;
    } else {
      enter();
      if (failure != null) {
        throw new AssertionError("failed twice");
      }
      failure = why;
      leave();
    }
  }

  @Override
  public void received(Chunk chunk) {
    enter();
    ByteBuffer data = chunk.data();
    if (!data.hasRemaining() || ends > 0 || failure != null || shutdowns > 0) {
      throw new AssertionError("a chunk that should not be");
    }
    byte[] copy = new byte[data.remaining()];
    data.get(copy);
    bytes.writeBytes(copy);
    chunks++;
    atChunk.run();
    leave();
  }

  @Override
  public void ended() {
    enter();
    events.add("ended");
    ends++;
    atEnd.run();
    leave();
  }

  @Override
  public void drained() {
    enter();
    drains++;
    leave();
  }

  boolean handshakeOver() {
    return tls != null || refused != null;
  }

  /// Calls a method of the channel; a listener that is called meanwhile fails the test.
  void call(Runnable method) {
    boolean before = calling;
    calling = true;
    method.run();
    calling = before;
  }

  void write(byte[] data) {
    call(
        () -> {
          ByteBuffer buffer = ByteBuffer.wrap(data);
          tls.write(buffer);
          if (buffer.hasRemaining()) {
            throw new AssertionError("write must consume the buffer");
          }
        });
  }

  void shutdown() {
    call(
        () ->
            tls.shutdown(
                reason -> {
                  enter();
                  shutdowns++;
                  shutdownReason = reason;
                  if (!tls.isClosed()) {
                    throw new AssertionError("must be closed when done");
                  }
                  leave();
                }));
  }

  private void enter() {
    if (calling) {
      throw new AssertionError("a listener was called from within a method of the channel");
    }
  }

  private void leave() {}
}
