package weft.io;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;

/// Asks the system by the JDK, off the loop's thread.
final class SystemResolver implements Resolver {
  static final Resolver ONLY = new SystemResolver();

  private SystemResolver() {}

  @Override
  public List<InetAddress> lookup(String host) throws IOException {
    return Rethrown.await(
        EventLoop.running().runInExecutor(null, () -> List.of(InetAddress.getAllByName(host))));
  }

  /// The address that a text is, or null if it is a name.
  static @Nullable InetAddress literal(String host) {
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  @Override
  public String toString() {
    return "Resolver.system()";
  }
}
