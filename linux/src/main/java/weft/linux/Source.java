package weft.linux;

import java.nio.channels.SelectableChannel;
import org.jspecify.annotations.Nullable;

/// Something with a descriptor that a driver watches. The driver knows it by a slot of its table,
/// and by the generation of that slot: an event that is told late finds that the generation has
/// passed.
abstract class Source {
  final LinuxDriver driver;
  final Descriptor descriptor;
  final int slot;
  final int generation;

  /// The readiness that is of interest, [Linux#IN] and [Linux#OUT].
  int wanted;

  /// What the driver has told the system; each driver has its own use for it.
  int registered;

  /// The driver's count of what was asked of the system when this was last asked for something.
  long asked;

  /// Whether it waits for [#attend].
  boolean attention;

  private boolean closed;
  private @Nullable SelectableChannel adopted;

  /// Takes over the descriptor.
  Source(LinuxDriver driver, Descriptor descriptor) {
    this.driver = driver;
    this.descriptor = descriptor;
    this.slot = driver.freeSlot();
    this.generation = driver.generation(slot);
    driver.occupy(this);
  }

  /// The descriptor's number, for a system call to be made at once.
  int fd() {
    return descriptor.fd();
  }

  /// Is called by `dispatch` while what is wanted is so, over and over.
  abstract void ready(int events);

  /// Is called by `dispatch` after [LinuxDriver#attend].
  void attend() {}

  /// Closes it as its owner would.
  abstract void close();

  public boolean isClosed() {
    return closed;
  }

  /// Ends it: closes the descriptor, after which no event arrives any more.
  void end() {
    closed = true;
    try {
      driver.vacate(this);
    } finally {
      descriptor.close();
    }
    SelectableChannel former = adopted;
    if (former != null) {
      adopted = null;
      driver.release(former);
    }
  }

  /// Notes that the descriptor is a copy of that of a channel, which is to be closed too.
  void adopted(SelectableChannel channel) {
    adopted = channel;
  }

  /// Whether others may have descriptors of the same socket.
  boolean isAdopted() {
    return adopted != null;
  }

  /// Ends it, but gives the descriptor to another source.
  Descriptor surrender() {
    closed = true;
    driver.vacate(this);
    return descriptor;
  }

  static @Nullable Source same(@Nullable Source found, int generation) {
    return found != null && found.generation == generation ? found : null;
  }
}
