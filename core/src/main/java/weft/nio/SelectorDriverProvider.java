package weft.nio;

import weft.spi.Driver;
import weft.spi.DriverProvider;

/// Offers [SelectorDriver] as `selector`, the loop that runs everywhere and the default.
public final class SelectorDriverProvider implements DriverProvider {
  /// Called by [java.util.ServiceLoader].
  public SelectorDriverProvider() {}

  @Override
  public String name() {
    return "selector";
  }

  @Override
  public int rank() {
    return 100;
  }

  @Override
  public Driver open() {
    return new SelectorDriver();
  }
}
