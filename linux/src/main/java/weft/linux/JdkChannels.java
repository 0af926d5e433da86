package weft.linux;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import org.jspecify.annotations.Nullable;

/// Asks channels of the JDK for their descriptors, which the JDK tells only where it is started
/// with `--add-opens java.base/sun.nio.ch=ALL-UNNAMED` (or `=weft.linux`).
final class JdkChannels {
  private static final @Nullable Method GET_FD = method("sun.nio.ch.SelChImpl", "getFDVal");
  private static final @Nullable Method FD_VAL =
      method("sun.nio.ch.IOUtil", "fdVal", FileDescriptor.class);
  private static final @Nullable Field FILE_FD = field("sun.nio.ch.FileChannelImpl", "fd");

  private JdkChannels() {}

  private static @Nullable Method method(String owner, String name, Class<?>... parameters) {
    try {
      Method method = Class.forName(owner).getDeclaredMethod(name, parameters);
      return method.trySetAccessible() ? method : null;
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  private static @Nullable Field field(String owner, String name) {
    try {
      Field field = Class.forName(owner).getDeclaredField(name);
      return field.trySetAccessible() ? field : null;
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  static boolean isPipe(SelectableChannel channel) {
    return channel instanceof Pipe.SourceChannel || channel instanceof Pipe.SinkChannel;
  }

  /// Whether the JDK tells.
  static boolean isOpen() {
    return GET_FD != null && FD_VAL != null && FILE_FD != null;
  }

  /// The descriptor of a channel, which the channel goes on to own.
  static int fd(SelectableChannel channel) {
    Method getter = GET_FD;
    if (getter == null) {
      throw new UnsupportedOperationException(
          "the JDK does not tell the descriptor of "
              + channel
              + "; start it with --add-opens java.base/sun.nio.ch=ALL-UNNAMED, or use the"
              + " selector");
    }
    try {
      Object fd = getter.invoke(channel);
      if (fd instanceof Integer number && number >= 0) {
        return number;
      }
    } catch (IllegalAccessException | InvocationTargetException | IllegalArgumentException e) {
      throw new IllegalArgumentException(channel + " has no descriptor", e);
    }
    throw new IllegalArgumentException(channel + " has no descriptor");
  }

  /// A second descriptor of a channel's open file.
  static Descriptor copy(Linux linux, SelectableChannel channel) throws IOException {
    int fd = fd(channel);
    if (channel.isRegistered()) {
      throw new IllegalArgumentException(channel + " is registered with a selector");
    }
    channel.configureBlocking(false);
    return Descriptor.copy(linux, fd);
  }

  /// A second descriptor of an open file, or null if the JDK does not tell the first.
  static @Nullable Descriptor copyOfFile(Linux linux, FileChannel file) throws IOException {
    Field field = FILE_FD;
    Method value = FD_VAL;
    if (field == null || value == null || !field.getDeclaringClass().isInstance(file)) {
      return null;
    }
    try {
      Object number = value.invoke(null, field.get(file));
      return number instanceof Integer fd && fd >= 0 ? Descriptor.copy(linux, fd) : null;
    } catch (IllegalAccessException | InvocationTargetException e) {
      return null;
    }
  }
}
