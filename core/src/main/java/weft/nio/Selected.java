package weft.nio;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;

/// What is attached to a key: a channel that the driver selects.
abstract class Selected {
  final SelectorDriver driver;
  final SelectableChannel channel;
  private final SelectionKey key;

  // Bytes: there are as many of these objects as connections.
  private byte interest;
  private byte readyOperations;
  private boolean queued;

  Selected(SelectorDriver driver, SelectableChannel channel) throws IOException {
    this.driver = driver;
    this.channel = channel;
    this.key = driver.register(channel, 0, this);
  }

  /// Takes the key of another over, whose work is done.
  Selected(Selected former) {
    this.driver = former.driver;
    this.channel = former.channel;
    this.key = former.key;
    key.attach(this);
    interest = former.interest;
  }

  /// Works on what is ready, and tells what there is to tell.
  abstract void complete(int ready);

  /// Closes the channel, or leaves it alone if it is not the driver's.
  public abstract void close();

  final void ready(int operations) {
    readyOperations |= (byte) operations;
    completeLater();
  }

  final void completeLater() {
    if (!queued) {
      queued = true;
      driver.complete(this);
    }
  }

  final void dispatch() {
    int ready = readyOperations;
    readyOperations = 0;
    queued = false;
    boolean done = false;
    try {
      complete(ready);
      done = true;
    } finally {
      if (!done) {
        completeLater(); // a listener has thrown before it was told everything
      }
    }
  }

  final int interest() {
    return interest;
  }

  /// Sets the operations of interest; only a change reaches the system.
  final void interest(int operations) {
    if (operations != interest) {
      interest = (byte) operations;
      if (key.isValid()) { // or else its user has closed the channel
        key.interestOps(operations);
      }
    }
  }

  final void interest(int operation, boolean wanted) {
    interest(wanted ? interest | operation : interest & ~operation);
  }

  /// Whether the channel was closed behind the driver's back.
  final boolean unregistered() {
    return !key.isValid();
  }

  final void unregister() {
    key.cancel();
    driver.keyCancelled();
  }

  final void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone in any case, and there is nobody left to whom it matters.
    }
    driver.keyCancelled();
  }
}
