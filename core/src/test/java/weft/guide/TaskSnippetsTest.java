package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static weft.Weft.asCompleted;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.gatherSettled;
import static weft.Weft.run;
import static weft.Weft.shield;
import static weft.Weft.sleep;
import static weft.Weft.timeout;
import static weft.Weft.waitFirstCompleted;
import static weft.Weft.waitFor;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Coroutine;
import weft.Promise;
import weft.Task;
import weft.TaskOptions;
import weft.Waited;

class TaskSnippetsTest {
  // @start region="fetch"
  Coroutine<String> fetch(String name, int millis) {
    return async(
        () -> {
          sleep(Duration.ofMillis(millis)); // stands for a request
          return "page " + name;
        });
  }

  // @end region="fetch"

  Coroutine<String> broken(String name) {
    return async(
        () -> {
          sleep(Duration.ofMillis(5));
          throw new IllegalArgumentException(name);
        });
  }

  @Test
  void tasksRunConcurrently() throws Exception {
    List<String> printed =
        Printed.by(
            () -> {
              // @start region="tasks"
              run(
                  () -> {
                    Task<String> slow = createTask(fetch("a", 40));
                    Task<String> quick = createTask(fetch("b", 20), TaskOptions.named("quick"));
                    createTask(() -> IO.println("begun")); // a body is enough
                    IO.println(await(quick)); // page b
                    IO.println(await(slow)); // page a, after 40 ms and not 60
                  });
              // @end region="tasks"
            });
    assertEquals(List.of("begun", "page b", "page a"), printed);
  }

  @Test
  void gatherKeepsTheOrder() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="gather"
                      List<String> pages = await(gather(fetch("a", 20), fetch("b", 10)));
                      IO.println(pages); // [page a, page b]
                      // @end region="gather"
                    }));
    assertEquals(List.of("[page a, page b]"), printed);
  }

  @Test
  void gatherSettledWaitsForAll() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="settled"
                      for (Promise<String> page :
                          await(gatherSettled(fetch("a", 9), broken("b")))) {
                        switch (page.state()) {
                          case SUCCESS -> IO.println(page.result());
                          case FAILED -> IO.println("failed: " + page.exception().getMessage());
                          default -> IO.println("cancelled");
                        }
                      }
                      // @end region="settled"
                    }));
    assertEquals(List.of("page a", "failed: b"), printed);
  }

  @Test
  void theFirstOfSeveral() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="first"
                      var race =
                          List.of(createTask(fetch("a", 60_000)), createTask(fetch("b", 10)));
                      Waited<String> first = waitFirstCompleted(race);
                      first.done().forEach(page -> IO.println(page.result())); // page b
                      first.pending().forEach(Promise::cancel);
                      // @end region="first"
                    }));
    assertEquals(List.of("page b"), printed);
  }

  @Test
  void theOrderOfCompletion() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="as-completed"
                      for (Promise<String> page :
                          asCompleted(List.of(fetch("a", 60), fetch("b", 5)))) {
                        IO.println(page.result()); // page b, page a
                      }
                      // @end region="as-completed"
                    }));
    assertEquals(List.of("page b", "page a"), printed);
  }

  @Test
  void aTimeoutEndsABlock() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="timeout"
                      try {
                        String both =
                            timeout(
                                Duration.ofMillis(30),
                                () -> await(fetch("a", 10)) + ", " + await(fetch("b", 60_000)));
                        IO.println(both);
                      } catch (TimeoutException e) {
                        IO.println("too slow");
                      }
                      // @end region="timeout"
                    }));
    assertEquals(List.of("too slow"), printed);
  }

  @Test
  void aDeadlineMoves() {
    String page =
        run(
            () -> {
              // @start region="reschedule"
              return timeout(
                  Duration.ofMillis(10),
                  limit -> {
                    limit.reschedule(null); // from here on without limit
                    return await(fetch("a", 30));
                  });
              // @end region="reschedule"
            });
    assertEquals("page a", page);
  }

  @Test
  void waitForLimitsOneThing() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="wait-for"
                      Task<String> job = createTask(fetch("a", 60_000));
                      try {
                        waitFor(job, Duration.ofMillis(10));
                      } catch (TimeoutException e) {
                        IO.println("cancelled: " + job.cancelled()); // true
                      }
                      // @end region="wait-for"
                    }));
    assertEquals(List.of("cancelled: true"), printed);
  }

  @Test
  void cancelRunsTheCleaningUp() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="cancel"
                      Task<Void> worker =
                          createTask(
                              () -> {
                                try {
                                  sleep(Duration.ofHours(1));
                                } finally {
                                  IO.println("clean up"); // may suspend, too
                                }
                              });
                      sleep(Duration.ZERO); // one turn of the loop: the worker begins
                      worker.cancel("no longer needed");
                      try {
                        await(worker);
                      } catch (CancelledError e) {
                        IO.println(e.getMessage());
                      }
                      // @end region="cancel"
                    }));
    assertEquals(List.of("clean up", "no longer needed"), printed);
  }

  @Test
  void shieldKeepsTheInnerAlive() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="shield"
                      Task<String> saving = createTask(fetch("saved", 30));
                      try {
                        waitFor(shield(saving), Duration.ofMillis(5));
                      } catch (TimeoutException e) {
                        IO.println("not waiting any longer");
                      }
                      IO.println(await(saving)); // it was not cancelled
                      // @end region="shield"
                    }));
    assertEquals(List.of("not waiting any longer", "page saved"), printed);
  }

  // @start region="finish"
  /// Ends with the outcome of the coroutine; a cancellation takes effect only after that.
  static <T> T finish(Coroutine<T> coroutine) {
    Task<T> task = createTask(coroutine);
    try {
      return await(shield(task));
    } catch (CancelledError cancelled) {
      await(task);
      throw cancelled;
    }
  }

  // @end region="finish"

  @Test
  void whatHasBegunIsFinished() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      Coroutine<Void> printing =
                          async(
                              () -> {
                                sleep(Duration.ofMillis(5));
                                IO.println("finished");
                              });
                      Task<Void> worker = createTask(() -> finish(printing));
                      sleep(Duration.ZERO);
                      worker.cancel();
                      assertThrows(CancelledError.class, () -> await(worker));
                      IO.println("cancelled");
                    }));
    assertEquals(List.of("finished", "cancelled"), printed);
  }
}
