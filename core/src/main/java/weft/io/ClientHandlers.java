package weft.io;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Task;

/// The client handlers of one server: makes what ties each to its connection, and knows which of
/// them work. A list through the members costs less for each connection than a set.
final class ClientHandlers implements Supplier<StreamProtocol> {
  final ClientHandler handler;
  private final EventLoop loop;
  private final int limit;
  private Runnable whenEnded = () -> {};
  private @Nullable StreamProtocol first;
  private @Nullable StreamProtocol last;
  private int working;

  ClientHandlers(ClientHandler handler, EventLoop loop, int limit) {
    this.handler = handler;
    this.loop = loop;
    this.limit = limit;
  }

  @Override
  public StreamProtocol get() {
    return new StreamProtocol(loop, limit, this);
  }

  void whenEnded(Runnable callback) {
    whenEnded = callback;
  }

  /// How many have begun and not ended.
  int working() {
    return working;
  }

  /// The tasks of those that work, in the order in which they began.
  List<Task<?>> tasks() {
    List<Task<?>> tasks = new ArrayList<>(working);
    for (StreamProtocol one = first; one != null; one = one.next) {
      if (one.task != null) {
        tasks.add(one.task);
      }
    }
    return tasks;
  }

  void begun(StreamProtocol client, Task<?> task) {
    client.task = task;
    StreamProtocol before = last;
    client.previous = before;
    if (before == null) {
      first = client;
    } else {
      before.next = client;
    }
    last = client;
    working++;
  }

  void ended(StreamProtocol client) {
    StreamProtocol before = client.previous;
    StreamProtocol after = client.next;
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
    client.task = null;
    client.previous = null;
    client.next = null;
    working--;
    whenEnded.run();
  }
}
