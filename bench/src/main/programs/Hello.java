import static weft.Weft.*;

import module weft;

/// The Hello that is launched and timed: `Hello.java SECONDS`, as `hello.py`.
Coroutine<Void> hello(int seconds) {
  return async(
      () -> {
        IO.println("Hello ...");
        sleep(Duration.ofSeconds(seconds));
        IO.println("World!");
      });
}

void main(String[] args) {
  run(hello(Integer.parseInt(args[0])));
}
