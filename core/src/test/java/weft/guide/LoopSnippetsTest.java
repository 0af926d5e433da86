package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.run;
import static weft.Weft.runCoroutineThreadsafe;
import static weft.Weft.sleep;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import weft.CallGraph;
import weft.ContextVar;
import weft.Coroutine;
import weft.EventLoop;
import weft.RunOptions;
import weft.Runner;
import weft.Task;
import weft.TaskOptions;

class LoopSnippetsTest {
  Coroutine<String> answer() {
    return async(
        () -> {
          sleep(Duration.ofMillis(5));
          return "done";
        });
  }

  @Test
  void theLongWindedWay() throws Exception {
    List<String> printed =
        Printed.by(
            () -> {
              // @start region="loop"
              EventLoop loop = EventLoop.create(); // or create("selector")
              try {
                loop.callLater(Duration.ofMillis(2), () -> IO.println("later"));
                loop.callSoon(() -> IO.println("soon"));
                IO.println(loop.runUntilComplete(answer()));
              } finally {
                loop.close();
              }
              // @end region="loop"
            });
    assertEquals(List.of("soon", "later", "done"), printed);
  }

  @Test
  void aLoopBesideAnApplication() throws Exception {
    List<String> printed =
        Printed.by(
            () -> {
              // @start region="beside"
              EventLoop loop = EventLoop.create();
              Thread thread =
                  Thread.ofPlatform()
                      .name("loop")
                      .start(
                          () -> {
                            loop.runForever(); // until somebody calls stop
                            loop.close();
                          });
              CompletableFuture<String> done = runCoroutineThreadsafe(answer(), loop);
              IO.println(done.join()); // blocks this thread, not the loop
              loop.callSoonThreadsafe(loop::stop);
              thread.join();
              // @end region="beside"
              assertTrue(loop.isClosed());
            });
    assertEquals(List.of("done"), printed);
  }

  @Test
  void aRunnerKeepsItsContext() throws Exception {
    List<String> printed =
        Printed.by(
            () -> {
              // @start region="runner"
              var user = new ContextVar<>("user", "nobody");
              try (var runner = new Runner(RunOptions.on("selector"))) {
                runner.run(() -> user.set("ada"));
                runner.run(() -> IO.println(user.get())); // ada: one loop, one context
              }
              IO.println(user.get()); // nobody
              // @end region="runner"
            });
    assertEquals(List.of("ada", "nobody"), printed);
  }

  @Test
  void eachTaskHasACopyOfTheContext() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="context"
                      var request = new ContextVar<String>("request");
                      request.set("outer");
                      Task<Void> inner =
                          createTask(
                              () -> {
                                IO.println(request.get()); // outer
                                request.set("inner"); // seen by this task only
                              });
                      await(inner);
                      IO.println(request.get()); // outer
                      // @end region="context"
                    }));
    assertEquals(List.of("outer", "outer"), printed);
  }

  @Test
  void theGraphSaysWhoWaitsForWhom() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="graph"
                      Task<String> source = createTask(answer(), TaskOptions.named("source"));
                      Task<String> reader =
                          createTask(() -> await(source), TaskOptions.named("reader"));
                      sleep(Duration.ZERO);
                      IO.println(CallGraph.capture(source).format());
                      // @end region="graph"
                      await(reader);
                    }));
    String graph = String.join("\n", printed);
    assertTrue(graph.startsWith("* source"), graph);
    assertTrue(graph.contains("+ Awaited by:\n     * reader"), graph);
    assertTrue(graph.contains("LoopSnippetsTest"), graph);
  }

  @Test
  void debugModeForOneRun() {
    boolean debugged =
        // @start region="debug"
        run(() -> EventLoop.running().debug(), RunOptions.defaults().debug(true));
    // @end region="debug"
    assertTrue(debugged);
  }
}
