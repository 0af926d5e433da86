package weft.bench;

import java.util.Locale;

/// A server that Weft is measured beside.
enum Peer {
  C_EPOLL("C epoll", Suite.ECHO, "epoll", Mode.Held.EPOLL),
  ASYNCIO_STREAMS("asyncio streams", Suite.ECHO, "asyncio.", Mode.Held.ANY),
  ASYNCIO_PROTOCOL("asyncio protocol", Suite.ECHO, "asyncio.", Mode.Held.ANY),
  UVLOOP_STREAMS("uvloop streams", Suite.ECHO, "uvloop.Loop", Mode.Held.ANY),
  UVLOOP_PROTOCOL("uvloop protocol", Suite.ECHO, "uvloop.Loop", Mode.Held.ANY),
  UVICORN("uvicorn + uvloop", Suite.HTTP, "uvloop", Mode.Held.ANY),
  NODE("Node", Suite.BOTH, "libuv", Mode.Held.ANY),
  GO("Go", Suite.BOTH, "GOMAXPROCS=1", Mode.Held.ANY),
  NETTY_NIO("Netty nio", Suite.BOTH, " nio, Nio", Mode.Held.ANY),
  NETTY_EPOLL("Netty epoll", Suite.BOTH, " epoll, Epoll", Mode.Held.EPOLL),
  NETTY_IO_URING("Netty io_uring", Suite.BOTH, " io_uring, IoUring", Mode.Held.IO_URING),
  NETTY_OPENSSL("Netty epoll + OpenSSL", Suite.ECHO, "SSL", Mode.Held.EPOLL),
  VERTX("Vert.x", Suite.BOTH, "Transport", Mode.Held.ANY),
  JDK_THREADS("JDK threads", Suite.ECHO, "parallelism 1", Mode.Held.ANY),
  KTOR("ktor", Suite.ECHO, "ktor-network", Mode.Held.ANY);

  /// What a server is asked to do.
  enum Suite {
    ECHO,
    HTTP,
    BOTH
  }

  private final String title;
  private final Suite suite;
  private final String said;
  private final Mode.Held held;

  Peer(String title, Suite suite, String said, Mode.Held held) {
    this.title = title;
    this.suite = suite;
    this.said = said;
    this.held = held;
  }

  /// As the tables show it.
  String title() {
    return title;
  }

  /// What shows that it runs as its title says.
  Mode mode() {
    return new Mode(said, held);
  }

  boolean takesPartIn(Suite one) {
    return suite == one || suite == Suite.BOTH;
  }

  /// True when `part` is somewhere in its title, in letters of whatever size.
  boolean isMeantBy(String part) {
    return title.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
  }
}
