package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.waitAll;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Failures that nobody looks at, and failures that cannot be looked at.
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class FailureTest {
  @Test
  void anExceptionThatCannotBePrintedTravelsLikeAnyOther() {
    Unprintable failure = new Unprintable();
    run(
        () -> {
          Task<Void> task = createTask(() -> fail(failure));
          assertSame(failure, assertThrows(Unprintable.class, () -> await(task)));
          assertEquals(1, EventLoop.running().allTasks().size());
          Promise<?> both = gather(async(() -> fail(failure)), async(() -> sleep(Duration.ZERO)));
          assertSame(failure, assertThrows(Unprintable.class, () -> await(both)));
          assertTrue(task.toString().contains("exception"));
        });
  }

  @Test
  @Tag("slow")
  void beingWaitedForIsNotBeingSeen() {
    List<String> reports = new ArrayList<>();
    run(
        () -> {
          EventLoop.running().setExceptionHandler((loop, error) -> reports.add(error.message()));
          waitAll(List.of(createTask(() -> fail(new IllegalStateException("unseen")))));
          while (reports.isEmpty()) {
            System.gc();
            sleep(Duration.ofMillis(5));
          }
        });
    assertEquals(1, reports.size());
    assertTrue(reports.getFirst().contains("never retrieved"));
  }

  private static void fail(RuntimeException failure) {
    throw failure;
  }

  private static final class Unprintable extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("on purpose");
    }

    @Override
    public String toString() {
      throw new IllegalStateException("on purpose");
    }
  }
}
