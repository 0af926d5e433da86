package weft.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import weft.spi.Driver;
import weft.spi.DriverProvider;

/// Offers [UringDriver] as `uring`, for Linux 6.1 and newer, where io_uring is not forbidden.
public final class UringDriverProvider implements DriverProvider {
  private static final Path SYSCTL = Path.of("/proc/sys/kernel/io_uring_disabled");

  /// Called by [java.util.ServiceLoader].
  public UringDriverProvider() {}

  @Override
  public String name() {
    return "uring";
  }

  /// Tries it: whether a kernel has what is needed, and lets us have it, only a try can tell.
  @Override
  public Optional<String> unavailable() {
    Optional<String> here = Platform.unavailable();
    return here.isPresent() ? here : refusal();
  }

  private static Optional<String> refusal() {
    try {
      Linux linux = new Linux();
      Ring ring = new Ring(linux, 2, 4, false);
      BufferRing buffers = new BufferRing(linux, ring, new BufferPool(linux, 4096), 2);
      ring.close();
      assert buffers.target() > 0;
      return Optional.empty();
    } catch (Ring.RefusedException e) {
      return Optional.of(reason(e));
    }
  }

  /// What a refusal means.
  static String reason(Ring.RefusedException refusal) {
    return switch (refusal.errno) {
      case Errno.ENOSYS -> "this kernel has no io_uring, or a seccomp filter hides it";
      case Errno.EPERM, Errno.EACCES ->
          isDisabled()
              ? "io_uring is forbidden by the sysctl kernel.io_uring_disabled"
              : "io_uring is forbidden here, as by the seccomp filter of a container";
      case Errno.EINVAL -> "this kernel's io_uring is too old: Linux 6.1 or newer is needed";
      case Errno.ENOMEM ->
          "there is no memory for an io_uring; the limit may be that of `ulimit -l`";
      default -> String.valueOf(refusal.getMessage());
    };
  }

  private static boolean isDisabled() {
    try {
      return !Files.readString(SYSCTL).strip().equals("0");
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public int rank() {
    return 300;
  }

  @Override
  public Driver open() {
    Platform.unavailable()
        .ifPresent(
            why -> {
              throw new IllegalStateException("uring is not available: " + why);
            });
    try {
      return new UringDriver();
    } catch (Ring.RefusedException e) {
      throw new IllegalStateException("uring is not available: " + reason(e), e);
    } catch (IOException e) {
      throw new IllegalStateException("uring could not be opened: " + e.getMessage(), e);
    }
  }
}
