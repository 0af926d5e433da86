/// A file server for one folder, over HTTP/1.1.
///
/// ```
/// ./weft run examples/Serve.java DIR [--port N] [--host NAME] [--timeout SECONDS]
/// ```
///
/// Connections stay open and may be used for several requests, also before the answers are there
/// (pipelining). Parts of files (ranges), conditions (`If-None-Match`, `If-Modified-Since`,
/// `If-Range`) and listings of folders are served; a large file goes from the disk to the network
/// without passing through this program (`sendFile`). Whoever is slow has only so much time. Ctrl-C
/// ends the server in good order: answers that have begun are sent to their end.
///
/// Each connection is one task on one thread; `serve` is its life, to be read from top to bottom.
/// What it must do is in [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110) and
/// [RFC 9112](https://www.rfc-editor.org/rfc/rfc9112).

import module weft;
import static weft.Weft.*;
import static weft.io.Net.*;

final String usage = "usage: Serve DIR [--port N] [--host NAME] [--timeout SECONDS]";

final int headBytesMax = 16 * 1024; // of a request line and its headers
final int bodyBytesMax = 64 * 1024; // which is read only to be dropped
final int smallBytesMax = 32 * 1024; // files that are sent together with the head
final long pieceBytes = 1 << 20; // of a large file, that must be taken in time
final Duration shutdownTime = Duration.ofSeconds(10);

Duration idleTime = Duration.ofSeconds(60); // between two requests
Duration requestTime = Duration.ofSeconds(20); // from the first byte to the last
Duration sendTime = Duration.ofSeconds(60); // for each piece of an answer
Path root;
boolean stopping = false;
final Set<StreamWriter> idle = new HashSet<>();

void main(String[] args) throws IOException {
  String host = "127.0.0.1";
  int port = 8000;
  try {
    for (int i = 1; i < args.length; i += 2) {
      switch (args[i]) {
        case "--port" -> port = Integer.parseInt(args[i + 1]);
        case "--host" -> host = args[i + 1];
        case "--timeout" -> {
          Duration time = Duration.ofSeconds(Integer.parseInt(args[i + 1]));
          idleTime = time;
          requestTime = time;
          sendTime = time;
        }
        default -> throw new IllegalArgumentException("no such option");
      }
    }
    root = Path.of(args[0]).toRealPath();
  } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
    System.err.println(usage);
    System.exit(2);
  } catch (NoSuchFileException e) {
    System.err.println("Serve: there is no folder " + args[0]);
    System.exit(1);
  }
  String address = host;
  int number = port;
  run(() -> listen(address, number));
}

void listen(String host, int port) throws IOException {
  var options = ServerOptions.defaults().limit(headBytesMax).backlog(1024);
  try (var server = startServer(this::serve, host, port, options)) {
    IO.println("serving " + root);
    var loop = EventLoop.running().name();
    IO.println("listening on " + server.addresses().getFirst() + " (loop " + loop + ")");
    try {
      server.serveForever();
    } finally { // Ctrl-C
      stopping = true;
      List.copyOf(idle).forEach(StreamWriter::close);
      server.shutdown(shutdownTime);
    }
  }
}

/* ---- A connection ---- */

void serve(StreamReader reader, StreamWriter writer) throws IOException {
  converse(reader, writer);
  writer.close(); // sends what is left, for as long as it takes
  try {
    timeout(sendTime, () -> writer.waitClosed());
  } catch (TimeoutException e) {
    writer.abort();
  }
}

void converse(StreamReader reader, StreamWriter writer) throws IOException {
  boolean open = true;
  while (open && !stopping) {
    Response response;
    try {
      Request request = readRequest(reader, writer);
      if (request == null) {
        return;
      }
      response = answer(request);
      open = request.keepsAlive() && !stopping;
    } catch (Refusal refusal) {
      response = refusal.response(); // perhaps the next request cannot be found
      open = false;
    }
    try {
      send(response, writer, open);
    } catch (TimeoutException e) {
      writer.abort();
      return;
    }
  }
  // Closing while the client still sends would reset the connection, and the answer with it.
  writer.writeEof();
  try {
    timeout(Duration.ofSeconds(2), () -> skip(reader, Long.MAX_VALUE));
  } catch (TimeoutException e) {
    // it had its time
  }
}

