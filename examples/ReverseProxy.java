/// A reverse proxy for HTTP/1.1: clients talk to it, and it talks to the server behind it.
///
/// ```
/// ./weft run examples/ReverseProxy.java TARGET_HOST TARGET_PORT [PORT]
/// ```
///
/// Bodies stream through in both directions at once and are never kept: when one end is slow, the
/// other has to wait. Connections stay open on both sides; those to the target are shared by all
/// clients. What concerns only one connection, the hop-by-hop headers, is not passed on.
///
/// A message that two servers could understand in two ways is refused: it could smuggle a second
/// request past this one. See [RFC 9112](https://www.rfc-editor.org/rfc/rfc9112#section-11.2).

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

final int headBytesMax = 32 * 1024;
final int spareMax = 64; // connections to the target that wait for the next request
final Duration idleTime = Duration.ofSeconds(60);
final Duration connectTime = Duration.ofSeconds(5);
final Duration answerTime = Duration.ofSeconds(60);

String targetHost;
int targetPort;
final Deque<Streams> spare = new ArrayDeque<>();

void main(String[] args) {
  if (args.length < 2) {
    System.err.println("usage: ReverseProxy TARGET_HOST TARGET_PORT [PORT]");
    System.exit(2);
  }
  targetHost = args[0];
  targetPort = Integer.parseInt(args[1]);
  int port = args.length > 2 ? Integer.parseInt(args[2]) : 7013;
  run(
      () -> {
        var options = ServerOptions.defaults().limit(headBytesMax).backlog(1024);
        try (var server = startServer(this::serve, "127.0.0.1", port, options)) {
          IO.println("listening on " + server.addresses().getFirst());
          server.serveForever();
        }
      });
}

/* ---- A connection ---- */

void serve(StreamReader reader, StreamWriter writer) throws IOException {
  var client = new Streams(reader, writer);
  try {
    while (exchange(client)) {}
  } catch (Refusal refusal) {
    String text = refusal.getMessage() + "\n";
    String head = "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n";
    writer.write(head.formatted(refusal.getMessage(), text.length()) + text);
  }
  // Closing while the client still sends would reset the connection, and the answer with it.
  writer.writeEof();
  try {
    timeout(Duration.ofSeconds(2), () -> Body.copyExactly(Long.MAX_VALUE, reader, piece -> {}));
  } catch (TimeoutException | EOFException e) {
    // that is all it gets
  }
}

/// Passes on one request and its answer.
///
/// @return whether the client may send another
boolean exchange(Streams client) throws IOException {
  Head request;
  try {
    request = timeout(idleTime, () -> Head.read(client.reader(), "400 Bad Request"));
  } catch (TimeoutException e) {
    return false;
  } catch (LimitOverrunException e) {
    throw new Refusal("431 Request Header Fields Too Large");
  }
  if (request == null) {
    return false;
  }
  if (!request.line.matches("[!-~]+ [!-~]+ HTTP/1\\.[01]")) {
    throw new Refusal("400 Bad Request");
  }
  Body body = Body.of(request, 0);
  request.removeHopByHop(body);
  request.add("X-Forwarded-For", address(client.writer()));
  request.add("Via", "1.1 weft");
  while (true) {
    Streams target = spare.poll();
    boolean fresh = target == null;
    if (fresh) {
      target = connect();
    } else if (!isSilent(target)) {
      target.writer().abort();
      continue;
    }
    boolean reusable = false;
    try {
      Exchange exchange = new Exchange(client, target, request, body);
      if (exchange.begin()) {
        reusable = exchange.finish();
        return reusable && request.keptAlive;
      } else if (exchange.clientFailed) {
        throw new Refusal("400 Bad Request");
      } else if (fresh || !body.isEmpty() || !request.line.matches("(GET|HEAD|OPTIONS|TRACE) .*")) {
        throw new Refusal("502 Bad Gateway"); // what was asked for may have been done
      } // else it was closed just when we wanted to use it again: nothing is lost
    } finally {
      if (reusable && spare.size() < spareMax) {
        spare.push(target); // the one used last is the least likely to be closed soon
      } else {
        target.writer().abort();
      }
    }
  }
}

