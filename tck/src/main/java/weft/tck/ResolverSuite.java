package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.io.Net;
import weft.io.Resolver;

/// Names and addresses: `getAddrInfo`, `getNameInfo` and `Resolver`.
public abstract class ResolverSuite extends LoopSuite {
  /// For subclasses.
  protected ResolverSuite() {}

  /// Runs jobs at once, and counts them.
  private static final class Counting extends AbstractExecutorService {
    int jobs;
    private boolean shut;

    @Override
    public void execute(Runnable job) {
      jobs++;
      job.run();
    }

    @Override
    public void shutdown() {
      shut = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shut = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shut;
    }

    @Override
    public boolean isTerminated() {
      return shut;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }

  private Counting counting() {
    var executor = new Counting();
    loop.setDefaultExecutor((ExecutorService) executor);
    return executor;
  }

  @Test
  void L118_aLiteralAddressIsNotLookedUp() {
    Counting executor = counting();
    run(
        () -> {
          var steps = createTask(() -> this.steps.at(2));
          assertEquals(
              List.of(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 80)),
              Net.getAddrInfo("127.0.0.1", 80));
          assertEquals(
              List.of(new InetSocketAddress(InetAddress.ofLiteral("::1"), 443)),
              Net.getAddrInfo("::1", 443));
          this.steps.at(1);
          await(steps);
          this.steps.end(3);
        });
    assertEquals(0, executor.jobs);
  }

  @Test
  void aNameIsLookedUp() {
    run(
        () -> {
          var found = Net.getAddrInfo("localhost", 8080);
          assertFalse(found.isEmpty());
          for (InetSocketAddress each : found) {
            assertTrue(each.getAddress().isLoopbackAddress());
            assertEquals(8080, each.getPort());
          }
        });
  }

  @Test
  void L118_anUnknownNameIsAnException() {
    run(
        () -> {
          assertThrows(UnknownHostException.class, () -> Net.getAddrInfo("nowhere.invalid", 1));
          var resolver = Resolver.system().cached(Duration.ofHours(1), 10);
          assertThrows(
              UnknownHostException.class, () -> resolver.resolve("nowhere.invalid", 1, null));
        });
  }

  @Test
  void aPortOutOfRangeIsRefused() {
    run(
        () -> {
          for (int port : new int[] {-1, 65_536}) {
            assertThrows(IllegalArgumentException.class, () -> Net.getAddrInfo("127.0.0.1", port));
          }
          assertEquals(65_535, Net.getAddrInfo("127.0.0.1", 65_535).getFirst().getPort());
        });
  }

  @Test
  void aFamilyNarrowsTheAnswer() {
    run(
        () -> {
          var resolver = Resolver.system();
          for (var each : resolver.resolve("localhost", 1, StandardProtocolFamily.INET)) {
            assertEquals(4, each.getAddress().getAddress().length);
          }
          assertThrows(
              UnknownHostException.class,
              () -> resolver.resolve("127.0.0.1", 1, StandardProtocolFamily.INET6));
          assertThrows(
              UnknownHostException.class,
              () -> resolver.resolve("::1", 1, StandardProtocolFamily.INET));
        });
  }

  @Test
  void L118_aCacheAsksOnce() {
    Counting executor = counting();
    run(
        () -> {
          var resolver = Resolver.system().cached(Duration.ofHours(1), 10);
          var first = resolver.resolve("localhost", 1, null);
          assertEquals(1, executor.jobs);
          assertEquals(first, resolver.resolve("localhost", 1, null));
          assertEquals(2, resolver.resolve("localhost", 2, null).getFirst().getPort());
          resolver.resolve("localhost", 1, StandardProtocolFamily.INET);
          assertEquals(1, executor.jobs);
        });
  }

  @Test
  void aCacheMayKeepForEver() {
    Counting executor = counting();
    run(
        () -> {
          for (Duration keep :
              List.of(ChronoUnit.FOREVER.getDuration(), Duration.ofNanos(Long.MAX_VALUE - 1))) {
            executor.jobs = 0;
            var resolver = Resolver.system().cached(keep, 10);
            resolver.resolve("localhost", 1, null);
            resolver.resolve("localhost", 1, null);
            assertEquals(1, executor.jobs);
          }
        });
  }

  @Test
  void aCacheForgetsInTime() {
    Counting executor = counting();
    run(
        () -> {
          var resolver = Resolver.system().cached(Duration.ofNanos(1), 10);
          resolver.resolve("localhost", 1, null);
          resolver.resolve("localhost", 1, null);
          assertEquals(2, executor.jobs);
        });
  }

  @Test
  void aCacheKeepsNoFailure() {
    Counting executor = counting();
    run(
        () -> {
          var resolver = Resolver.system().cached(Duration.ofHours(1), 10);
          for (int i = 0; i < 2; i++) {
            assertThrows(
                UnknownHostException.class, () -> resolver.resolve("nowhere.invalid", 1, null));
          }
          assertEquals(2, executor.jobs);
        });
  }

  @Test
  void aFullCacheForgets() {
    Counting executor = counting();
    run(
        () -> {
          var resolver = Resolver.system().cached(Duration.ofHours(1), 1);
          resolver.resolve("localhost", 1, null);
          resolver.resolve(InetAddress.getLocalHost().getHostName(), 1, null);
          resolver.resolve("localhost", 1, null);
          assertTrue(executor.jobs >= 2);
        });
  }

  @Test
  void withoutACacheEachIsAsked() {
    Counting executor = counting();
    run(
        () -> {
          var resolver = Resolver.system();
          resolver.resolve("localhost", 1, null);
          resolver.resolve("localhost", 1, null);
          assertEquals(2, executor.jobs);
        });
  }

  @Test
  void aCacheOfNothingIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Resolver.system().cached(ms(-1), 1));
    assertThrows(IllegalArgumentException.class, () -> Resolver.system().cached(ms(1), 0));
  }

  @Test
  void manyAskAtTheSameTime() {
    run(
        () -> {
          var answers =
              await(
                  gather(
                      () -> Net.getAddrInfo("localhost", 1),
                      () -> Net.getAddrInfo("127.0.0.1", 2),
                      () -> Net.getAddrInfo("localhost", 3)));
          for (int i = 0; i < 3; i++) {
            assertEquals(i + 1, answers.get(i).getFirst().getPort());
          }
        });
  }

  @Test
  void L118_askingCanBeCancelled() {
    run(
        () -> {
          var asking = createTask(() -> Net.getAddrInfo("localhost", 1));
          turns(1);
          asking.cancel();
          assertThrows(CancelledError.class, () -> await(asking));
          assertFalse(Net.getAddrInfo("localhost", 1).isEmpty());
        });
  }

  @Test
  void anAddressHasAName() {
    run(
        () -> {
          String name =
              Net.getNameInfo(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 80));
          assertFalse(name.isEmpty());
        });
  }

  @Test
  void anAddressWithoutANameIsItsText() {
    run(
        () -> {
          var address = InetAddress.ofLiteral("192.0.2.77");
          String name = Net.getNameInfo(new InetSocketAddress(address, 80));
          assumeTrue(address.getCanonicalHostName().equals("192.0.2.77"), "it has a name here");
          assertEquals("192.0.2.77", name);
        });
  }

  @Test
  void outsideOfALoopIsRefused() throws IOException {
    var resolver = Resolver.system().cached(Duration.ofHours(1), 1);
    assertThrows(IllegalStateException.class, () -> resolver.resolve("localhost", 1, null));
    assertEquals(1, resolver.resolve("127.0.0.1", 1, null).size());
  }
}
