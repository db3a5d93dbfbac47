/* tcp(7), udp(7), ip(7), ipv6(7) over the loopback interface: names, connections, and how they end. */
#include "sockets.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <sys/sendfile.h>

static struct sockaddr_in v4(const char *host, int port) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &name.sin_addr);
  return name;
}

static struct sockaddr_in6 v6(const char *host, int port) {
  struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  inet_pton(AF_INET6, host, &name.sin6_addr);
  return name;
}

static long bind4(int fd, const char *host, int port) {
  struct sockaddr_in name = v4(host, port);
  return E(bind(fd, (void *)&name, sizeof name));
}
static long bind6(int fd, const char *host, int port) {
  struct sockaddr_in6 name = v6(host, port);
  return E(bind(fd, (void *)&name, sizeof name));
}
static long connect4(int fd, const char *host, int port) {
  struct sockaddr_in name = v4(host, port);
  return E(connect(fd, (void *)&name, sizeof name));
}
static long connect6(int fd, const char *host, int port) {
  struct sockaddr_in6 name = v6(host, port);
  return E(connect(fd, (void *)&name, sizeof name));
}
static long sendto4(int fd, const char *text, const char *host, int port) {
  struct sockaddr_in name = v4(host, port);
  return E(sendto(fd, text, strlen(text), MSG_DONTWAIT, (void *)&name, sizeof name));
}
static long sendto6(int fd, const char *text, const char *host, int port) {
  struct sockaddr_in6 name = v6(host, port);
  return E(sendto(fd, text, strlen(text), MSG_DONTWAIT, (void *)&name, sizeof name));
}

static int port_in(void *name) { return ntohs(((struct sockaddr_in *)name)->sin_port); }

static int port_of(int fd) {
  struct sockaddr_storage name = {0};
  socklen_t length = sizeof name;
  return getsockname(fd, (void *)&name, &length) < 0 ? -errno : port_in(&name);
}

/* An address without its port: those differ from run to run. */
static void tell_endpoint(const char *what, int result, void *raw, socklen_t length) {
  char host[64] = "";
  struct sockaddr_in *name = raw;
  if (result < 0) {
    say("%s: %d", what, -errno);
    return;
  }
  if (length > 0) inet_ntop(name->sin_family, name->sin_family == AF_INET ? (void *)&name->sin_addr : (void *)&((struct sockaddr_in6 *)raw)->sin6_addr, host, sizeof host);
  say("%s: length %d family %d %s port %s", what, length, length ? name->sin_family : 0, host, length && port_in(raw) ? "some" : "none");
}

static void names_of(const char *what, int fd) {
  struct sockaddr_storage name = {0};
  socklen_t length = sizeof name;
  int result = getsockname(fd, (void *)&name, &length);
  tell_endpoint(what, result, &name, length);
  length = sizeof name;
  result = getpeername(fd, (void *)&name, &length);
  tell_endpoint("  its partner", result, &name, length);
}

static int listener(int family, int backlog, int *port) {
  int fd = socket(family, SOCK_STREAM, 0);
  if (family == AF_INET) bind4(fd, "127.0.0.1", 0);
  else bind6(fd, "::1", 0);
  listen(fd, backlog);
  *port = port_of(fd);
  return fd;
}

/* A connection: the client's end, and the server's. */
static void connected(int ends[2]) {
  int port, l = listener(AF_INET, 5, &port);
  ends[0] = socket(AF_INET, SOCK_STREAM, 0);
  connect4(ends[0], "127.0.0.1", port);
  ends[1] = accept(l, NULL, NULL);
  close(l);
}

/* A port that nobody has just now. */
static int closed_port(int type) {
  int fd = socket(AF_INET, type, 0);
  bind4(fd, "127.0.0.1", 0);
  int port = port_of(fd);
  close(fd);
  return port;
}

static void settle(void) { sleep_ms(5); }

static void making(void) {
  int kinds[][3] = {{AF_INET, SOCK_STREAM, 0}, {AF_INET, SOCK_STREAM, IPPROTO_TCP}, {AF_INET, SOCK_STREAM, IPPROTO_UDP}, {AF_INET, SOCK_DGRAM, 0},
    {AF_INET, SOCK_DGRAM, IPPROTO_TCP}, {AF_INET, SOCK_DGRAM, IPPROTO_UDP}, {AF_INET, SOCK_SEQPACKET, 0}, {AF_INET, SOCK_RDM, 0},
    {AF_INET, SOCK_STREAM, -1}, {AF_INET, SOCK_STREAM, 300}, {AF_INET, SOCK_STREAM, 17}, {AF_INET, 0, 0}, {AF_INET6, SOCK_STREAM, 0}, {AF_INET6, SOCK_DGRAM, 0},
    {AF_INET6, SOCK_STREAM, 17}, {AF_INET6, SOCK_SEQPACKET, 0}};
  for (int i = 0; i < 16; i++) {
    int fd = socket(kinds[i][0], kinds[i][1], kinds[i][2]);
    say("%d %d %d: %ld", kinds[i][0], kinds[i][1], kinds[i][2], fd < 0 ? E(fd) : 0);
    if (fd < 0) continue;
    say("  type %ld domain %ld protocol %ld events %x", option(fd, SOL_SOCKET, SO_TYPE), option(fd, SOL_SOCKET, SO_DOMAIN), option(fd, SOL_SOCKET, SO_PROTOCOL), events_of(fd));
    names_of("  names", fd);
  }
}