/// Waits for a request; null if none comes.
Request readRequest(StreamReader reader, StreamWriter writer) throws IOException {
  byte[] first;
  idle.add(writer);
  try {
    first = timeout(idleTime, () -> reader.read(1));
  } catch (TimeoutException e) {
    return null;
  } finally {
    idle.remove(writer);
  }
  if (first.length == 0) {
    return null;
  }
  try {
    return timeout(requestTime, () -> readRest(reader, first));
  } catch (TimeoutException e) {
    throw new Refusal(408, "Request Timeout");
  } catch (LimitOverrunException e) {
    throw new Refusal(431, "Request Header Fields Too Large");
  } catch (IncompleteReadException e) {
    return null; // it has gone away
  }
}

Request readRest(StreamReader reader, byte[] first) throws IOException {
  // The empty line at the end, and what clients send that do not know about \r.
  byte[] rest = reader.readUntil(ascii("\n\r\n"), ascii("\n\n"));
  String head =
      new String(first, StandardCharsets.ISO_8859_1)
          + new String(rest, StandardCharsets.ISO_8859_1);
  Request request = Request.parse(head);
  long length = request.bodyLength();
  if (length > bodyBytesMax) {
    throw new Refusal(413, "Content Too Large");
  }
  skip(reader, length);
  return request;
}

void skip(StreamReader reader, long count) throws IOException {
  while (count > 0) {
    int read = reader.read((int) Math.min(count, 16 * 1024)).length;
    if (read == 0) {
      return; // the end of the stream
    }
    count -= read;
  }
}

void send(Response response, StreamWriter writer, boolean open)
    throws IOException, TimeoutException {
  try (response) {
    byte[] head = ascii(response.head(open));
    FileChannel file = response.file();
    if (file == null) {
      timeout(sendTime, () -> writer.write(join(head, response.text())));
    } else if (response.length() <= smallBytesMax) {
      byte[] content = response.readAll();
      timeout(sendTime, () -> writer.write(join(head, content)));
    } else {
      timeout(sendTime, () -> writer.write(head));
      long sent = 0;
      while (sent < response.length()) {
        long offset = response.offset() + sent;
        long count = Math.min(pieceBytes, response.length() - sent);
        long done =
            timeout(sendTime, () -> sendFile(writer.transport(), file, offset, count, true));
        if (done < count) {
          throw new EOFException("the file has become shorter while it was sent");
        }
        sent += done;
      }
    }
  }
}

/* ---- What clients ask ---- */

/// A request that cannot be served; the connection is closed after the answer.
static class Refusal extends IOException {
  private final Response response;

  Refusal(int status, String reason, String... headers) {
    super(status + " " + reason);
    response = Response.text(status, reason, status + " " + reason + "\n").with(headers);
  }

  Response response() {
    return response;
  }
}

record Request(String method, String target, int minor, Map<String, String> headers) {
  private static final Pattern LINE =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\\x21-\\x7e]+) HTTP/(\\d)\\.(\\d)");
  private static final Pattern HEADER =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*+([\\t\\x20-\\x7e\\x80-\\xff]*+)");

  static Request parse(String head) throws Refusal {
    List<String> lines = List.of(head.replaceFirst("^[\r\n]+", "").split("\r?\n"));
    Matcher line = LINE.matcher(lines.getFirst());
    if (!line.matches()) {
      throw new Refusal(400, "Bad Request");
    }
    if (!line.group(3).equals("1")) {
      throw new Refusal(505, "HTTP Version Not Supported");
    }
    var headers = new HashMap<String, String>();
    for (String text : lines.subList(1, lines.size())) {
      if (!text.isEmpty()) {
        Matcher header = HEADER.matcher(text);
        if (!header.matches()) {
          throw new Refusal(400, "Bad Request");
        }
        String name = header.group(1).toLowerCase(Locale.ROOT);
        String value = header.group(2).stripTrailing();
        if (headers.merge(name, value, (a, b) -> a + ", " + b) != value && name.equals("host")) {
          throw new Refusal(400, "Bad Request");
        }
      }
    }
    var request =
        new Request(line.group(1), line.group(2), Integer.parseInt(line.group(4)), headers);
    if (request.minor > 0 && !headers.containsKey("host")) {
      throw new Refusal(400, "Bad Request");
    }
    return request;
  }

  String header(String name) {
    return headers.get(name);
  }

  static List<String> elements(String list) {
    return Arrays.stream(list.split(",")).map(String::strip).toList();
  }

  boolean keepsAlive() {
    String connection = headers.getOrDefault("connection", "").toLowerCase(Locale.ROOT);
    var options = elements(connection);
    return minor > 0 ? !options.contains("close") : options.contains("keep-alive");
  }

  long bodyLength() throws Refusal {
    if (headers.containsKey("transfer-encoding")) { // we do not need to understand it
      throw new Refusal(411, "Length Required");
    }
    String length = headers.getOrDefault("content-length", "0");
    if (!length.matches("\\d{1,18}")) {
      throw new Refusal(400, "Bad Request");
    }
    return Long.parseLong(length);
  }
}

