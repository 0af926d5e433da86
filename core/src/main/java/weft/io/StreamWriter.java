package weft.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import weft.Task;
import weft.Weft;

/// The sending side of a connection.
///
/// `write` hands bytes over to the transport and then waits, if too many wait to be sent: unlike
/// asyncio's it needs no `drain` after it. In a plain callback, where nothing can wait, it only
/// hands over.
///
/// Cancelling a write that waits does not take the bytes back.
///
/// On a connection that is closed a write is a [ConnectionClosedException], on one that has failed
/// the failure, with the caller's line.
///
/// Thread: the loop's; from another one `write` and `close` are an [IllegalStateException]. Several
/// tasks may write at the same time; each piece stays in one piece.
public final class StreamWriter implements AutoCloseable {
  private final StreamProtocol protocol;

  StreamWriter(StreamProtocol protocol) {
    this.protocol = protocol;
  }

  /// Writes a text in UTF-8. Suspends while too much waits to be sent.
  ///
  /// @throws IOException if the connection is lost or closed
  /// @throws IllegalStateException after [#writeEof], or while a file is sent
  public void write(String text) throws IOException {
    write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  /// Writes bytes. Suspends while too much waits to be sent.
  ///
  /// @throws IOException if the connection is lost or closed
  /// @throws IllegalStateException after [#writeEof], or while a file is sent
  public void write(byte[] data) throws IOException {
    write(ByteBuffer.wrap(data));
  }

  /// Writes what a buffer has remaining. Suspends while too much waits to be sent; the buffer is
  /// the caller's again when this returns.
  ///
  /// @throws IOException if the connection is lost or closed
  /// @throws IllegalStateException after [#writeEof], or while a file is sent
  public void write(ByteBuffer data) throws IOException {
    protocol.checkAlive();
    protocol.transport().write(data);
    waitForRoom();
  }

  /// Writes several pieces, with nothing between or behind them. Suspends while too much waits to
  /// be sent.
  ///
  /// @throws IOException if the connection is lost or closed
  /// @throws IllegalStateException after [#writeEof], or while a file is sent
  public void writeLines(Iterable<byte[]> pieces) throws IOException {
    protocol.checkAlive();
    for (byte[] piece : pieces) {
      protocol.transport().write(ByteBuffer.wrap(piece));
    }
    waitForRoom();
  }

  private void waitForRoom() throws IOException {
    if (protocol.writingPaused() && Task.current() != null) {
      protocol.drain();
    }
  }

  /// Waits until no more than the low-water mark waits to be sent, if writing is paused; otherwise
  /// returns at once.
  ///
  /// @throws IOException if the connection is lost, or closed
  public void drain() throws IOException {
    Throwable failure = protocol.reader.exception();
    if (failure instanceof IOException e) {
      throw Rethrown.here(e);
    }
    if (protocol.transport().isClosing()) {
      Weft.sleep(Duration.ZERO); // lets the loss of the connection arrive
    }
    protocol.checkAlive();
    protocol.drain();
  }

  /// Closes the connection once everything is sent. Does not wait for that: what is not sent when
  /// the loop is closed is lost, so a program that ends then calls [#waitClosed] first.
  @Override
  public void close() {
    protocol.reader.loop.checkThread();
    protocol.reader.releaseOwn();
    protocol.transport().close();
  }

  /// Closes the connection at once; the peer sees a reset.
  public void abort() {
    protocol.reader.loop.checkThread();
    protocol.reader.releaseOwn();
    protocol.transport().abort();
  }

  /// Whether the connection is closing or closed.
  public boolean isClosing() {
    return protocol.transport().isClosing();
  }

  /// Waits until the connection is closed.
  ///
  /// @throws IOException why it was lost, if it was not closed in good order
  public void waitClosed() throws IOException {
    protocol.waitClosed();
  }

  /// Whether [#writeEof] is supported: not by TLS.
  public boolean canWriteEof() {
    return protocol.transport().canWriteEof();
  }

  /// Ends the output once everything is sent; the peer can still send. Does nothing when the
  /// connection is closing.
  ///
  /// @throws UnsupportedOperationException over TLS, see [#canWriteEof]
  public void writeEof() {
    protocol.transport().writeEof();
  }

  /// A fact about the connection, or null if it is unknown.
  public <T> @Nullable T extraInfo(ExtraInfo<T> key) {
    return protocol.transport().extraInfo(key);
  }

  /// What is below.
  public Transport transport() {
    return protocol.transport();
  }

  /// Turns the connection into a TLS connection, on which this writer and its reader go on. In a
  /// connection that was accepted by a server this is the server's side of TLS. Suspends until the
  /// handshake is done. What the reader holds unread is taken for TLS: plaintext that the peer has
  /// sent ahead makes the handshake fail.
  ///
  /// @throws IOException if the handshake fails; the connection is closed then
  /// @throws IllegalArgumentException if the options of a client have no name to check, or those of
  ///   a server no certificate; the connection is as it was
  public void startTls(TlsOptions options) throws IOException {
    drain();
    Upgrade.upgrade(protocol, options);
  }

  /// This writer as a stream for code that knows no other; its methods suspend as [#write] does.
  /// Closing it closes the connection.
  public OutputStream asOutputStream() {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        StreamWriter.this.write(new byte[] {(byte) value});
      }

      @Override
      public void write(byte[] data, int offset, int length) throws IOException {
        StreamWriter.this.write(ByteBuffer.wrap(data, offset, length));
      }

      @Override
      public void flush() throws IOException {
        drain();
      }

      @Override
      public void close() {
        StreamWriter.this.close();
      }
    };
  }

  StreamProtocol protocol() {
    return protocol;
  }

  @Override
  public String toString() {
    return "<StreamWriter " + protocol.transport() + ">";
  }
}
