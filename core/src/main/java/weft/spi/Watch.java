package weft.spi;

/// A channel that is watched for readiness.
public interface Watch {
  /// Replaces the operations of interest, a sum of the `OP_…` of [java.nio.channels.SelectionKey];
  /// 0 for none.
  void operations(int wanted);

  /// The operations of interest now.
  int operations();

  /// Stops watching. The channel stays open. Repeating it does nothing.
  void close();
}
