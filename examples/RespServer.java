/// A small database in memory that speaks the language of Redis (RESP 2), for `redis-cli` and
/// `redis-benchmark`.
///
/// ```
/// ./weft run examples/RespServer.java [PORT]
/// redis-benchmark -p 7012 -t ping,set,get,incr,mset -P 16
/// ```
///
/// The table needs no lock: a command runs to its end before the next one, of whichever client. A
/// client may send many commands without waiting for answers; these leave together.

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

final int bytesMax = 64 << 20; // of one argument
final int argumentsMax = 1 << 20;

/// Keys and values are bytes, each in one character of ISO 8859-1, which Java keeps as one byte.
final Map<String, String> table = new HashMap<>();

/* ---- What clients say ---- */

/// The next command and its arguments; null at the end of the stream.
List<String> readCommand(StreamReader reader) throws IOException {
  String line = reader.readLine();
  if (line == null || !line.startsWith("*")) {
    return line == null ? null : words(line); // typed by hand
  }
  int count = number(line.substring(1), argumentsMax);
  var command = new ArrayList<String>(Math.min(count, 16));
  for (int i = 0; i < count; i++) {
    command.add(readArgument(reader));
  }
  return command;
}

String readArgument(StreamReader reader) throws IOException {
  String line = reader.readLine();
  if (line == null) {
    throw new EOFException("the stream has ended within a command");
  }
  if (!line.startsWith("$")) {
    throw new MistakeException("Protocol error: expected '$'");
  }
  int length = number(line.substring(1), bytesMax);
  byte[] bytes = reader.readExactly(length + 2);
  if (bytes[length] != '\r' || bytes[length + 1] != '\n') {
    throw new MistakeException("Protocol error: a string without its end");
  }
  return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
}

List<String> words(String line) {
  return line.isBlank() ? List.of() : List.of(line.strip().split("\\s+"));
}

int number(String digits, int most) throws MistakeException {
  try {
    int number = Integer.parseInt(digits);
    if (number >= 0 && number <= most) {
      return number;
    }
  } catch (NumberFormatException e) {
    // as if it were too large
  }
  throw new MistakeException("Protocol error: invalid length");
}

/// The client's mistake; the message is the answer.
static class MistakeException extends IOException {
  MistakeException(String message) {
    super(message);
  }
}

/* ---- What we answer ---- */

String simple(String text) {
  return "+" + text + "\r\n";
}

String integer(long number) {
  return ":" + number + "\r\n";
}

String bulk(String value) {
  return value == null ? "$-1\r\n" : "$" + value.length() + "\r\n" + value + "\r\n";
}

String array(Collection<String> values) {
  var answer = new StringBuilder("*" + values.size() + "\r\n");
  values.forEach(value -> answer.append(bulk(value)));
  return answer.toString();
}

String error(String message) {
  return "-ERR " + message.replaceAll("[\r\n]", " ") + "\r\n";
}

/* ---- The commands ---- */

String execute(List<String> command) throws MistakeException {
  String name = command.getFirst().toUpperCase(Locale.ROOT);
  var arguments = command.subList(1, command.size());
  return switch (name) {
    case "PING" -> arguments.isEmpty() ? simple("PONG") : bulk(one(name, arguments));
    case "ECHO" -> bulk(one(name, arguments));
    case "GET" -> bulk(table.get(one(name, arguments)));
    case "SET" -> set(check(name, arguments, arguments.size() == 2));
    case "MGET" -> {
      check(name, arguments, !arguments.isEmpty());
      yield array(arguments.stream().map(table::get).toList());
    }
    case "MSET" -> set(check(name, arguments, !arguments.isEmpty() && arguments.size() % 2 == 0));
    case "DEL" -> integer(count(name, arguments, key -> table.remove(key) != null));
    case "EXISTS" -> integer(count(name, arguments, table::containsKey));
    case "INCR" -> add(one(name, arguments), 1);
    case "DECR" -> add(one(name, arguments), -1);
    case "INCRBY" -> {
      check(name, arguments, arguments.size() == 2);
      yield add(arguments.get(0), whole(arguments.get(1)));
    }
    case "KEYS" -> array(List.copyOf(table.keySet()));
    case "DBSIZE" -> integer(table.size());
    case "FLUSHALL", "FLUSHDB" -> {
      table.clear();
      yield simple("OK");
    }
    case "COMMAND" -> array(List.of()); // the tools ask for this first, and for CONFIG GET
    case "CONFIG" -> array(List.of(arguments.isEmpty() ? "" : arguments.getLast(), ""));
    default -> error("unknown command '" + name + "'");
  };
}

List<String> check(String name, List<String> arguments, boolean right) throws MistakeException {
  if (!right) {
    throw new MistakeException("wrong number of arguments for '" + name + "'");
  }
  return arguments;
}

String one(String name, List<String> arguments) throws MistakeException {
  return check(name, arguments, arguments.size() == 1).getFirst();
}

String set(List<String> pairs) {
  for (int i = 0; i < pairs.size(); i += 2) {
    table.put(pairs.get(i), pairs.get(i + 1));
  }
  return simple("OK");
}

long count(String name, List<String> keys, Predicate<String> test) throws MistakeException {
  return check(name, keys, !keys.isEmpty()).stream().filter(test).count();
}

String add(String key, long step) throws MistakeException {
  try {
    long sum = Math.addExact(whole(table.getOrDefault(key, "0")), step);
    table.put(key, Long.toString(sum));
    return integer(sum);
  } catch (ArithmeticException e) {
    throw new MistakeException("increment or decrement would overflow");
  }
}

long whole(String value) throws MistakeException {
  try {
    return Long.parseLong(value);
  } catch (NumberFormatException e) {
    throw new MistakeException("value is not an integer or out of range");
  }
}

/* ---- The server ---- */

void serve(StreamReader reader, StreamWriter writer) throws IOException {
  try {
    for (List<String> command; (command = readCommand(reader)) != null; ) {
      if (command.isEmpty()) {
        continue;
      }
      if (command.getFirst().equalsIgnoreCase("QUIT")) {
        answer(writer, simple("OK"));
        return;
      }
      try {
        answer(writer, execute(command));
      } catch (MistakeException e) {
        answer(writer, error(e.getMessage()));
      }
    }
  } catch (MistakeException | LimitOverrunException e) {
    answer(writer, error(e.getMessage())); // nobody knows where the next command begins
  } catch (EOFException e) {
    // gone in the middle of a command
  }
}

void answer(StreamWriter writer, String text) throws IOException {
  writer.write(text.getBytes(StandardCharsets.ISO_8859_1));
}

void main(String[] args) {
  int port = args.length > 0 ? Integer.parseInt(args[0]) : 7012;
  run(
      () -> {
        try (var server = startServer(this::serve, "127.0.0.1", port)) {
          IO.println("listening on " + server.addresses().getFirst());
          server.serveForever();
        }
      });
}
