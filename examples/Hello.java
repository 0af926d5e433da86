import module weft;
import static weft.Weft.*;

Coroutine<Void> hello() {
  return async(() -> {
    IO.println("Hello ...");
    sleep(Duration.ofSeconds(1));
    IO.println("World!");
  });
}

void main() {
  var routine = hello();      // nothing printed yet
  IO.println(routine);        // <coroutine hello at 0x1027a6150>
  run(routine);               // Hello ... (one second) World!
}
