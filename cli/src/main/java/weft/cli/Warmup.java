package weft.cli;

import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import weft.ContextVar;
import weft.Coroutine;
import weft.sync.AsyncLock;
import weft.sync.AsyncQueue;

/// A program that uses the core as programs do: the training run from which the JDK makes the
/// start-up cache. Whatever is not loaded here is loaded the ordinary way when a program needs it.
public final class Warmup {
  private static final ContextVar<String> NAME = new ContextVar<>("name", "nobody");

  private Warmup() {}

  /// Runs it.
  ///
  /// @param args none
  public static void main(String[] args) throws Throwable {
    if (args.length > 0) {
      work();
    } else {
      Launch.main(new String[] {Warmup.class.getName(), "again"});
    }
  }

  private static void work() {
    Coroutine<Void> hello = hello();
    IO.println(hello);
    run(hello);
    run(
        () -> {
          var lock = new AsyncLock();
          var queue = new AsyncQueue<String>(1);
          var reader = createTask(queue::get);
          queue.put("item " + NAME.get());
          IO.println(await(reader));
          await(gather(async(() -> 1), async(() -> 2)));
          taskGroup(
              group -> {
                for (int i = 0; i < 2; i++) {
                  group.createTask(
                      () -> {
                        try (var held = lock.acquire()) {
                          sleep(Duration.ZERO);
                        }
                      });
                }
              });
          try {
            timeout(Duration.ofMillis(1), () -> sleep(Duration.ofSeconds(1)));
          } catch (TimeoutException e) {
            IO.println(e);
          }
        });
  }

  private static Coroutine<Void> hello() {
    return async(
        () -> {
          IO.println("Hello ...");
          sleep(Duration.ofMillis(1));
          IO.println("World!");
        });
  }
}
