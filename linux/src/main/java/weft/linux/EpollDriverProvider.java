package weft.linux;

import java.io.IOException;
import java.util.Optional;
import weft.spi.Driver;
import weft.spi.DriverProvider;

/// Offers [EpollDriver] as `epoll`, for every Linux that a JDK of today runs on.
public final class EpollDriverProvider implements DriverProvider {
  /// Called by [java.util.ServiceLoader].
  public EpollDriverProvider() {}

  @Override
  public String name() {
    return "epoll";
  }

  @Override
  public Optional<String> unavailable() {
    return Platform.unavailable();
  }

  @Override
  public int rank() {
    return 200;
  }

  @Override
  public Driver open() {
    unavailable()
        .ifPresent(
            why -> {
              throw new IllegalStateException("epoll is not available: " + why);
            });
    try {
      return new EpollDriver();
    } catch (IOException e) {
      throw new IllegalStateException("epoll could not be opened: " + e.getMessage(), e);
    }
  }
}
