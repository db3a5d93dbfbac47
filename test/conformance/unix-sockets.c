/* unix(7): names, connections, datagrams, what is passed, and how it ends. */
#include "sockets.h"

static struct sockaddr_un address;
static socklen_t address_length;

static struct sockaddr *path_name(const char *path) {
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, path);
  address_length = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
  return (struct sockaddr *)&address;
}

static struct sockaddr *abstract_name(const char *name) {
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path + 1, name);
  address_length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
  return (struct sockaddr *)&address;
}

#define BIND(fd, name) ({ struct sockaddr *to = name; E(bind(fd, to, address_length)); })
#define CONNECT(fd, name) ({ struct sockaddr *to = name; E(connect(fd, to, address_length)); })
#define SENDTO(fd, text, name) ({ struct sockaddr *to = name; E(sendto(fd, text, strlen(text), MSG_DONTWAIT, to, address_length)); })

static void tell_name(const char *what, int result, struct sockaddr_un *name, socklen_t length) {
  if (result < 0) say("%s: %d", what, -errno);
  else if (length <= 2) say("%s: no name, length %d", what, length);
  else say("%s: length %d family %d %s%s", what, length, name->sun_family, name->sun_path[0] ? "" : "@", name->sun_path + !name->sun_path[0]);
}

static void names_of(const char *what, int fd) {
  struct sockaddr_un name = {0};
  socklen_t length = sizeof name;
  int result = getsockname(fd, (void *)&name, &length);
  tell_name(what, result, &name, length);
  memset(&name, 0, sizeof name);
  length = sizeof name;
  result = getpeername(fd, (void *)&name, &length);
  tell_name("  its partner", result, &name, length);
}

static int listener(const char *path, int type, int backlog) {
  int fd = socket(AF_UNIX, type, 0);
  struct sockaddr *to = path_name(path);
  bind(fd, to, address_length);
  listen(fd, backlog);
  return fd;
}

static void making(void) {
  int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, SOCK_RDM, 0, 10, 11, 15, SOCK_STREAM | 0x10000};
  for (int i = 0; i < 10; i++) {
    int fd = socket(AF_UNIX, types[i], 0);
    say("type %d: %ld", types[i], fd < 0 ? E(fd) : 0);
    if (fd >= 0) say("  is %ld of %ld, protocol %ld", option(fd, SOL_SOCKET, SO_TYPE), option(fd, SOL_SOCKET, SO_DOMAIN), option(fd, SOL_SOCKET, SO_PROTOCOL));
  }
  for (int protocol = -1; protocol < 3; protocol++) {
    int fd = socket(AF_UNIX, SOCK_STREAM, protocol);
    say("protocol %d: %ld", protocol, fd < 0 ? E(fd) : 0);
  }
  int families[] = {-1, 0, 3, 45, 46, 1000};
  for (int i = 0; i < 6; i++) say("family %d: %ld", families[i], E(socket(families[i], SOCK_STREAM, 0)));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), pair[2];
  say("flags %x %x", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
  say("pair of no type %ld, of no family %ld", E(socketpair(AF_UNIX, 11, 0, pair)), E(socketpair(0, 1, 0, pair)));
  say("pair nowhere %ld", E(socketpair(AF_UNIX, SOCK_STREAM, 0, BAD)));
  struct stat status;
  fstat(fd, &status);
  say("mode %o size %ld mine %d", status.st_mode, (long)status.st_size, status.st_uid == getuid());
  say("seek %ld pread %ld sync %ld", E(lseek(fd, 0, SEEK_SET)), E(pread(fd, &status, 1, 0)), E(fsync(fd)));
  char link[64];
  sprintf(link, "/proc/self/fd/%d", fd);
  say("open again %ld", E(open(link, O_RDWR)));
}

