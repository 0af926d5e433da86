package weft.bench;

import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.sleep;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import weft.Promise;
import weft.Task;

/// Tasks that take turns.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Switching {
  private static final int TRIPS = 100_000;
  private static final int TASKS = 100;
  private static final int TURNS = 10_000;
  private static final Object TOKEN = new Object();

  /// There and back between two tasks, each leg through a new promise: two switches.
  @Benchmark
  @OperationsPerInvocation(TRIPS)
  public int pingPong(WarmLoop warm) {
    return warm.runner.run(
        () -> {
          var table = new Table(new Promise<>(), new Promise<>());
          var server = createTask(() -> table.serve(TRIPS));
          var client = createTask(() -> table.play(TRIPS));
          return await(server) + await(client);
        });
  }

  /// The floor of `pingPong`: a bare continuation is entered and left twice.
  @Benchmark
  @OperationsPerInvocation(TRIPS)
  public void pingPongRaw() {
    var raw = RawContinuation.endless();
    for (int i = 0; i < TRIPS; i++) {
      raw.run();
      raw.run();
    }
  }

  /// `pingPong` by two virtual threads of the JDK's own scheduler.
  @Benchmark
  @OperationsPerInvocation(TRIPS)
  public int pingPongThreads() throws InterruptedException {
    var table = new ThreadTable();
    var server = Thread.ofVirtual().start(() -> table.serve(TRIPS));
    var client = Thread.ofVirtual().start(() -> table.play(TRIPS));
    server.join();
    client.join();
    return table.returns;
  }

  /// One `sleep(0)` of one of a hundred tasks that all do nothing else.
  @Benchmark
  @OperationsPerInvocation(TASKS * TURNS)
  public int sleepZero(WarmLoop warm) {
    return warm.runner.run(
        () -> {
          var sleepers = new ArrayList<Task<Integer>>();
          for (int i = 0; i < TASKS; i++) {
            sleepers.add(createTask(() -> doze(TURNS)));
          }
          return await(gather(sleepers)).size();
        });
  }

  /// The floor of `sleepZero`: a hundred bare continuations, entered and left in turn.
  @Benchmark
  @OperationsPerInvocation(TASKS * TURNS)
  public void sleepZeroRaw() {
    var crowd = IntStream.range(0, TASKS).mapToObj(i -> RawContinuation.endless()).toList();
    for (int turn = 0; turn < TURNS; turn++) {
      for (int i = 0; i < TASKS; i++) {
        crowd.get(i).run();
      }
    }
  }

  /// `sleepZero` by a hundred virtual threads that call `Thread.yield`.
  @Benchmark
  @OperationsPerInvocation(TASKS * TURNS)
  @SuppressWarnings("ThreadPriorityCheck") // The scheduler's round trip is the work.
  public void sleepZeroThreads() throws InterruptedException {
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < TASKS; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    for (int turn = 0; turn < TURNS; turn++) {
                      Thread.yield();
                    }
                  }));
    }
    for (var thread : threads) {
      thread.join();
    }
  }

  private static int doze(int turns) {
    for (int turn = 0; turn < turns; turn++) {
      sleep(Duration.ZERO);
    }
    return turns;
  }

  /// What the two tasks of `pingPong` share; one thread, so plain fields.
  private static final class Table {
    private Promise<Object> ping;
    private Promise<Object> pong;

    Table(Promise<Object> ping, Promise<Object> pong) {
      this.ping = ping;
      this.pong = pong;
    }

    int serve(int trips) {
      int returns = 0;
      for (int i = 0; i < trips; i++) {
        if (await(ping) == TOKEN) {
          returns++;
        }
        ping = new Promise<>();
        pong.setResult(TOKEN);
      }
      return returns;
    }

    int play(int trips) {
      int returns = 0;
      for (int i = 0; i < trips; i++) {
        pong = new Promise<>();
        ping.setResult(TOKEN);
        if (await(pong) == TOKEN) {
          returns++;
        }
      }
      return returns;
    }
  }

  /// The same for two virtual threads, which may run at once: volatile fields.
  private static final class ThreadTable {
    private volatile CompletableFuture<@Nullable Object> ping = new CompletableFuture<>();
    private volatile CompletableFuture<@Nullable Object> pong = new CompletableFuture<>();
    private volatile int returns;

    void serve(int trips) {
      for (int i = 0; i < trips; i++) {
        ping.join();
        ping = new CompletableFuture<>();
        pong.complete(TOKEN);
      }
    }

    void play(int trips) {
      int count = 0;
      for (int i = 0; i < trips; i++) {
        pong = new CompletableFuture<>();
        ping.complete(TOKEN);
        if (pong.join() == TOKEN) {
          count++;
        }
      }
      returns = count;
    }
  }
}
