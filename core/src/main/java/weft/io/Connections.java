package weft.io;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The open connections of a server, the oldest first: a list whose links are in the transports.
final class Connections {
  private @Nullable ChannelTransport first;
  private @Nullable ChannelTransport last;
  private int size;

  int size() {
    return size;
  }

  void add(ChannelTransport added) {
    ChannelTransport before = last;
    added.previous = before;
    if (before == null) {
      first = added;
    } else {
      before.next = added;
    }
    last = added;
    size++;
  }

  /// Only for one that was added and not removed since.
  void remove(ChannelTransport removed) {
    ChannelTransport before = removed.previous;
    ChannelTransport after = removed.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    removed.previous = null;
    removed.next = null;
    size--;
  }

  /// Does something with all that are here now, whatever it adds or removes.
  void forEach(Consumer<ChannelTransport> action) {
    List<ChannelTransport> all = new ArrayList<>(size);
    for (ChannelTransport one = first; one != null; one = one.next) {
      all.add(one);
    }
    all.forEach(action);
  }
}
