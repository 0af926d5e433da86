package weft.io;

/// A transport that delivers what arrives.
public interface ReadTransport extends BaseTransport {
  /// Whether data is delivered: not paused, not closing.
  boolean isReading();

  /// Stops delivering data: nothing arrives after this has returned. Does nothing if it is paused
  /// or closing.
  void pauseReading();

  /// Delivers data again. Does nothing if it is not paused, or is closing.
  void resumeReading();
}
