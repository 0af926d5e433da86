package weft.linux;

import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_CONNECT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;

import java.nio.channels.SelectableChannel;
import java.util.function.IntConsumer;
import weft.spi.Watch;

/// Watches a channel of the JDK whose descriptor the JDK tells: by a descriptor of its own, so that
/// closing the channel too early cannot make it watch somebody else's. As long as it watches, the
/// system does not see the channel closed.
final class ChannelWatch extends Source implements Watch {
  private final SelectableChannel channel;
  private final IntConsumer told;
  private int operations;

  ChannelWatch(
      LinuxDriver driver, Descriptor descriptor, SelectableChannel channel, IntConsumer told) {
    super(driver, descriptor);
    this.channel = channel;
    this.told = told;
  }

  @Override
  void ready(int events) {
    if (!channel.isOpen()) {
      close();
      return;
    }
    int in = (events & Linux.IN) != 0 ? OP_READ | OP_ACCEPT : 0;
    int out = (events & Linux.OUT) != 0 ? OP_WRITE | OP_CONNECT : 0;
    told.accept(operations & (in | out));
  }

  @Override
  public void operations(int wanted) {
    if ((wanted & ~channel.validOps()) != 0) {
      throw new IllegalArgumentException(channel + " has no operations " + wanted);
    }
    if (isClosed()) {
      return;
    }
    operations = wanted;
    int in = (wanted & (OP_READ | OP_ACCEPT)) != 0 ? Linux.IN : 0;
    int out = (wanted & (OP_WRITE | OP_CONNECT)) != 0 ? Linux.OUT : 0;
    int given = this.wanted & ~(in | out);
    if (given != 0) {
      driver.disarm(this, given);
    }
    if ((in | out) != 0) {
      driver.arm(this, in | out);
    }
  }

  @Override
  public int operations() {
    return operations;
  }

  @Override
  public void close() {
    if (!isClosed()) {
      end();
      driver.unknow(channel);
    }
  }
}
