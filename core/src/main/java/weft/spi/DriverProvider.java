package weft.spi;

import java.util.Optional;

/// Makes drivers of one kind. Found by [java.util.ServiceLoader]; Weft puts its standard loop on
/// top of each and offers it under [#name].
public interface DriverProvider {
  /// The name users choose the loop by, such as `selector`: lower case, unique.
  String name();

  /// Empty if a driver can be opened on this machine, otherwise the reason why not, as a sentence
  /// part fit for a person to read.
  default Optional<String> unavailable() {
    return Optional.empty();
  }

  /// Where this kind stands when the best available one is wanted: higher is better.
  int rank();

  /// Opens a driver.
  ///
  /// @throws IllegalStateException if this kind is [unavailable][#unavailable]
  Driver open();
}