/* ---- What we answer ---- */

/// An answer whose content is a text, or a part of a file, or (for HEAD) not sent at all.
record Response(
    int status,
    String reason,
    List<String> headers,
    byte[] text,
    FileChannel file,
    long offset,
    long length)
    implements AutoCloseable {

  static Response text(int status, String reason, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    String type = "Content-Type: text/" + (text.startsWith("<") ? "html" : "plain");
    return new Response(
        status, reason, List.of(type + "; charset=utf-8"), bytes, null, 0, bytes.length);
  }

  /// The same with more headers.
  Response with(String... more) {
    var all = new ArrayList<String>(headers);
    Collections.addAll(all, more);
    return new Response(status, reason, all, text, file, offset, length);
  }

  /// The same, but only its head is sent.
  Response headOnly() {
    close();
    return new Response(status, reason, headers, new byte[0], null, 0, length);
  }

  String head(boolean open) {
    var head = new StringBuilder("HTTP/1.1 " + status + " " + reason + "\r\n");
    head.append("Date: ").append(httpDate(Instant.now())).append("\r\n");
    head.append("Server: weft\r\n");
    headers.forEach(header -> head.append(header).append("\r\n"));
    if (status != 304) {
      head.append("Content-Length: ").append(length).append("\r\n");
    }
    return head.append("Connection: ").append(open ? "keep-alive" : "close").append("\r\n\r\n")
        .toString();
  }

  byte[] readAll() throws IOException {
    var content = ByteBuffer.allocate((int) length);
    while (content.hasRemaining() && file.read(content, offset + content.position()) >= 0) {}
    if (content.hasRemaining()) {
      throw new EOFException("the file has become shorter while it was read");
    }
    return content.array();
  }

  @Override
  public void close() {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      // it was only read
    }
  }
}

Response answer(Request request) throws IOException {
  boolean head = request.method().equals("HEAD");
  if (!head && !request.method().equals("GET")) {
    return Response.text(405, "Method Not Allowed", "405 Method Not Allowed\n")
        .with("Allow: GET, HEAD");
  }
  Response response;
  try {
    response = find(request, names(request.target()));
  } catch (NoSuchFileException | NotDirectoryException e) {
    response = Response.text(404, "Not Found", "404 Not Found\n");
  } catch (AccessDeniedException e) {
    response = Response.text(403, "Forbidden", "403 Forbidden\n");
  } catch (FileSystemException e) {
    response = Response.text(404, "Not Found", "404 Not Found\n"); // a name that cannot be
  }
  return head ? response.headOnly() : response;
}

/// The decoded names between the slashes of a path.
List<String> names(String target) throws Refusal {
  String path = target.replaceFirst("(?i)^https?://[^/?]*", "").replaceFirst("[?#].*", "");
  if (!path.startsWith("/") && !path.isEmpty()) {
    throw new Refusal(400, "Bad Request");
  }
  var names = new ArrayList<String>();
  for (String part : path.split("/")) {
    String name = decode(part);
    if (name.equals("..") || name.matches("(?s).*[\\x00/\\\\].*")) {
      throw new Refusal(400, "Bad Request"); // tries to leave the folder
    }
    if (!name.isEmpty() && !name.equals(".")) {
      names.add(name);
    }
  }
  if (path.endsWith("/")) {
    names.add("");
  }
  return names;
}

