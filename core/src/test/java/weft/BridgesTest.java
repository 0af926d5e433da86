package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Futures, stages and publishers that are legal and awkward.
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class BridgesTest {
  private static final Duration SHORT = Duration.ofMillis(5);

  @Test
  void aStageThatIsNoFutureCanBeAwaited() {
    run(
        () -> {
          assertEquals("done", await(CompletableFuture.completedStage("done")));
          CompletableFuture<String> source = new CompletableFuture<>();
          CompletionStage<String> view = source.minimalCompletionStage();
          EventLoop.running().callLater(SHORT, () -> source.complete("later"));
          assertEquals("later", await(view));
        });
  }

  @Test
  void aStageThatCannotBeCancelledIsLetGo() {
    run(
        () -> {
          CompletableFuture<String> source = new CompletableFuture<>();
          CompletionStage<String> view = source.minimalCompletionStage();
          assertThrows(TimeoutException.class, () -> timeout(SHORT, () -> await(view)));
          assertTrue(source.complete("nobody waits"));
          sleep(SHORT);
        });
  }

  @Test
  void aFutureThatThrowsWhenCancelledIsReportedAndTheLoopGoesOn() {
    List<Throwable> reported = new ArrayList<>();
    Future<String> stubborn =
        new FutureTask<>(() -> "never") {
          @Override
          public boolean cancel(boolean mayInterruptIfRunning) {
            throw new UnsupportedOperationException("on purpose");
          }
        };
    run(
        () -> {
          EventLoop.running().setExceptionHandler((loop, error) -> reported.add(error.exception()));
          assertThrows(TimeoutException.class, () -> timeout(SHORT, () -> await(stubborn)));
          sleep(SHORT);
          assertEquals(1, reported.size());
          assertInstanceOf(UnsupportedOperationException.class, reported.getFirst());
          stubborn.state();
          ((FutureTask<String>) stubborn).run(); // frees the thread that asks it
        });
  }

  @Test
  void aSubscriptionThatComesTooLateIsCancelled() {
    AtomicReference<Flow.Subscriber<? super String>> late = new AtomicReference<>();
    List<String> seen = new ArrayList<>();
    Flow.Publisher<String> publisher = late::set;
    run(
        () -> {
          assertThrows(TimeoutException.class, () -> timeout(SHORT, () -> await(publisher)));
          late.get()
              .onSubscribe(
                  new Flow.Subscription() {
                    @Override
                    public void request(long items) {
                      seen.add("requested");
                    }

                    @Override
                    public void cancel() {
                      seen.add("cancelled");
                    }
                  });
        });
    assertEquals(List.of("cancelled"), seen);
  }
}
