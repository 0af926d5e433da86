package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import weft.EventLoop;
import weft.EventLoopProvider;
import weft.RunOptions;
import weft.Weft;

/// How a loop is found and chosen.
class ProviderTest {
  private static final String PROPERTY = "weft.loop";

  private final String before = System.getProperty(PROPERTY, "");

  @AfterEach
  void restore() {
    choose(before);
  }

  private static void choose(String name) {
    if (name.isEmpty()) {
      System.clearProperty(PROPERTY);
    } else {
      System.setProperty(PROPERTY, name);
    }
  }

  @Test
  void theSelectorLoopIsFoundAndAvailable() {
    var selector =
        EventLoopProvider.all().stream().filter(p -> p.name().equals("selector")).findFirst();
    assertTrue(selector.isPresent());
    assertTrue(selector.get().unavailable().isEmpty());
    try (var loop = closing(selector.get().create())) {
      assertEquals("selector", loop.loop().name());
    }
  }

  @Test
  void theSelectorLoopIsTheDefault() {
    assumeTrue(System.getenv("WEFT_LOOP") == null);
    choose("");
    assertEquals("selector", EventLoopProvider.chosen(null).name());
    try (var loop = closing(EventLoop.create())) {
      assertEquals("selector", loop.loop().name());
    }
  }

  @Test
  void thePropertyChoosesTheLoop() {
    choose("no-such-loop");
    String text = refusal(EventLoop::create);
    assertTrue(text.contains("no-such-loop"), text);
    assertTrue(text.contains("weft.loop"), text);
    assertTrue(text.contains("selector"), text);
  }

  @Test
  void theArgumentBeatsTheProperty() {
    choose("no-such-loop");
    assertEquals("selector", EventLoopProvider.chosen("selector").name());
    assertEquals("selector", Weft.run(() -> EventLoop.running().name(), RunOptions.on("selector")));
  }

  @Test
  void autoTakesTheBestAvailable() {
    var best = EventLoopProvider.all().stream().filter(p -> p.unavailable().isEmpty()).findFirst();
    assertTrue(best.isPresent());
    assertEquals(best.get().name(), EventLoopProvider.chosen("auto").name());
  }

  private static String refusal(Runnable call) {
    return String.valueOf(assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static Closing closing(EventLoop loop) {
    return new Closing(loop);
  }

  private record Closing(EventLoop loop) implements AutoCloseable {
    @Override
    public void close() {
      loop.close();
    }
  }
}
