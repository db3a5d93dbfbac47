/* Copies between descriptors inside the kernel: sendfile, copy_file_range, splice, tee. */
#include "conformance.h"
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* The result before the offsets that the call has moved: arguments have no order. */
static long result;
#define R(call) (result = E(call))

static const char text[] = "abcdefghijklmnopqrstuvwxyz";

static int filled(const char *name) {
  int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (write(f, text, 26) != 26) _exit(98);
  lseek(f, 0, SEEK_SET);
  return f;
}

static int empty(const char *name, int flags) { return open(name, O_RDWR | O_CREAT | O_TRUNC | flags, 0600); }

static void show(const char *name, int f) {
  char bytes[100] = "";
  ssize_t n = pread(f, bytes, sizeof bytes - 1, 0);
  for (ssize_t at = 0; at < n; at++)
    if (bytes[at] == 0) bytes[at] = '.';
  say("  %s: %ld \"%s\" at %ld", name, (long)n, bytes, (long)lseek(f, 0, SEEK_CUR));
}

static void with_sendfile(void) {
  int from = filled("a"), to = empty("b", 0), closed = open("a", O_WRONLY), reads = open("b", O_RDONLY);
  int appends = empty("c", O_APPEND), pipes[2], pair[2], directory = open(".", O_RDONLY);
  pipe(pipes);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  off_t at = 3;
  say("whole %ld", E(sendfile(to, from, 0, 100)));
  say("at its end %ld", E(sendfile(to, from, 0, 100)));
  R(sendfile(to, from, &at, 5)), say("with an offset %ld now %ld", result, (long)at);
  show("to", to);
  for (off_t odd[] = {-1, -5, INT64_MIN, INT64_MAX, 26, 25, 100}, i = 0; i < 7; i++) {
    at = odd[i];
    R(sendfile(to, from, &at, 5)), say("offset %d: %ld now %ld", (int)i, result, (long)at);
  }
  lseek(from, 0, SEEK_SET);
  say("nothing %ld", E(sendfile(to, from, 0, 0)));
  say("very much %ld", E(sendfile(to, from, 0, SIZE_MAX)));
  lseek(from, 0, SEEK_SET);
  say("bad in %ld, bad out %ld", E(sendfile(to, 99, 0, 5)), E(sendfile(99, from, 0, 5)));
  say("only written %ld, only read %ld", E(sendfile(to, closed, 0, 5)), E(sendfile(reads, from, 0, 5)));
  say("to append %ld", E(sendfile(appends, from, 0, 5)));
  say("to a directory %ld, from one %ld", E(sendfile(directory, from, 0, 5)), E(sendfile(to, directory, 0, 5)));
  lseek(from, 0, SEEK_SET);
  say("to a pipe %ld, a socket %ld", E(sendfile(pipes[1], from, 0, 5)), E(sendfile(pair[0], from, 0, 5)));
  at = 0;
  say("from a socket %ld, with an offset %ld", E(sendfile(to, pair[1], 0, 2)), E(sendfile(to, pair[1], &at, 2)));
  say("from a pipe with an offset %ld", E(sendfile(to, pipes[0], &at, 2)));
  say("a bad place for the offset %ld", E(sendfile(to, from, (off_t *)16, 2)));
  say("onto itself %ld", E(sendfile(from, from, 0, 5)));
  show("from", from);
}

static void with_copy_file_range(void) {
  int from = filled("a"), to = empty("b", 0), reads = open("b", O_RDONLY), appends = empty("c", O_APPEND), pipes[2];
  int directory = open(".", O_RDONLY);
  pipe(pipes);
  loff_t in = 20, out = 2;
  R(copy_file_range(from, &in, to, &out, 100, 0)), say("both offsets %ld now %ld %ld", result, (long)in, (long)out);
  show("to", to);
  say("flags %ld", E(copy_file_range(from, 0, to, 0, 5, 1)));
  for (loff_t odd[] = {-1, INT64_MIN, INT64_MAX, 26}, i = 0; i < 4; i++) {
    in = odd[i], out = 0;
    R(copy_file_range(from, &in, to, &out, 5, 0)), say("in %d: %ld now %ld %ld", (int)i, result, (long)in, (long)out);
    in = 0, out = odd[i];
    if (i != 2) R(copy_file_range(from, &in, to, &out, 5, 0)), say("out %d: %ld now %ld", (int)i, result, (long)in);
  }
  say("pipes %ld %ld", E(copy_file_range(pipes[0], 0, to, 0, 5, 0)), E(copy_file_range(from, 0, pipes[1], 0, 5, 0)));
  say("only read %ld, to append %ld", E(copy_file_range(from, 0, reads, 0, 5, 0)), E(copy_file_range(from, 0, appends, 0, 5, 0)));
  say("directories %ld %ld", E(copy_file_range(directory, 0, to, 0, 5, 0)), E(copy_file_range(from, 0, directory, 0, 5, 0)));
  in = 0, out = 3;
  say("over itself %ld", E(copy_file_range(from, &in, from, &out, 5, 0)));
  in = 0, out = 5;
  say("beside itself %ld", E(copy_file_range(from, &in, from, &out, 5, 0)));
  show("from", from);
  say("bad %ld %ld", E(copy_file_range(99, 0, to, 0, 5, 0)), E(copy_file_range(from, 0, 99, 0, 5, 0)));
}

