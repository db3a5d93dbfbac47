/* What the programs about sockets share. */
#ifndef SOCKETS_H
#define SOCKETS_H
#include "conformance.h"
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BAD ((void *)0x10)
#define ALL_EVENTS 0x3fff

static inline int events_of(int fd) {
  struct pollfd one = {fd, ALL_EVENTS, 0};
  poll(&one, 1, 0);
  return one.revents & ~0x80;
}

static inline void nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/* An option as a number, or minus the error number. */
static inline long option(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) < 0 ? -errno : value;
}

static inline long set_option(int fd, int level, int name, int value) {
  return E(setsockopt(fd, level, name, &value, sizeof value));
}

/* Receives without waiting and says what came. */
static inline void got(const char *what, int fd, int flags) {
  char buffer[64] = {0};
  long count = E(recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT | flags));
  say("%s: %ld %s", what, count, buffer);
}

static int broken_pipes;
static void count_broken(int signal) { broken_pipes++; }

/* Sends and says what came of it, with how many SIGPIPE. */
static inline void sent(const char *what, int fd, const char *text, int flags) {
  broken_pipes = 0;
  handle(SIGPIPE, count_broken, 0);
  long count = E(send(fd, text, strlen(text), MSG_DONTWAIT | flags));
  say("%s: %ld, signals %d", what, count, broken_pipes);
}
#endif
