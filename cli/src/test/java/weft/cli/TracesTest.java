package weft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TracesTest {
  private static StackTraceElement[] frames(String... names) {
    return Stream.of(names)
        .map(
            name -> {
              String module =
                  name.startsWith("java.") || name.startsWith("jdk.") ? "java.base" : null;
              return new StackTraceElement("app", module, null, name, "m", null, -1);
            })
        .toArray(StackTraceElement[]::new);
  }

  @Test
  void whatIsAboveAndBelowTheUserGoes() {
    assertArrayEquals(
        frames("Mine", "java.util.ArrayList", "Mine"),
        Traces.trimmed(
            frames(
                "java.util.Objects",
                "weft.Task",
                "Mine",
                "jdk.internal.reflect.Accessor",
                "weft.sync.AsyncLock",
                "java.util.ArrayList",
                "Mine",
                "weft.cli.Launch",
                "java.lang.VirtualThread")));
  }

  @Test
  void aTraceWithoutTheUserStaysWhole() {
    StackTraceElement[] all = frames("java.util.Objects", "weft.Task");
    assertArrayEquals(all, Traces.trimmed(all));
    assertArrayEquals(frames(), Traces.trimmed(frames()));
  }

  @Test
  void aPackageOfTheUsersMayBeginLikeWeft() {
    StackTraceElement[] all = frames("weft.mine.Program", "weftlike.Program");
    assertArrayEquals(all, Traces.trimmed(all));
  }
}
