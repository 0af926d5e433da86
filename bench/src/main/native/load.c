// The load generator of `weft bench`: one thread, one epoll, edge-triggered.
//
//   load ADDRESS [--name value]...        prints one line of name=value, or fails with a reason
//
//   ADDRESS        tcp:PORT (of 127.0.0.1) or unix:PATH
//   --tls 1        speaks TLS 1.3
//   --connections  that send (default 1)
//   --idle         more that are opened, echo one message and then do nothing (default 0)
//   --bytes        a message, at least 8 (default 1024)
//   --warmup       seconds that do not count (default 0)
//   --seconds      that do (default 1)
//   --rate         messages a second over all connections; 0: each connection sends its next
//                  message when the last one has come back (default 0)
//   --pid          whose CPU time to read at both ends of the seconds that count
//
// With --connections 0 it holds the idle ones until its standard input ends.
//
// Every byte that comes back is compared with what was sent. Each message starts with the number
// of its connection and its own, and goes on with a piece of one random text that depends on both,
// so what is lost, doubled or sent to another connection is noticed.
//
// With a rate, message number i is due at start + i / rate, on connection i modulo their number; its
// latency counts from that moment, whenever it could really be sent. So a server that stands still
// for a second is charged with all the messages that were due in it ("coordinated omission" would be
// to charge it with one).

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

enum {
  HEADER = 8,
  SHIFTS = 251,           // pieces of the text a message may start at
  SCRATCH = 256 * 1024,   // read at once
  EVENTS = 512,
  BATCH = 64,             // connections opened before the first of them has to answer
  TLS_PIECE = 16 * 1024,
};
static const int64_t SECOND = 1000000000;
static const int64_t PATIENCE = 10 * 1000000000LL; // without any byte: the server is stuck

struct connection {
  int fd;
  uint32_t number, sequence;
  size_t sent, received; // of the message under way
  int64_t start;         // when that was sent, or was due
  int64_t due;           // rate: messages that are due and not sent yet
  int64_t next;          // rate: the number of the first of those
  int busy;
#ifdef WITH_TLS
  SSL *ssl;
#endif
};

// --- What is asked for ---------------------------------------------------------------------------

static const char *address_text;
static int use_tls;
static long connections = 1, idle, bytes = 1024;
static double warmup, seconds = 1, rate;
static pid_t server;

static void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "load: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  exit(1);
}

static void parse(int count, char **args) {
  if (count < 2 || count % 2) fail("usage: load tcp:PORT|unix:PATH [--name value]...");
  address_text = args[1];
  for (int i = 2; i < count; i += 2) {
    const char *name = args[i], *value = args[i + 1];
    if (!strcmp(name, "--tls")) use_tls = atoi(value);
    else if (!strcmp(name, "--connections")) connections = atol(value);
    else if (!strcmp(name, "--idle")) idle = atol(value);
    else if (!strcmp(name, "--bytes")) bytes = atol(value);
    else if (!strcmp(name, "--warmup")) warmup = atof(value);
    else if (!strcmp(name, "--seconds")) seconds = atof(value);
    else if (!strcmp(name, "--rate")) rate = atof(value);
    else if (!strcmp(name, "--pid")) server = (pid_t)atol(value);
    else fail("no such option: %s", name);
  }
  if (bytes < HEADER) fail("a message has at least %d bytes", HEADER);
}

// --- Clocks and the histogram --------------------------------------------------------------------

static int64_t nanos(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) < 0) fail("the server has gone");
  return t.tv_sec * SECOND + t.tv_nsec;
}

static int64_t now(void) { return nanos(CLOCK_MONOTONIC); }

// User and system time of all threads of the server, those that have ended included.
static int64_t server_cpu(void) {
  clockid_t clock;
  if (!server) return 0;
  if (clock_getcpuclockid(server, &clock)) fail("no process %d", (int)server);
  return nanos(clock);
}

// Steps of 1/128 of the value: an error below 0.8 %.
enum { STEPS = 128, STEPS_LOG = 7, CELLS = (64 - STEPS_LOG) * STEPS };
static uint64_t histogram[CELLS];
static uint64_t latency_max;

