/* pipe(7), socketpair(2), unix(7), fifo(7), and what reads and writes return. */
#include "conformance.h"
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static int ends[2];
static volatile int pipe_signals;
static void on_pipe(int signal) { (void)signal, pipe_signals++; }
static char big[300000];

static void basics(void) {
  char buffer[16] = {0};
  pipe(ends);
  say("write %ld", E(write(ends[1], "hello", 5)));
  int available;
  ioctl(ends[0], FIONREAD, &available);
  say("available %d", available);
  say("read %ld", E(read(ends[0], buffer, 3)));
  say("%s", buffer);
  say("rest %ld", E(read(ends[0], buffer, 16)));
  say("write the reading end %ld", E(write(ends[0], "x", 1)));
  say("read the writing end %ld", E(read(ends[1], buffer, 1)));
  say("seek %ld", E(lseek(ends[0], 0, SEEK_SET)));
  say("pread %ld", E(pread(ends[0], buffer, 1, 0)));
  say("pwrite %ld", E(pwrite(ends[1], buffer, 1, 0)));
  say("ftruncate %ld", E(ftruncate(ends[1], 0)));
  say("fsync %ld", E(fsync(ends[1])));
  struct stat status;
  fstat(ends[0], &status);
  say("fifo %d size %ld links %ld", S_ISFIFO(status.st_mode), (long)status.st_size, (long)status.st_nlink);
  say("zero write %ld", E(write(ends[1], "", 0)));
  close(ends[1]);
  say("end of file %ld", E(read(ends[0], buffer, 1)));
  say("bad flags %ld", E(pipe2(ends, 1)));
}

static void broken(void) {
  pipe(ends);
  close(ends[0]);
  signal(SIGPIPE, SIG_IGN);
  say("ignored %ld", E(write(ends[1], "x", 1)));
  handle(SIGPIPE, on_pipe, 0);
  say("handled %ld", E(write(ends[1], "x", 1)));
  say("signals %d", pipe_signals);
  signal(SIGPIPE, SIG_DFL);
  write(ends[1], "x", 1);
  say("not reached");
}

static void partial_then_broken(void) {
  handle(SIGPIPE, on_pipe, 0);
  pipe(ends);
  pid_t pid = fork();
  if (pid == 0) {
    close(ends[1]);
    sleep_ms(20);
    _exit(0);
  }
  close(ends[0]);
  say("partial %ld", E(write(ends[1], big, 100000)));
  say("signals %d", pipe_signals);
  say("%s", reaped(pid, 0));
}

static void atomicity(void) {
  char buffer[5000];
  pipe2(ends, O_NONBLOCK);
  say("fills %ld", E(write(ends[1], big, sizeof big)));
  say("full %ld", E(write(ends[1], big, 1)));
  read(ends[0], buffer, 4096);
  say("one page fits %ld", E(write(ends[1], big, 4096)));
  say("again full %ld", E(write(ends[1], big, 4096)));
  read(ends[0], buffer, 4096);
  say("more than a page is cut %ld", E(write(ends[1], big, 5000)));
  while (read(ends[0], buffer, sizeof buffer) > 0);
  say("empty %ld", E(read(ends[0], buffer, 1)));
}

static void big_transfer(void) {
  pipe(ends);
  pid_t pid = fork();
  if (pid == 0) {
    long total = 0, got;
    close(ends[1]);
    char buffer[7001];
    int bad = 0;
    while ((got = read(ends[0], buffer, sizeof buffer)) > 0) {
      for (long i = 0; i < got; i++) bad += buffer[i] != (char)((total + i) / 1000);
      total += got;
    }
    say("received %ld bad %d", total, bad);
    _exit(0);
  }
  close(ends[0]);
  for (int i = 0; i < (int)sizeof big; i++) big[i] = i / 1000;
  say("sent %ld", E(write(ends[1], big, sizeof big)));
  close(ends[1]);
  reaped(pid, 0);
}

static void capacity(void) {
  pipe2(ends, O_NONBLOCK);
  say("size %ld", E(fcntl(ends[0], F_GETPIPE_SZ)));
  say("larger %ld", E(fcntl(ends[0], F_SETPIPE_SZ, 200000)));
  say("size %ld", E(fcntl(ends[1], F_GETPIPE_SZ)));
  say("fills %ld", E(write(ends[1], big, sizeof big)));
  say("too small %ld", E(fcntl(ends[0], F_SETPIPE_SZ, 4096)));
  int file = open("plain", O_RDWR | O_CREAT, 0600);
  say("not a pipe %ld", E(fcntl(file, F_GETPIPE_SZ)));
}

