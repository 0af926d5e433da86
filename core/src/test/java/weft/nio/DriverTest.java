package weft.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import weft.spi.Completion;
import weft.spi.Driver;
import weft.spi.ListenChannel;
import weft.spi.ListenOptions;
import weft.spi.StreamChannel;

/// What the tests of drivers need: a driver that is run by the test's own thread. At the end
/// nothing is lent any more.
@Timeout(value = 30, unit = TimeUnit.SECONDS)
abstract class DriverTest {
  static final ListenOptions BACKLOG_50 = new ListenOptions(50, true, false);
  private static final long TURN_NANOS = 50_000_000;
  private static final long PATIENCE_NANOS = 15_000_000_000L;

  Driver driver;

  DriverTest() {
    driver = open();
  }

  abstract Driver open();

  abstract Buffers buffers(Driver of);

  @BeforeEach
  void nothingIsLent() {
    assertEquals(0, buffers(driver).lent());
  }

  @AfterEach
  void everythingComesBack() {
    turns(3);
    driver.close();
    until(() -> buffers(driver).lent() == 0);
  }

  void until(BooleanSupplier done) {
    long begin = driver.nanoTime();
    while (!done.getAsBoolean()) {
      assertTrue(driver.nanoTime() - begin < PATIENCE_NANOS, "this does not come to an end");
      driver.poll(TURN_NANOS);
      driver.dispatch();
    }
  }

  void turns(int count) {
    for (int i = 0; i < count; i++) {
      driver.poll(1_000_000);
      driver.dispatch();
    }
  }

  static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  ListenChannel listen(SocketAddress local, Outcome<StreamChannel> accepted) {
    try {
      ListenChannel listener = driver.listen(local, BACKLOG_50);
      listener.start(accepted);
      return listener;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  Outcome<StreamChannel> connect(SocketAddress remote) {
    Outcome<StreamChannel> connected = new Outcome<>();
    try {
      driver.connect(remote, null, connected);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return connected;
  }

  /// Two ends of a connection, paused.
  Ends connection() {
    return connection(anyPort(), Ear::new);
  }

  Ends connection(SocketAddress at, Function<StreamChannel, Ear> hearing) {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(at, accepted);
    Outcome<StreamChannel> connected = connect(listener.localAddress());
    until(() -> accepted.done() && connected.done());
    listener.close();
    return new Ends(hearing.apply(connected.value()), hearing.apply(accepted.value()));
  }

  record Ends(Ear client, Ear server) {
    void resume() {
      client.channel.resumeReading();
      server.channel.resumeReading();
    }
  }

  /// The outcomes of an operation.
  static class Outcome<T> implements Completion<T> {
    final List<T> values = new ArrayList<>();
    final List<IOException> failures = new ArrayList<>();

    @Override
    public void completed(T value) {
      values.add(value);
    }

    @Override
    public void failed(IOException failure) {
      failures.add(failure);
    }

    boolean done() {
      return values.size() + failures.size() > 0;
    }

    T value() {
      @Nullable IOException failure = failures.isEmpty() ? null : failures.get(0);
      assertNull(failure);
      assertEquals(1, values.size());
      return values.get(0);
    }
  }

  /// Bytes that differ from their neighbours near and far.
  static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 ^ i >> 8 ^ i >> 16);
    }
    return bytes;
  }

  /// Writes everything, in pieces of very different sizes, some from direct buffers.
  static void writeInPieces(StreamChannel to, byte[] bytes) {
    int[] sizes = {1, 5000, 300, 70_000, 4096, 4097, 200_000, 2, 17_000, 16 * 1024, 100};
    int from = 0;
    for (int i = 0; from < bytes.length; i++) {
      int size = Math.min(sizes[i % sizes.length], bytes.length - from);
      ByteBuffer piece =
          i % 2 == 0
              ? ByteBuffer.wrap(bytes, from, size)
              : ByteBuffer.allocateDirect(size).put(0, bytes, from, size);
      to.write(piece);
      assertEquals(0, piece.remaining());
      from += size;
    }
  }
}