static void binding(void) {
  int a = socket(AF_INET, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in name = v4("127.0.0.1", 0);
  say("short %ld, other family %ld", E(bind(a, (void *)&name, 15)), ({ name.sin_family = 77; E(bind(a, (void *)&name, 16)); }));
  name = v4("0.0.0.0", 0), name.sin_family = AF_UNSPEC;
  say("no family, any %ld", E(bind(b, (void *)&name, 16)));
  close(b), b = socket(AF_INET, SOCK_STREAM, 0);
  name = v4("127.0.0.1", 0), name.sin_family = AF_UNSPEC;
  say("no family, some %ld", E(bind(a, (void *)&name, 16)));
  say("not ours %ld, multicast %ld %ld", bind4(a, "192.0.2.1", 0), bind4(socket(AF_INET, SOCK_STREAM, 0), "192.0.2.77", 0), bind4(socket(AF_INET, SOCK_DGRAM, 0), "224.0.0.5", 0));
  say("bind %ld", bind4(a, "127.0.0.1", 0));
  names_of("bound", a);
  int port = port_of(a);
  say("twice %ld", bind4(a, "127.0.0.1", 0));
  say("taken %ld, by any %ld, elsewhere %ld", bind4(b, "127.0.0.1", port), bind4(b, "0.0.0.0", port), bind4(b, "127.0.0.2", port));
  say("same number in udp %ld", bind4(u, "127.0.0.1", port));
  say("listen %ld again %ld", E(listen(a, 1)), E(listen(a, 2)));
  int c = socket(AF_INET, SOCK_STREAM, 0);
  set_option(c, SOL_SOCKET, SO_REUSEADDR, 1);
  say("reuse of one that listens %ld", bind4(c, "127.0.0.1", port));
  set_option(a, SOL_SOCKET, SO_REUSEADDR, 1);
  say("both reuse, one listens %ld", bind4(c, "127.0.0.1", port));
  int d = socket(AF_INET, SOCK_STREAM, 0), e = socket(AF_INET, SOCK_STREAM, 0);
  set_option(d, SOL_SOCKET, SO_REUSEADDR, 1), set_option(e, SOL_SOCKET, SO_REUSEADDR, 1);
  bind4(d, "127.0.0.1", 0);
  say("both reuse %ld", bind4(e, "127.0.0.1", port_of(d)));
  say("first listens %ld, second %ld", E(listen(d, 1)), E(listen(e, 1)));
  int f = socket(AF_INET, SOCK_STREAM, 0), g = socket(AF_INET, SOCK_STREAM, 0);
  set_option(f, SOL_SOCKET, SO_REUSEPORT, 1);
  bind4(f, "127.0.0.1", 0);
  say("one shares %ld", bind4(g, "127.0.0.1", port_of(f)));
  set_option(g, SOL_SOCKET, SO_REUSEPORT, 1);
  say("both share %ld, listen %ld %ld", bind4(g, "127.0.0.1", port_of(f)), E(listen(f, 1)), E(listen(g, 1)));
  int h = socket(AF_INET, SOCK_STREAM, 0);
  say("listen unbound %ld", E(listen(h, 0)));
  names_of("it has a port", h);
  say("listen of datagrams %ld, accept %ld", E(listen(u, 1)), E(accept(u, NULL, NULL)));
  int v = socket(AF_INET, SOCK_DGRAM, 0), w = socket(AF_INET, SOCK_DGRAM, 0);
  set_option(v, SOL_SOCKET, SO_REUSEADDR, 1), set_option(w, SOL_SOCKET, SO_REUSEADDR, 1);
  bind4(v, "127.0.0.1", 0);
  say("udp taken %ld, both reuse %ld", bind4(socket(AF_INET, SOCK_DGRAM, 0), "127.0.0.1", port_of(v)), bind4(w, "127.0.0.1", port_of(v)));
}

static void versions(void) {
  int a = socket(AF_INET6, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 name = v6("::1", 0);
  say("short %ld, without a scope %ld", E(bind(a, (void *)&name, 23)), E(bind(c, (void *)&name, 24)));
  say("other family %ld, not ours %ld", bind4(a, "127.0.0.1", 0), bind6(a, "2001:db8::1", 0));
  say("v6 only is %ld", option(a, IPPROTO_IPV6, IPV6_V6ONLY));
  say("any %ld", bind6(a, "::", 0));
  say("v6 only, too late %ld", set_option(a, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  listen(a, 5);
  int port = port_of(a);
  say("v4 of the same port %ld %ld", bind4(b, "0.0.0.0", port), bind4(b, "127.0.0.1", port));
  say("v4 connects %ld", connect4(b, "127.0.0.1", port));
  names_of("client", b);
  struct sockaddr_storage who;
  socklen_t length = sizeof who;
  int s = accept(a, (void *)&who, &length);
  tell_endpoint("who", s, &who, length);
  names_of("server", s);
  int d = socket(AF_INET6, SOCK_STREAM, 0);
  say("v6 connects to mapped %ld", connect6(d, "::ffff:127.0.0.1", port));
  names_of("client", d);
  int e = socket(AF_INET6, SOCK_STREAM, 0);
  say("to any %ld", connect6(e, "::", port));
  names_of("client", e);
  int f = socket(AF_INET6, SOCK_STREAM, 0), g = socket(AF_INET, SOCK_STREAM, 0);
  say("v6 only %ld is %ld", set_option(f, IPPROTO_IPV6, IPV6_V6ONLY, 1), option(f, IPPROTO_IPV6, IPV6_V6ONLY));
  say("mapped %ld", bind6(f, "::ffff:127.0.0.1", 0));
  say("any %ld", bind6(f, "::", 0));
  say("v4 beside it %ld", bind4(g, "0.0.0.0", port_of(f)));
  say("mapped to v6 only %ld", connect6(f, "::ffff:127.0.0.1", port));
  listen(f, 1);
  say("v4 to v6 only %ld", connect4(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", port_of(f)));
  int h = socket(AF_INET, SOCK_STREAM, 0);
  say("v4 of 127.1.2.3 %ld", bind4(h, "127.1.2.3", 0));
  listen(h, 1);
  int i = socket(AF_INET, SOCK_STREAM, 0);
  say("to another address %ld", connect4(i, "127.0.0.1", port_of(h)));
  close(i), i = socket(AF_INET, SOCK_STREAM, 0);
  say("to the very one %ld", connect4(i, "127.1.2.3", port_of(h)));
  names_of("client", i);
  int j = socket(AF_INET6, SOCK_DGRAM, 0), k = socket(AF_INET, SOCK_DGRAM, 0), m = socket(AF_INET6, SOCK_DGRAM, 0);
  bind6(j, "::", 0);
  say("udp to both %ld %ld", sendto4(k, "from v4", "127.0.0.1", port_of(j)), sendto6(m, "from v6", "::1", port_of(j)));
  for (int n = 0; n < 2; n++) {
    char buffer[16] = {0};
    length = sizeof who;
    long count = E(recvfrom(j, buffer, 16, 0, (void *)&who, &length));
    tell_endpoint(buffer, count, &who, length);
  }
  say("v6 socket to v4 %ld, v4 to v6 %ld", sendto4(m, "x", "127.0.0.1", port_of(j)), sendto6(k, "x", "::1", port_of(j)));
}

static void connecting(void) {
  int port, l = listener(AF_INET, 1, &port), c = socket(AF_INET, SOCK_STREAM, 0);
  say("listens %x accepts %ld", events_of(l), option(l, SOL_SOCKET, SO_ACCEPTCONN));
  names_of("listener", l);
  say("accept %ld of a client %ld", ({ nonblocking(l); E(accept(l, NULL, NULL)); }), E(accept(c, NULL, NULL)));
  got("before", c, 0);
  sent("before", c, "x", 0);
  say("shutdown %ld, %x", E(shutdown(c, SHUT_WR)), events_of(c));
  close(c), c = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in name = v4("127.0.0.1", port);
  say("short %ld, of a byte %ld, family %ld", E(connect(c, (void *)&name, 15)), E(connect(c, (void *)&name, 1)), ({ name.sin_family = 77; E(connect(c, (void *)&name, 16)); }));
  say("connect %ld", connect4(c, "127.0.0.1", port));
  say("again %ld, to listen %ld, a listener %ld", connect4(c, "127.0.0.1", port), E(listen(c, 1)), connect4(l, "127.0.0.1", port));
  names_of("client", c);
  sent("early", c, "early", 0);
  struct sockaddr_storage who;
  socklen_t length = sizeof who;
  int s = accept4(l, (void *)&who, &length, SOCK_CLOEXEC);
  tell_endpoint("who", s, &who, length);
  say("it is the client %d, flags %x %x", port_in(&who) == port_of(c), fcntl(s, F_GETFD), fcntl(s, F_GETFL));
  say("events %x %x", events_of(c), events_of(s));
  char buffer[16] = {0};
  length = sizeof who;
  say("from %ld %s length %d", E(recvfrom(s, buffer, 16, 0, (void *)&who, &length)), buffer, length);
  say("to an address %ld", sendto4(c, "x", "192.0.2.1", 9));
  int n = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  say("without waiting %ld", connect4(n, "127.0.0.1", port));
  settle();
  say("then %x error %ld", events_of(n), option(n, SOL_SOCKET, SO_ERROR));
  say("second %ld third %ld", connect4(n, "127.0.0.1", port), connect4(n, "127.0.0.1", port));
  int closed = closed_port(SOCK_STREAM), r = socket(AF_INET, SOCK_STREAM, 0);
  say("closed port %ld", connect4(r, "127.0.0.1", closed));
  say("%x error %ld", events_of(r), option(r, SOL_SOCKET, SO_ERROR));
  say("and then an open one %ld", connect4(r, "127.0.0.1", port));
  close(accept(l, NULL, NULL));
  int q = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  say("closed without waiting %ld", connect4(q, "127.0.0.1", closed));
  settle();
  say("then %x", events_of(q));
  say("error %ld, then %ld, %x", option(q, SOL_SOCKET, SO_ERROR), option(q, SOL_SOCKET, SO_ERROR), events_of(q));
  say("connect after it was told %ld", connect4(q, "127.0.0.1", closed));
  close(q), q = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  connect4(q, "127.0.0.1", closed);
  settle();
  say("connect before it was told %ld, then %ld", connect4(q, "127.0.0.1", closed), connect4(q, "127.0.0.1", closed));
  settle();
  got("recv tells it", q, 0);
  got("once", q, 0);
  sent("send", q, "x", 0);
  say("port 0 %ld", connect4(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", 0));
  struct sockaddr none = {AF_UNSPEC};
  say("dissolve %ld", E(connect(c, &none, sizeof none)));
  settle();
  got("the other end", s, 0);
  got("and then", s, 0);
}

static void *shut_later(void *fd) {
  sleep_ms(50);
  shutdown((int)(long)fd, SHUT_RDWR);
  return NULL;
}

static void waiting(void) {
  int port, l = listener(AF_INET, 5, &port), ends[2];
  pthread_t thread;
  pid_t child = fork();
  char buffer[32] = {0};
  if (child == 0) {
    int c = socket(AF_INET, SOCK_STREAM, 0);
    sleep_ms(20);
    if (connect4(c, "127.0.0.1", port)) _exit(1);
    sleep_ms(20);
    send(c, "first", 5, 0);
    sleep_ms(20);
    send(c, "second", 6, 0);
    _exit(0);
  }
  int s = accept(l, NULL, NULL);
  say("all %ld %s", E(recv(s, buffer, 11, MSG_WAITALL)), buffer);
  say("end %ld, %s", E(recv(s, buffer, 8, 0)), reaped(child, 0));
  pthread_create(&thread, NULL, shut_later, (void *)(long)l);
  say("accept that is shut %ld", E(accept(l, NULL, NULL)));
  pthread_join(thread, NULL);
  connected(ends);
  pthread_create(&thread, NULL, shut_later, (void *)(long)ends[0]);
  say("recv that is shut %ld", E(recv(ends[0], buffer, 8, 0)));
  pthread_join(thread, NULL);
  int u = socket(AF_INET, SOCK_DGRAM, 0);
  bind4(u, "127.0.0.1", 0);
  pthread_create(&thread, NULL, shut_later, (void *)(long)u);
  say("recv of datagrams that is shut %ld", E(recv(u, buffer, 8, 0)));
  pthread_join(thread, NULL);
  struct timeval soon = {0, 40000};
  connected(ends);
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
  double start = now_ms();
  say("timeout %ld, waited %d", E(recv(ends[0], buffer, 8, 0)), now_ms() - start > 30);
  send(ends[1], "part", 4, 0);
  say("part %ld", E(recv(ends[0], buffer, 8, MSG_WAITALL)));
  char *big = calloc(1, 8 << 20);
  child = fork();
  if (child == 0) {
    long all = 0, count;
    close(ends[0]);
    sleep_ms(50);
    while ((count = read(ends[1], big, 100000)) > 0) all += count;
    say("read %ld", all);
    _exit(0);
  }
  close(ends[1]);
  long whole = E(write(ends[0], big, 8 << 20));
  close(ends[0]);
  reaped(child, 0);
  say("write %ld", whole);
  connected(ends);
  nonblocking(ends[0]);
  while (write(ends[0], big, 100000) > 0);
  say("full %d, out %x", errno, events_of(ends[0]) & POLLOUT);
  long all = 0, count;
  while ((count = recv(ends[1], big, 8 << 20, MSG_DONTWAIT)) > 0) all += count;
  sleep_ms(20);
  say("room again, out %x", events_of(ends[0]) & POLLOUT);
}

static void endings(void) {
  int ends[2];
  connected(ends);
  say("events %x %x", events_of(ends[0]), events_of(ends[1]));
  say("shut %ld", E(shutdown(ends[0], SHUT_WR)));
  settle();
  say("its end %x, the other %x", events_of(ends[0]), events_of(ends[1]));
  got("end", ends[1], 0);
  sent("other way", ends[1], "still", 0);
  settle();
  got("came", ends[0], 0);
  sent("shut way", ends[0], "x", 0);
  sent("quietly", ends[0], "x", MSG_NOSIGNAL);
  say("shut both %ld", E(shutdown(ends[1], SHUT_WR)));
  settle();
  say("both %x %x", events_of(ends[0]), events_of(ends[1]));
  names_of("over", ends[1]);
  say("once more %ld %ld", E(shutdown(ends[0], SHUT_RDWR)), E(shutdown(ends[1], SHUT_RDWR)));
  say("odd %ld %ld", E(shutdown(ends[0], 3)), E(shutdown(ends[0], -1)));
  got("end", ends[0], 0);
  sent("send", ends[1], "x", 0);

  connected(ends);
  close(ends[1]);
  settle();
  say("closed %x", events_of(ends[0]));
  got("end", ends[0], 0);
  sent("first", ends[0], "x", 0);
  settle();
  say("then %x", events_of(ends[0]));
  sent("second", ends[0], "x", 0);
  sent("third", ends[0], "x", 0);
  got("recv", ends[0], 0);

  connected(ends);
  sent("unread", ends[0], "unread", 0);
  sent("read", ends[1], "read", 0);
  settle();
  close(ends[1]);
  settle();
  say("broken off %x", events_of(ends[0]));
  got("what came", ends[0], 0);
  got("reset", ends[0], 0);
  got("then the end", ends[0], 0);
  sent("send", ends[0], "x", 0);

  connected(ends);
  sent("unread", ends[0], "unread", 0);
  settle();
  close(ends[1]);
  settle();
  sent("send tells it", ends[0], "x", 0);
  sent("then it is broken", ends[0], "x", 0);
  say("error %ld", option(ends[0], SOL_SOCKET, SO_ERROR));

  connected(ends);
  struct linger now = {1, 0};
  setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(ends[1]);
  settle();
  say("linger of none %x error %ld", events_of(ends[0]), option(ends[0], SOL_SOCKET, SO_ERROR));

  connected(ends);
  shutdown(ends[1], SHUT_RD);
  sent("to who does not read", ends[0], "data", 0);
  settle();
  say("events %x", events_of(ends[1]));
  got("reads all the same", ends[1], 0);
  got("and the end", ends[1], 0);
  shutdown(ends[1], SHUT_WR);
  settle();
  sent("to who shut both", ends[0], "x", 0);
  settle();
  say("then %x %x, errors %ld %ld", events_of(ends[0]), events_of(ends[1]), option(ends[0], SOL_SOCKET, SO_ERROR), option(ends[1], SOL_SOCKET, SO_ERROR));

  int port, l = listener(AF_INET, 5, &port), c = socket(AF_INET, SOCK_STREAM, 0);
  connect4(c, "127.0.0.1", port);
  close(l);
  settle();
  say("listener gone %x", events_of(c));
  got("reset", c, 0);
  l = listener(AF_INET, 5, &port);
  c = socket(AF_INET, SOCK_STREAM, 0);
  connect4(c, "127.0.0.1", port);
  sent("bye", c, "bye", 0);
  close(c);
  settle();
  struct sockaddr_storage who;
  socklen_t length = sizeof who;
  int s = accept(l, (void *)&who, &length);
  tell_endpoint("accepted when gone", s, &who, length);
  got("its word", s, 0);
  got("its end", s, 0);
  say("shut a listener's reading %ld", E(shutdown(l, SHUT_RD)));
  say("%x, accept %ld", events_of(l), E(accept(l, NULL, NULL)));
  say("listen again %ld", E(listen(l, 1)));
}

static void datagrams(void) {
  int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
  sent("without an address", a, "x", 0);
  bind4(a, "127.0.0.1", 0);
  int port = port_of(a);
  say("sendto %ld", sendto4(b, "hello", "127.0.0.1", port));
  names_of("it has a port", b);
  struct sockaddr_storage who;
  socklen_t length = sizeof who;
  char buffer[64] = {0};
  say("waiting %x", events_of(a));
  int queued = -1;
  ioctl(a, FIONREAD, &queued);
  say("bytes %d", queued);
  long count = E(recvfrom(a, buffer, 3, MSG_TRUNC, (void *)&who, &length));
  say("cut %ld %s", count, buffer);
  tell_endpoint("from", 0, &who, length);
  say("it is b %d", port_in(&who) == port_of(b));
  got("the rest is gone", a, 0);
  struct sockaddr_in name = v4("127.0.0.1", port);
  say("short %ld, port 0 %ld, family %ld", E(sendto(b, "x", 1, 0, (void *)&name, 15)), sendto4(b, "x", "127.0.0.1", 0), ({ name.sin_family = 77; E(sendto(b, "x", 1, 0, (void *)&name, 16)); }));
  name = v4("127.0.0.1", port), name.sin_family = AF_UNSPEC;
  say("no family %ld", E(sendto(b, "x", 1, 0, (void *)&name, 16)));
  got("came", a, 0);
  say("empty %ld", sendto4(b, "", "127.0.0.1", port));
  got("empty", a, 0);
  char *big = calloc(1, 70000);
  name = v4("127.0.0.1", port);
  say("most %ld, more %ld, much more %ld", E(sendto(b, big, 65507, 0, (void *)&name, 16)), E(sendto(b, big, 65508, 0, (void *)&name, 16)), E(sendto(b, big, 70000, 0, (void *)&name, 16)));
  say("came %ld", E(recv(a, big, 70000, 0)));
  int closed = closed_port(SOCK_DGRAM);
  say("nobody there %ld %ld", sendto4(b, "x", "127.0.0.1", closed), sendto4(b, "x", "127.0.0.1", closed));
  say("no error %ld", option(b, SOL_SOCKET, SO_ERROR));
  say("connect %ld", connect4(b, "127.0.0.1", closed));
  names_of("connected", b);
  sent("first", b, "x", 0);
  settle();
  say("events %x", events_of(b));
  sent("second tells", b, "x", 0);
  sent("third", b, "x", 0);
  settle();
  got("recv tells", b, 0);
  got("once", b, 0);
  say("connect anew %ld", connect4(b, "127.0.0.1", port));
  sent("send", b, "to a", 0);
  got("came", a, 0);
  int c = socket(AF_INET, SOCK_DGRAM, 0);
  say("from a stranger %ld", sendto4(c, "x", "127.0.0.1", port_of(b)));
  got("is not heard", b, 0);
  say("to another %ld", sendto4(b, "elsewhere", "127.0.0.1", port_of(c)));
  got("c got", c, 0);
  struct sockaddr none = {AF_UNSPEC};
  say("dissolve %ld", E(connect(b, &none, sizeof none)));
  names_of("dissolved", b);
  sent("send", b, "x", 0);
  say("shutdown unconnected %ld, %x", E(shutdown(b, SHUT_RDWR)), events_of(b));
  connect4(a, "127.0.0.1", port_of(c));
  say("shutdown %ld %x", E(shutdown(a, SHUT_WR)), events_of(a));
  sent("after it", a, "x", 0);
  say("shutdown %ld %x", E(shutdown(a, SHUT_RD)), events_of(a));
  got("recv", a, 0);
  int d = socket(AF_INET, SOCK_DGRAM, 0), small = socket(AF_INET, SOCK_DGRAM, 0);
  bind4(small, "127.0.0.1", 0);
  set_option(small, SOL_SOCKET, SO_RCVBUF, 1);
  long taken = 0;
  for (int i = 0; i < 100; i++) sendto4(d, "0123456789", "127.0.0.1", port_of(small));
  while (recv(small, buffer, 64, MSG_DONTWAIT) > 0) taken++;
  say("some lost %d, some came %d", taken < 100, taken > 0);
  connect4(d, "127.0.0.1", port_of(d));
  sent("to itself", d, "mirror", 0);
  got("mirror", d, 0);
}

static void told_beside(void) {
  int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
  bind4(a, "0.0.0.0", 0);
  say("%ld %ld %ld", set_option(a, IPPROTO_IP, IP_PKTINFO, 1), set_option(a, IPPROTO_IP, IP_RECVTTL, 1), set_option(a, IPPROTO_IP, IP_RECVTOS, 1));
  sendto4(b, "x", "127.0.0.1", port_of(a));
  char buffer[8], control[256] = {0};
  struct iovec vector = {buffer, 8};
  struct sockaddr_in who;
  struct msghdr message = {.msg_name = &who, .msg_namelen = sizeof who, .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  say("recvmsg %ld flags %x name %d control %ld", E(recvmsg(a, &message, 0)), message.msg_flags, message.msg_namelen, (long)message.msg_controllen);
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    say("  level %d type %d length %ld", header->cmsg_level, header->cmsg_type, (long)header->cmsg_len);
    if (header->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(header), sizeof info);
      say("  interface %d %s", info.ipi_ifindex, inet_ntoa(info.ipi_addr));
    }
  }
}

static long send_header(int from, int to, int level, int type, const void *data, int length) {
  char control[64] = {0};
  struct sockaddr_in name = v4("127.0.0.1", port_of(to));
  struct iovec vector = {"x", 1};
  struct msghdr message = {&name, sizeof name, &vector, 1, control, CMSG_SPACE(length)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level, header->cmsg_type = type, header->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(header), data, length);
  return E(sendmsg(from, &message, 0));
}

static void said_beside(void) {
  int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), values[] = {7, 0, 256, -1};
  bind4(a, "127.0.0.1", 0);
  set_option(a, IPPROTO_IP, IP_RECVTTL, 1);
  for (int i = 0; i < 4; i++) say("ttl %d: %ld", values[i], send_header(b, a, IPPROTO_IP, IP_TTL, &values[i], 4));
  say("short %ld, another %ld, of sockets %ld", send_header(b, a, IPPROTO_IP, IP_TTL, values, 2), send_header(b, a, IPPROTO_IP, 99, values, 4), send_header(b, a, SOL_SOCKET, 99, values, 4));
  say("descriptors %ld, another level %ld", send_header(b, a, SOL_SOCKET, SCM_RIGHTS, values, 4), send_header(b, a, 99, 1, values, 4));
  char buffer[8], control[64] = {0};
  struct iovec vector = {buffer, 8};
  struct msghdr message = {NULL, 0, &vector, 1, control, sizeof control};
  say("recvmsg %ld", E(recvmsg(a, &message, 0)));
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  int hops = 0;
  if (header) memcpy(&hops, CMSG_DATA(header), 4);
  say("ttl %d", hops);
}

static void tcp_reading(void) {
  int ends[2], queued = -1;
  char buffer[64] = {0};
  connected(ends);
  sent("ten", ends[0], "0123456789", 0);
  settle();
  say("peek %ld %s", E(recv(ends[1], buffer, 4, MSG_PEEK)), buffer);
  ioctl(ends[1], FIONREAD, &queued);
  say("waiting %d", queued);
  say("thrown away %ld", E(recv(ends[1], NULL, 4, MSG_TRUNC)));
  say("nowhere %ld", E(recv(ends[1], BAD, 4, 0)));
  got("rest", ends[1], 0);
  say("from nowhere %ld", E(send(ends[0], BAD, 4, 0)));
  say("urgent, none %ld", E(recv(ends[1], buffer, 1, MSG_OOB)));
  say("errors, none %ld", E(recv(ends[1], buffer, 1, MSG_ERRQUEUE)));
  struct iovec parts[3] = {{"ab", 2}, {"cde", 3}, {"f", 1}};
  say("writev %ld", E(writev(ends[0], parts, 3)));
  settle();
  struct iovec into[2] = {{buffer, 4}, {buffer + 8, 10}};
  memset(buffer, 0, sizeof buffer);
  say("readv %ld %s %s", E(readv(ends[1], into, 2)), buffer, buffer + 8);
  int file = open("sent", O_RDWR | O_CREAT | O_TRUNC, 0600);
  write(file, "from a file", 11);
  off_t at = 0;
  say("sendfile %ld at %ld", E(sendfile(ends[0], file, &at, 11)), (long)at);
  settle();
  got("sent", ends[1], 0);
}

static void urgent(void) {
  int ends[2], at = -1;
  char buffer[16] = {0};
  connected(ends);
  send(ends[0], "abc", 3, 0);
  say("urgent %ld", E(send(ends[0], "deU", 3, MSG_OOB)));
  send(ends[0], "fg", 2, 0);
  settle();
  say("events %x", events_of(ends[1]));
  say("not there %ld", E(ioctl(ends[1], SIOCATMARK, &at)));
  say("at %d", at);
  say("it %ld", E(recv(ends[1], buffer, 8, MSG_OOB | MSG_PEEK)));
  say("is %s", buffer);
  say("it %ld", E(recv(ends[1], buffer, 8, MSG_OOB)));
  say("no more %ld", E(recv(ends[1], buffer, 8, MSG_OOB)));
  say("events %x", events_of(ends[1]));
  got("up to it", ends[1], 0);
  ioctl(ends[1], SIOCATMARK, &at);
  say("at %d", at);
  got("behind it", ends[1], 0);
  ioctl(ends[1], SIOCATMARK, &at);
  say("at %d", at);
  send(ends[0], "V", 1, MSG_OOB);
  settle();
  say("events %x", events_of(ends[1]) & (POLLPRI | POLLIN));
  connected(ends);
  set_option(ends[1], SOL_SOCKET, SO_OOBINLINE, 1);
  send(ends[0], "abU", 3, MSG_OOB);
  settle();
  say("in its place %ld", E(recv(ends[1], buffer, 8, MSG_OOB)));
  got("before", ends[1], 0);
  got("it", ends[1], 0);
  int u = socket(AF_INET, SOCK_DGRAM, 0);
  bind4(u, "127.0.0.1", 0);
  struct sockaddr_in name = v4("127.0.0.1", port_of(u));
  say("datagrams %ld", E(sendto(u, "x", 1, MSG_OOB, (void *)&name, sizeof name)));
  say("recv %ld", E(recv(u, buffer, 1, MSG_OOB | MSG_DONTWAIT)));
}

static void options(void) {
  int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), six = socket(AF_INET6, SOCK_STREAM, 0);
  int names[] = {SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST, SO_KEEPALIVE, SO_OOBINLINE, SO_PRIORITY,
                 SO_REUSEPORT, SO_RCVLOWAT, SO_SNDLOWAT, SO_TIMESTAMP, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, 1000};
  for (int i = 0; i < 17; i++) say("option %d: %ld %ld", names[i], option(tcp, SOL_SOCKET, names[i]), option(udp, SOL_SOCKET, names[i]));
  int levels[][2] = {{IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_CORK}, {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL}, {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_SYNCNT}, {IPPROTO_TCP, TCP_DEFER_ACCEPT}, {IPPROTO_TCP, TCP_QUICKACK}, {IPPROTO_TCP, TCP_USER_TIMEOUT}, {IPPROTO_TCP, TCP_MAXSEG}, {IPPROTO_TCP, 999},
    {IPPROTO_IP, IP_TOS}, {IPPROTO_IP, IP_TTL}, {IPPROTO_IP, IP_PKTINFO}, {IPPROTO_IP, IP_RECVERR}, {IPPROTO_IP, IP_MULTICAST_TTL}, {IPPROTO_IP, IP_MULTICAST_LOOP}, {IPPROTO_IP, 999},
    {IPPROTO_IPV6, IPV6_V6ONLY}, {IPPROTO_IPV6, IPV6_UNICAST_HOPS}, {IPPROTO_IPV6, IPV6_MULTICAST_HOPS}, {IPPROTO_IPV6, IPV6_RECVPKTINFO}, {IPPROTO_IPV6, IPV6_TCLASS}, {IPPROTO_IPV6, 999}, {77, 1}};
  for (int i = 0; i < 25; i++) say("level %d option %d: %ld %ld %ld", levels[i][0], levels[i][1], option(tcp, levels[i][0], levels[i][1]), option(udp, levels[i][0], levels[i][1]), option(six, levels[i][0], levels[i][1]));
  say("set unknown %ld %ld %ld %ld %ld", set_option(tcp, 77, 1, 1), set_option(tcp, IPPROTO_TCP, 999, 1), set_option(udp, IPPROTO_TCP, TCP_NODELAY, 1), set_option(tcp, IPPROTO_IPV6, IPV6_V6ONLY, 1), set_option(six, 77, 1, 1));
  say("nodelay %ld %ld", set_option(tcp, IPPROTO_TCP, TCP_NODELAY, 5), option(tcp, IPPROTO_TCP, TCP_NODELAY));
  say("keepidle %ld %ld, odd %ld %ld", set_option(tcp, IPPROTO_TCP, TCP_KEEPIDLE, 10), option(tcp, IPPROTO_TCP, TCP_KEEPIDLE), set_option(tcp, IPPROTO_TCP, TCP_KEEPIDLE, 0), set_option(tcp, IPPROTO_TCP, TCP_KEEPIDLE, 40000));
  say("keepcnt odd %ld, intvl odd %ld, timeout odd %ld", set_option(tcp, IPPROTO_TCP, TCP_KEEPCNT, 128), set_option(tcp, IPPROTO_TCP, TCP_KEEPINTVL, -1), set_option(tcp, IPPROTO_TCP, TCP_USER_TIMEOUT, -1));
  say("ttl %ld %ld, odd %ld %ld, default %ld %ld", set_option(tcp, IPPROTO_IP, IP_TTL, 10), option(tcp, IPPROTO_IP, IP_TTL), set_option(tcp, IPPROTO_IP, IP_TTL, 0), set_option(tcp, IPPROTO_IP, IP_TTL, 256), set_option(tcp, IPPROTO_IP, IP_TTL, -1), option(tcp, IPPROTO_IP, IP_TTL));
  unsigned char byte = 33;
  socklen_t length = 1;
  say("ttl in a byte %ld %ld", E(setsockopt(udp, IPPROTO_IP, IP_TTL, &byte, 1)), option(udp, IPPROTO_IP, IP_TTL));
  byte = 0;
  say("told in a byte %ld %d %d", E(getsockopt(udp, IPPROTO_IP, IP_TTL, &byte, &length)), byte, length);
  say("tcp in a byte %ld", E(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &byte, 1)));
  char name[32] = {0};
  length = sizeof name;
  say("congestion %ld length %d some %d", E(getsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, name, &length)), length, name[0] != 0);
  struct tcp_info info = {0};
  length = sizeof info;
  int ends[2];
  connected(ends);
  say("info %ld, state %d", E(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, &info, &length)), info.tcpi_state);
  shutdown(ends[1], SHUT_WR);
  settle();
  length = 1;
  say("a byte of it %ld, state %d", E(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, &info, &length)), info.tcpi_state);
  set_option(tcp, SOL_SOCKET, SO_SNDBUF, 50000);
  set_option(tcp, SOL_SOCKET, SO_RCVBUF, 50000);
  say("buffers %ld %ld", option(tcp, SOL_SOCKET, SO_SNDBUF), option(tcp, SOL_SOCKET, SO_RCVBUF));
  say("device %ld", E(setsockopt(tcp, SOL_SOCKET, SO_BINDTODEVICE, "nothing", 8)));
  int port, l = listener(AF_INET, 1, &port), c = socket(AF_INET, SOCK_STREAM, 0);
  set_option(l, SOL_SOCKET, SO_KEEPALIVE, 1), set_option(l, IPPROTO_TCP, TCP_NODELAY, 1);
  connect4(c, "127.0.0.1", port);
  int s = accept(l, NULL, NULL);
  say("inherited %ld %ld", option(s, SOL_SOCKET, SO_KEEPALIVE), option(s, IPPROTO_TCP, TCP_NODELAY));
}

static int waited(int epoll) {
  struct epoll_event event = {0};
  return epoll_wait(epoll, &event, 1, 0) > 0 ? (int)event.events : 0;
}

static void edges(void) {
  int ends[2], epoll = epoll_create1(0), epoll2 = epoll_create1(0), port;
  connected(ends);
  struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, {0}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event);
  say("at first %x, again %x", waited(epoll), waited(epoll));
  sent("a", ends[0], "a", 0);
  settle();
  say("a %x, again %x", waited(epoll), waited(epoll));
  sent("b", ends[0], "b", 0);
  settle();
  say("b %x, again %x", waited(epoll), waited(epoll));
  got("both", ends[1], 0);
  say("read %x", waited(epoll));
  shutdown(ends[0], SHUT_WR);
  settle();
  say("shut %x, again %x", waited(epoll), waited(epoll));
  close(ends[0]);
  settle();
  say("closed %x", waited(epoll));
  sent("x", ends[1], "x", 0);
  settle();
  say("broken off %x, again %x", waited(epoll), waited(epoll));
  int l = listener(AF_INET, 5, &port), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  event.events = EPOLLIN | EPOLLET;
  epoll_ctl(epoll2, EPOLL_CTL_ADD, l, &event);
  connect4(c, "127.0.0.1", port);
  settle();
  say("one %x, again %x", waited(epoll2), waited(epoll2));
  connect4(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "127.0.0.1", port);
  settle();
  say("two %x, again %x", waited(epoll2), waited(epoll2));
  int epoll3 = epoll_create1(0);
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  int n = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  epoll_ctl(epoll3, EPOLL_CTL_ADD, n, &event);
  say("fresh %x", waited(epoll3));
  connect4(n, "127.0.0.1", port);
  settle();
  say("connected %x, again %x", waited(epoll3), waited(epoll3));
}

int main(void) {
  RUN(making);
  RUN(binding);
  RUN(versions);
  RUN(connecting);
  RUN(waiting);
  RUN(endings);
  RUN(datagrams);
  RUN(told_beside);
  RUN(said_beside);
  RUN(tcp_reading);
  RUN(urgent);
  RUN(options);
  RUN(edges);
  return 0;
}
