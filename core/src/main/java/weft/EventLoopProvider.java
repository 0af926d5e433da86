package weft;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import weft.spi.DriverProvider;

/// Makes loops of one kind. Found by [ServiceLoader]; every [DriverProvider] counts as one too,
/// with Weft's standard loop on top of its driver.
public interface EventLoopProvider {
  /// The name users choose the loop by: lower case, unique.
  String name();

  /// Empty if a loop can be made on this machine, otherwise the reason why not.
  default Optional<String> unavailable() {
    return Optional.empty();
  }

  /// Where this kind stands when the best available one is wanted: higher is better.
  int rank();

  /// Makes a loop.
  EventLoop create();

  /// All kinds that were found, the best first.
  static List<EventLoopProvider> all() {
    List<EventLoopProvider> all = new ArrayList<>();
    for (EventLoopProvider provider : ServiceLoader.load(EventLoopProvider.class)) {
      all.add(provider);
    }
    for (DriverProvider driver :
        ServiceLoader.load(DriverProvider.class, EventLoopProvider.class.getClassLoader())) {
      all.add(new DriverLoop.Provider(driver));
    }
    // A plain lambda, because the JDK's comparator builders cost more at start than all the rest.
    all.sort(
        (a, b) ->
            a.rank() != b.rank()
                ? Integer.compare(b.rank(), a.rank())
                : a.name().compareTo(b.name()));
    return all;
  }

  /// The kind with the given name; `auto` is the best available; null is the one chosen by
  /// `-Dweft.loop`, else by `WEFT_LOOP`, else `selector`.
  ///
  /// @throws IllegalArgumentException if it does not exist or is not available; the message says
  ///   which are
  static EventLoopProvider chosen(@Nullable String name) {
    String source = "";
    if (name == null) {
      source = " (from -Dweft.loop)";
      name = System.getProperty("weft.loop");
      if (name == null || name.isBlank()) {
        source = " (from WEFT_LOOP)";
        name = System.getenv("WEFT_LOOP");
      }
      if (name == null || name.isBlank()) {
        source = "";
        name = "selector";
      }
    }
    List<EventLoopProvider> all = all();
    for (EventLoopProvider provider : all) {
      if (name.equals("auto") ? provider.unavailable().isEmpty() : provider.name().equals(name)) {
        Optional<String> reason = provider.unavailable();
        if (reason.isPresent()) {
          throw new IllegalArgumentException(
              "event loop '"
                  + name
                  + "'"
                  + source
                  + " is not available: "
                  + reason.get()
                  + "; "
                  + list(all));
        }
        return provider;
      }
    }
    throw new IllegalArgumentException(
        "there is no event loop '" + name + "'" + source + "; " + list(all));
  }

  private static String list(List<EventLoopProvider> all) {
    return "there are: "
        + all.stream()
            .map(
                p ->
                    p.name()
                        + p.unavailable().map(why -> " (not available: " + why + ")").orElse(""))
            .collect(Collectors.joining(", "));
  }
}
