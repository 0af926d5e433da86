package weft.spi;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A stream of bytes in both directions, or in one: a TCP or unix connection, an end of a pipe, or
/// a layer over another such channel, as TLS is.
///
/// A channel is born paused and without a listener. It stays open after the peer has ended its
/// direction, and after a failure, until [#close] or [#abort].
public interface StreamChannel {

  /// Sets who is told what happens. May be replaced at any time; the new listener gets everything
  /// that was not told yet. To be called before [#resumeReading].
  void listener(StreamListener listener);

  /* ---- Receiving ---- */

  /// Begins to receive, or goes on. Does nothing if the channel receives already, after the end,
  /// and after [#close].
  void resumeReading();

  /// Stops receiving: the listener gets no more data until [#resumeReading], nor the end.
  void pauseReading();

  /* ---- Sending ---- */

  /// Sends bytes. What the system does not take is kept and sent when it can; the buffer is the
  /// caller's again when this returns, and has nothing remaining. Small writes are held back until
  /// the next [Driver#poll] and leave together.
  ///
  /// After a failure, after [#shutdownOutput] and after [#close] the bytes are dropped. Until the
  /// listener was told of the failure they count as backlog all the same, so that a writer who only
  /// pauses at a limit does pause.
  void write(ByteBuffer data);

  /// How many bytes were written and not yet taken by the system.
  long backlog();

  /// Asks for one call of [StreamListener#drained] as soon as the backlog is at most `bytes`. A new
  /// request replaces the one before.
  void whenBacklogAtMost(long bytes);

  /// Ends the output once the backlog is sent: the peer sees the end, and can still send.
  ///
  /// @throws UnsupportedOperationException if this kind of channel cannot be half closed
  void shutdownOutput();

  /// Whether [#shutdownOutput] is supported.
  boolean canShutdownOutput();

  /// Sends a part of a file without moving it through the program. Nothing may be written until the
  /// transfer is done; the backlog is sent before. The file's own position is not used. What the
  /// system takes at once may be sent within this call.
  ///
  /// @param done called by [Driver#dispatch] when the transfer has ended, for whichever reason,
  ///   unless it had before this method returned
  /// @throws UnsupportedOperationException if the system cannot do this for the channel
  default Transfer sendFile(FileChannel file, long position, long count, Runnable done) {
    throw new UnsupportedOperationException("this channel cannot send files");
  }

  /* ---- The end ---- */

  /// Closes the channel: drops the backlog, releases what the system lent. The listener is not
  /// called any more. Repeating it does nothing.
  void close();

  /// As [#close], but the peer of a TCP connection sees a reset.
  void abort();

  /// Whether [#close] or [#abort] was called.
  boolean isClosed();

  /* ---- Facts ---- */

  /// The address of this end, or null if it has none.
  @Nullable SocketAddress localAddress();

  /// The address of the other end, or null if it has none.
  @Nullable SocketAddress remoteAddress();

  /// Sets an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the channel does not know it
  <T> void setOption(SocketOption<T> option, T value) throws IOException;

  /// The value of an option of the socket.
  ///
  /// @throws UnsupportedOperationException if the channel does not know it
  <T> T getOption(SocketOption<T> option) throws IOException;

  /// The options that the channel knows.
  Set<SocketOption<?>> supportedOptions();
}
