/* Calls whose arguments and results strace and a trace of the micro-VM write alike. Run in an empty directory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BEGIN 0x7a746c

static long call(long number, long a, long b, long c, long d) { return syscall(number, a, b, c, d); }

int main(void) {
  char buffer[200], many[100];
  int ends[2];
  struct timespec pause = {0, 1000000};
  for (int i = 0; i < 100; i++) many[i] = 'a' + i % 26;
  /* From here on. */
  call(SYS_lseek, 77, BEGIN, SEEK_SET, 0);
  call(SYS_openat, AT_FDCWD, (long)"missing", O_RDONLY | O_CLOEXEC, 0);
  call(SYS_openat, AT_FDCWD, (long)"file", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0640);
  call(SYS_write, 3, (long)"a\tb\"c\\d\n", 9, 0);
  call(SYS_write, 3, (long)many, 20, 0);
  call(SYS_lseek, 3, 2, SEEK_SET, 0);
  call(SYS_lseek, 3, -1, SEEK_CUR, 0);
  call(SYS_read, 3, (long)buffer, 100, 0);
  call(SYS_read, 3, (long)buffer, 100, 0);
  call(SYS_pread64, 3, (long)buffer, 3, 1);
  call(SYS_read, 99, (long)buffer, 100, 0) == -1 ? (void)0 : abort();
  call(SYS_ftruncate, 3, 5, 0, 0);
  call(SYS_fcntl, 3, F_SETFD, FD_CLOEXEC, 0);
  call(SYS_fsync, 3, 0, 0, 0);
  call(SYS_dup, 3, 0, 0, 0);
  call(SYS_dup3, 3, 9, O_CLOEXEC, 0);
  call(SYS_close, 9, 0, 0, 0);
  call(SYS_close, 4, 0, 0, 0);
  call(SYS_close, 3, 0, 0, 0);
  call(SYS_mkdir, (long)"directory", 0755, 0, 0);
  call(SYS_mkdirat, AT_FDCWD, (long)"directory", 0755, 0);
  call(SYS_rename, (long)"file", (long)"directory/file", 0, 0);
  call(SYS_symlink, (long)"directory/file", (long)"link", 0, 0);
  call(SYS_readlink, (long)"link", (long)buffer, 100, 0);
  call(SYS_chmod, (long)"directory/file", 0600, 0, 0);
  call(SYS_access, (long)"link", R_OK | W_OK, 0, 0);
  call(SYS_truncate, (long)"link", 100, 0, 0);
  call(SYS_unlink, (long)"link", 0, 0, 0);
  call(SYS_unlink, (long)"directory", 0, 0, 0);
  call(SYS_rmdir, (long)"directory", 0, 0, 0);
  call(SYS_pipe2, (long)ends, O_CLOEXEC, 0, 0);
  call(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0);
  call(SYS_shutdown, 5, SHUT_RDWR, 0, 0);
  call(SYS_listen, 5, 3, 0, 0);
  call(SYS_munmap, 0x1000, 4096, 0, 0);
  call(SYS_kill, 0, 0, 0, 0);
  call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause, 0);
  call(SYS_umask, 022, 0, 0, 0);
  return 7;
}
