/// A concurrent crawler: starts at an address and follows the links of its site, each one once.
///
/// ```
/// ./weft run examples/Crawl.java http://localhost:8000/ --limit 500
/// ```
///
/// A queue holds the addresses that wait, a semaphore says how many are visited at a time, each
/// visit is a task of one group. All run on one thread, so nothing below is locked. Ctrl-C cancels
/// them all, and the summary of what was done so far is still printed.

import module java.net.http;
import module weft;
import static weft.Weft.*;

final String usage =
    """
    usage: Crawl URL [--limit N] [--concurrency N] [--timeout SECONDS] [--retries N]

      --limit N          visit at most N addresses (1000)
      --concurrency N    fetch at most N at a time (16)
      --timeout SECONDS  for each attempt (10)
      --retries N        after a failure that may pass (2)
    """;

URI start;
int limit = 1000;
int concurrency = 16;
Duration patience = Duration.ofSeconds(10);
int retries = 2;

void main(String[] args) {
  try {
    parse(args);
  } catch (IllegalArgumentException e) {
    System.err.println("Crawl: " + e.getMessage() + "\n" + usage);
    System.exit(2);
  }
  if (start == null) {
    IO.print(usage);
    return;
  }
  var summary = new Summary();
  try {
    run(() -> new Crawler(summary).crawl());
  } finally {
    IO.print(summary); // also after Ctrl-C
  }
  if (summary.pages + summary.files == 0) {
    System.exit(1);
  }
}

/* ---- The crawler ---- */

class Crawler {
  private final Summary summary;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final AsyncSemaphore places = new AsyncSemaphore(concurrency);
  private final AsyncQueue<Link> waiting = new AsyncQueue<>();
  private final Set<URI> seen = new HashSet<>();

  Crawler(Summary summary) {
    this.summary = summary;
  }

  void crawl() {
    enqueue(new Link(start, null));
    Task<Void> progress = createTask(() -> summary.showProgress(waiting));
    try {
      taskGroup(this::dispatch);
    } finally {
      progress.cancel();
      client.shutdownNow();
    }
  }

  /// A task for each address, as soon as one is there and there is a place for its task.
  private void dispatch(TaskGroup group) {
    group.createTask(this::shutdownAtTheEnd);
    for (Link link : waiting) {
      Held place = places.acquire();
      group.createTask(() -> visit(link, place));
    }
    summary.complete = true;
  }

  /// A visit reports its address as done after it has enqueued the links: when all are done, there
  /// is nothing left to come.
  private void shutdownAtTheEnd() {
    waiting.join();
    waiting.shutdown();
  }

  private void visit(Link link, Held place) {
    summary.active++;
    try (place) {
      Reply reply = follow(link);
      if (reply != null) {
        summary.count(reply);
        Html.links(reply).stream()
            .filter(this::sameSite)
            .forEach(target -> enqueue(new Link(target, reply.from())));
      }
    } catch (FetchException failure) {
      summary.error(failure.getMessage(), link);
    } finally {
      summary.active--;
      waiting.taskDone();
    }
  }

  private void enqueue(Link link) {
    if (seen.contains(link.to())) {
      return;
    }
    if (seen.size() >= limit) { // so memory is bounded, however large the site
      summary.limited = true;
      return;
    }
    seen.add(link.to());
    waiting.putNowait(link);
  }

  /// Fetches a page through its redirects; null if they lead away, or to what is visited anyway.
  private Reply follow(Link link) throws FetchException {
    var chain = new LinkedHashSet<URI>(List.of(link.to()));
    URI address = link.to();
    while (true) {
      Reply reply = fetch(address);
      if (reply.status() / 100 == 2) {
        return reply;
      }
      String location = reply.location();
      if (reply.status() / 100 != 3 || location == null) {
        throw new FetchException("HTTP " + reply.status());
      }
      summary.redirects++;
      address = Html.resolve(address, location);
      if (address == null) {
        throw new FetchException("redirect to no web address");
      }
      if (!sameSite(address)) {
        if (link.from() == null) {
          throw new FetchException("the start is on another site: " + address);
        }
        return null;
      }
      if (!chain.add(address)) {
        throw new FetchException("redirect loop");
      }
      if (chain.size() > 10) {
        throw new FetchException("too many redirects");
      }
      if (!seen.add(address)) {
        return null;
      }
    }
  }

