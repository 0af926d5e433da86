package weft.linux;

import java.util.ServiceLoader;
import weft.spi.Driver;
import weft.spi.DriverProvider;

/// The suite is about drivers, not about Linux: the one that runs everywhere passes it too.
class SelectorDriverTest extends PacketTest {
  @Override
  Driver open() {
    return ServiceLoader.load(DriverProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.name().equals("selector"))
        .findFirst()
        .orElseThrow()
        .open();
  }

  @Override
  long granularityNanos() {
    return 3_000_000;
  }
}
