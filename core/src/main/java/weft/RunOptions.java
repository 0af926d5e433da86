package weft;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How to run a program: `RunOptions.on("uring").debug(true)`.
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
  public static RunOptions on(String loop) {
    return DEFAULTS.loop(loop);
  }

  /// The same on a loop of the named kind.
  public RunOptions loop(String name) {
    Objects.requireNonNull(name, "name");
    return new RunOptions(() -> EventLoop.create(name), debug);
  }

  /// The same on a loop that the caller makes; the run closes it.
  public RunOptions loopFactory(@Nullable Supplier<EventLoop> factory) {
    return new RunOptions(factory, debug);
  }

  /// The same with debug mode on or off.
  public RunOptions debug(boolean value) {
    return new RunOptions(loopFactory, value);
  }
}
