package weft.io;

import org.jspecify.annotations.Nullable;

/// What all transports have in common.
///
/// Thread: the loop's. From another one, what reads, writes or closes is an
/// [IllegalStateException]; use [weft.EventLoop#callSoonThreadsafe]. No method suspends.
public interface BaseTransport extends AutoCloseable {
  /// Closes gracefully: reading stops at once, what was written is still sent, then the protocol's
  /// [BaseProtocol#connectionLost] is called with null. Never inline; repeating it does nothing.
  @Override
  void close();

  /// Whether the transport is closing or closed.
  boolean isClosing();

  /// A fact about the connection, or null if it is unknown or does not apply.
  <T> @Nullable T extraInfo(ExtraInfo<T> key);

  /// The protocol that gets the events.
  BaseProtocol protocol();

  /// Replaces the protocol; its `connectionMade` is not called.
  void setProtocol(BaseProtocol protocol);
}