static void binding(void) {
  int a = socket(AF_UNIX, SOCK_STREAM, 0), b = socket(AF_UNIX, SOCK_STREAM, 0);
  names_of("fresh", a);
  say("no address %ld", E(bind(a, BAD, 20)));
  path_name("s1");
  say("short %ld", E(bind(a, (void *)&address, 1)));
  say("long %ld", E(bind(a, (void *)&address, 111)));
  say("longer %ld", E(bind(a, (void *)&address, 129)));
  say("negative %ld", E(bind(a, (void *)&address, -1)));
  address.sun_family = AF_INET;
  say("other family %ld", E(bind(a, (void *)&address, 20)));
  umask(022);
  say("bind %ld", BIND(a, path_name("s1")));
  names_of("bound", a);
  struct stat status;
  stat("s1", &status);
  say("mode %o", status.st_mode);
  say("taken %ld", BIND(b, path_name("s1")));
  say("twice %ld, at the same %ld", BIND(a, path_name("s2")), BIND(a, path_name("s1")));
  say("made nothing %ld", E(stat("s2", &status)));
  say("no directory %ld", BIND(b, path_name("no/s")));
  close(open("file", O_CREAT | O_WRONLY, 0600));
  say("a file %ld", BIND(b, path_name("file")));
  say("below a file %ld", BIND(b, path_name("file/s")));
  say("open %ld", E(open("s1", O_RDWR)));
  say("connect to a bound one %ld", CONNECT(b, path_name("s1")));
  say("to a file %ld", CONNECT(b, path_name("file")));
  say("to none %ld", CONNECT(b, path_name("s3")));
  close(a);
  say("to a left one %ld", CONNECT(b, path_name("s1")));
  say("still taken %ld", BIND(b, path_name("s1")));
  unlink("s1");
  say("free again %ld", BIND(b, path_name("s1")));
  char path[120];
  memset(path, 'x', sizeof path);
  memcpy(address.sun_path, path, 108);
  int c = socket(AF_UNIX, SOCK_STREAM, 0);
  say("whole length %ld", E(bind(c, (void *)&address, 110)));
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  getsockname(c, (void *)&name, &length);
  say("its length %d", length);
  length = 4;
  memset(&name, 'y', sizeof name);
  say("into four bytes %ld", E(getsockname(b, (void *)&name, &length)));
  say("is %d, after it %c", length, ((char *)&name)[4]);
  length = -1;
  say("negative room %ld", E(getsockname(b, (void *)&name, &length)));
}

static void abstract_names(void) {
  int a = socket(AF_UNIX, SOCK_STREAM, 0), b = socket(AF_UNIX, SOCK_STREAM, 0);
  say("bind %ld", BIND(a, abstract_name("conformance")));
  names_of("bound", a);
  say("taken %ld", BIND(b, abstract_name("conformance")));
  say("another length %ld", BIND(b, abstract_name("conformance2")));
  say("twice %ld", BIND(a, abstract_name("more")));
  int c = socket(AF_UNIX, SOCK_STREAM, 0);
  say("not listening %ld, not there %ld", CONNECT(c, abstract_name("conformance")), CONNECT(c, abstract_name("nobody")));
  listen(a, 1);
  say("connect %ld", CONNECT(c, abstract_name("conformance")));
  names_of("connected", c);
  close(a);
  say("free again %ld", BIND(socket(AF_UNIX, SOCK_DGRAM, 0), abstract_name("conformance")));
  int d = socket(AF_UNIX, SOCK_DGRAM, 0);
  address.sun_family = AF_UNIX;
  say("automatic %ld", E(bind(d, (void *)&address, 2)));
  struct sockaddr_un name = {0};
  socklen_t length = sizeof name;
  getsockname(d, (void *)&name, &length);
  say("length %d begins with %d", length, name.sun_path[0]);
  say("again %ld", E(bind(d, (void *)&address, 2)));
}

