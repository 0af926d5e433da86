package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Exchanger;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.EventLoop;
import weft.ExceptionGroup;
import weft.Promise;
import weft.Task;
import weft.TaskGroup;
import weft.VoidBody;

/// Blocking calls of the JDK in coroutines, on the direct engine: each suspends only the coroutine
/// that makes it, and cancellation reaches it. Skipped on the portable engine.
public abstract class BlockingSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected BlockingSuite() {}

  @BeforeEach
  void onlyOnTheDirectEngine() {
    assumeTrue(direct(), "the portable engine blocks the loop");
  }

  @Test
  void L65_threadSleepSuspendsOnlyItsCoroutine() {
    run(
        () -> {
          var sleeper = createTask(() -> Thread.sleep(Duration.ofHours(1)));
          turns(3);
          assertFalse(sleeper.done());
          sleeper.cancel();
          assertInstanceOf(CancelledError.class, failure(sleeper));
          var napper =
              createTask(
                  () -> {
                    Thread.sleep(5);
                    return "slept";
                  });
          assertEquals("slept", await(napper));
        });
  }

  @Test
  void L66_whatDoesNotBlockIsNotInterrupted() throws IOException {
    Path file = Files.createTempFile("weft", ".log");
    try {
      run(
          () -> {
            var queue = new LinkedBlockingQueue<Integer>();
            taskGroup(
                group -> {
                  group.cancel();
                  try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.write(ByteBuffer.wrap(new byte[3]));
                  }
                  queue.put(1);
                  seen.add("written");
                  Thread.sleep(Duration.ofHours(1));
                  seen.add("never");
                });
            assertEquals(List.of("written"), seen);
            assertEquals(1, queue.size());
          });
      assertEquals(3, Files.size(file));
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void L65_aThousandSleepersSleepAtOnce() {
    run(
        () -> {
          int[] asleep = {0};
          int[] most = {0};
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 1000; i++) {
            tasks.add(
                createTask(
                    () -> {
                      most[0] = Math.max(most[0], ++asleep[0]);
                      Thread.sleep(20);
                      asleep[0]--;
                    }));
          }
          settle(tasks);
          assertEquals(0, asleep[0]);
          assertTrue(most[0] > 100, most[0] + " at once");
        });
  }

  @Test
  void L65_afterABlockingCallTheCoroutineIsOnItsLoopAgain() {
    run(
        () -> {
          var me = Task.current();
          for (int i = 0; i < 20; i++) {
            Thread.sleep(0, 100_000);
            assertSame(loop, EventLoop.running());
            assertSame(me, Task.current());
            turns(1);
          }
        });
  }

  @Test
  void L65_nothingElseRunsWhileACoroutineGoesOnAfterABlockingCall() {
    run(
        () -> {
          boolean[] inside = {false};
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 50; i++) {
            tasks.add(
                createTask(
                    () -> {
                      for (int round = 0; round < 10; round++) {
                        Thread.sleep(1);
                        assertFalse(inside[0]);
                        inside[0] = true;
                        Thread.onSpinWait();
                        inside[0] = false;
                      }
                    }));
          }
          for (var task : tasks) {
            assertEquals(null, failure(task));
          }
        });
  }

  @Test
  void L65_aBlockingQueueConnectsCoroutines() {
    run(
        () -> {
          BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(2);
          var consumer =
              createTask(
                  () -> {
                    int sum = 0;
                    for (int i = 0; i < 100; i++) {
                      sum += queue.take();
                    }
                    return sum;
                  });
          var producer =
              createTask(
                  () -> {
                    for (int i = 0; i < 100; i++) {
                      queue.put(i);
                    }
                  });
          assertEquals(4950, await(consumer));
          await(producer);
        });
  }

  @Test
  void L65_aBlockingQueueConnectsThreadsAndCoroutines() {
    run(
        () -> {
          var there = new LinkedBlockingQueue<Integer>();
          var back = new SynchronousQueue<Integer>();
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try {
                      for (int n; (n = there.take()) >= 0; ) {
                        back.put(2 * n);
                      }
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
          for (int i = 0; i < 200; i++) {
            there.put(i);
            assertEquals(2 * i, back.take());
          }
          there.put(-1);
        });
  }

  @Test
  void L65_aReentrantLockIsHeldByACoroutine() {
    run(
        () -> {
          var lock = new ReentrantLock();
          int[] counter = {0};
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 10; i++) {
            tasks.add(
                createTask(
                    () -> {
                      for (int round = 0; round < 10; round++) {
                        lock.lock();
                        try {
                          assertTrue(lock.isHeldByCurrentThread());
                          int before = counter[0];
                          turns(1);
                          counter[0] = before + 1;
                        } finally {
                          lock.unlock();
                        }
                      }
                    }));
          }
          for (var task : tasks) {
            assertEquals(null, failure(task));
          }
          assertEquals(100, counter[0]);
          assertFalse(lock.isLocked());
        });
  }

  @Test
  void L65_aMonitorIsHeldByACoroutine() {
    run(
        () -> {
          var monitor = new Object();
          int[] counter = {0};
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 10; i++) {
            tasks.add(
                createTask(
                    () -> {
                      for (int round = 0; round < 10; round++) {
                        synchronized (monitor) {
                          int before = counter[0];
                          turns(1);
                          counter[0] = before + 1;
                        }
                      }
                    }));
          }
          for (var task : tasks) {
            assertEquals(null, failure(task));
          }
          assertEquals(100, counter[0]);
        });
  }

  @Test
  void L65_objectWaitAndNotify() {
    run(
        () -> {
          var monitor = new Object();
          boolean[] ready = {false};
          var waiter =
              createTask(
                  () -> {
                    synchronized (monitor) {
                      while (!ready[0]) {
                        monitor.wait();
                      }
                    }
                    return "notified";
                  });
          turns(3);
          assertFalse(waiter.done());
          synchronized (monitor) {
            ready[0] = true;
            monitor.notifyAll();
          }
          assertEquals("notified", await(waiter));
        });
  }

  @Test
  void L65_latchSemaphoreExchangerAndFuture() {
    run(
        () -> {
          var latch = new CountDownLatch(1);
          var permits = new Semaphore(0);
          var future = new CompletableFuture<String>();
          var exchanger = new Exchanger<String>();
          var latched = createTask(() -> latch.await(20, TimeUnit.SECONDS));
          var permitted = createTask(() -> permits.tryAcquire(20, TimeUnit.SECONDS));
          var waited = createTask(() -> future.get());
          var joined = createTask(() -> future.join());
          var one = createTask(() -> exchanger.exchange("one"));
          var two = createTask(() -> exchanger.exchange("two"));
          turns(2);
          latch.countDown();
          permits.release();
          future.complete("value");
          assertTrue(await(latched));
          assertTrue(await(permitted));
          assertEquals("value", await(waited));
          assertEquals("value", await(joined));
          assertEquals("two", await(one));
          assertEquals("one", await(two));
        });
  }

  @Test
  void L65_threadJoin() {
    run(
        () -> {
          var gate = new CountDownLatch(1);
          Thread other =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          gate.await();
                        } catch (InterruptedException e) {
                          Thread.currentThread().interrupt();
                        }
                      });
          var joiner =
              createTask(
                  () -> {
                    other.join();
                    return "joined";
                  });
          turns(3);
          assertFalse(joiner.done());
          gate.countDown();
          assertEquals("joined", await(joiner));
        });
  }

  @Test
  void L65_parkAndUnpark() {
    run(
        () -> {
          boolean[] go = {false};
          var threads = new ArrayList<Thread>();
          var parked =
              createTask(
                  () -> {
                    threads.add(Thread.currentThread());
                    while (!go[0]) {
                      LockSupport.park();
                    }
                    return "unparked";
                  });
          turns(2);
          assertFalse(parked.done());
          go[0] = true;
          LockSupport.unpark(threads.getFirst());
          assertEquals("unparked", await(parked));
        });
  }

  @Test
  void L65_aStrayUnparkDoesNotEndAnAwait() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          var threads = new ArrayList<Thread>();
          var task =
              createTask(
                  () -> {
                    threads.add(Thread.currentThread());
                    return await(gate);
                  });
          turns(1);
          for (int i = 0; i < 10; i++) {
            LockSupport.unpark(threads.getFirst());
            turns(1);
            assertFalse(task.done());
          }
          gate.setResult("opened");
          assertEquals("opened", await(task));
        });
  }

  @Test
  void L65_socketsServeAnEchoOnOneLoop() {
    run(
        () -> {
          try (var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            var acceptor =
                createTask(
                    () -> {
                      for (int i = 0; i < 10; i++) {
                        Socket accepted = server.accept();
                        createTask(() -> echo(accepted));
                      }
                    });
            var clients = new ArrayList<Promise<String>>();
            for (int i = 0; i < 10; i++) {
              int n = i;
              clients.add(createTask(() -> ask(server.getLocalPort(), "hello " + n)));
            }
            List<String> answers = await(gather(clients));
            for (int i = 0; i < 10; i++) {
              assertEquals("hello " + i, answers.get(i));
            }
            await(acceptor);
            while (loop.allTasks().size() > 1) {
              turns(1);
            }
          }
        });
  }

  @Test
  @Tag("slow")
  void L65_httpClientSendSuspendsOnlyItsCoroutine() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestURI().getPath().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try (var client = HttpClient.newHttpClient()) {
      String base = "http://localhost:" + server.getAddress().getPort() + "/page";
      run(
          () -> {
            int[] ticks = {0};
            var ticker =
                createTask(
                    () -> {
                      while (true) {
                        ticks[0]++;
                        turns(1);
                      }
                    });
            var requests = new ArrayList<Promise<String>>();
            for (int i = 0; i < 5; i++) {
              var request = HttpRequest.newBuilder(URI.create(base + i)).build();
              requests.add(createTask(() -> client.send(request, BodyHandlers.ofString()).body()));
            }
            assertEquals(
                List.of("/page0", "/page1", "/page2", "/page3", "/page4"), await(gather(requests)));
            assertTrue(ticks[0] > 1);
            ticker.cancel();
            failure(ticker);
          });
    } finally {
      server.stop(0);
    }
  }

  @Test
  void L66_cancelReachesThreadSleep() {
    cancelReaches(() -> Thread.sleep(Duration.ofHours(1)));
  }

  @Test
  void L66_cancelReachesABlockingQueue() {
    var queue = new LinkedBlockingQueue<String>();
    cancelReaches(() -> seen.add(queue.take()));
  }

  @Test
  void L66_cancelReachesALockInterruptibly() {
    var lock = new ReentrantLock();
    run(
        () -> {
          lock.lock();
          try {
            var task =
                createTask(
                    () -> {
                      lock.lockInterruptibly();
                      seen.add("locked");
                    });
            turns(2);
            task.cancel();
            assertInstanceOf(CancelledError.class, failure(task));
            assertTrue(task.cancelled());
          } finally {
            lock.unlock();
          }
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L66_cancelReachesObjectWait() {
    var monitor = new Object();
    cancelReaches(
        () -> {
          synchronized (monitor) {
            while (seen.isEmpty()) {
              monitor.wait();
            }
          }
        });
  }

  @Test
  void L66_cancelReachesALatch() {
    var latch = new CountDownLatch(1);
    cancelReaches(latch::await);
  }

  @Test
  void L66_cancelReachesASocket() throws Exception {
    try (var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var client = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
      cancelReaches(() -> seen.add(client.getInputStream().read()));
      cancelReaches(
          () -> {
            try (var idle = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
              seen.add(idle.accept());
            }
          });
    }
    assertEquals(List.of(), seen);
  }

  @Test
  @Tag("slow")
  void L66_cancelReachesHttpClientSend() throws Exception {
    try (var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var client = HttpClient.newHttpClient()) {
      var request =
          HttpRequest.newBuilder(URI.create("http://localhost:" + server.getLocalPort())).build();
      cancelReaches(() -> seen.add(client.send(request, BodyHandlers.ofString())));
      client.shutdownNow();
    }
    assertEquals(List.of(), seen);
  }

  @Test
  void L66_theFinallyBlocksOfABlockedCoroutineMayBlockAgain() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      Thread.sleep(Duration.ofHours(1));
                    } finally {
                      Thread.sleep(1);
                      seen.add("cleaned");
                    }
                  });
          turns(2);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
    assertEquals(List.of("cleaned"), seen);
  }

  @Test
  void L66_aTimeoutReachesABlockingCall() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class,
              () -> timeout(ms(2), () -> Thread.sleep(Duration.ofHours(1))));
          assertFalse(Thread.currentThread().isInterrupted());
          Thread.sleep(1);
          turns(1);
        });
  }

  @Test
  void L66_aFailingSiblingReachesABlockedChildAndABlockedBody() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(() -> Thread.sleep(Duration.ofHours(1)));
                            g.createTask(
                                () -> {
                                  turns(2);
                                  throw new IllegalStateException("boom");
                                });
                            Thread.sleep(Duration.ofHours(1));
                          }));
          assertEquals(1, group.exceptions().size());
          assertInstanceOf(IllegalStateException.class, group.exceptions().getFirst());
          Thread.sleep(1);
          turns(1);
        });
  }

  @Test
  void L66_aCancelThatComesBeforeTheBlockingCallIsNotLost() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    Task<?> me = Task.current();
                    if (me != null) {
                      me.cancel();
                    }
                    Thread.sleep(Duration.ofHours(1));
                  });
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
  }

  @Test
  void L66_theInterruptIsNotSticky() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      Thread.sleep(Duration.ofHours(1));
                    } catch (InterruptedException e) {
                      seen.add("interrupted");
                    }
                    try {
                      turns(1);
                    } catch (CancelledError e) {
                      seen.add("cancelled");
                    }
                    Thread.sleep(1);
                    turns(1);
                    return "still here";
                  });
          turns(2);
          task.cancel();
          assertEquals("still here", await(task));
        });
    assertEquals(List.of("interrupted", "cancelled"), seen);
  }

  private void cancelReaches(VoidBody blocking) {
    run(
        () -> {
          var task = createTask(blocking);
          turns(3);
          assertFalse(task.done());
          assertTrue(task.cancel());
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
  }

  private static void echo(Socket accepted) throws IOException {
    try (accepted) {
      accepted.getInputStream().transferTo(accepted.getOutputStream());
    }
  }

  private static String ask(int port, String question) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write((question + "\n").getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();
      var reader =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      return String.valueOf(reader.readLine());
    }
  }

  @Test
  void L57_aCallThatHasJustEndedIsUnwoundTooWhenTheLoopCloses() throws Exception {
    var lock = new ReentrantLock();
    var unlocked = new CountDownLatch(1);
    var task =
        loop.createTask(
            async(
                () -> {
                  lock.lock();
                  try {
                    Thread.sleep(20);
                    hang();
                  } finally {
                    lock.unlock();
                    unlocked.countDown();
                  }
                }));
    run(() -> turns(2));
    Thread.sleep(60); // its continuation is queued, and no run comes
    loop.setExceptionHandler((on, error) -> {});
    loop.close();
    assertTrue(unlocked.await(20, TimeUnit.SECONDS));
    while (!task.isDone()) { // its stack unwinds on another thread
      Thread.sleep(1);
    }
    assertFalse(lock.isLocked());
    assertTrue(task.isCancelled());
  }

  @Test
  void L66_eachRequestReachesTheCallThatBlocksThen() {
    assumeTrue(direct());
    run(
        () -> {
          var nothing = new LinkedBlockingQueue<String>();
          var task =
              createTask(
                  () -> {
                    for (int i = 0; i < 3; i++) {
                      try {
                        nothing.take();
                      } catch (InterruptedException e) {
                        seen.add(i);
                      }
                    }
                    nothing.take();
                  });
          for (int i = 0; i < 4; i++) {
            assertEquals(i, seen.size());
            until(task);
            task.cancel();
            sleep(ms(2));
          }
          assertInstanceOf(CancelledError.class, failure(task));
        });
  }

  private void until(Task<?> blocked) {
    sleep(ms(2));
    assertFalse(blocked.done());
  }

  @Test
  void L66_aTimeoutReachesABlockingCallBehindACaughtCancellation() {
    assumeTrue(direct());
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    try {
                      Thread.sleep(Duration.ofHours(1));
                    } catch (InterruptedException e) {
                      seen.add("cancelled");
                    }
                    try {
                      timeout(ms(5), () -> Thread.sleep(Duration.ofHours(1)));
                    } catch (TimeoutException e) {
                      seen.add("over");
                    }
                  });
          sleep(ms(2));
          task.cancel();
          failure(task);
          assertEquals(List.of("cancelled", "over"), seen);
        });
  }
}