  /// Fetches one address, again and again if it may help. The place stays taken while it waits for
  /// the next attempt: a server in trouble should get less to do, not more.
  private Reply fetch(URI address) throws FetchException {
    for (int attempt = 1; ; attempt++) {
      String problem;
      long begin = System.nanoTime();
      summary.requests++;
      try {
        Reply reply = timeout(patience, () -> request(address));
        summary.latency(System.nanoTime() - begin);
        if (reply.status() < 500 && reply.status() != 429) {
          return reply;
        }
        problem = "HTTP " + reply.status();
      } catch (TimeoutException e) {
        problem = "timeout";
      } catch (IOException e) {
        problem = FetchException.describe(e);
        if (problem.equals(FetchException.TOO_LARGE)) {
          throw new FetchException(problem);
        }
      }
      if (attempt > retries) {
        throw new FetchException(problem);
      }
      summary.retries++;
      long most = 100L << Math.min(attempt, 6);
      sleep(Duration.ofMillis(ThreadLocalRandom.current().nextLong(most / 2, most)));
    }
  }

  private Reply request(URI address) throws IOException {
    var request = HttpRequest.newBuilder(address).header("User-Agent", "weft-crawl").GET().build();
    var response = await(client.sendAsync(request, Reply::handler), IOException.class);
    Reply.Body body = response.body();
    return new Reply(
        address,
        response.statusCode(),
        response.headers().firstValue("Location").orElse(null),
        body.bytes(),
        body.html());
  }

  private boolean sameSite(URI address) {
    return address.getScheme().equals(start.getScheme())
        && address.getRawAuthority().equals(start.getRawAuthority());
  }
}

/// An address, and the page that links to it (null for the start).
record Link(URI to, URI from) {}

/// What came back; `html` is null if it is something else.
record Reply(URI from, int status, String location, long bytes, String html) {
  record Body(long bytes, String html) {}

  private static final int HTML_BYTES_MAX = 8 << 20;

  /// Keeps pages, and only counts the bytes of anything else.
  static HttpResponse.BodySubscriber<Body> handler(HttpResponse.ResponseInfo info) {
    String type = info.headers().firstValue("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    if (info.statusCode() == 200 && type.matches("(text/html|application/xhtml\\+xml)\\b.*")) {
      return HttpResponse.BodySubscribers.mapping(
          HttpResponse.BodySubscribers.limiting(
              HttpResponse.BodySubscribers.ofByteArray(), HTML_BYTES_MAX),
          bytes -> new Body(bytes.length, new String(bytes, StandardCharsets.UTF_8)));
    }
    var count = new AtomicLong(); // written by the client's threads
    return HttpResponse.BodySubscribers.mapping(
        HttpResponse.BodySubscribers.ofByteArrayConsumer(
            chunk -> chunk.ifPresent(bytes -> count.addAndGet(bytes.length))),
        end -> new Body(count.get(), null));
  }
}

/// Why an address could not be fetched; the message is the kind that the summary counts.
static class FetchException extends Exception {
  static final String TOO_LARGE = "page too large";

  FetchException(String kind) {
    super(kind, null, false, false);
  }

  static String describe(IOException e) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof ConnectException) {
      boolean unknown =
          Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
              .anyMatch(UnresolvedAddressException.class::isInstance);
      return unknown ? "unknown host" : "cannot connect";
    }
    if (message.contains("body exceeds")) {
      return TOO_LARGE;
    }
    if (message.contains("reset") || message.contains("Broken pipe")) {
      return "connection reset";
    }
    if (e instanceof EOFException || message.contains("EOF") || message.contains("no bytes")) {
      return "connection closed";
    }
    return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + message);
  }
}

/* ---- Links ---- */

