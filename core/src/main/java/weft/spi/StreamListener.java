package weft.spi;

import java.io.IOException;

/// Is told what happens on a [StreamChannel]. Called by [Driver#dispatch] on the loop's thread.
public interface StreamListener {

  /// Bytes have arrived. The chunk is never empty and belongs to the listener during the call, or,
  /// after [Chunk#keep], until [Chunk#release].
  void received(Chunk chunk);

  /// The peer has ended its direction. Called once, after all data.
  void ended();

  /// The backlog has fallen to what [StreamChannel#whenBacklogAtMost] asked for.
  void drained();

  /// The connection is broken. Called once, and nothing else afterwards. Data that arrived before
  /// may have been lost, as the system wills.
  void failed(IOException failure);
}