String decode(String part) throws Refusal {
  if (part.indexOf('%') < 0) {
    return part;
  }
  var bytes = ByteBuffer.allocate(part.length());
  for (int i = 0; i < part.length(); i++) {
    char c = part.charAt(i);
    if (c == '%') {
      String digits = part.substring(i + 1, Math.min(i + 3, part.length()));
      if (!digits.matches("[0-9A-Fa-f]{2}")) {
        throw new Refusal(400, "Bad Request");
      }
      c = (char) Integer.parseInt(digits, 16);
      i += 2;
    }
    bytes.put((byte) c);
  }
  try {
    return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
  } catch (CharacterCodingException e) {
    throw new Refusal(400, "Bad Request");
  }
}

String encode(String name) {
  return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
}

Response find(Request request, List<String> names) throws IOException {
  boolean asFolder = names.isEmpty() || names.getLast().isEmpty();
  Path path;
  try {
    path = root.resolve(String.join("/", names)).toRealPath();
  } catch (InvalidPathException e) {
    throw new NoSuchFileException("a name that this system does not have");
  }
  if (!path.startsWith(root)) {
    throw new AccessDeniedException("a link that leads out of the folder");
  }
  var attributes = Files.readAttributes(path, BasicFileAttributes.class);
  if (!attributes.isDirectory()) {
    if (asFolder || !attributes.isRegularFile()) {
      throw new NoSuchFileException("no file");
    }
    return serveFile(request, path, attributes);
  }
  if (!asFolder) {
    String location = names.stream().map(this::encode).collect(Collectors.joining("/", "/", "/"));
    return Response.text(301, "Moved Permanently", location + "\n").with("Location: " + location);
  }
  Path index = path.resolve("index.html");
  if (Files.isRegularFile(index) && index.toRealPath().startsWith(root)) {
    return serveFile(request, index, Files.readAttributes(index, BasicFileAttributes.class));
  }
  return await(toThread(() -> listing(path)), IOException.class); // a folder may be large
}

/* ---- Files ---- */

Response serveFile(Request request, Path path, BasicFileAttributes attributes) throws IOException {
  long size = attributes.size();
  Instant time = attributes.lastModifiedTime().toInstant().truncatedTo(ChronoUnit.SECONDS);
  String tag = "\"%x-%x\"".formatted(attributes.lastModifiedTime().toMillis(), size);
  var headers = List.of("ETag: " + tag, "Last-Modified: " + httpDate(time), "Accept-Ranges: bytes");
  if (isUnchanged(request, tag, time)) {
    return new Response(304, "Not Modified", headers, new byte[0], null, 0, 0);
  }
  long[] range = range(request, tag, time, size);
  if (range != null && range[0] >= range[1]) {
    return Response.text(416, "Range Not Satisfiable", "416 Range Not Satisfiable\n")
        .with("Content-Range: bytes */" + size);
  }
  FileChannel file = FileChannel.open(path); // the answer closes it
  var whole = new Response(200, "OK", headers, new byte[0], file, 0, size);
  if (range == null) {
    return whole.with("Content-Type: " + contentType(path));
  }
  return new Response(
          206, "Partial Content", headers, new byte[0], file, range[0], range[1] - range[0])
      .with(
          "Content-Type: " + contentType(path),
          "Content-Range: bytes " + range[0] + "-" + (range[1] - 1) + "/" + size);
}

boolean isUnchanged(Request request, String tag, Instant time) {
  String tags = request.header("if-none-match");
  if (tags != null) {
    return tags.strip().equals("*")
        || Request.elements(tags).contains(tag)
        || Request.elements(tags).contains("W/" + tag);
  }
  Instant since = instant(request.header("if-modified-since"));
  return since != null && !time.isAfter(since);
}

