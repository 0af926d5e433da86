package weft.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.channels.Pipe;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import weft.spi.Chunk;
import weft.spi.ListenChannel;
import weft.spi.StreamChannel;

/// How a driver waits and is woken, whichever it is: what is lost shows as a test that does not
/// end.
abstract class WaitingTest extends DriverTest {
  private static final int ROUNDS = 2_000;

  @Test
  void noWakeupIsLostWithoutChannels() throws InterruptedException {
    wakeFromAnotherThread();
  }

  @Test
  void noWakeupIsLostWhileAConnectionIsIdle() throws InterruptedException {
    Ends ends = connection();
    ends.resume();
    wakeFromAnotherThread();
    assertEquals(0, ends.client().calls() + ends.server().calls());
  }

  @Test
  void noWakeupIsLostWhileAKeyIsSelected() throws IOException, InterruptedException {
    Pipe pipe = Pipe.open();
    Ear ear = new Ear(driver.adopt(pipe.source()));
    ear.channel.resumeReading();
    wakeFromAnotherThread();
    driver.adopt(pipe.sink()).close();
    until(() -> ear.ends > 0);
  }

  /// The other thread hands over a number and wakes; the next comes when it was taken.
  private void wakeFromAnotherThread() throws InterruptedException {
    AtomicInteger given = new AtomicInteger();
    AtomicInteger taken = new AtomicInteger();
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 1; i <= ROUNDS; i++) {
                    given.set(i);
                    driver.wakeup();
                    while (taken.get() < i && !Thread.interrupted()) {
                      Thread.onSpinWait();
                    }
                  }
                });
    try {
      for (int i = 1; i <= ROUNDS; i++) {
        while (given.get() < i) {
          driver.poll(Long.MAX_VALUE);
          driver.dispatch();
          assertFalse(Thread.interrupted(), "a wake-up was lost");
        }
        taken.set(i);
      }
    } finally {
      other.interrupt();
      other.join();
    }
  }

  @Test
  void everyMessageWakesAPollWithoutLimit() throws IOException, InterruptedException {
    Outcome<StreamChannel> accepted = new Outcome<>();
    ListenChannel listener = listen(anyPort(), accepted);
    AtomicInteger answered = new AtomicInteger();
    Thread peer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (Socket socket = new Socket()) {
                    socket.connect(listener.localAddress());
                    InputStream answers = socket.getInputStream();
                    for (int i = 0; i < ROUNDS; i++) {
                      socket.getOutputStream().write(i);
                      if (answers.read() != (i & 255)) {
                        return;
                      }
                      answered.incrementAndGet();
                    }
                  } catch (IOException e) {
                    // The count tells.
                  }
                });
    waitUntil(accepted::done);
    Ear server =
        new Ear(accepted.value()) {
          @Override
          public void received(Chunk chunk) {
            channel.write(chunk.data());
          }
        };
    server.channel.resumeReading();
    waitUntil(() -> server.ends > 0);
    peer.join();
    assertEquals(ROUNDS, answered.get());
  }

  private void waitUntil(BooleanSupplier done) {
    while (!done.getAsBoolean()) {
      driver.poll(Long.MAX_VALUE);
      driver.dispatch();
    }
  }

  @Test
  void aPollReturnsInTime() {
    Ends ends = connection();
    ends.resume();
    turns(3);
    long begin = driver.nanoTime();
    driver.poll(2_000_000);
    driver.poll(2_000_000);
    driver.poll(0);
    assertTrue(driver.nanoTime() - begin < 10_000_000_000L);
  }
}
