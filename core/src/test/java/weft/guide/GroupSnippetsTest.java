package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.ExceptionGroup;
import weft.Task;

class GroupSnippetsTest {
  private static String load(String url) {
    sleep(Duration.ofMillis(10));
    return "page of " + url;
  }

  @Test
  void aGroupWaitsForItsTasks() throws Exception {
    var urls = List.of("/a", "/b");
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="group"
                      List<Task<String>> pages =
                          taskGroup(
                              group -> {
                                return urls.stream()
                                    .map(url -> group.createTask(() -> load(url)))
                                    .toList();
                              });
                      for (Task<String> page : pages) {
                        IO.println(page.result()); // every task has ended here
                      }
                      // @end region="group"
                    }));
    assertEquals(List.of("page of /a", "page of /b"), printed);
  }

  @Test
  void oneFailureCancelsTheOthers() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="failure"
                      try {
                        taskGroup(
                            group -> {
                              group.createTask(
                                  () -> {
                                    throw new IOException("no route");
                                  });
                              Task<String> other = group.createTask(() -> load("/a"));
                              other.addDoneCallback(
                                  t -> IO.println("other cancelled: " + t.cancelled()));
                            });
                      } catch (ExceptionGroup failed) {
                        IO.println(failed.getMessage());
                        IO.println(failed.exceptions());
                        IO.println(failed.split(IOException.class).rest()); // null: nothing else
                      }
                      // @end region="failure"
                    }));
    assertEquals(
        List.of(
            "other cancelled: true",
            "unhandled errors in a TaskGroup (1 sub-exception)",
            "[java.io.IOException: no route]",
            "null"),
        printed);
  }

  @Test
  void cancelEndsAGroupQuietly() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="cancel-group"
                      taskGroup(
                          group -> {
                            group.createTask(
                                () -> {
                                  while (true) {
                                    sleep(Duration.ofMillis(10));
                                    IO.println("tick");
                                  }
                                });
                            sleep(Duration.ofMillis(100));
                            group.cancel(); // ends the ticker, and is no error
                          });
                      IO.println("done");
                      // @end region="cancel-group"
                    }));
    assertEquals("tick", printed.getFirst());
    assertEquals("done", printed.getLast());
  }

  @Test
  void gatherLetsTheOthersGoOn() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      Task<String> other = createTask(() -> load("/a"));
                      Task<String> failing =
                          createTask(
                              () -> {
                                throw new IllegalStateException("no");
                              });
                      try {
                        await(gather(other, failing));
                      } catch (IllegalStateException e) {
                        IO.println(other.done());
                      }
                      IO.println(await(other));
                    }));
    assertEquals(List.of("false", "page of /a"), printed);
  }
}
