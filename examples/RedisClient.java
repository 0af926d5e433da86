/// A client of Redis that does not wait for one answer before it asks the next question.
///
/// ```
/// ./weft run examples/RedisClient.java [HOST [PORT [COMMANDS]]]
/// ```
///
/// `send` returns a promise. A task reads the answers, which come in the order of the questions,
/// and keeps each promise in its turn. So any number of tasks can share one connection, and what
/// they send within one turn of the loop leaves in one piece.

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

/// An answer is a String, a Long, a List of answers, or null.
class Redis implements AutoCloseable {
  private final StreamReader reader;
  private final StreamWriter writer;
  private final Deque<Promise<Object>> waiting = new ArrayDeque<>();
  private final Task<Void> reading;

  Redis(String host, int port) throws IOException {
    var streams = openConnection(host, port);
    reader = streams.reader();
    writer = streams.writer();
    reading = createTask(this::readAnswers);
  }

  /// Sends a command; suspends only while Redis is slower than we are.
  Promise<Object> send(String... command) throws IOException {
    if (reading.done()) {
      throw new IOException("the connection is closed");
    }
    var text = new StringBuilder("*" + command.length + "\r\n");
    for (String word : command) {
      int length = word.getBytes(StandardCharsets.UTF_8).length;
      text.append('$').append(length).append("\r\n").append(word).append("\r\n");
    }
    var promise = new Promise<Object>();
    waiting.add(promise);
    writer.write(text.toString());
    return promise;
  }

  /// Sends a command and waits for the answer.
  Object call(String... command) throws IOException {
    return await(send(command), IOException.class);
  }

  private void readAnswers() {
    IOException end = new EOFException("Redis has closed the connection");
    try {
      while (true) {
        Object answer = readAnswer();
        Promise<Object> promise = waiting.remove();
        if (promise.done()) {
          continue; // whoever asked was cancelled
        }
        if (answer instanceof RedisException refusal) {
          promise.setException(refusal);
        } else {
          promise.setResult(answer);
        }
      }
    } catch (IOException e) {
      end = e;
    } finally {
      for (Promise<Object> promise : waiting) {
        if (!promise.done()) {
          promise.setException(end);
        }
      }
      waiting.clear();
    }
  }

  private Object readAnswer() throws IOException {
    String line = reader.readLine();
    if (line == null || line.isEmpty()) {
      throw new EOFException("Redis has closed the connection");
    }
    String rest = line.substring(1);
    return switch (line.charAt(0)) {
      case '+' -> rest;
      case '-' -> new RedisException(rest);
      case ':' -> Long.valueOf(rest);
      case '$' -> readText(Integer.parseInt(rest));
      case '*' -> readList(Integer.parseInt(rest));
      default -> throw new IOException("this is not Redis: " + line);
    };
  }

  private String readText(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    byte[] bytes = reader.readExactly(length + 2); // with the end of the line
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private List<Object> readList(int size) throws IOException {
    var list = new ArrayList<Object>();
    for (int i = 0; i < size; i++) {
      list.add(readAnswer());
    }
    return size < 0 ? null : list;
  }

  @Override
  public void close() {
    reading.cancel();
    writer.close();
  }
}

/// Redis refuses a command.
static class RedisException extends IOException {
  RedisException(String message) {
    super(message);
  }
}

/* ---- The program ---- */

void main(String[] args) {
  String host = args.length > 0 ? args[0] : "127.0.0.1";
  int port = args.length > 1 ? Integer.parseInt(args[1]) : 6379;
  int commands = args.length > 2 ? Integer.parseInt(args[2]) : 100_000;
  run(
      () -> {
        try (var redis = new Redis(host, port)) {
          talk(redis);
          count(redis, commands);
          share(redis);
        }
      });
}

/// One question after the other.
void talk(Redis redis) throws IOException {
  redis.call("DEL", "weft:greeting", "weft:counter", "weft:shared");
  IO.println("set: " + redis.call("SET", "weft:greeting", "Grüße, 世界"));
  IO.println("get: " + redis.call("GET", "weft:greeting"));
  IO.println("of two, one is missing: " + redis.call("MGET", "weft:greeting", "weft:none"));
  try {
    redis.call("INCR", "weft:greeting");
  } catch (RedisException refusal) {
    IO.println("refused: " + refusal.getMessage());
  }
}

/// Many questions at once.
void count(Redis redis, int commands) throws IOException {
  long begin = System.nanoTime();
  var answers = new ArrayList<Promise<Object>>(commands);
  for (int i = 0; i < commands; i++) {
    answers.add(redis.send("INCR", "weft:counter"));
  }
  for (int i = 0; i < commands; i++) {
    if (!await(answers.get(i), IOException.class).equals(i + 1L)) {
      throw new AssertionError("answer " + i + " is " + await(answers.get(i)));
    }
  }
  long millis = Duration.ofNanos(System.nanoTime() - begin).toMillis();
  IO.println(commands + " commands in " + millis + " ms, each answer in its place");
}

/// Many tasks on one connection.
void share(Redis redis) throws IOException {
  taskGroup(
      group -> {
        for (int i = 0; i < 100; i++) {
          group.createTask(
              () -> {
                for (int turn = 0; turn < 10; turn++) {
                  redis.call("INCR", "weft:shared");
                }
              });
        }
      });
  IO.println("100 tasks have counted to " + redis.call("GET", "weft:shared"));
  redis.call("DEL", "weft:greeting", "weft:counter", "weft:shared");
}