static void connecting(void) {
  int l = listener("l", SOCK_STREAM, 1);
  say("listening: %x, accepts %ld", events_of(l), option(l, SOL_SOCKET, SO_ACCEPTCONN));
  say("nobody yet %ld", ({ nonblocking(l); E(accept(l, NULL, NULL)); }));
  int c = socket(AF_UNIX, SOCK_STREAM, 0);
  say("before: %x", events_of(c));
  say("send %ld recv %ld", E(send(c, "x", 1, MSG_NOSIGNAL)), E(recv(c, &address, 1, MSG_DONTWAIT)));
  say("accept %ld", E(accept(c, NULL, NULL)));
  say("listen without a name %ld", E(listen(c, 1)));
  say("wrong type %ld", CONNECT(socket(AF_UNIX, SOCK_SEQPACKET, 0), path_name("l")));
  say("wrong type %ld", CONNECT(socket(AF_UNIX, SOCK_DGRAM, 0), path_name("l")));
  say("connect %ld", CONNECT(c, path_name("l")));
  names_of("client", c);
  say("again %ld", CONNECT(c, path_name("l")));
  say("client %x listener %x", events_of(c), events_of(l));
  sent("early", c, "early", 0);
  int inq = -1;
  say("waiting bytes of a listener %ld", E(ioctl(l, FIONREAD, &inq)));
  say("accept4 with odd flags %ld", E(accept4(l, NULL, NULL, 1)));
  struct sockaddr_un name = {0};
  socklen_t length = sizeof name;
  int s = accept4(l, (void *)&name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  tell_name("who", s, &name, length);
  say("flags %x %x", fcntl(s, F_GETFD), fcntl(s, F_GETFL));
  names_of("server", s);
  got("early", s, 0);
  sent("to a name", c, "x", 0);
  say("sendto when connected %ld", SENDTO(c, "x", path_name("l")));
  struct ucred who;
  length = sizeof who;
  getsockopt(c, SOL_SOCKET, SO_PEERCRED, &who, &length);
  say("partner is me %d %d %d length %d", who.pid == getpid(), who.uid == getuid(), who.gid == getgid(), length);
  length = sizeof who;
  getsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, SO_PEERCRED, &who, &length);
  say("nobody is %d %d %d", who.pid, who.uid, who.gid);
  int many[4];
  for (int i = 0; i < 4; i++) {
    many[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    say("of a backlog of one %ld", CONNECT(many[i], path_name("l")));
  }
  close(l);
  say("after the listener: %x, error %ld", events_of(many[0]), option(many[0], SOL_SOCKET, SO_ERROR));
  got("reset", many[1], 0);
  got("then the end", many[1], 0);
  sent("and sending", many[1], "x", 0);
  int connected_first = socket(AF_UNIX, SOCK_STREAM, 0);
  int l2 = listener("l2", SOCK_STREAM, 0);
  CONNECT(connected_first, path_name("l2"));
  say("listen when connected %ld", E(listen(connected_first, 1)));
  shutdown(l2, SHUT_RD);
  say("a listener that shut: %x %ld", events_of(l2), CONNECT(socket(AF_UNIX, SOCK_STREAM, 0), path_name("l2")));
  say("it accepts what came %d", accept(l2, NULL, NULL) >= 0);
  say("and no more %ld", E(accept(l2, NULL, NULL)));
}

static void *shut_later(void *fd) {
  sleep_ms(50);
  shutdown((int)(long)fd, SHUT_RDWR);
  return NULL;
}

static void waiting(void) {
  int l = listener("w", SOCK_STREAM, 0);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 3; i++) {
      int c = socket(AF_UNIX, SOCK_STREAM, 0);
      if (CONNECT(c, path_name("w")) != 0) _exit(1);
      if (i == 2) send(c, "last", 4, 0);
    }
    _exit(0);
  }
  int s = 0;
  for (int i = 0; i < 3; i++) sleep_ms(20), s = accept(l, NULL, NULL);
  char buffer[8] = {0};
  say("recv %ld %s, %s", E(recv(s, buffer, 8, 0)), buffer, reaped(child, 0));
  pthread_t thread;
  pthread_create(&thread, NULL, shut_later, (void *)(long)l);
  say("accept that is shut %ld", E(accept(l, NULL, NULL)));
  pthread_join(thread, NULL);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pthread_create(&thread, NULL, shut_later, (void *)(long)pair[0]);
  say("recv that is shut %ld", E(recv(pair[0], buffer, 8, 0)));
  pthread_join(thread, NULL);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  pthread_create(&thread, NULL, shut_later, (void *)(long)pair[0]);
  say("recv of datagrams that is shut %ld", E(recv(pair[0], buffer, 8, 0)));
  pthread_join(thread, NULL);
  struct timeval soon = {0, 40000};
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  say("timeout %ld", E(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon)));
  double start = now_ms();
  say("recv %ld", E(recv(pair[0], buffer, 8, 0)));
  say("waited %d", now_ms() - start >= 25);
  soon.tv_usec = 1000000;
  say("odd timeout %ld", E(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon)));
  socklen_t length = sizeof soon;
  getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &soon, &length);
  say("kept %ld.%06ld", (long)soon.tv_sec, (long)soon.tv_usec);
}

