package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.run;
import static weft.Weft.runCoroutineThreadsafe;
import static weft.Weft.sleep;
import static weft.Weft.timeout;
import static weft.Weft.toThread;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.EventLoop;
import weft.Promise;
import weft.Task;
import weft.Weft;

class ThreadSnippetsTest {
  @Test
  void blockingCodeSuspendsOnlyItsCoroutine() throws Exception {
    assumeTrue(Weft.engine().equals("direct"));
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="blocking"
                      var answers = new ArrayBlockingQueue<String>(1);
                      Task<Void> old =
                          createTask(
                              () -> {
                                IO.println("got " + answers.take()); // blocks this coroutine only
                              });
                      sleep(Duration.ofMillis(5)); // the loop goes on meanwhile
                      answers.put("an answer");
                      await(old);
                      // @end region="blocking"
                    }));
    assertEquals(List.of("got an answer"), printed);
  }

  @Test
  void cancellationReachesBlockingCode() throws Exception {
    assumeTrue(Weft.engine().equals("direct"));
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="blocking-cancel"
                      Task<Void> sleeper = createTask(() -> Thread.sleep(60_000));
                      sleep(Duration.ofMillis(5));
                      sleeper.cancel(); // interrupts it, too
                      try {
                        await(sleeper);
                      } catch (CancelledError e) {
                        IO.println("cancelled");
                      }
                      // @end region="blocking-cancel"
                    }));
    assertEquals(List.of("cancelled"), printed);
  }

  @Test
  void aTimeoutReachesBlockingCode() throws Exception {
    assumeTrue(Weft.engine().equals("direct"));
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="blocking-timeout"
                      try {
                        timeout(Duration.ofMillis(10), () -> Thread.sleep(60_000));
                      } catch (TimeoutException e) {
                        IO.println("timed out");
                      }
                      // @end region="blocking-timeout"
                    }));
    assertEquals(List.of("timed out"), printed);
  }

  @Test
  void aThreadDoesTheCounting() {
    Thread[] threads = new Thread[2];
    int sum =
        run(
            () -> {
              threads[0] = Thread.currentThread();
              // @start region="to-thread"
              int counted = await(toThread(() -> countSlowly(1_000))); // on another thread
              // @end region="to-thread"
              await(toThread(() -> threads[1] = Thread.currentThread()));
              return counted;
            });
    assertEquals(1_000, sum);
    assertNotEquals(threads[0], threads[1]);
  }

  private static int countSlowly(int n) {
    int counted = 0;
    while (counted < n) {
      counted++;
    }
    return counted;
  }

  @Test
  void otherThreadsReachTheLoop() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="threadsafe"
                      EventLoop loop = EventLoop.running();
                      Promise<String> letter = loop.createPromise();
                      Promise<Boolean> read = loop.createPromise();
                      Thread.ofPlatform()
                          .start(
                              () -> {
                                loop.callSoonThreadsafe(() -> letter.setResult("a letter"));
                                var length =
                                    runCoroutineThreadsafe(() -> await(letter).length(), loop);
                                IO.println("length " + length.join()); // blocks that thread
                                loop.callSoonThreadsafe(() -> read.setResult(true));
                              });
                      IO.println(await(letter));
                      await(read);
                      // @end region="threadsafe"
                    }));
    assertEquals(List.of("a letter", "length 8"), printed);
  }

  @Test
  void futuresOfTheJdkAreAwaited() {
    String text =
        run(
            () -> {
              // @start region="stages"
              CompletableFuture<Integer> answer = CompletableFuture.supplyAsync(() -> 42);
              int number = await(answer); // a CompletionStage, Future or Flow.Publisher
              CompletableFuture<String> back =
                  createTask(() -> "back").toCompletableFuture(); // and the other way
              // @end region="stages"
              return number + " " + await(back);
            });
    assertEquals("42 back", text);
  }
}
