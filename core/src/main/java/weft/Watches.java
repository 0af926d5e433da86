package weft;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import weft.spi.Watch;

/// The channels of other people that a loop watches, and the callbacks that wait for them.
final class Watches {
  private final AbstractEventLoop loop;
  private final Map<SelectableChannel, Watched> watched = new HashMap<>();

  Watches(AbstractEventLoop loop) {
    this.loop = loop;
  }

  private final class Watched {
    private final SelectableChannel channel;
    private final Watch watch;
    private @Nullable Handle reader;
    private @Nullable Handle writer;

    Watched(SelectableChannel channel) throws IOException {
      this.channel = channel;
      watch = loop.driver().watch(channel, this::ready);
    }

    private void ready(int operations) {
      if (reader != null && (operations & ~SelectionKey.OP_WRITE & ~SelectionKey.OP_CONNECT) != 0) {
        call(reader, true);
      }
      if (writer != null && (operations & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT)) != 0) {
        call(writer, false);
      }
    }

    /// What was cancelled by its handle is not watched any more.
    private void call(Handle handle, boolean read) {
      if (handle.cancelled()) {
        remove(channel, read);
      } else {
        loop.enqueue(handle);
      }
    }

    private void update() {
      int valid = channel.validOps();
      int readable = valid & (SelectionKey.OP_READ | SelectionKey.OP_ACCEPT);
      int writable = valid & SelectionKey.OP_WRITE;
      if (channel instanceof SocketChannel socket && socket.isConnectionPending()) {
        readable = 0;
        writable = SelectionKey.OP_CONNECT;
      }
      watch.operations((reader == null ? 0 : readable) | (writer == null ? 0 : writable));
    }
  }

  Handle add(SelectableChannel channel, boolean read, Runnable callback) {
    if (!channel.isOpen()) {
      throw new IllegalArgumentException(channel + " is closed and cannot be watched");
    }
    Handle handle = loop.createHandle(callback);
    Watched entry = watched.get(channel);
    if (entry == null) {
      try {
        entry = new Watched(channel);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      watched.put(channel, entry);
    }
    Handle former = read ? entry.reader : entry.writer;
    if (former != null) {
      former.cancel();
    }
    if (read) {
      entry.reader = handle;
    } else {
      entry.writer = handle;
    }
    entry.update();
    return handle;
  }

  boolean remove(SelectableChannel channel, boolean read) {
    Watched entry = watched.get(channel);
    Handle handle = entry == null ? null : read ? entry.reader : entry.writer;
    if (entry == null || handle == null) {
      return false;
    }
    handle.cancel();
    if (read) {
      entry.reader = null;
    } else {
      entry.writer = null;
    }
    if (entry.reader == null && entry.writer == null) {
      watched.remove(channel);
      entry.watch.close();
    } else {
      entry.update();
    }
    return true;
  }

  void clear() {
    List.copyOf(watched.values()).forEach(entry -> entry.watch.close());
    watched.clear();
  }
}
