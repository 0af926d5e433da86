package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A cancellation that reaches a blocking call of the JDK, as an interrupt, is a cancellation to
/// everything around that call.
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class BlockingCallTest {
  private static final Duration SHORT = Duration.ofMillis(5);

  @BeforeEach
  void onlyWhereABlockingCallSuspends() {
    assumeTrue(Weft.engine().equals("direct"));
  }

  @Test
  void aTimeoutOverItIsATimeout() {
    run(
        () -> {
          assertThrows(
              TimeoutException.class, () -> timeout(SHORT, new LinkedBlockingQueue<>()::take));
          assertEquals(0, Task.current().cancelling());
          Thread.sleep(1);
          sleep(SHORT);
        });
  }

  @Test
  void aGroupThatIsCancelledEndsWithoutAnError() {
    run(
        () -> {
          taskGroup(
              group -> {
                group.createTask(
                    () -> {
                      sleep(SHORT);
                      group.cancel();
                    });
                Thread.sleep(Duration.ofDays(1));
              });
          assertEquals(0, Task.current().cancelling());
          Thread.sleep(1);
        });
  }

  @Test
  void aGroupWhoseChildFailsNamesOnlyTheChild() {
    run(
        () -> {
          ExceptionGroup failed =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          group -> {
                            group.createTask(
                                () -> {
                                  sleep(SHORT);
                                  throw new IllegalArgumentException("child");
                                });
                            Thread.sleep(Duration.ofDays(1));
                          }));
          List<Throwable> causes = failed.exceptions();
          assertEquals(1, causes.size());
          assertInstanceOf(IllegalArgumentException.class, causes.getFirst());
          assertTrue(!Thread.currentThread().isInterrupted());
        });
  }
}
