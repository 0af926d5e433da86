package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.Coroutine;
import weft.Weft;

class ReadmeSnippetsTest {
  Coroutine<String> fetch(String name) {
    return async(
        () -> {
          sleep(Duration.ofMillis(10));
          return "page " + name;
        });
  }

  static String query(String statement) throws InterruptedException {
    Thread.sleep(10);
    return "rows of " + statement;
  }

  @Test
  void aTaste() throws Exception {
    assumeTrue(Weft.engine().equals("direct"));
    List<String> printed =
        Printed.by(
            () -> {
              // @start region="taste"
              run(
                  () -> {
                    var a = createTask(fetch("a")); // scheduled: runs concurrently
                    var b = createTask(() -> query("b")); // blocking code: suspends only itself
                    List<String> both = await(gather(a, b));
                    IO.println(both);

                    try {
                      String page = timeout(Duration.ofSeconds(2), () -> await(fetch("c")));
                      IO.println(page);
                    } catch (TimeoutException e) {
                      IO.println("too slow");
                    }

                    taskGroup(
                        group -> {
                          for (String name : List.of("d", "e")) {
                            group.createTask(() -> IO.println(await(fetch(name))));
                          }
                        }); // here all have ended; had one failed, the others would be cancelled
                  });
              // @end region="taste"
            });
    assertEquals(List.of("[page a, rows of b]", "page c", "page d", "page e"), printed);
  }
}
