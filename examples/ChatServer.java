/// A chat: what one says, all others hear. Try it with `nc 127.0.0.1 7009` in two terminals.
///
/// ```
/// ./weft run examples/ChatServer.java [PORT]
/// ```
///
/// Nobody waits for a slow listener: each guest has a queue and a task that writes from it to the
/// connection. Saying something only puts it into the queues. A guest whose queue is full has not
/// listened for a long time, and is dropped. The set of guests needs no lock, because all of this
/// runs on one thread.

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

final int queueLength = 100;
final int nameLength = 20;
final Set<Guest> guests = new LinkedHashSet<>();

class Guest {
  final String name;
  private final StreamWriter writer;
  private final AsyncQueue<String> unheard = new AsyncQueue<>(queueLength);

  Guest(String name, StreamWriter writer) {
    this.name = name;
    this.writer = writer;
  }

  void hear(String line) {
    try {
      unheard.putNowait(line);
    } catch (QueueFullException e) {
      IO.println(name + " is too slow: dropped");
      guests.remove(this);
      writer.abort(); // ends the stream for the reader of this guest, too
    }
  }

  void write() {
    try {
      while (true) {
        writer.write(unheard.get() + "\n");
      }
    } catch (IOException gone) {
      // the reader of this guest is told, too
    }
  }
}

void tellAll(String line) {
  List.copyOf(guests).forEach(guest -> guest.hear(line)); // a copy: some may be dropped
}

void tellOthers(Guest speaker, String line) {
  List.copyOf(guests).stream().filter(guest -> guest != speaker).forEach(g -> g.hear(line));
}

void chat(StreamReader reader, StreamWriter writer) throws IOException {
  writer.write("Who are you?\n");
  String name = reader.readLine();
  if (name == null || name.isBlank() || name.length() > nameLength) {
    writer.write("Somebody else, then. Good bye.\n");
    return;
  }
  var guest = new Guest(name.strip(), writer);
  guests.add(guest);
  Task<Void> writing = createTask(guest::write);
  IO.println(guest.name + " has come");
  tellAll("* " + guest.name + " has come; here are " + names());
  try {
    for (String line; (line = reader.readLine()) != null; ) {
      tellOthers(guest, guest.name + ": " + line);
    }
  } finally {
    guests.remove(guest);
    writing.cancel();
    IO.println(guest.name + " has left");
    tellAll("* " + guest.name + " has left");
  }
}

String names() {
  return guests.stream().map(guest -> guest.name).collect(Collectors.joining(", "));
}

void main(String[] args) {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7009;
  run(
      () -> {
        try (var server = startServer(this::chat, "127.0.0.1", port)) {
          IO.println("listening on " + server.addresses().getFirst());
          server.serveForever();
        }
      });
}
