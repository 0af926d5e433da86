// The floor of the echo benchmark: one thread, one epoll, one buffer, nothing else.
//
//   echo protocol tcp PORT | echo protocol unix PATH      prints READY and where it listens
//
// An idle connection costs a descriptor and 32 bytes. What the kernel does not take at once is copied, and the
// connection is not read until that has left.

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

enum { BUFFER = 128 * 1024, EVENTS = 512, BACKLOG = 1024 };

struct connection {
  int fd;
  char *rest; // what the kernel has not taken yet; null: nothing
  size_t start, end;
};

static int poller;
static int is_tcp;
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

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    if (is_tcp) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *c = calloc(1, sizeof *c);
    if (!c) die("calloc");
    c->fd = fd;
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
    fprintf(stderr, "usage: echo protocol tcp PORT | echo protocol unix PATH\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  poller = epoll_create1(EPOLL_CLOEXEC);
  is_tcp = strcmp(args[2], "tcp") == 0;
  int listener = is_tcp ? listen_tcp(atoi(args[3])) : listen_unix(args[3]);
  struct connection door = {.fd = listener};
  watch(EPOLL_CTL_ADD, &door, EPOLLIN);
  printf(" C epoll, level-triggered, gcc %s\n", __VERSION__);
  fflush(stdout);
  struct epoll_event events[EVENTS];
  for (;;) {
    int n = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == &door)
        accept_all(listener);
      else if (c->rest)
        writable(c);
      else
        readable(c);
    }
  }
}
