/// Three counters on one thread. Each `sleep` lets the others go on, so they count in step, and
/// nobody needs a lock for `turns`: between two suspension points nothing else runs.

import module weft;
import static weft.Weft.*;

int turns = 0;

void count(String name) {
  for (int i = 1; i <= 3; i++) {
    IO.println(name + " " + i);
    turns++;
    sleep(Duration.ofMillis(100));
  }
}

void main() {
  long start = System.nanoTime();
  run(() -> await(gather(() -> count("red"), () -> count("green"), () -> count("blue"))));
  long millis = Duration.ofNanos(System.nanoTime() - start).toMillis();
  IO.println(turns + " turns in " + millis + " ms"); // 300, not 900
}