/// Whether a connection that nobody uses is open, and nothing has come that nobody has asked for:
/// the next client would take that for its answer.
boolean isSilent(Streams target) {
  try {
    timeout(Duration.ZERO, () -> target.reader().read(1));
    return false;
  } catch (TimeoutException e) {
    return true;
  } catch (IOException e) {
    return false;
  }
}

Streams connect() throws IOException {
  try {
    var options = ConnectOptions.defaults().timeout(connectTime).limit(headBytesMax);
    return openConnection(targetHost, targetPort, options);
  } catch (IOException e) {
    throw new Refusal("502 Bad Gateway");
  }
}

String address(StreamWriter writer) {
  return writer.extraInfo(ExtraInfo.PEERNAME) instanceof InetSocketAddress peer
      ? peer.getAddress().getHostAddress()
      : "unknown";
}

/// A request on its way to the target, while the answer comes back.
class Exchange {
  private final Streams client;
  private final Streams target;
  private final Head request;
  private final Body body;
  private Task<Void> sending;
  private boolean sent;
  private Timeout limit;
  private Head answer;

  /// It broke off in the middle of its body, or wrote nonsense.
  boolean clientFailed;

  Exchange(Streams client, Streams target, Head request, Body body) {
    this.client = client;
    this.target = target;
    this.request = request;
    this.body = body;
  }

  /// Sends the request; false if the target closes the connection without an answer.
  boolean begin() throws IOException {
    String line = request.line.replaceFirst("1\\.0$", "1.1");
    try {
      target.writer().write(request.bytes(line));
      if (!body.isEmpty()) {
        sending = createTask(this::sendBody);
      }
      answer = readAnswer();
      return answer != null;
    } catch (TimeoutException e) {
      throw new Refusal("504 Gateway Timeout");
    } catch (Refusal refusal) {
      throw refusal;
    } catch (IOException e) {
      return false;
    } finally {
      if (answer == null) {
        stopSending();
      }
    }
  }

  private void stopSending() {
    if (sending != null) {
      sending.cancel();
      waitAll(List.of(sending)); // until then it has the reader to itself
    }
  }

  /// The body of the request. When the client fails, the target must not think that this was all.
  private void sendBody() throws IOException {
    boolean[] refused = new boolean[1];
    try {
      body.copy(
          client.reader(),
          false,
          piece -> {
            try {
              target.writer().write(piece);
              if (limit != null && !limit.expired()) {
                limit.reschedule(EventLoop.running().time().plus(answerTime));
              }
            } catch (IOException e) {
              refused[0] = true; // but it may have said why
              throw e;
            }
          });
      sent = true;
    } catch (IOException e) {
      if (!refused[0]) {
        clientFailed = true;
        target.writer().abort();
      }
    }
  }

  /// The time for an answer begins anew with each piece of the request that the target takes.
  private Head readAnswer() throws IOException, TimeoutException {
    while (true) {
      Head head;
      try {
        head = timeout(answerTime, this::readHead);
      } finally {
        limit = null;
      }
      if (head == null || head.status() >= 200) {
        return head;
      }
      client.writer().write(head.bytes(head.line)); // 100 Continue, 103 Early Hints
    }
  }

  private Head readHead(Timeout time) throws IOException {
    limit = time;
    return Head.read(target.reader(), "502 Bad Gateway");
  }

  /// Passes on the answer.
  ///
  /// @return whether both connections can be used again
  boolean finish() throws IOException {
    try {
      boolean bodiless = request.line.startsWith("HEAD ") || answer.hasNoBody();
      Body content = bodiless ? Body.NONE : Body.of(answer, Body.UNTIL_CLOSED);
      return finish(bodiless, content);
    } finally {
      stopSending();
    }
  }