static class Html {
  // What is not closed ends with the page: each expression passes over a page once, whatever is in
  // it.
  private static final Pattern TAG =
      Pattern.compile(
          "<!--.*?(?:-->|\\z)|<(script|style|textarea)\\b.*?(?:</\\1\\s*>|\\z)"
              + "|<(a|area|base|frame|iframe)\\s((?:[^>\"']++|\"[^\"]*+(?:\"|\\z)|'[^']*+(?:'|\\z))*+)",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern ATTRIBUTE =
      Pattern.compile("([^\\s\"'>/=]++)\\s*+(?:=\\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\\s>]++)))?+");
  private static final Pattern ENTITY = Pattern.compile("&(#\\d{1,7}|#[xX]\\p{XDigit}{1,6}|\\w+);");
  private static final Map<String, String> ENTITIES =
      Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'");

  /// The web addresses that a page links to, normalised, in order, each one once.
  static Set<URI> links(Reply reply) {
    var links = new LinkedHashSet<URI>();
    if (reply.html() == null) {
      return links;
    }
    URI base = reply.from();
    var tags = TAG.matcher(reply.html());
    while (tags.find()) {
      String tag = tags.group(2);
      if (tag == null) {
        continue;
      }
      String wanted = tag.toLowerCase(Locale.ROOT).endsWith("frame") ? "src" : "href";
      URI target = resolve(base, attribute(tags.group(3), wanted));
      if (target != null && tag.equalsIgnoreCase("base")) {
        base = target;
      } else if (target != null) {
        links.add(target);
      }
    }
    return links;
  }

  private static String attribute(String attributes, String name) {
    var matcher = ATTRIBUTE.matcher(attributes);
    while (matcher.find()) {
      if (matcher.group(1).equalsIgnoreCase(name)) {
        return Stream.of(2, 3, 4)
            .map(matcher::group)
            .filter(Objects::nonNull)
            .findFirst()
            .map(Html::decode)
            .orElse(null);
      }
    }
    return null;
  }

  private static String decode(String text) {
    return ENTITY.matcher(text).replaceAll(entity -> Matcher.quoteReplacement(decoded(entity)));
  }

  private static String decoded(MatchResult entity) {
    String name = entity.group(1);
    if (!name.startsWith("#")) {
      return ENTITIES.getOrDefault(name, entity.group());
    }
    boolean hex = name.charAt(1) == 'x' || name.charAt(1) == 'X';
    int code = hex ? Integer.parseInt(name.substring(2), 16) : Integer.parseInt(name.substring(1));
    return Character.isValidCodePoint(code) ? Character.toString(code) : entity.group();
  }

  /// The normal form of a link: RFC 3986, section 6, without the fragment. Null for what is none.
  static URI resolve(URI base, String link) {
    if (link == null) {
      return null;
    }
    try {
      String lenient = escape(link.strip().replaceFirst("(?s)#.*", ""));
      if (lenient.isEmpty() || lenient.startsWith("?")) { // where URI.resolve follows an older RFC
        lenient = base.getRawPath() + lenient;
      }
      URI target = base.resolve(lenient);
      String scheme = String.valueOf(target.getScheme()).toLowerCase(Locale.ROOT);
      if (target.getHost() == null || !scheme.matches("https?") || target.getPort() > 65535) {
        return null;
      }
      int port = target.getPort();
      boolean usual = port == -1 || port == (scheme.equals("http") ? 80 : 443);
      String path = target.normalize().getRawPath().replaceFirst("^(/\\.\\.(?=/|$))+", "");
      return URI.create(
          scheme
              + "://"
              + target.getHost().toLowerCase(Locale.ROOT)
              + (usual ? "" : ":" + port)
              + (path.isEmpty() ? "/" : path)
              + (target.getRawQuery() == null ? "" : "?" + target.getRawQuery()));
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }

  /// Escapes, in UTF-8, what browsers accept in an address but RFC 3986 does not.
  private static String escape(String link) {
    var escaped = new StringBuilder();
    for (byte b : link.getBytes(StandardCharsets.UTF_8)) {
      if (b == '\t' || b == '\r' || b == '\n') {
        continue;
      }
      if (b <= ' ' || "\"<>\\^`{|}".indexOf(b) >= 0 || b == 127) {
        escaped.append(String.format("%%%02X", b));
      } else {
        escaped.append((char) b);
      }
    }
    return escaped.toString();
  }
}

/* ---- What the user sees ---- */

class Summary {
  int pages, files, redirects, retries, requests, active;
  long bytes;
  boolean complete, limited;
  private final long begin = System.nanoTime();
  private final Map<String, Kind> errors = new TreeMap<>();
  private long[] latencies = new long[256];
  private int answered;

  private static class Kind {
    int count;
    Link example;
  }

  void error(String kind, Link link) {
    Kind counted = errors.computeIfAbsent(kind, k -> new Kind());
    if (counted.count++ == 0) {
      counted.example = link;
    }
  }

  void count(Reply reply) {
    bytes += reply.bytes();
    if (reply.html() == null) {
      files++;
    } else {
      pages++;
    }
  }

  void latency(long nanos) {
    if (answered == latencies.length) {
      latencies = Arrays.copyOf(latencies, 2 * answered);
    }
    latencies[answered++] = nanos;
  }

  /// Until it is cancelled: on a terminal one line that changes, else a line now and then.
  void showProgress(AsyncQueue<?> waiting) {
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    try {
      while (true) {
        sleep(terminal ? Duration.ofMillis(100) : Duration.ofSeconds(5));
        String line =
            "%d pages, %d errors, %d active, %d waiting, %.0f/s"
                .formatted(pages, errorCount(), active, waiting.size(), requests / seconds());
        if (terminal) {
          IO.print("\r" + line + "\033[K");
        } else {
          System.err.println(line);
        }
      }
    } finally {
      if (terminal) {
        IO.print("\r\033[K");
      }
    }
  }

  private int errorCount() {
    return errors.values().stream().mapToInt(kind -> kind.count).sum();
  }

  private double seconds() {
    return (System.nanoTime() - begin) / 1e9;
  }

  @Override
  public String toString() {
    Arrays.sort(latencies, 0, answered);
    String note = !complete ? " (interrupted)" : limited ? " (stopped at the limit)" : "";
    return """
    pages      %d%s
    files      %d
    bytes      %d
    redirects  %d
    retries    %d
    errors     %d
    %srequests   %d in %.1f s, %.0f/s
    latency    p50 %.1f  p90 %.1f  p99 %.1f  max %.1f ms
    """
        .formatted(
            pages,
            note,
            files,
            bytes,
            redirects,
            retries,
            errorCount(),
            errorLines(),
            requests,
            seconds(),
            requests / seconds(),
            millis(0.5),
            millis(0.9),
            millis(0.99),
            millis(1));
  }

  private String errorLines() {
    var lines = new StringBuilder();
    errors.forEach(
        (kind, counted) -> {
          Link example = counted.example;
          String place = example.from() == null ? "" : " in " + example.from();
          lines.append("  %d %s, as %s%s\n".formatted(counted.count, kind, example.to(), place));
        });
    return lines.toString();
  }

  /// The smallest latency that this part of all did not exceed.
  private double millis(double part) {
    return answered == 0 ? 0 : latencies[(int) Math.ceil(part * answered) - 1] / 1e6;
  }
}

/* ---- Arguments ---- */

void parse(String... args) {
  String url = null;
  for (int i = 0; i < args.length; i++) {
    if (!args[i].startsWith("-")) {
      if (url != null) {
        throw new IllegalArgumentException("one URL, not also " + args[i]);
      }
      url = args[i];
      continue;
    }
    String[] option = args[i].split("=", 2);
    if (List.of("-h", "--help").contains(option[0])) {
      return;
    }
    if (!usage.contains("  " + option[0] + " ")) {
      throw new IllegalArgumentException("no such option: " + option[0]);
    }
    if (option.length == 1) {
      option = new String[] {option[0], ++i < args.length ? args[i] : "nothing"};
    }
    switch (option[0]) {
      case "--limit" -> limit = number(option, 1);
      case "--concurrency" -> concurrency = number(option, 1);
      case "--timeout" -> patience = Duration.ofSeconds(number(option, 1));
      default -> retries = number(option, 0);
    }
  }
  if (url == null) {
    throw new IllegalArgumentException("which URL?");
  }
  start = Html.resolve(URI.create("none:/"), url);
  if (start == null) {
    throw new IllegalArgumentException("not a web address (http://… or https://…): " + url);
  }
}

int number(String[] option, int least) {
  if (option[1].matches("\\d{1,7}") && Integer.parseInt(option[1]) >= least) {
    return Integer.parseInt(option[1]);
  }
  throw new IllegalArgumentException(
      option[0] + " needs a whole number of at least " + least + ", not " + option[1]);
}