/// The first byte of the part that is asked for, and the one behind its last; null for everything.
/// Several parts at once are not served: then, too, everything is.
long[] range(Request request, String tag, Instant time, long size) {
  String text = request.header("range");
  String condition = request.header("if-range");
  if (text == null
      || !request.method().equals("GET")
      || condition != null && !condition.equals(tag) && !time.equals(instant(condition))) {
    return null;
  }
  Matcher matcher = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})").matcher(text);
  if (!matcher.matches() || matcher.group(1).isEmpty() && matcher.group(2).isEmpty()) {
    return null;
  }
  if (matcher.group(1).isEmpty()) {
    return new long[] {Math.max(0, size - Long.parseLong(matcher.group(2))), size};
  }
  long first = Long.parseLong(matcher.group(1));
  long last = matcher.group(2).isEmpty() ? Long.MAX_VALUE - 1 : Long.parseLong(matcher.group(2));
  return last < first ? null : new long[] {first, Math.min(size, last + 1)};
}

String contentType(Path path) {
  String name = path.getFileName().toString();
  String type =
      switch (name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT)) {
        case "html", "htm" -> "text/html";
        case "css" -> "text/css";
        case "js", "mjs" -> "text/javascript";
        case "txt", "md", "log", "java", "py", "sh", "c", "h", "rs", "go", "toml" -> "text/plain";
        case "csv" -> "text/csv";
        case "xml" -> "text/xml";
        case "json", "map" -> "application/json";
        case "pdf" -> "application/pdf";
        case "wasm" -> "application/wasm";
        case "zip" -> "application/zip";
        case "gz", "tgz" -> "application/gzip";
        case "png" -> "image/png";
        case "jpg", "jpeg" -> "image/jpeg";
        case "gif" -> "image/gif";
        case "webp" -> "image/webp";
        case "svg" -> "image/svg+xml";
        case "ico" -> "image/x-icon";
        case "mp3" -> "audio/mpeg";
        case "mp4" -> "video/mp4";
        case "webm" -> "video/webm";
        case "woff2" -> "font/woff2";
        default -> "application/octet-stream";
      };
  return type.startsWith("text/") ? type + "; charset=utf-8" : type;
}

/* ---- Folders ---- */

Response listing(Path folder) throws IOException {
  var rows = new ArrayList<String>();
  try (var entries = Files.list(folder)) {
    for (Path entry : entries.sorted().toList()) {
      rows.add(row(entry));
    }
  }
  String title = escape("/" + root.relativize(folder));
  String up = folder.equals(root) ? "" : "<tr><td><a href=\"../\">..</a></td></tr>\n";
  return Response.text(
      200,
      "OK",
      """
      <!DOCTYPE html>
      <html><head><meta charset="utf-8"><title>%s</title>
      <style>body { font-family: sans-serif } td { padding-right: 2em }</style></head>
      <body><h1>%s</h1>
      <table>
      %s%s</table></body></html>
      """
          .formatted(title, title, up, String.join("", rows)));
}

String row(Path entry) throws IOException {
  String name = entry.getFileName().toString();
  boolean folder = Files.isDirectory(entry);
  String size = folder || !Files.exists(entry) ? "" : Files.size(entry) + " bytes";
  String slash = folder ? "/" : "";
  return "<tr><td><a href=\"./%s%s\">%s%s</a></td><td>%s</td></tr>\n"
      .formatted(encode(name), slash, escape(name), slash, size);
}

String escape(String text) {
  return text.replace("&", "&amp;")
      .replace("<", "&lt;")
      .replace(">", "&gt;")
      .replace("\"", "&quot;");
}

/* ---- Bytes and dates ---- */

static final DateTimeFormatter HTTP_DATE =
    DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
        .withZone(ZoneOffset.UTC);

static String httpDate(Instant time) {
  return HTTP_DATE.format(time);
}

/// What a date says; null if it is none.
static Instant instant(String date) {
  try {
    return date == null ? null : HTTP_DATE.parse(date, Instant::from);
  } catch (DateTimeException e) {
    return null;
  }
}

static byte[] ascii(String text) {
  return text.getBytes(StandardCharsets.ISO_8859_1);
}

static byte[] join(byte[] head, byte[] content) {
  byte[] all = Arrays.copyOf(head, head.length + content.length);
  System.arraycopy(content, 0, all, head.length, content.length);
  return all;
}
