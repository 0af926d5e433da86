package weft.tck;

import java.nio.ByteBuffer;
import weft.KeyboardInterrupt;

/// A protocol that asks for the end of the run with its first data.
final class ExitsOnce extends Recorded {
  private boolean exited;

  @Override
  public void dataReceived(ByteBuffer data) {
    super.dataReceived(data);
    if (!exited) {
      exited = true;
      throw new KeyboardInterrupt("in the middle of the data");
    }
  }
}