static void with_splice(void) {
  int from = filled("a"), to = empty("b", 0), pipes[2], more[2], appends = empty("c", O_APPEND);
  char bytes[100];
  pipe2(pipes, O_NONBLOCK);
  pipe2(more, O_NONBLOCK);
  say("file to file %ld", E(splice(from, 0, to, 0, 5, 0)));
  say("flags %ld", E(splice(from, 0, pipes[1], 0, 5, 64)));
  loff_t at = 2;
  R(splice(from, &at, pipes[1], 0, 10, 0)), say("file to pipe %ld now %ld", result, (long)at);
  say("offset of a pipe %ld %ld", E(splice(pipes[0], &at, to, 0, 5, 0)), E(splice(from, 0, pipes[1], &at, 5, 0)));
  for (loff_t odd[] = {-1, INT64_MIN, INT64_MAX, 26}, i = 0; i < 4; i++) {
    at = odd[i];
    R(splice(from, &at, pipes[1], 0, 5, 0)), say("from %d: %ld now %ld", (int)i, result, (long)at);
    at = odd[i];
    if (i != 3) say("to %d: %ld", (int)i, E(splice(pipes[0], 0, to, &at, 5, 0)));
  }
  say("pipe to pipe %ld", E(splice(pipes[0], 0, more[1], 0, 4, 0)));
  say("onto itself %ld", E(splice(pipes[0], 0, pipes[1], 0, 4, 0)));
  at = 1;
  R(splice(pipes[0], 0, to, &at, 100, 0)), say("pipe to file %ld now %ld", result, (long)at);
  show("to", to);
  say("empty %ld", E(splice(pipes[0], 0, to, 0, 5, 0)));
  say("to append %ld", E(splice(more[0], 0, appends, 0, 5, 0)));
  say("wrong ends %ld %ld", E(splice(pipes[1], 0, to, 0, 5, 0)), E(splice(from, 0, pipes[0], 0, 5, 0)));
  say("bad %ld %ld", E(splice(99, 0, pipes[1], 0, 5, 0)), E(splice(from, 0, 99, 0, 5, 0)));
  say("nothing %ld", E(splice(from, 0, to, 0, 0, 0)));
  write(pipes[1], text, 8);
  while (read(more[0], bytes, sizeof bytes) > 0) {}
  say("tee %ld", E(tee(pipes[0], more[1], 5, 0)));
  say("tee: both have it %ld %ld", (long)read(pipes[0], bytes, 100), (long)read(more[0], bytes, 100));
  say("tee of a file %ld, onto itself %ld, flags %ld", E(tee(from, more[1], 5, 0)), E(tee(pipes[0], pipes[1], 5, 0)), E(tee(pipes[0], more[1], 5, 64)));
  say("tee of nothing %ld", E(tee(pipes[0], more[1], 5, SPLICE_F_NONBLOCK)));
  struct iovec vectors[2] = {{(void *)text, 3}, {(void *)(text + 3), 4}};
  say("vmsplice %ld, to a file %ld, flags %ld", E(vmsplice(pipes[1], vectors, 2, 0)), E(vmsplice(to, vectors, 2, 0)), E(vmsplice(pipes[1], vectors, 2, 64)));
  long n = read(pipes[0], bytes, 100);
  say("vmsplice: %ld %.*s", n, n > 0 ? (int)n : 0, bytes);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  say("sendfile"), with_sendfile();
  say("copy_file_range"), with_copy_file_range();
  say("splice"), with_splice();
  return 0;
}