static void record(int64_t latency) {
  uint64_t v = latency < 0 ? 0 : (uint64_t)latency;
  size_t cell = v;
  if (v >= STEPS) {
    int shift = 63 - __builtin_clzll(v) - STEPS_LOG;
    cell = (size_t)(shift + 1) * STEPS + ((v >> shift) & (STEPS - 1));
  }
  histogram[cell]++;
  if (v > latency_max) latency_max = v;
}

// The least latency that `part` of the messages do not exceed.
static uint64_t quantile(double part, uint64_t total) {
  uint64_t wanted = (uint64_t)(part * (double)total), seen = 0;
  for (size_t cell = 0; cell < CELLS; cell++) {
    seen += histogram[cell];
    if (seen > wanted) {
      if (cell < STEPS) return cell;
      size_t shift = cell / STEPS - 1;
      uint64_t top = ((STEPS + cell % STEPS + 1) << shift) - 1;
      return top < latency_max ? top : latency_max;
    }
  }
  return latency_max;
}

// --- A connection --------------------------------------------------------------------------------

static char *text; // random, of which each message carries a piece
static char scratch[SCRATCH];

static void make_text(void) {
  size_t size = (size_t)bytes + SHIFTS;
  text = malloc(size);
  if (!text) fail("out of memory");
  uint64_t x = 88172645463325252ULL; // xorshift: the same text in each run
  for (size_t i = 0; i < size; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    text[i] = (char)x;
  }
}

static const char *body(const struct connection *c) {
  return text + (c->number * 31 + c->sequence * 17) % SHIFTS;
}

// Compares what has come with the same place of the message.
static void verify(const struct connection *c, const char *got, size_t size) {
  uint32_t header[2] = {c->number, c->sequence};
  size_t at = c->received;
  if (at + size > (size_t)bytes) fail("connection %u: more came back than was sent", c->number);
  size_t head = at < HEADER ? (size < HEADER - at ? size : HEADER - at) : 0;
  if (memcmp(got, (char *)header + at, head) || memcmp(got + head, body(c) + at + head, size - head))
    fail("connection %u, message %u: other bytes came back than were sent", c->number, c->sequence);
}

#ifdef WITH_TLS
static SSL_CTX *tls_context;

// -1: later; 0: the end.
static ssize_t tls_result(struct connection *c, int n) {
  if (n > 0) return n;
  int error = SSL_get_error(c->ssl, n);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  fail("TLS: %s", ERR_reason_error_string(ERR_peek_error()) ?: "connection broken");
  return 0;
}

static void start_tls(struct connection *c) {
  if (!tls_context) {
    tls_context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls_context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(tls_context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_mode(tls_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  c->ssl = SSL_new(tls_context);
  SSL_set_fd(c->ssl, c->fd);
  if (SSL_connect(c->ssl) != 1)
    fail("TLS handshake: %s", ERR_reason_error_string(ERR_peek_error()) ?: "connection broken");
}

// One record's worth.
static ssize_t tls_send(struct connection *c) {
  uint32_t header[2] = {c->number, c->sequence};
  size_t left = (size_t)bytes - c->sent, size = left < TLS_PIECE ? left : TLS_PIECE;
  memcpy(scratch, body(c) + c->sent, size);
  if (c->sent < HEADER) memcpy(scratch, (char *)header + c->sent, size < HEADER - c->sent ? size : HEADER - c->sent);
  return tls_result(c, SSL_write(c->ssl, scratch, (int)size));
}
#endif

static ssize_t plain_send(struct connection *c) {
  uint32_t header[2] = {c->number, c->sequence};
  struct iovec parts[2];
  int n = 0;
  if (c->sent < HEADER) parts[n++] = (struct iovec){(char *)header + c->sent, HEADER - c->sent};
  size_t at = c->sent < HEADER ? HEADER : c->sent;
  parts[n++] = (struct iovec){(char *)body(c) + at, (size_t)bytes - at};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)n};
  return sendmsg(c->fd, &message, MSG_NOSIGNAL);
}

static ssize_t some_sent(struct connection *c) {
#ifdef WITH_TLS
  if (c->ssl) return tls_send(c);
#endif
  return plain_send(c);
}

static ssize_t some_received(struct connection *c) {
#ifdef WITH_TLS
  if (c->ssl) return tls_result(c, SSL_read(c->ssl, scratch, SCRATCH));
#endif
  return recv(c->fd, scratch, SCRATCH, 0);
}

// Sends what is left of the message, as far as the kernel takes it.
static void send_more(struct connection *c) {
  while (c->busy && c->sent < (size_t)bytes) {
    ssize_t n = some_sent(c);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("connection %u: send: %s", c->number, strerror(errno));
    c->sent += (size_t)n;
  }
}

static void begin(struct connection *c, int64_t start) {
  c->busy = 1;
  c->sequence++;
  c->sent = c->received = 0;
  c->start = start;
  send_more(c);
}

// Receives until there is no more; true when that made the message whole.
static int receive_more(struct connection *c) {
  for (;;) {
    ssize_t n = some_received(c);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n < 0) fail("connection %u: receive: %s", c->number, strerror(errno));
    if (n == 0) fail("connection %u: closed by the server", c->number);
    if (!c->busy) fail("connection %u: something came back that was not sent", c->number);
    verify(c, scratch, (size_t)n);
    c->received += (size_t)n;
    if (c->received == (size_t)bytes) {
      c->busy = 0;
      return 1;
    }
    if ((size_t)n < SCRATCH && !use_tls) return 0; // a short read: nothing is left there
  }
}

