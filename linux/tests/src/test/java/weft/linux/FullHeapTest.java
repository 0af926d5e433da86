package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weft.Promise;
import weft.RunOptions;
import weft.Weft;

/// A stack that finds no room on the heap to be put aside: the coroutine learns of it where it
/// stands, and goes on as if it had not tried.
@Tag("slow")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FullHeapTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"selector", "epoll", "uring"})
  void aSuspensionThatFindsNoRoomCanBeTriedAgain(String loop) throws Exception {
    var options = List.of("-Xmx24m", "-Xss16m", "-Xint");
    String said = Jvm.run(Jvm.command(options, Child.class, loop), folder);
    assertEquals("await: no room\ngroup: no room\nblocked: no room\ndone", said.strip());
  }

  /// Runs in a JVM of its own.
  static final class Child {
    private static final int FRAMES = 20_000;
    private static final int SMALLEST = 1 << 15; // all else has room, but not the stack

    private @Nullable Object[] hold = {};
    private int depth;

    private Child() {}

    public static void main(String[] args) {
      Child child = new Child();
      Weft.run(
          () -> {
            Promise<String> never = new Promise<>();
            child.tryIt("await", () -> await(never));
            child.tryIt(
                "group",
                () ->
                    taskGroup(
                        group -> {
                          group.createTask(() -> sleep(Duration.ofMillis(1)));
                        }));
            child.tryIt("blocked", () -> sleep(Duration.ZERO));
            Thread.sleep(1);
            never.setResult("late");
            Promise<String> next = new Promise<>();
            createTask(() -> next.setResult("done"));
            System.out.println(await(next));
          },
          RunOptions.on(args[0]));
    }

    private void tryIt(String what, Runnable wait) {
      String outcome = "suspended";
      try {
        deep(wait);
      } catch (OutOfMemoryError full) {
        hold = new Object[0];
        outcome = "no room";
      }
      depth = 0;
      System.out.println(what + ": " + outcome);
      sleep(Duration.ofMillis(1));
    }

    /// With as many frames as the heap has no room for, once it is full.
    private long deep(Runnable wait) {
      depth++;
      if (depth < FRAMES) {
        return deep(wait) + 1;
      }
      fill();
      wait.run();
      return 0;
    }

    private void fill() {
      for (int size = 1 << 20; size > SMALLEST; ) {
        try {
          hold = new Object[] {hold, new byte[size]};
        } catch (OutOfMemoryError full) {
          size /= 2;
        }
      }
    }
  }
}
