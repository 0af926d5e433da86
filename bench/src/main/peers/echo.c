// The floor of the echo benchmark: one thread, one epoll, one buffer, nothing else.
//
//   echo protocol tcp PORT | echo protocol tls PORT | echo protocol unix PATH
//                                                          prints READY and where it listens
//
// An idle connection costs a descriptor and 32 bytes. What the kernel does not take at once is copied, and the
// connection is not read until that has left. TLS is OpenSSL's: it reads the socket itself, several records at
// once, and writes into memory, from which they leave together. BENCH_CERT and BENCH_KEY name the PEM files.

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef WITH_TLS
#include <openssl/ssl.h>
#endif

enum { BUFFER = 128 * 1024, EVENTS = 512, BACKLOG = 1024 };

struct connection {
  int fd;
  char *rest; // what the kernel has not taken yet; null: nothing
  size_t start, end;
#ifdef WITH_TLS
  SSL *tls; // null: plain
#endif
};

static int poller;
static int is_tcp, is_tls;
static char buffer[BUFFER];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int operation, struct connection *c, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(poller, operation, c->fd, &event) < 0) die("epoll_ctl");
}

static void drop(struct connection *c) {
#ifdef WITH_TLS
  SSL_free(c->tls);
#endif
  close(c->fd);
  free(c->rest);
  free(c);
}

// Sends; true unless the connection is broken. *sent tells how much the kernel took.
static int transmit(int fd, const char *from, size_t size, size_t *sent) {
  *sent = 0;
  while (*sent < size) {
    ssize_t n = send(fd, from + *sent, size - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    *sent += (size_t)n;
  }
  return 1;
}

static void readable(struct connection *c) {
  ssize_t n = recv(c->fd, buffer, BUFFER, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  size_t sent;
  if (n <= 0 || !transmit(c->fd, buffer, (size_t)n, &sent)) {
    drop(c);
    return;
  }
  if (sent < (size_t)n) {
    c->end = (size_t)n - sent;
    c->start = 0;
    c->rest = malloc(c->end);
    if (!c->rest) die("malloc");
    memcpy(c->rest, buffer + sent, c->end);
    watch(EPOLL_CTL_MOD, c, EPOLLOUT);
  }
}

static void writable(struct connection *c) {
  size_t sent;
  if (!transmit(c->fd, c->rest + c->start, c->end - c->start, &sent)) {
    drop(c);
    return;
  }
  c->start += sent;
  if (c->start == c->end) {
    free(c->rest);
    c->rest = NULL;
    watch(EPOLL_CTL_MOD, c, EPOLLIN);
  }
}

#ifdef WITH_TLS
static SSL_CTX *context;

static void tls_prepare(void) {
  context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context, getenv("BENCH_CERT")) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, getenv("BENCH_KEY"), SSL_FILETYPE_PEM) != 1) {
    fprintf(stderr, "BENCH_CERT and BENCH_KEY do not name a certificate and its key\n");
    exit(1);
  }
}

static void tls_begin(struct connection *c) {
  c->tls = SSL_new(context);
  BIO *in = BIO_new_socket(c->fd, BIO_NOCLOSE), *out = BIO_new(BIO_s_mem());
  if (!c->tls || !in || !out) die("SSL_new");
  SSL_set_bio(c->tls, in, out);
  SSL_set_accept_state(c->tls);
}

// Sends the records that wait; true unless the connection is broken. *left tells how much waits still.
static int tls_flush(struct connection *c, size_t *left) {
  char *records;
  BIO *out = SSL_get_wbio(c->tls);
  size_t size = (size_t)BIO_get_mem_data(out, &records), sent;
  if (!transmit(c->fd, records, size, &sent)) return 0;
  *left = size - sent;
  if (*left == 0)
    (void)BIO_reset(out);
  else
    while (sent > 0) sent -= (size_t)BIO_read(out, buffer, (int)(sent < BUFFER ? sent : BUFFER));
  return 1;
}

// Echoes what has come, as long as all of it leaves at once. OpenSSL may hold bytes that epoll does not know of,
// so this goes on until it has no more.
static void tls_ready(struct connection *c) {
  size_t waits;
  int more = 1, was_blocked = BIO_pending(SSL_get_wbio(c->tls)) > 0;
  if (!tls_flush(c, &waits)) more = -1;
  while (more == 1 && waits == 0) {
    int n = SSL_read(c->tls, buffer, BUFFER);
    if (n > 0) {
      if (SSL_write(c->tls, buffer, n) != n)
        more = -1;
      else if (!SSL_has_pending(c->tls))
        more = 0;
      else if (BIO_pending(SSL_get_wbio(c->tls)) < BUFFER)
        continue;
    } else {
      more = SSL_get_error(c->tls, n) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    if (!tls_flush(c, &waits)) more = -1;
  }
  if (more < 0)
    drop(c);
  else if (was_blocked != (waits > 0))
    watch(EPOLL_CTL_MOD, c, waits > 0 ? EPOLLOUT : EPOLLIN);
}
#endif

static void ready(struct connection *c) {
#ifdef WITH_TLS
  if (c->tls) {
    tls_ready(c);
    return;
  }
#endif
  if (c->rest)
    writable(c);
  else
    readable(c);
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    if (is_tcp) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *c = calloc(1, sizeof *c);
    if (!c) die("calloc");
    c->fd = fd;
#ifdef WITH_TLS
    if (is_tls) tls_begin(c);
#endif
    watch(EPOLL_CTL_ADD, c, EPOLLIN);
  }
}

static int listen_tcp(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, BACKLOG) < 0) die("listen");
  getsockname(fd, (struct sockaddr *)&address, &length);
  printf("READY %d", ntohs(address.sin_port));
  return fd;
}

static int listen_unix(const char *path) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  unlink(path);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)
    die("listen");
  printf("READY %s", path);
  return fd;
}

int main(int count, char **args) {
  if (count != 4 || strcmp(args[1], "protocol")) {
    fprintf(stderr, "usage: echo protocol tcp|tls PORT | echo protocol unix PATH\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  poller = epoll_create1(EPOLL_CLOEXEC);
  is_tls = strcmp(args[2], "tls") == 0;
  is_tcp = is_tls || strcmp(args[2], "tcp") == 0;
#ifdef WITH_TLS
  if (is_tls) tls_prepare();
#else
  if (is_tls) {
    fprintf(stderr, "built without TLS\n");
    return 2;
  }
#endif
  int listener = is_tcp ? listen_tcp(atoi(args[3])) : listen_unix(args[3]);
  struct connection door = {.fd = listener};
  watch(EPOLL_CTL_ADD, &door, EPOLLIN);
#ifdef WITH_TLS
  if (is_tls) printf(" %s,", OpenSSL_version(OPENSSL_VERSION));
#endif
  printf(" C epoll, level-triggered, gcc %s\n", __VERSION__);
  fflush(stdout);
  struct epoll_event events[EVENTS];
  for (;;) {
    int n = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == &door)
        accept_all(listener);
      else
        ready(c);
    }
  }
}
