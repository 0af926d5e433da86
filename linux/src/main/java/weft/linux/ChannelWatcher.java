package weft.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import weft.spi.Watch;

/// Watches channels of the JDK, whose descriptors the JDK does not tell: a thread that helps waits
/// with a selector and wakes the loop. What is ready is not asked for again until it was told.
final class ChannelWatcher {
  private final Waker waker;
  private final Selector selector;
  private final ConcurrentLinkedQueue<Watched> ready = new ConcurrentLinkedQueue<>();

  ChannelWatcher(Waker waker) throws IOException {
    this.waker = waker;
    this.selector = Selector.open();
    Thread.ofPlatform().daemon().name("weft channel watcher").start(this::run);
  }

  private void run() {
    try {
      while (selector.isOpen()) {
        selector.select(this::collect);
      }
    } catch (ClosedSelectorException e) {
      // The driver is closed.
    } catch (IOException e) {
      throw new UncheckedIOException("the selector has failed", e);
    }
  }

  private void collect(SelectionKey key) {
    if (key.attachment() instanceof Watched watched) {
      try {
        watched.found = key.readyOps();
        key.interestOps(0);
        ready.add(watched);
        waker.wake();
      } catch (CancelledKeyException e) {
        // It is not watched any more.
      }
    }
  }

  /// Tells what is ready. The loop's thread.
  void dispatch() {
    boolean again = false;
    try {
      for (Watched watched; (watched = ready.poll()) != null; ) {
        again = true;
        watched.tell();
      }
    } finally {
      if (again) {
        selector.wakeup();
      }
    }
  }

  Watch watch(SelectableChannel channel, IntConsumer told) throws IOException {
    SelectionKey former = channel.keyFor(selector);
    if (former != null && former.isValid()) {
      throw new IllegalArgumentException(channel + " is watched already");
    }
    channel.configureBlocking(false);
    while (channel.keyFor(selector) != null) {
      selector.wakeup(); // The helper takes the cancelled key off the channel.
      Thread.onSpinWait();
    }
    Watched watched = new Watched(told);
    watched.key = channel.register(selector, 0, watched);
    return watched;
  }

  void close() {
    try {
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the selector could not be closed", e);
    }
  }

  private final class Watched implements Watch {
    private final IntConsumer told;
    private @Nullable SelectionKey key;
    private int wanted;
    private volatile int found;

    Watched(IntConsumer told) {
      this.told = told;
    }

    private void tell() {
      int operations = found & wanted;
      try {
        if (operations != 0) {
          told.accept(operations);
        }
      } finally {
        ask();
      }
    }

    /// Asks for what is wanted. Whether it is watched still.
    private void ask() {
      try {
        if (key != null) {
          key.interestOps(wanted);
        }
      } catch (CancelledKeyException e) {
        key = null; // The channel was closed.
      }
    }

    @Override
    public void operations(int operations) {
      wanted = operations;
      ask();
      selector.wakeup();
    }

    @Override
    public int operations() {
      return wanted;
    }

    @Override
    public void close() {
      wanted = 0;
      if (key != null) {
        key.cancel();
        key = null;
        selector.wakeup();
      }
    }
  }
}
