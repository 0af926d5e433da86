package weft.nio;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.util.function.IntConsumer;
import weft.spi.Watch;

/// A channel of somebody else's that is watched.
final class NioWatch extends Selected implements Watch {
  private final IntConsumer told;
  private boolean closed;

  NioWatch(SelectorDriver driver, SelectableChannel channel, IntConsumer told) throws IOException {
    super(driver, channel);
    this.told = told;
  }

  @Override
  void complete(int ready) {
    int wanted = closed ? 0 : ready & operations();
    if (wanted != 0) {
      told.accept(wanted);
    }
  }

  @Override
  public void operations(int wanted) {
    if (!closed && !unregistered()) {
      interest(wanted);
    }
  }

  @Override
  public int operations() {
    return interest();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      unregister();
    }
  }
}