  private boolean finish(boolean bodiless, Body content) throws IOException {
    try {
      boolean reusable = answer.keptAlive && content.length != Body.UNTIL_CLOSED;
      boolean decoded = content.chunked && request.line.endsWith("HTTP/1.0");
      answer.removeHopByHop(bodiless || decoded ? Body.NONE : content);
      boolean last = !reusable || decoded || !request.keptAlive;
      answer.add("Connection", last ? "close" : "keep-alive");
      client.writer().write(answer.bytes(answer.line));
      timeout(answerTime, time -> { copy(content, decoded, time); });
      // An answer that comes before the end of the request: what is left of it is in the way.
      return !last && (sending == null || sent);
    } catch (IOException | TimeoutException e) {
      client.writer().abort(); // so that it does not take a part for the whole
      return false;
    }
  }

  /// The time begins anew with each piece that the client takes.
  private void copy(Body content, boolean decoded, Timeout time) throws IOException {
    content.copy(
        target.reader(),
        decoded,
        piece -> {
          client.writer().write(piece);
          if (!time.expired()) {
            time.reschedule(EventLoop.running().time().plus(answerTime));
          }
        });
  }
}

/* ---- Messages ---- */

/// A message that is not passed on; the client is told, and its connection closed.
static class Refusal extends IOException {
  Refusal(String status) {
    super(status);
  }
}

/// The first line of a message and its headers.
static class Head {
  private static final Pattern HEADER =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*+([\\t\\x20-\\x7e\\x80-\\xff]*+)");
  private static final Set<String> HOP_BY_HOP =
      Set.of(
          "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
          "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade");

  record Header(String name, String value) {}

  final String line;
  final boolean keptAlive;
  final String ifBroken;
  private final List<Header> headers = new ArrayList<>();

  /// Reads a head; null at the end of the stream.
  ///
  /// @param ifBroken what the client is told if it makes no sense
  static Head read(StreamReader reader, String ifBroken) throws IOException {
    try {
      byte[] bytes = reader.readUntil("\r\n\r\n");
      return new Head(new String(bytes, StandardCharsets.ISO_8859_1), ifBroken);
    } catch (IncompleteReadException e) {
      return null;
    }
  }

  private Head(String text, String ifBroken) throws Refusal {
    this.ifBroken = ifBroken;
    List<String> lines = List.of(text.split("\r\n"));
    line = lines.isEmpty() ? "" : lines.getFirst();
    for (String header : lines.subList(Math.min(1, lines.size()), lines.size())) {
      Matcher matcher = HEADER.matcher(header);
      if (!matcher.matches()) {
        throw new Refusal(ifBroken);
      }
      headers.add(new Header(matcher.group(1), matcher.group(2).stripTrailing()));
    }
    boolean old = line.startsWith("HTTP/1.0 ") || line.endsWith(" HTTP/1.0");
    List<String> options = tokens("connection");
    keptAlive = old ? options.contains("keep-alive") : !options.contains("close");
  }

  int status() throws Refusal {
    if (!line.matches("HTTP/1\\.[01] [1-9]\\d\\d( .*)?")) {
      throw new Refusal(ifBroken);
    }
    return Integer.parseInt(line.substring(9, 12));
  }

  boolean hasNoBody() throws Refusal {
    return status() == 204 || status() == 304;
  }

  /// What a header says, in each of its lines.
  List<String> values(String name) {
    return headers.stream()
        .filter(header -> header.name.equalsIgnoreCase(name))
        .map(header -> header.value)
        .toList();
  }

  /// What a header lists, in all its lines.
  List<String> tokens(String name) {
    return values(name).stream()
        .flatMap(value -> Arrays.stream(value.toLowerCase(Locale.ROOT).split(",")))
        .map(String::strip)
        .filter(token -> !token.isEmpty())
        .toList();
  }

