package weft.nio;

import weft.spi.Driver;
import weft.spi.DriverProvider;

/// Offers [ProactorDriver] as `proactor`: the loop over the system's own completions, as Windows
/// has them.
public final class ProactorDriverProvider implements DriverProvider {
  /// Called by [java.util.ServiceLoader].
  public ProactorDriverProvider() {}

  @Override
  public String name() {
    return "proactor";
  }

  @Override
  public int rank() {
    return 50;
  }

  @Override
  public Driver open() {
    return new ProactorDriver();
  }
}