static void ends(int type) {
  int pair[2];
  say("type %d", type);
  socketpair(AF_UNIX, type, 0, pair);
  say("events %x", events_of(pair[0]));
  shutdown(pair[1], SHUT_WR);
  say("partner shut writing: %x, it %x", events_of(pair[0]), events_of(pair[1]));
  got("recv", pair[0], 0);
  sent("other way", pair[0], "still", 0);
  got("came", pair[1], 0);
  sent("shut way", pair[1], "x", 0);
  sent("shut way quietly", pair[1], "x", MSG_NOSIGNAL);
  shutdown(pair[1], SHUT_RD);
  say("both: %x, it %x", events_of(pair[0]), events_of(pair[1]));
  sent("to who shut reading", pair[0], "x", 0);
  socketpair(AF_UNIX, type, 0, pair);
  sent("left", pair[0], "left", 0);
  close(pair[1]);
  say("closed with something unread: %x, error %ld", events_of(pair[0]), option(pair[0], SOL_SOCKET, SO_ERROR));
  socketpair(AF_UNIX, type, 0, pair);
  sent("left", pair[0], "left", 0);
  sent("right", pair[1], "right", 0);
  close(pair[1]);
  got("what it sent", pair[0], 0);
  got("what then", pair[0], 0);
  got("and then", pair[0], 0);
  sent("sending", pair[0], "x", 0);
  sent("once more", pair[0], "x", 0);
  socketpair(AF_UNIX, type, 0, pair);
  close(pair[1]);
  say("closed: %x", events_of(pair[0]));
  got("recv", pair[0], 0);
  sent("send", pair[0], "x", 0);
  say("%x", events_of(pair[0]));
  say("shutdown %ld, odd %ld", E(shutdown(pair[0], SHUT_RDWR)), E(shutdown(pair[0], 3)));
}

static void endings(void) {
  ends(SOCK_STREAM);
  ends(SOCK_SEQPACKET);
  ends(SOCK_DGRAM);
}

