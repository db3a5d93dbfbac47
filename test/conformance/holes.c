/* Holes of files, and vectors with a buffer that cannot be reached. */
#define _GNU_SOURCE
#include "conformance.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOW(e)                                                                \
  do {                                                                         \
    errno = 0;                                                                 \
    long r_ = (long)(e);                                                       \
    printf("%s = %ld errno %d\n", #e, r_, r_ < 0 ? errno : 0);                 \
  } while (0)
#define M (1 << 20)

static void holes(int f) {
  char page[4096];
  memset(page, 'x', sizeof page);
  SHOW(lseek(f, 0, SEEK_DATA));
  SHOW(lseek(f, 0, SEEK_HOLE));
  pwrite(f, page, 4096, 0);
  pwrite(f, page, 4096, M);
  ftruncate(f, 4 * M);
  for (int step = 0; step < 2; step++) {
    SHOW(lseek(f, 0, SEEK_DATA));
    SHOW(lseek(f, 0, SEEK_HOLE));
    SHOW(lseek(f, 100, SEEK_HOLE));
    SHOW(lseek(f, 5000, SEEK_HOLE));
    SHOW(lseek(f, 8192, SEEK_DATA));
    SHOW(lseek(f, M + 5, SEEK_DATA));
    SHOW(lseek(f, M, SEEK_HOLE));
    SHOW(lseek(f, 2 * M, SEEK_DATA));
    SHOW(lseek(f, 2 * M, SEEK_HOLE));
    SHOW(lseek(f, 4 * M, SEEK_DATA));
    SHOW(lseek(f, 4 * M, SEEK_HOLE));
    SHOW(lseek(f, -1, SEEK_DATA));
    SHOW(lseek(f, -5, SEEK_HOLE));
    SHOW(lseek(f, 0, SEEK_CUR));
    char *map = mmap(0, 4 * M, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    map[3 * M] = 'y';
    SHOW(lseek(f, 2 * M, SEEK_DATA));
    SHOW(lseek(f, 3 * M, SEEK_HOLE));
    munmap(map, 4 * M);
    SHOW(lseek(f, 2 * M, SEEK_DATA));
    SHOW(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * M, 4096));
    SHOW(lseek(f, 2 * M, SEEK_DATA));
  }
}

static void vectors(int f) {
  char text[] = "abcdefghij", back[20] = "";
  char *bad = (char *)0x10;
  struct iovec middle[3] = {{text, 5}, {bad, 5}, {text, 5}}, start[2] = {{bad, 5}, {text, 5}};
  struct iovec into[2] = {{back, 3}, {bad, 5}}, empty[2] = {{text, 2}, {bad, 0}};
  SHOW(pwritev(f, middle, 3, 0));
  SHOW(pwritev(f, start, 2, 0));
  SHOW(pwritev(f, empty, 2, 0));
  SHOW(preadv(f, into, 2, 0));
  printf("%s\n", back);
  lseek(f, 0, SEEK_SET);
  SHOW(writev(f, middle, 3));
  SHOW(lseek(f, 0, SEEK_CUR));
  SHOW(readv(f, into, 2));
  SHOW(lseek(f, 0, SEEK_CUR));
}

int main(void) {
  int f = memfd_create("holes", 0);
  holes(f);
  vectors(f);
  return 0;
}