// --- Opening -------------------------------------------------------------------------------------

static int dial(void) {
  int fd, result, on = 1;
  if (!strncmp(address_text, "tcp:", 4)) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(address_text + 4))};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    result = connect(fd, (struct sockaddr *)&in, sizeof in);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  } else {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    strncpy(un.sun_path, address_text + 5, sizeof un.sun_path - 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    result = connect(fd, (struct sockaddr *)&un, sizeof un);
  }
  if (fd < 0 || result < 0) fail("connect: %s", strerror(errno));
  struct timeval patience = {.tv_sec = PATIENCE / SECOND};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

static void watch(int poller, struct connection *c) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) < 0)
    fail("epoll_ctl: %s", strerror(errno));
}

// Opens connections in batches; each echoes one short message before the next batch, so that the
// server's backlog cannot overflow, and so that each is known to be served. They block until then.
static struct connection *open_all(long count, uint32_t first, int poller) {
  struct connection *all = calloc((size_t)(count ? count : 1), sizeof *all);
  if (!all) fail("out of memory");
  long whole = bytes;
  bytes = HEADER;
  for (long i = 0; i < count;) {
    long end = i + BATCH < count ? i + BATCH : count;
    for (long k = i; k < end; k++) {
      all[k].number = first + (uint32_t)k;
      all[k].fd = dial();
#ifdef WITH_TLS
      if (use_tls) start_tls(&all[k]);
#endif
      begin(&all[k], 0);
    }
    for (; i < end; i++) {
      errno = 0;
      while (!receive_more(&all[i]))
        if (errno == EAGAIN) fail("connection %u: no answer", all[i].number);
      watch(poller, &all[i]);
    }
  }
  bytes = whole;
  return all;
}

// --- The run -------------------------------------------------------------------------------------

static struct connection *active;
static int64_t origin, mark, end; // the run starts, what counts starts and ends
static int64_t last;              // when something last came back
static int marked, stopped;
static int64_t server_start, server_end, client_start, client_end;
static int64_t issued;            // rate: messages that have become due
static uint64_t messages, recorded, unserved;

// Takes the figures at both ends of the time that counts. The ends move to where they are taken.
static void pass(int64_t t) {
  if (!marked && t >= mark) {
    marked = 1;
    mark = t;
    end = t + (int64_t)(seconds * (double)SECOND);
    server_start = server_cpu();
    client_start = nanos(CLOCK_PROCESS_CPUTIME_ID);
  } else if (marked && !stopped && t >= end) {
    stopped = 1;
    server_end = server_cpu();
    client_end = nanos(CLOCK_PROCESS_CPUTIME_ID);
    end = t;
  }
}

static int64_t due_at(int64_t message) {
  return origin + (int64_t)((double)message * (double)SECOND / rate);
}