static void datagrams(void) {
  int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0);
  say("fresh %x", events_of(a));
  sent("without an address", a, "x", 0);
  say("listen %ld accept %ld", E(listen(a, 1)), E(accept(a, NULL, NULL)));
  BIND(a, path_name("da"));
  BIND(b, path_name("db"));
  say("sendto %ld", SENDTO(b, "from b", path_name("da")));
  say("sendto %ld", SENDTO(c, "from c", path_name("da")));
  say("nobody %ld", SENDTO(c, "x", path_name("dc")));
  say("waiting %x", events_of(a));
  for (int i = 0; i < 2; i++) {
    struct sockaddr_un from = {0};
    socklen_t length = sizeof from;
    char buffer[16] = {0};
    long count = E(recvfrom(a, buffer, 16, 0, (void *)&from, &length));
    tell_name(buffer, count, &from, length);
  }
  say("connect %ld", CONNECT(b, path_name("da")));
  names_of("b", b);
  sent("connected", b, "hello", 0);
  say("a is connected to b %ld", CONNECT(a, path_name("db")));
  say("c to a %ld, connect %ld", SENDTO(c, "x", path_name("da")), CONNECT(c, path_name("da")));
  got("a got", a, 0);
  sent("a to b", a, "back", 0);
  struct sockaddr none = {AF_UNSPEC};
  say("dissolve %ld", E(connect(b, &none, sizeof none)));
  sent("after that", b, "x", 0);
  got("what waited is gone", b, 0);
  say("error of a %ld", option(a, SOL_SOCKET, SO_ERROR));
  sent("empty", a, "", 0);
  got("empty came", b, 0);
  SENDTO(c, "a long message", path_name("db"));
  char small[4] = {0};
  say("cut %ld", E(recv(b, small, 3, MSG_PEEK)));
  say("cut, told %ld", E(recv(b, small, 3, MSG_TRUNC)));
  got("gone", b, 0);
  close(b);
  sent("to the gone", a, "x", 0);
  sent("again", a, "x", 0);
  int big = 400000;
  char *bytes = calloc(1, big);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, (int[2]){0});
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  say("too long %ld", E(send(pair[0], bytes, big, 0)));
  long limit = option(pair[0], SOL_SOCKET, SO_SNDBUF);
  say("just fits %d, not %ld", E(send(pair[0], bytes, limit - 32, 0)) == limit - 32, E(send(pair[0], bytes, limit - 31, 0)));
  shutdown(pair[1], SHUT_RD);
  sent("to who shut reading", pair[0], "x", 0);
  say("events %x", events_of(pair[1]));
  shutdown(pair[0], SHUT_WR);
  sent("shut itself", pair[0], "x", 0);
}

static void packets(void) {
  int l = listener("p", SOCK_SEQPACKET, 5), c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  say("fresh %x", events_of(c));
  got("recv", c, 0);
  sent("send", c, "x", 0);
  say("connect %ld", CONNECT(c, path_name("p")));
  int s = accept(l, NULL, NULL);
  sent("one", c, "one", 0);
  sent("two", c, "second", 0);
  int inq = -1;
  ioctl(s, FIONREAD, &inq);
  say("waiting %d", inq);
  say("name is ignored %ld", SENDTO(c, "x", path_name("nobody")));
  char buffer[8] = {0};
  struct iovec vector = {buffer, 2};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  say("cut %ld flags %x", E(recvmsg(s, &message, 0)), message.msg_flags);
  say("read %ld %s", E(read(s, buffer, 7)), buffer);
  struct iovec parts[2] = {{"ab", 2}, {"cd", 2}};
  say("writev %ld", E(writev(c, parts, 2)));
  got("x first", s, 0);
  char half[2][3] = {{0}};
  struct iovec into[2] = {{half[0], 2}, {half[1], 2}};
  say("readv %ld %s %s", E(readv(s, into, 2)), half[0], half[1]);
}

static long send_with(int fd, const char *text, int level, int type, const void *data, int length) {
  char control[2048] = {0};
  struct iovec vector = {(void *)text, strlen(text)};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(length)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level, header->cmsg_type = type, header->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(header), data, length);
  return E(sendmsg(fd, &message, 0));
}