static void vectors(void) {
  char one[4] = {0}, two[8] = {0};
  pipe(ends);
  struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cdefg", 5}}, in[2] = {{one, 3}, {two, 7}};
  say("writev %ld", E(writev(ends[1], out, 3)));
  say("readv %ld", E(readv(ends[0], in, 2)));
  say("%s %s", one, two);
  say("none %ld", E(writev(ends[1], out, 0)));
  say("too many %ld", E(writev(ends[1], out, 1025)));
  say("negative count %ld", E(writev(ends[1], out, -1)));
  struct iovec wrong[1] = {{one, (size_t)-1}};
  say("negative length %ld", E(readv(ends[0], wrong, 1)));
  int file = open("vectors", O_RDWR | O_CREAT | O_TRUNC, 0600);
  say("pwritev %ld", E(pwritev(file, out, 3, 3)));
  say("preadv %ld", E(preadv(file, in, 2, 4)));
  say("%s %s", one, two);
  say("position %ld", E(lseek(file, 0, SEEK_CUR)));
  say("preadv2 bad flag %ld", E(preadv2(file, in, 2, 0, 0x4000)));
  say("preadv2 at position %ld", E(preadv2(file, in, 2, -1, 0)));
  say("pwritev2 append %ld", E(pwritev2(file, out, 3, 0, RWF_APPEND)));
  struct stat status;
  fstat(file, &status);
  say("size %ld", (long)status.st_size);
  say("preadv negative %ld", E(preadv(file, in, 2, -5)));
  say("preadv pipe %ld", E(preadv(ends[0], in, 2, 0)));
}

static void sockets(void) {
  char buffer[32] = {0};
  int pair[2];
  say("socketpair %ld", E(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)));
  say("inet pair %ld", E(socketpair(AF_INET, SOCK_STREAM, 0, pair + 0)));
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
  say("flags %x %x", fcntl(pair[0], F_GETFD), fcntl(pair[0], F_GETFL));
  say("send %ld", E(send(pair[0], "message", 7, 0)));
  say("peek %ld", E(recv(pair[1], buffer, 3, MSG_PEEK)));
  say("recv %ld", E(recv(pair[1], buffer, 32, 0)));
  say("%s", buffer);
  say("nothing %ld", E(recv(pair[1], buffer, 32, 0)));
  say("shutdown %ld", E(shutdown(pair[0], SHUT_WR)));
  say("end %ld", E(recv(pair[1], buffer, 32, 0)));
  say("other way %ld", E(send(pair[1], "back", 4, 0)));
  say("recv %ld", E(recv(pair[0], buffer, 32, 0)));
  say("send after shutdown %ld", E(send(pair[0], "x", 1, MSG_NOSIGNAL)));
  close(pair[0]);
  say("peer gone %ld", E(send(pair[1], "x", 1, MSG_NOSIGNAL)));
  int type, error;
  socklen_t length = sizeof type;
  getsockopt(pair[1], SOL_SOCKET, SO_TYPE, &type, &length);
  say("type %d", type);
  say("not a socket %ld", E(send(open("plain", O_RDWR | O_CREAT, 0600), "x", 1, 0)));
  handle(SIGPIPE, on_pipe, 0);
  send(pair[1], "x", 1, 0);
  say("signals %d", pipe_signals);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  say("many %ld", E(send(pair[0], big, 1000, 0)));
  say("waitall %ld", E(recv(pair[1], big, 1000, MSG_WAITALL)));
}

static void seqpackets(void) {
  char buffer[32] = {0};
  int pair[2];
  for (int i = 0; i < 2; i++) {
    say("pair %ld", E(socketpair(AF_UNIX, i ? SOCK_SEQPACKET : SOCK_DGRAM, 0, pair)));
    send(pair[0], "first", 5, 0);
    send(pair[0], "second", 6, 0);
    say("one message %ld", E(recv(pair[1], buffer, 32, 0)));
    say("cut %ld", E(recv(pair[1], buffer, 3, 0)));
    say("rest is lost %ld", E(recv(pair[1], buffer, 3, MSG_DONTWAIT)));
  }
}

static void passing_descriptors(void) {
  int pair[2];
  char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'd';
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pipe(ends);
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &ends[1], sizeof(int));
  say("sendmsg %ld", E(sendmsg(pair[0], &message, 0)));
  close(ends[1]);
  memset(control, 0, sizeof control);
  say("recvmsg %ld", E(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC)));
  header = CMSG_FIRSTHDR(&message);
  if (!header) {
    say("no control message");
    return;
  }
  int got;
  memcpy(&got, CMSG_DATA(header), sizeof got);
  say("type %d flags %d", header->cmsg_type, fcntl(got, F_GETFD));
  write(got, "through", 7);
  char buffer[8] = {0};
  say("read %ld", E(read(ends[0], buffer, 7)));
  say("%s", buffer);
}

static void named(void) {
  char buffer[8] = {0};
  mkfifo("fifo", 0600);
  say("no reader %ld", E(open("fifo", O_WRONLY | O_NONBLOCK)));
  pid_t pid = fork();
  if (pid == 0) {
    int writer = open("fifo", O_WRONLY);
    write(writer, "named", 5);
    _exit(0);
  }
  int reader = open("fifo", O_RDONLY);
  say("read %ld", E(read(reader, buffer, 8)));
  reaped(pid, 0);
  say("end %ld", E(read(reader, buffer, 8)));
}

int main(void) {
  RUN(basics);
  RUN(broken);
  RUN(partial_then_broken);
  RUN(atomicity);
  RUN(big_transfer);
  RUN(capacity);
  RUN(vectors);
  RUN(sockets);
  RUN(seqpackets);
  RUN(passing_descriptors);
  RUN(named);
}
