package weft.spi;

import java.net.SocketAddress;

/// A listening socket. It is born paused.
public interface ListenChannel {
  /// Begins to accept. Each connection completes as a channel that is open and paused; a failure,
  /// such as want of descriptors, does not end the subscription. Not more than about the backlog's
  /// length is accepted by one [Driver#dispatch].
  void start(Completion<StreamChannel> accepted);

  /// Stops accepting; connections wait in the system's queue.
  void pause();

  /// Goes on accepting.
  void resume();

  /// The address it is bound to.
  SocketAddress localAddress();

  /// Closes the socket: connections that were not accepted are refused. Repeating it does nothing.
  void close();
}