static void receive_with(const char *what, int fd, int room, int flags) {
  char control[2048] = {0}, buffer[64] = {0};
  struct iovec vector = {buffer, 63};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
  long count = E(recvmsg(fd, &message, MSG_DONTWAIT | flags));
  say("%s: %ld %s, flags %x, control %ld", what, count, buffer, message.msg_flags, (long)message.msg_controllen);
  if (count < 0) return;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    say("  level %d type %d length %ld", header->cmsg_level, header->cmsg_type, (long)header->cmsg_len);
    if (header->cmsg_type == SCM_CREDENTIALS) {
      struct ucred who;
      memcpy(&who, CMSG_DATA(header), sizeof who);
      say("  me %d %d %d", who.pid == getpid(), who.uid == getuid(), who.gid == getgid());
    } else {
      int file;
      memcpy(&file, CMSG_DATA(header), sizeof file);
      say("  a file %d, closes %d", fcntl(file, F_GETFL) >= 0, fcntl(file, F_GETFD));
      close(file);
    }
  }
}

static void passing(void) {
  int pair[2], files[300];
  for (int i = 0; i < 300; i++) files[i] = 1;
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  say("one %ld", send_with(pair[0], "one", SOL_SOCKET, SCM_RIGHTS, files, 4));
  sent("plain", pair[0], "plain", 0);
  say("three %ld", send_with(pair[0], "three", SOL_SOCKET, SCM_RIGHTS, files, 12));
  receive_with("look", pair[1], 512, MSG_PEEK);
  receive_with("one", pair[1], 512, 0);
  receive_with("plain and three", pair[1], 512, MSG_CMSG_CLOEXEC);
  say("three %ld", send_with(pair[0], "three", SOL_SOCKET, SCM_RIGHTS, files, 12));
  receive_with("with room for two", pair[1], CMSG_LEN(8), 0);
  send_with(pair[0], "no room", SOL_SOCKET, SCM_RIGHTS, files, 4);
  receive_with("no room", pair[1], 0, 0);
  send_with(pair[0], "half a room", SOL_SOCKET, SCM_RIGHTS, files, 4);
  receive_with("half a room", pair[1], CMSG_LEN(2), 0);
  files[1] = 77;
  say("a bad one %ld", send_with(pair[0], "x", SOL_SOCKET, SCM_RIGHTS, files, 8));
  files[1] = 1;
  say("most %ld, too many %ld", send_with(pair[0], "x", SOL_SOCKET, SCM_RIGHTS, files, 4 * 253), send_with(pair[0], "y", SOL_SOCKET, SCM_RIGHTS, files, 4 * 254));
  receive_with("most", pair[1], 2000, 0);
  say("another type %ld, another level %ld", send_with(pair[0], "x", SOL_SOCKET, 77, files, 4), send_with(pair[0], "z", 77, 1, files, 4));
  got("got", pair[1], 0);
  say("passcred %ld", set_option(pair[1], SOL_SOCKET, SO_PASSCRED, 1));
  sent("who", pair[0], "who", 0);
  receive_with("who", pair[1], 512, 0);
  struct ucred me = {getpid(), getuid(), getgid()}, short_one = me;
  say("said %ld", send_with(pair[0], "said", SOL_SOCKET, SCM_CREDENTIALS, &me, sizeof me));
  receive_with("said", pair[1], 512, 0);
  say("short %ld", send_with(pair[0], "x", SOL_SOCKET, SCM_CREDENTIALS, &short_one, 8));
  send_with(pair[0], "both", SOL_SOCKET, SCM_RIGHTS, files, 4);
  receive_with("both", pair[1], 512, 0);
  send_with(pair[0], "both, cut", SOL_SOCKET, SCM_RIGHTS, files, 4);
  receive_with("both, cut", pair[1], CMSG_SPACE(12), 0);
  struct msghdr message = {0};
  say("empty message %ld", E(sendmsg(pair[0], &message, 0)));
  message.msg_iovlen = 1025;
  say("too many buffers %ld", E(sendmsg(pair[0], &message, 0)));
  message.msg_iovlen = 0, message.msg_name = BAD, message.msg_namelen = -1;
  say("negative name %ld", E(sendmsg(pair[0], &message, 0)));
  int d = socket(AF_UNIX, SOCK_DGRAM, 0);
  char long_name[200] = {AF_UNIX};
  message.msg_name = long_name, message.msg_namelen = sizeof long_name;
  say("long name %ld, sendto %ld", E(sendmsg(d, &message, 0)), E(sendto(d, "x", 1, 0, (void *)long_name, sizeof long_name)));
  say("bad header %ld %ld", E(sendmsg(pair[0], BAD, 0)), E(recvmsg(pair[0], BAD, MSG_DONTWAIT)));
}

