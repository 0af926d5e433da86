import static weft.Weft.*;

import module weft;

/// The Hello that is launched and timed: `Hello.java SECONDS`, as `hello.py`.
Coroutine<Void> hello(double seconds) {
  return async(
      () -> {
        IO.println("Hello ...");
        sleep(Duration.ofMillis(Math.round(seconds * 1_000)));
        IO.println("World!");
      });
}

void main(String[] args) {
  run(hello(Double.parseDouble(args[0])));
}
