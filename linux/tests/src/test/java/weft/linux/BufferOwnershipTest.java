package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import weft.spi.Completion;
import weft.spi.ListenChannel;
import weft.spi.ListenOptions;
import weft.spi.StreamChannel;

/// A buffer has one owner at a time: the pool, the kernel, a stream, a listener or the test.
///
/// Connections on one driver send patterns both ways, while at random moments (between the polls
/// and dispatches, within listeners, after so many bytes) they are paused, half closed, closed,
/// aborted, reset by the peer, or the driver is closed with everything in flight. Each byte that
/// anybody sees is compared with what was sent there; listeners keep chunks beyond the end of
/// channel and driver; and the test takes buffers from the pools, fills them, and looks whether
/// anybody has written to them before it gives them back.
///
/// Each round names its seed when it fails: `-Dweft.seed=…` runs it alone.
/// `-Dweft.fault.seconds=60` takes so long for each kind of driver.
@Tag("slow")
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BufferOwnershipTest {
  private static final Long SEED = Long.getLong("weft.seed");
  private static final long MILLIS = Long.getLong("weft.fault.seconds", 0) * 1000;
  private static final long PATIENCE_NANOS = 20_000_000_000L;
  private static final int TALKS_MAX = 12;
  private static final int BACKLOG_MAX = 1 << 20;

  @TempDir Path folder;

  enum Kind {
    EPOLL,
    URING,
    /// Queues that overflow all the time, and hardly any buffers.
    TINY_URING,
    /// A ring that the kernel serves whenever the thread enters it, not only when asked to.
    SHARED_URING;

    LinuxDriver open() throws IOException {
      return switch (this) {
        case EPOLL -> new EpollDriver();
        case URING, SHARED_URING -> new UringDriver();
        case TINY_URING -> new UringDriver(2, 4, 2);
      };
    }
  }

  /// All peers act between the driver's calls: a seed makes the same schedule each time.
  @ParameterizedTest
  @EnumSource
  void inTurn(Kind kind) throws Exception {
    rounds(kind, false);
  }

  /// Another thread sends at the same time.
  @ParameterizedTest
  @EnumSource
  void atTheSameTime(Kind kind) throws Exception {
    rounds(kind, true);
  }

  private void rounds(Kind kind, boolean concurrent) throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Runnable work =
        () -> {
          try {
            manyRounds(kind, concurrent);
          } catch (Throwable thrown) {
            failure.set(thrown);
          }
        };
    if (kind == Kind.SHARED_URING) {
      Thread.ofVirtual().start(work).join();
    } else {
      work.run();
    }
    if (failure.get() != null) {
      throw new AssertionError(failure.get().getMessage(), failure.get());
    }
  }

  private void manyRounds(Kind kind, boolean concurrent) throws IOException {
    Random seeds = new Random();
    try (Round warmUp = new Round(kind, 1, false, new Hostages(), -1)) {
      warmUp.run(); // what the JDK opens for itself is not a leak
    }
    long descriptors = DriverTest.descriptors();
    long limit = MILLIS > 0 ? MILLIS / 2 : 350;
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limit);
    int rounds = 0;
    long bytes = 0;
    Hostages hostages = new Hostages();
    do {
      long seed = SEED != null ? SEED : seeds.nextLong();
      try (Round round = new Round(kind, seed, concurrent, hostages, rounds)) {
        bytes += round.run();
        round.close();
        round.verifyThatAllCameBack();
      } catch (Throwable failure) {
        throw new AssertionError(
            "round " + rounds + " failed; run it alone with -Dweft.seed=" + seed, failure);
      }
      rounds++;
      if (rounds % 64 == 0) {
        System.gc(); // the memory of closed drivers
      }
    } while (SEED == null && System.nanoTime() < end);
    hostages.release(0);
    assertEquals(descriptors, DriverTest.descriptors(), "descriptors were left open");
    if (MILLIS > 0) {
      System.out.printf(
          "%s%s: %d rounds, %d MB compared%n",
          kind, concurrent ? ", at the same time" : "", rounds, bytes >> 20);
    }
  }

  /// From the opening of a driver to its end.
  private final class Round implements AutoCloseable {
    private final Random random;
    private final LinuxDriver driver;
    private final Hostages hostages;
    private final List<Talk> talks = new CopyOnWriteArrayList<>();
    private final List<Talk> former = new ArrayList<>();
    private final ArrayDeque<StreamChannel> accepted = new ArrayDeque<>();
    private final List<ListenChannel> listeners = new ArrayList<>();
    private final int steps;
    private volatile boolean done;
    private @Nullable Thread sender;
    private long seed;
    private long bytes;

    Round(Kind kind, long seed, boolean concurrent, Hostages hostages, int number)
        throws IOException {
      this.random = new Random(seed);
      this.seed = seed;
      this.hostages = hostages;
      this.steps = 50 + random.nextInt(400);
      this.driver = kind.open();
      Path path = folder.resolve(kind + "" + concurrent + number);
      for (SocketAddress address :
          List.of(DriverTest.loopback(), UnixDomainSocketAddress.of(path))) {
        ListenChannel listener = driver.listen(address, new ListenOptions(64, true, false));
        listeners.add(listener);
        listener.start(
            new Completion<>() {
              @Override
              public void completed(StreamChannel channel) {
                accepted.add(channel);
              }

              @Override
              public void failed(IOException failure) {
                throw new UncheckedIOException(failure);
              }
            });
      }
      if (concurrent) {
        Random other = new Random(~seed);
        sender = Thread.ofPlatform().daemon().start(() -> send(other));
      }
    }

    private void send(Random other) {
      while (!done) {
        for (Talk talk : talks) {
          talk.farSend(size(other));
          talk.farReceive();
        }
        Thread.onSpinWait();
      }
    }

    /// From a byte to hundreds of thousands, each magnitude as often.
    private static int size(Random random) {
      return 1 + random.nextInt(1 << (1 + random.nextInt(19)));
    }

    long run() throws IOException {
      for (int step = 0; step < steps; step++) {
        if (talks.size() < 2 || (talks.size() < TALKS_MAX && random.nextInt(8) == 0)) {
          open();
        }
        act(talks.get(random.nextInt(talks.size())));
        switch (random.nextInt(10)) {
          case 0, 1, 2 -> driver.poll(0);
          case 3, 4, 5 -> dispatch();
          case 6 -> {
            driver.poll(0);
            dispatch();
          }
          case 7 -> serveHostages();
          case 8 -> {
            driver.large.trim();
            driver.small.trim();
          }
          default -> {}
        }
        talks.removeIf(this::isOver);
      }
      deliverTheRest();
      return bytes;
    }

    private void dispatch() {
      try {
        driver.dispatch();
      } catch (Whim e) {
        assertEquals("on purpose", e.getMessage());
      }
    }

    private boolean isOver(Talk talk) {
      check(talk);
      if (talk.near.isClosed()) {
        talk.farReceive();
        talk.farClose(random.nextBoolean());
        former.add(talk);
        return true;
      }
      return false;
    }

    private void check(Talk talk) {
      Throwable wrong = talk.wrong;
      if (wrong != null) {
        throw new AssertionError("the peer has received it", wrong);
      }
    }

    private void open() throws IOException {
      ListenChannel listener = listeners.get(random.nextInt(2));
      SocketChannel far = SocketChannel.open(listener.localAddress());
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      while (accepted.isEmpty()) {
        assertTrue(System.nanoTime() < deadline, "nothing was accepted");
        driver.poll(1_000_000);
        dispatch();
      }
      Talk talk = new Talk(accepted.remove(), far, seed++, random, this::during);
      talks.add(talk);
      talk.near.resumeReading();
    }

    private void serveHostages() {
      hostages.verify();
      hostages.take(random.nextBoolean() ? driver.large : driver.small, random.nextInt(6), 2);
      if (random.nextInt(3) == 0) {
        hostages.release(random.nextInt(hostages.count() + 1));
      }
    }

    /// Something that happens to a connection.
    private void act(Talk talk) {
      switch (random.nextInt(24)) {
        case 0, 1, 2, 3, 4, 5, 6, 7 -> talk.farSend(size(random));
        case 8, 9, 10 -> talk.farReceive();
        case 11, 12, 13 -> {
          if (talk.near.backlog() < BACKLOG_MAX) {
            talk.write(size(random));
          }
        }
        case 14 -> talk.near.pauseReading();
        case 15, 16 -> talk.near.resumeReading();
        case 17 -> talk.near.whenBacklogAtMost(random.nextInt(100_000));
        case 18 -> {
          talk.release(random.nextInt(3));
          former.removeIf(this::isForgotten);
        }
        default -> end(talk);
      }
    }

    /// It is over in one of many ways, or nothing happens.
    private void end(Talk talk) {
      switch (random.nextInt(20)) {
        case 0, 1 -> talk.near.close();
        case 2, 3 -> talk.near.abort();
        case 4 -> talk.shutdown();
        case 5 -> talk.farClose(false);
        case 6 -> talk.farClose(true);
        default -> {}
      }
    }

    private boolean isForgotten(Talk talk) {
      boolean forgotten = random.nextInt(4) == 0;
      talk.release(forgotten ? 0 : 1);
      bytes += forgotten ? talk.received() : 0;
      return forgotten;
    }

    /// Within a listener, which is the worst moment for all of this.
    private void during(Talk talk) {
      switch (random.nextInt(12)) {
        case 0 -> talk.near.pauseReading();
        case 1 -> act(talk);
        case 2 -> act(talks.get(random.nextInt(talks.size())));
        case 3 -> {
          talk.near.pauseReading();
          talk.near.resumeReading();
        }
        case 4 -> {
          if (random.nextInt(4) == 0) {
            throw new Whim();
          }
        }
        default -> {}
      }
    }

    /// Who is left gets what was sent to it.
    private void deliverTheRest() {
      if (random.nextBoolean()) {
        for (int i = 0; i < 5; i++) {
          for (Talk talk : talks) {
            talk.near.resumeReading();
            talk.farReceive();
            check(talk);
          }
          driver.poll(0);
          dispatch();
          hostages.verify();
        }
      }
    }

    /// Closes the driver with all that is in flight, and looks at what was kept afterwards.
    @Override
    public void close() {
      if (done) {
        return;
      }
      driver.close();
      done = true;
      try {
        if (sender != null) {
          sender.join();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      hostages.verify();
      accepted.forEach(StreamChannel::close);
      former.addAll(talks);
      for (Talk talk : former) {
        check(talk);
        talk.farClose(false);
        talk.release(0);
        bytes += talk.received();
      }
    }

    /// Fails if a buffer has not come back, but for those of the kernel's ring.
    void verifyThatAllCameBack() {
      int inRing = driver instanceof UringDriver uring ? 2 * uring.bufferCount() : 0;
      int lent = driver.large.lent() - hostages.count(driver.large);
      assertTrue(lent >= 0 && lent <= inRing, () -> lent + " large buffers are lost");
      assertEquals(hostages.count(driver.small), driver.small.lent(), "small buffers");
    }
  }

  /// What a listener throws.
  private static final class Whim extends RuntimeException {
    private static final long serialVersionUID = 1;

    Whim() {
      super("on purpose");
    }
  }
}