static void begin_due(struct connection *c) {
  int64_t start = due_at(c->next);
  c->next += connections;
  c->due--;
  begin(c, start);
}

// Sends what has become due; returns how long until the next message does.
static int64_t issue(int64_t t) {
  while (due_at(issued) <= t) {
    struct connection *c = &active[issued % connections];
    if (!c->due++) c->next = issued;
    issued++;
    if (!c->busy) begin_due(c);
  }
  return due_at(issued) - t;
}

static void completed(struct connection *c) {
  int64_t t = now();
  last = t;
  pass(t);
  if (marked && !stopped) messages++;
  // Closed: what came back while it counted. Open: what was due while it counted.
  int64_t when = rate > 0 ? c->start : t;
  if (marked && when >= mark && when < end) {
    record(t - c->start);
    recorded++;
  }
  if (stopped) return;
  if (rate == 0) begin(c, t);
  else if (c->due) begin_due(c);
}

static void handle(const struct epoll_event *events, int count) {
  for (int i = 0; i < count; i++) {
    struct connection *c = events[i].data.ptr;
    if (events[i].events & EPOLLOUT) send_more(c);
    if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && receive_more(c)) completed(c);
  }
}

// What was due and could not even be sent: has taken at least until now.
static void count_unserved(void) {
  for (long i = 0; rate > 0 && i < connections; i++)
    for (struct connection *c = &active[i]; c->due; c->due--, c->next += connections)
      if (due_at(c->next) >= mark) {
        record(end - due_at(c->next));
        recorded++;
        unserved++;
      }
}

static long busy_connections(void) {
  long busy = 0;
  for (long i = 0; i < connections; i++) busy += active[i].busy;
  return busy;
}

static void run(int poller) {
  prctl(PR_SET_TIMERSLACK, 1L); // or each sleep is up to 50 µs late, and that would be the server's
  struct epoll_event events[EVENTS];
  last = origin = now();
  mark = origin + (int64_t)(warmup * (double)SECOND);
  for (long i = 0; rate == 0 && i < connections; i++) begin(&active[i], now());
  for (int64_t t = origin; !stopped || busy_connections(); t = now()) {
    int64_t wait = SECOND;
    if (rate > 0 && !stopped) wait = issue(t);
    int64_t next = marked ? end : mark;
    if (!stopped && next - t < wait) wait = next > t ? next - t : 0;
    struct timespec limit = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
    // epoll_wait counts in milliseconds, which is too coarse for a rate.
    struct pollfd poll_for = {.fd = poller, .events = POLLIN};
    if (rate > 0) ppoll(&poll_for, 1, &limit, NULL);
    int timeout = rate > 0 ? 0 : (int)(wait / 1000000) + 1;
    handle(events, epoll_wait(poller, events, EVENTS, timeout));
    t = now();
    pass(t);
    if (stopped && unserved == 0) count_unserved();
    if (busy_connections() && t - last > PATIENCE) fail("nothing has come back for 10 s");
  }
}

static void report(void) {
  printf("messages=%llu bytes=%ld seconds=%.6f server_ns=%lld client_ns=%lld unserved=%llu", (unsigned long long)messages,
         bytes, (double)(end - mark) / (double)SECOND, (long long)(server_end - server_start),
         (long long)(client_end - client_start), (unsigned long long)unserved);
  printf(" p50_ns=%llu p99_ns=%llu p999_ns=%llu max_ns=%llu\n", (unsigned long long)quantile(0.5, recorded),
         (unsigned long long)quantile(0.99, recorded), (unsigned long long)quantile(0.999, recorded),
         (unsigned long long)latency_max);
}

int main(int count, char **args) {
  parse(count, args);
#ifndef WITH_TLS
  if (use_tls) fail("built without TLS");
#endif
  signal(SIGPIPE, SIG_IGN);
  make_text();
  int poller = epoll_create1(EPOLL_CLOEXEC);
  open_all(idle, 0, poller);
  if (connections == 0) {
    printf("idle=%ld\n", idle);
    fflush(stdout);
    while (getchar() != EOF) continue;
    return 0;
  }
  active = open_all(connections, (uint32_t)idle, poller);
  run(poller);
  if (!messages) fail("no message came back within the time");
  report();
  return 0;
}
