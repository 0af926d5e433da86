package weft.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/// A web site to crawl, which counts the visits to its addresses.
final class Site implements AutoCloseable {
  /// How often each address was asked for.
  final Map<String, Integer> visits = new ConcurrentHashMap<>();

  /// What was sent with status 200.
  final AtomicLong bytes = new AtomicLong();

  final CountDownLatch slowVisited = new CountDownLatch(1);
  private final Map<String, HttpHandler> handlers = new ConcurrentHashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final HttpServer server;

  Site() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::serve);
    server.start();
  }

  /// Says who serves a path, or all paths that begin so if it ends in `*`.
  Site at(String path, HttpHandler handler) {
    handlers.put(path, handler);
    return this;
  }

  private void serve(HttpExchange exchange) throws IOException {
    String address = exchange.getRequestURI().toString();
    exchange.setAttribute("visit", visits.merge(address, 1, Integer::sum));
    String path = exchange.getRequestURI().getPath();
    handlers.entrySet().stream()
        .filter(entry -> matches(path, entry.getKey()))
        .findFirst()
        .map(Map.Entry::getValue)
        .orElse(this::unknown)
        .handle(exchange);
  }

  private static boolean matches(String path, String pattern) {
    return pattern.endsWith("*")
        ? path.startsWith(pattern.substring(0, pattern.length() - 1))
        : path.equals(pattern);
  }

  Site page(String path, String html) {
    return at(path, exchange -> answer(exchange, 200, "text/html; charset=utf-8", html));
  }

  Site file(String path, String type, String text) {
    return at(path, exchange -> answer(exchange, 200, type, text));
  }

  Site redirect(String path, String to) {
    return at(
        path,
        exchange -> {
          exchange.getResponseHeaders().set("Location", to);
          answer(exchange, 302, "text/html", "<a href=/not-a-link>moved</a>");
        });
  }

  /// An address that fails for the first few visits and is a page then.
  Site failing(String path, int status, int times) {
    return at(
        path,
        exchange -> {
          boolean fails = (int) exchange.getAttribute("visit") <= times;
          answer(exchange, fails ? status : 200, "text/html", "<a href=/>home</a>");
        });
  }

  /// An address that does not answer.
  Site slow(String path) {
    return at(
        path,
        exchange -> {
          slowVisited.countDown();
          try {
            closing.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
  }

  /// An address that takes the whole site down, and with it the connection it came by.
  Site fatal(String path) {
    return at(path, exchange -> server.stop(0));
  }

  private void unknown(HttpExchange exchange) throws IOException {
    answer(exchange, 404, "text/html", "<a href=/not-a-link>home</a>");
  }

  private void answer(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
    if (status == 200) {
      bytes.addAndGet(body.length);
    }
  }

  String url() {
    return "http://localhost:" + server.getAddress().getPort() + "/";
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
  }
}