static void many_at_once(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  struct mmsghdr messages[4] = {0};
  struct iovec vectors[4];
  char *texts[] = {"a", "bb", "ccc", "dddd"}, buffers[4][8] = {{0}};
  for (int i = 0; i < 4; i++) {
    vectors[i] = (struct iovec){texts[i], i + 1};
    messages[i].msg_hdr.msg_iov = &vectors[i], messages[i].msg_hdr.msg_iovlen = 1;
  }
  say("sendmmsg %ld", E(sendmmsg(pair[0], messages, 3, 0)));
  say("lengths %d %d %d", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len);
  for (int i = 0; i < 4; i++) vectors[i] = (struct iovec){buffers[i], 2};
  say("recvmmsg %ld", E(recvmmsg(pair[1], messages, 4, MSG_WAITFORONE, NULL)));
  for (int i = 0; i < 3; i++) say("%d %s %x", messages[i].msg_len, buffers[i], messages[i].msg_hdr.msg_flags);
  say("nothing %ld", E(recvmmsg(pair[1], messages, 4, MSG_DONTWAIT, NULL)));
  say("none asked %ld", E(recvmmsg(pair[1], messages, 0, MSG_DONTWAIT, NULL)));
  struct timespec odd = {0, 1000000000};
  say("odd timeout %ld", E(recvmmsg(pair[1], messages, 1, MSG_DONTWAIT, &odd)));
  say("bad %ld", E(sendmmsg(pair[0], BAD, 2, 0)));
}

static void streams(void) {
  int pair[2], queued = -1;
  char *big = calloc(1, 1 << 20);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pid_t child = fork();
  if (child == 0) {
    long all = 0, count;
    close(pair[0]);
    long first = E(recv(pair[1], big, 1000000, MSG_WAITALL));
    while ((count = read(pair[1], big, 1 << 20)) > 0) all += count;
    say("waitall %ld, rest %ld", first, all);
    _exit(0);
  }
  long whole = E(write(pair[0], big, 1 << 20));
  struct iovec vectors[2] = {{big, 300000}, {big, 200000}};
  long parts = E(writev(pair[0], vectors, 2));
  close(pair[0]);
  close(pair[1]);
  say("%s", reaped(child, 0));
  say("write %ld, writev %ld", whole, parts);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  sent("eleven", pair[0], "eleven more", 0);
  ioctl(pair[1], FIONREAD, &queued);
  say("waiting %d", queued);
  say("nowhere %ld", E(recv(pair[1], BAD, 4, 0)));
  say("from nowhere %ld", E(send(pair[0], BAD, 4, 0)));
  got("nothing lost", pair[1], 0);
  nonblocking(pair[0]);
  long all = 0, count;
  while ((count = write(pair[0], big, 10000)) > 0) all += count;
  say("full %ld, some %d, %x", E(count), all > 50000, events_of(pair[0]) & (POLLOUT | POLLHUP));
  say("full for a byte %ld", E(write(pair[0], big, 1)));
  while (read(pair[1], big, 1 << 20) == 1 << 20);
  say("room again %x", events_of(pair[0]) & POLLOUT);
}

