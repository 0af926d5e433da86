package weft.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import weft.ErrorContext;
import weft.EventLoop;
import weft.TimerHandle;
import weft.VoidBody;
import weft.Weft;

/// A client and a server that speak TLS within memory, on one loop.
final class TlsPair {
  private static final int TURNS_MAX = 3_000_000;

  static final IntSupplier WHOLE = () -> Integer.MAX_VALUE;
  static final IntSupplier SINGLE = () -> 1;

  /// Options that are made once, because that takes time.
  private static final class Shared {
    static final TlsOptions CLIENT = clientOptions();
    static final TlsOptions SERVER = serverOptions();
  }

  final EventLoop loop;
  final List<TimerHandle> timers = new ArrayList<>();
  final TlsWire clientWire;
  final TlsWire serverWire;
  final TlsSide client = new TlsSide();
  final TlsSide server = new TlsSide();

  TlsPair(IntSupplier chunkBytes) {
    this.loop = watched(EventLoop.running());
    TlsWire[] wires = TlsWire.pair(loop, chunkBytes);
    clientWire = wires[0];
    serverWire = wires[1];
  }

  /// Runs a test in a coroutine; an error in a callback fails it.
  static void run(VoidBody test) {
    List<ErrorContext> errors = new ArrayList<>();
    Weft.run(
        () -> {
          EventLoop.running().setExceptionHandler((loop, error) -> errors.add(error));
          try {
            test.run();
          } catch (Throwable t) {
            errors.forEach(e -> t.addSuppressed(e.exception()));
            throw t;
          }
          for (ErrorContext error : errors) {
            throw new AssertionError(error.message(), error.exception());
          }
        });
  }

  static Path file(String name) {
    try {
      return Path.of(TlsPair.class.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  static TlsOptions serverOptions() {
    try {
      return TlsOptions.server(file("server.pem"), file("server.key"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TlsOptions clientOptions() {
    try {
      return TlsOptions.client().trusting(file("ca.pem"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A pair whose handshake has succeeded.
  static TlsPair connected(IntSupplier chunkBytes, String protocol) {
    TlsPair pair = new TlsPair(chunkBytes);
    pair.start(Shared.CLIENT.protocols(protocol), Shared.SERVER);
    pair.handshake();
    return pair;
  }

  /// Turns the loop until both handshakes have succeeded.
  TlsPair handshake() {
    until(() -> client.handshakeOver() && server.handshakeOver());
    assertNull(client.refused, () -> "client: " + client.refused);
    assertNull(server.refused, () -> "server: " + server.refused);
    assertNotNull(client.tls);
    return this;
  }

  TlsPair start(TlsOptions clientOptions, TlsOptions serverOptions) {
    startClient(clientOptions, "localhost", 443);
    startServer(serverOptions);
    return this;
  }

  void startClient(TlsOptions options, @Nullable String host, int port) {
    client.call(
        () ->
            client.begun = TlsChannel.client(loop, clientWire, options, host, port, null, client));
  }

  void startServer(TlsOptions options) {
    server.call(() -> server.begun = TlsChannel.server(loop, serverWire, options, null, server));
  }

  /// Turns the loop until something is so.
  static void until(BooleanSupplier condition) {
    for (int turns = 0; !condition.getAsBoolean(); turns++) {
      assertTrue(turns < TURNS_MAX, "never came true");
      Weft.sleep(Duration.ZERO);
    }
  }

  /// Turns the loop until the wires have nothing more to do.
  void settle() {
    for (int quiet = 0; quiet < 8; quiet++) {
      Weft.sleep(Duration.ZERO);
      if (!clientWire.isIdle()) {
        quiet = 0;
      }
    }
  }

  /// Closes what is open, and makes sure that nothing is left: no timer, no buffer.
  void finish() {
    for (TlsSide side : List.of(client, server)) {
      if (side.begun != null) {
        side.call(side.begun::close);
      }
    }
    settle();
    assertClean();
  }

  void assertClean() {
    assertEquals(0, TlsBuffers.of(loop).lent(), "buffers lent out");
    assertTrue(timers.stream().allMatch(TimerHandle::cancelled), "a timer is left");
  }

  /// Exchanges data both ways, and checks it.
  void exchange(byte[] question, byte[] answer) {
    client.write(question);
    server.write(answer);
    until(() -> server.bytes.size() >= question.length && client.bytes.size() >= answer.length);
    assertArrayEquals(question, server.bytes.toByteArray());
    assertArrayEquals(answer, client.bytes.toByteArray());
  }

  static byte[] bytes(int count, long seed) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /// A seed for a test, printed, and settable with `-Dweft.test.seed`.
  static long seed() {
    long seed = Long.getLong("weft.test.seed", System.nanoTime());
    System.out.println("-Dweft.test.seed=" + seed);
    return seed;
  }

  /// The loop, with its timers written down.
  private EventLoop watched(EventLoop real) {
    Consumer<Object> note =
        result -> {
          if (result instanceof TimerHandle timer) {
            timers.add(timer);
          }
        };
    return (EventLoop)
        Proxy.newProxyInstance(
            TlsPair.class.getClassLoader(),
            new Class<?>[] {EventLoop.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(real, arguments);
                note.accept(result);
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