  /// Removes what was meant for us, and says for the next one how long the body is.
  void removeHopByHop(Body body) {
    List<String> named = tokens("connection");
    headers.removeIf(
        header -> {
          String name = header.name.toLowerCase(Locale.ROOT);
          return HOP_BY_HOP.contains(name) || named.contains(name) && !name.equals("host");
        });
    if (body.chunked) {
      add("Transfer-Encoding", "chunked");
    }
  }

  void add(String name, String value) {
    headers.add(new Header(name, value));
  }

  byte[] bytes(String line) {
    var text = new StringBuilder(line).append("\r\n");
    headers.forEach(h -> text.append(h.name).append(": ").append(h.value).append("\r\n"));
    return text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }
}

interface Sink {
  void write(byte[] piece) throws IOException;
}

/// How the body of a message is delimited: by its length, in chunks, or by the connection's end.
record Body(boolean chunked, long length) {
  static final int PIECE_BYTES = 64 * 1024;
  private static final int TRAILERS_MAX = 100;
  private static final Pattern SIZE =
      Pattern.compile("([0-9A-Fa-f]{1,15})[ \t]*+(?:;[\t\\x20-\\x7e]*+)?\r\n");
  static final long UNTIL_CLOSED = -1;
  static final Body NONE = new Body(false, 0);

  /// @param unsaid the length if the message says nothing about it
  static Body of(Head head, long unsaid) throws Refusal {
    List<String> codings = head.tokens("transfer-encoding");
    List<String> lengths = head.values("content-length");
    if (head.tokens("connection").contains("content-length")) {
      throw new Refusal(head.ifBroken); // who removes it knows no end of the body
    }
    if (!codings.isEmpty()) {
      if (!codings.equals(List.of("chunked")) || !lengths.isEmpty()) {
        throw new Refusal(head.ifBroken);
      }
      return new Body(true, 0);
    }
    if (lengths.isEmpty()) {
      return new Body(false, unsaid);
    }
    if (lengths.size() > 1 || !lengths.getFirst().matches("\\d{1,18}")) {
      throw new Refusal(head.ifBroken);
    }
    return new Body(false, Long.parseLong(lengths.getFirst()));
  }

  boolean isEmpty() {
    return !chunked && length == 0;
  }

  /// Copies the body, piece by piece.
  ///
  /// @param decoded whether chunks are copied without their frames
  void copy(StreamReader from, boolean decoded, Sink to) throws IOException {
    if (chunked) {
      copyChunks(from, decoded ? frame -> {} : to, to);
    } else if (length == UNTIL_CLOSED) {
      for (byte[] piece; (piece = from.read(PIECE_BYTES)).length > 0; ) {
        to.write(piece);
      }
    } else {
      copyExactly(length, from, to);
    }
  }

  /// The frames are made anew: extensions and trailers, which hardly anybody uses, are dropped.
  private static void copyChunks(StreamReader from, Sink frames, Sink to) throws IOException {
    byte[] end = {'\r', '\n'};
    long size;
    do {
      Matcher line = SIZE.matcher(ascii(from.readUntil(end)));
      if (!line.matches()) {
        throw new EOFException("a chunk without a size");
      }
      size = Long.parseLong(line.group(1), 16);
      frames.write((Long.toHexString(size) + "\r\n").getBytes(StandardCharsets.US_ASCII));
      if (size > 0) {
        copyExactly(size, from, to);
        if (!Arrays.equals(from.readExactly(2), end)) {
          throw new EOFException("a chunk without its end");
        }
        frames.write(end);
      }
    } while (size > 0);
    for (int trailers = 0; from.readUntil(end).length > 2; trailers++) {
      if (trailers == TRAILERS_MAX) {
        throw new EOFException("too many trailers");
      }
    }
    frames.write(end);
  }

  private static String ascii(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static void copyExactly(long count, StreamReader from, Sink to) throws IOException {
    for (long left = count; left > 0; ) {
      byte[] piece = from.read((int) Math.min(left, PIECE_BYTES));
      if (piece.length == 0) {
        throw new EOFException("the connection was closed within a message");
      }
      to.write(piece);
      left -= piece.length;
    }
  }
}
