package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.generator;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.Generator;
import weft.sync.AsyncLock;
import weft.sync.AsyncQueue;
import weft.sync.AsyncSemaphore;

class StreamSnippetsTest {
  @Test
  void producersAndConsumersMeetInAQueue() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="queue"
                      var queue = new AsyncQueue<Integer>(2); // put() waits while two are in
                      taskGroup(
                          group -> {
                            group.createTask(
                                () -> {
                                  for (int i = 1; i <= 4; i++) {
                                    queue.put(i);
                                  }
                                  queue.shutdown(); // the end of the stream
                                });
                            group.createTask(
                                () -> {
                                  for (int item : queue) { // suspends while there is none
                                    IO.println("got " + item);
                                  }
                                  IO.println("no more");
                                });
                          });
                      // @end region="queue"
                    }));
    assertEquals(List.of("got 1", "got 2", "got 3", "got 4", "no more"), printed);
  }

  @Test
  void aLockIsHeldForABlock() {
    var log = new ArrayList<String>();
    run(
        () -> {
          // @start region="lock"
          var lock = new AsyncLock();
          var connections = new AsyncSemaphore(10);
          try (var held = lock.acquire(); // suspends until it is our turn
              var connection = connections.acquire()) {
            sleep(Duration.ofMillis(5)); // others run, but not those who want the lock
          } // released here, however the block ends
          // @end region="lock"
          log.add(lock + " " + connections);
        });
    assertEquals(List.of("<AsyncLock unlocked> <AsyncSemaphore unlocked, value: 10>"), log);
  }

  // @start region="generator"
  Generator<Integer> countdown(int from) {
    return generator(
        emitter -> {
          try {
            for (int i = from; i > 0; i--) {
              sleep(Duration.ofMillis(5)); // the body may await
              emitter.emit(i);
            }
          } finally {
            IO.println("closed");
          }
        });
  }

  // @end region="generator"

  @Test
  void aForLoopDrivesAGenerator() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="for"
                      for (int i : countdown(3)) {
                        IO.println(i); // 3, 2, 1, then "closed"
                      }
                      try (var numbers = countdown(1_000)) {
                        for (int i : numbers) {
                          if (i < 999) {
                            break; // close() at the end of the block runs the body's finally
                          }
                        }
                      }
                      // @end region="for"
                    }));
    assertEquals(List.of("3", "2", "1", "closed", "closed"), printed);
  }

  @Test
  void sharedStateNeedsNoLockBetweenSuspensions() {
    int[] counter = {0};
    run(
        () -> {
          var tasks = new ArrayList<weft.Task<Void>>();
          for (int i = 0; i < 10; i++) {
            tasks.add(
                createTask(
                    () -> {
                      for (int j = 0; j < 100; j++) {
                        counter[0]++;
                        sleep(Duration.ZERO);
                      }
                    }));
          }
          for (var task : tasks) {
            await(task);
          }
        });
    assertTrue(counter[0] == 1_000);
  }
}
