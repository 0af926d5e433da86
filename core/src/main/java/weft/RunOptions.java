package weft;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How to run a program: `RunOptions.loop("uring").debug(true)`.
///
/// @param loopFactory makes the loop; null for the chosen kind, see [EventLoop#create()]
/// @param debug switches debug mode on or off; null leaves it as `-Dweft.debug` says
public record RunOptions(@Nullable Supplier<EventLoop> loopFactory, @Nullable Boolean debug) {
  private static final RunOptions DEFAULTS = new RunOptions(null, null);

  /// No wishes.
  public static RunOptions defaults() {
    return DEFAULTS;
  }

  /// On a loop of the named kind.
  public static RunOptions loop(String name) {
    Objects.requireNonNull(name, "name");
    return new RunOptions(() -> EventLoop.create(name), null);
  }

  /// On a loop that the caller makes; the run closes it.
  public static RunOptions loopFactory(Supplier<EventLoop> factory) {
    return new RunOptions(Objects.requireNonNull(factory, "factory"), null);
  }

  /// The same with debug mode on or off.
  public RunOptions debug(boolean value) {
    return new RunOptions(loopFactory, value);
  }
}
