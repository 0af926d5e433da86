package weft.io;

import org.jspecify.annotations.Nullable;

/// What all protocols are told: the beginning, the end, and how well the transport can send. All
/// methods are called on the loop's thread and must not suspend. Their context is a copy of that in
/// which the transport was made, except for [#pauseWriting], which is called in the writer's.
public interface BaseProtocol {
  /// The first call: the connection is there.
  default void connectionMade(BaseTransport transport) {}

  /// The last call, exactly once: the connection is gone.
  ///
  /// @param reason null if it was closed or aborted here, or ended by the peer
  default void connectionLost(@Nullable Throwable reason) {}

  /// More is waiting to be sent than the high-water mark allows: stop writing. Alternates with
  /// [#resumeWriting]; called from within a write.
  default void pauseWriting() {}

  /// What is waiting has fallen to the low-water mark.
  default void resumeWriting() {}
}
