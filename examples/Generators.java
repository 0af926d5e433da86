/// Generators: a loop that produces items, for a loop that consumes them; asyncio's `async for` is
/// Java's `for`. Both sides may suspend, and the producer runs only while the consumer asks.

import module weft;
import static weft.Weft.*;

/// A server that hands out its records page by page.
List<Integer> page(int number) {
  IO.println("  asking for page " + number);
  sleep(Duration.ofMillis(50));
  return number > 3 ? List.of() : List.of(number * 10 + 1, number * 10 + 2);
}

/// Its records one by one: the next page is asked for when it is needed, not before.
Generator<Integer> records() {
  return generator(
      out -> {
        try {
          List<Integer> page;
          for (int number = 1; !(page = page(number)).isEmpty(); number++) {
            for (int record : page) {
              out.emit(record);
            }
          }
        } finally {
          IO.println("  connection closed");
        }
      });
}

/// A generator over a generator, which it closes when it is closed itself.
Generator<Integer> odd(Generator<Integer> numbers) {
  return generator(
      out -> {
        try (numbers) {
          for (int number : numbers) {
            if (number % 2 == 1) {
              out.emit(number);
            }
          }
        }
      });
}

void main() {
  run(
      () -> {
        IO.println("all of them:");
        for (int record : records()) {
          IO.println("  " + record);
        }

        IO.println("until one is found, and then no further:");
        try (var records = records()) { // closes it, even though the loop is left early
          for (int record : records) {
            if (record > 20) {
              IO.println("  found " + record);
              break;
            }
          }
        }

        IO.println("chained, while somebody else is awake:");
        Task<Void> ticker =
            createTask(
                () -> {
                  while (true) {
                    sleep(Duration.ofMillis(30));
                    IO.println("  tick");
                  }
                });
        var sum = 0;
        for (int record : odd(records())) {
          sum += record;
        }
        ticker.cancel();
        IO.println("  sum " + sum);
      });
}