static void options(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int names[] = {SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST, SO_KEEPALIVE, SO_OOBINLINE, SO_PRIORITY,
                 SO_REUSEPORT, SO_PASSCRED, SO_RCVLOWAT, SO_SNDLOWAT, SO_TIMESTAMP, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, 1000, -1};
  for (int i = 0; i < 19; i++) say("option %d: %ld", names[i], option(fd, SOL_SOCKET, names[i]));
  say("other levels %ld %ld", option(fd, 6, 1), set_option(fd, 6, 1, 1));
  int fixed[] = {SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, SO_SNDLOWAT, 1000};
  for (int i = 0; i < 7; i++) say("set %d: %ld", fixed[i], set_option(fd, SOL_SOCKET, fixed[i], 1));
  say("kept %ld %ld", set_option(fd, SOL_SOCKET, SO_REUSEADDR, 7), option(fd, SOL_SOCKET, SO_REUSEADDR));
  say("buffers %ld %ld", set_option(fd, SOL_SOCKET, SO_SNDBUF, 10000), option(fd, SOL_SOCKET, SO_SNDBUF));
  say("tiny %ld %ld", set_option(fd, SOL_SOCKET, SO_SNDBUF, 1), option(fd, SOL_SOCKET, SO_SNDBUF));
  say("tiny %ld %ld", set_option(fd, SOL_SOCKET, SO_RCVBUF, 1), option(fd, SOL_SOCKET, SO_RCVBUF));
  say("short %ld", E(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, "x", 1)));
  say("negative %ld", E(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, "xxxx", -1)));
  say("nowhere %ld", E(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, BAD, 4)));
  struct linger wait = {1, 5};
  socklen_t length = sizeof wait;
  say("linger %ld short %ld", E(setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait, 8)), E(setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait, 4)));
  memset(&wait, 0, sizeof wait);
  getsockopt(fd, SOL_SOCKET, SO_LINGER, &wait, &length);
  say("%d %d %d", wait.l_onoff, wait.l_linger, length);
  char two[4] = {9, 9, 9, 9};
  length = 2;
  say("in two bytes %ld", E(getsockopt(fd, SOL_SOCKET, SO_TYPE, two, &length)));
  say("%d %d %d %d, %d", two[0], two[1], two[2], two[3], length);
  length = -1;
  say("negative room %ld", E(getsockopt(fd, SOL_SOCKET, SO_TYPE, two, &length)));
  say("not a socket %ld", option(open("plain", O_CREAT | O_RDWR, 0600), SOL_SOCKET, SO_TYPE));
  say("not open %ld", option(99, SOL_SOCKET, SO_TYPE));
}

static int waited(int epoll) {
  struct epoll_event event = {0};
  return epoll_wait(epoll, &event, 1, 0) > 0 ? (int)event.events : 0;
}

static void edges(void) {
  int pair[2], epoll = epoll_create1(0);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  struct epoll_event event = {EPOLLIN | EPOLLET | EPOLLRDHUP, {0}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event);
  say("nothing %x", waited(epoll));
  sent("a", pair[0], "a", 0);
  say("%x, again %x", waited(epoll), waited(epoll));
  sent("b", pair[0], "b", 0);
  say("more %x, again %x", waited(epoll), waited(epoll));
  shutdown(pair[0], SHUT_WR);
  say("shut %x, again %x", waited(epoll), waited(epoll));
  close(pair[0]);
  say("closed %x", waited(epoll));
  int l = listener("edge", SOCK_STREAM, 5), epoll2 = epoll_create1(0);
  epoll_ctl(epoll2, EPOLL_CTL_ADD, l, &event);
  CONNECT(socket(AF_UNIX, SOCK_STREAM, 0), path_name("edge"));
  say("one came %x, again %x", waited(epoll2), waited(epoll2));
  CONNECT(socket(AF_UNIX, SOCK_STREAM, 0), path_name("edge"));
  say("another %x", waited(epoll2));
}

int main(void) {
  RUN(making);
  RUN(binding);
  RUN(abstract_names);
  RUN(connecting);
  RUN(waiting);
  RUN(endings);
  RUN(datagrams);
  RUN(packets);
  RUN(passing);
  RUN(many_at_once);
  RUN(streams);
  RUN(options);
  RUN(edges);
  return 0;
}
