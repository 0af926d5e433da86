package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.run;
import static weft.Weft.sleep;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import weft.Coroutine;

class CoroutineSnippetsTest {
  // @start region="chain"
  Coroutine<Integer> price(String item) {
    return async(
        () -> {
          sleep(Duration.ofMillis(10)); // stands for a request
          return item.length();
        });
  }

  Coroutine<Integer> total(List<String> items) {
    return async(
        () -> {
          int sum = 0;
          for (String item : items) {
            sum += await(price(item));
          }
          return sum;
        });
  }

  // @end region="chain"

  @Test
  void coroutinesAwaitCoroutines() throws Exception {
    List<String> printed =
        Printed.by(
            () -> {
              // @start region="run-total"
              int sum = run(total(List.of("tea", "milk", "sugar")));
              IO.println(sum); // 12
              // @end region="run-total"
            });
    assertEquals(List.of("12"), printed);
  }

  // @start region="colourless"
  int priceWithTax(String item) {
    return await(price(item)) * 119 / 100;
  }

  Coroutine<List<Integer>> priceList(List<String> items) {
    return async(() -> items.stream().map(item -> priceWithTax(item)).toList());
  }

  // @end region="colourless"

  @Test
  void anOrdinaryMethodSuspends() {
    assertEquals(List.of(3, 4), run(priceList(List.of("tea", "milk"))));
  }

  // @start region="checked"
  Coroutine<String> read(String name) {
    return async(
        () -> {
          throw new FileNotFoundException(name);
        });
  }

  // @end region="checked"

  @Test
  void checkedExceptionsAreNamedOrWrapped() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="await-checked"
                      try {
                        await(read("a.txt"), IOException.class); // declared, thrown as it is
                      } catch (IOException e) {
                        IO.println("no file: " + e.getMessage());
                      }
                      try {
                        await(read("a.txt"));
                      } catch (CompletionException e) {
                        IO.println("wrapped: " + e.getCause().getMessage());
                      }
                      // @end region="await-checked"
                    }));
    assertEquals(List.of("no file: a.txt", "wrapped: a.txt"), printed);
  }

  @Test
  void aCoroutineRunsOnce() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="once"
                      Coroutine<Integer> once = price("tea");
                      IO.println(await(once)); // 3
                      try {
                        await(once);
                      } catch (IllegalStateException e) {
                        IO.println("it has run"); // make a new one: price("tea")
                      }
                      // @end region="once"
                    }));
    assertEquals(List.of("3", "it has run"), printed);
  }

  @Test
  void aCoroutineIsNamedAfterItsMethod() {
    Coroutine<Integer> coroutine = price("tea");
    assertEquals("price", coroutine.name());
    assertTrue(coroutine.toString().matches("<coroutine price at 0x[0-9a-f]+>"));
  }
}
