/* MAP_SHARED mappings that are split, moved, shrunk and joined: each piece goes on showing the file, and writing to it. */
#include "conformance.h"

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)

/* A fresh file of that many pages, each filled with a letter of its own. */
static int letters(const char *name, int pages) {
  int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  char page[PAGE];
  for (int i = 0; i < pages; i++) {
    memset(page, 'a' + i, PAGE);
    if (pwrite(file, page, PAGE, i * PAGE) != PAGE) say("pwrite %ld", E(-1));
  }
  return file;
}
static char *share(int file, int pages, int first) { return mmap(NULL, pages * PAGE, RW, MAP_SHARED, file, first * PAGE); }
/* The first byte of each page, as read(2) has it. */
static const char *content(int file, int pages) {
  static char text[4][32];
  static int next;
  char *into = text[next++ & 3];
  for (int i = 0; i < pages; i++) {
    into[i] = '-';
    pread(file, into + i, 1, i * PAGE);
    if (into[i] == 0) into[i] = '0';
  }
  into[pages] = 0;
  return into;
}

static void hole_in_the_middle(void) {
  int file = letters("f", 4);
  char *m = share(file, 4, 0);
  munmap(m + PAGE, PAGE);
  m[0] = 'W', m[2 * PAGE] = 'Z', m[3 * PAGE] = 'Y';
  say("read back %s", content(file, 4));
  pwrite(file, "Q", 1, 3 * PAGE);
  say("mapping sees write %c", m[3 * PAGE]);
  munmap(m, PAGE);
  m[2 * PAGE] = 'X';
  say("read back %s", content(file, 4));
  munmap(m + 2 * PAGE, 2 * PAGE);
  say("after all %s", content(file, 4));
}

static void page_by_page(void) {
  int file = letters("f", 8);
  char *m = share(file, 8, 0);
  for (int i = 0; i < 8; i += 2) munmap(m + i * PAGE, PAGE);
  for (int i = 1; i < 8; i += 2) m[i * PAGE] = 'A' + i;
  say("odd %s", content(file, 8));
  for (int i = 1; i < 8; i += 2) {
    m[i * PAGE] = '0' + i;
    munmap(m + i * PAGE, PAGE);
    say("%s", content(file, 8));
  }
}

static void shrunk_and_grown(void) {
  int file = letters("f", 6);
  char *m = share(file, 4, 0);
  say("shrink %d", mremap(m, 4 * PAGE, 2 * PAGE, 0) == m);
  m[PAGE] = 'S';
  say("%s", content(file, 6));
  char *grown = mremap(m, 2 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
  grown[5 * PAGE] = 'G', grown[0] = 'H';
  say("%s", content(file, 6));
  char *place = mmap(NULL, 10 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *moved = mremap(grown + PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + 2 * PAGE);
  moved[0] = 'M', moved[2 * PAGE] = 'N', grown[0] = 'L', grown[4 * PAGE] = 'O';
  say("moved the middle %s", content(file, 6));
  pwrite(file, "pppp", 4, 2 * PAGE);
  say("moved sees write %.4s", moved + PAGE);
  munmap(grown, 6 * PAGE);
  moved[PAGE] = 'K';
  say("%s", content(file, 6));
}

static void rights_changed(void) {
  int file = letters("f", 5);
  char *m = share(file, 5, 0);
  m[PAGE] = 'x';
  mprotect(m + PAGE, PAGE, PROT_READ);
  mprotect(m + 3 * PAGE, PAGE, PROT_NONE);
  munmap(m + 2 * PAGE, PAGE);
  m[0] = 'A', m[4 * PAGE] = 'E';
  say("%c %s", m[PAGE], content(file, 5));
  mprotect(m + 3 * PAGE, PAGE, RW);
  mprotect(m + PAGE, PAGE, RW);
  m[3 * PAGE] = 'D', m[PAGE] = 'B';
  say("%s", content(file, 5));
  munmap(m, PAGE);
  m[PAGE] = '1', m[4 * PAGE] = '4';
  say("%s", content(file, 5));
}

static void replaced(void) {
  int file = letters("f", 4);
  char *m = share(file, 4, 0);
  mmap(m + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  m[PAGE] = '!', m[0] = 'A', m[3 * PAGE] = 'D';
  say("anonymous over one page %s", content(file, 4));
  mmap(m + 2 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
  m[2 * PAGE] = '2';
  say("its first page over its third: %c %s", m[0], content(file, 4));
  munmap(m, PAGE);
  m[2 * PAGE] = '3', m[3 * PAGE] = '4';
  say("%s", content(file, 4));
}

static void joined_again(void) {
  int file = letters("f", 4);
  char *m = share(file, 4, 0);
  mprotect(m + PAGE, 2 * PAGE, PROT_READ);
  mprotect(m + PAGE, 2 * PAGE, RW);
  say("one mapping: %d", mremap(m, 4 * PAGE, 2 * PAGE, 0) == m);
  m[PAGE] = 'j';
  say("%s", content(file, 4));
  munmap(m + PAGE, PAGE);
  mmap(m + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, file, PAGE);
  m[PAGE] = 'k';
  munmap(m, PAGE);
  m[PAGE] = 'l';
  say("%s", content(file, 4));
}

static void two_mappings(void) {
  int file = letters("f", 4), again = open("f", O_RDWR);
  char *a = share(file, 4, 0), *b = share(again, 3, 1);
  a[PAGE] = '1';
  say("b sees %c", b[0]);
  munmap(a, 4 * PAGE);
  b[PAGE] = '2';
  say("%s", content(file, 4));
  char *c = share(file, 4, 0);
  c[2 * PAGE] = '3', c[0] = '0' + 9;
  say("b sees %c", b[PAGE]);
  munmap(b + PAGE, PAGE);
  munmap(c, 4 * PAGE);
  b[2 * PAGE] = '4';
  say("%s", content(file, 4));
}

static void closed_and_unlinked(void) {
  int file = letters("gone", 4), other = open("gone", O_RDONLY);
  char *m = share(file, 4, 0);
  close(file);
  unlink("gone");
  munmap(m + PAGE, PAGE);
  m[2 * PAGE] = 'u';
  say("%s", content(other, 4));
  close(other);
  m[3 * PAGE] = 'v';
  say("kept %c%c%c", m[0], m[2 * PAGE], m[3 * PAGE]);
  munmap(m, PAGE);
  say("kept %c%c", m[2 * PAGE], m[3 * PAGE]);
}

static void over_fork(void) {
  int file = letters("f", 4);
  char *m = share(file, 4, 0);
  pid_t pid = fork();
  if (pid == 0) {
    munmap(m + PAGE, PAGE);
    m[0] = 'C', m[2 * PAGE] = 'c';
    _exit(0);
  }
  say("%s", reaped(pid, 0));
  say("child wrote %c%c%c%c", m[0], m[PAGE], m[2 * PAGE], m[3 * PAGE]);
  munmap(m + 2 * PAGE, PAGE);
  m[3 * PAGE] = 'P', m[PAGE] = 'p';
  pid = fork();
  if (pid == 0) {
    m[3 * PAGE] = 'D';
    munmap(m, 4 * PAGE);
    _exit(0);
  }
  reaped(pid, 0);
  say("%s", content(file, 4));
  pid = fork();
  if (pid == 0) {
    m[0] = 'E';
    execl("/bin/true", "true", NULL);
    _exit(1);
  }
  say("%s", reaped(pid, 0));
  munmap(m, 4 * PAGE);
  say("%s", content(file, 4));
}

static void anonymous(void) {
  char *m = mmap(NULL, 5 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 5; i++) m[i * PAGE] = 'a' + i;
  munmap(m + PAGE, PAGE);
  pid_t pid = fork();
  if (pid == 0) {
    m[0] = 'C', m[2 * PAGE] = 'c';
    munmap(m, PAGE);
    m[4 * PAGE] = 'q';
    _exit(0);
  }
  reaped(pid, 0);
  say("%c%c%c%c", m[0], m[2 * PAGE], m[3 * PAGE], m[4 * PAGE]);
  munmap(m, PAGE);
  mprotect(m + 3 * PAGE, PAGE, PROT_NONE);
  munmap(m + 2 * PAGE, PAGE);
  mprotect(m + 3 * PAGE, PAGE, RW);
  say("%c%c", m[3 * PAGE], m[4 * PAGE]);
  madvise(m + 3 * PAGE, 2 * PAGE, MADV_DONTNEED);
  say("%c%c", m[3 * PAGE], m[4 * PAGE]);
}

static void in_memory_file(void) {
  int file = memfd_create("shared", 0);
  ftruncate(file, 4 * PAGE);
  char *m = share(file, 4, 0);
  m[0] = 'a', m[PAGE] = 'b', m[3 * PAGE] = 'd';
  munmap(m + PAGE, 2 * PAGE);
  m[3 * PAGE] = 'D';
  say("%s", content(file, 4));
  char *again = share(file, 4, 0);
  say("%c%c%c", again[0], again[PAGE], again[3 * PAGE]);
  close(file);
  munmap(m, 4 * PAGE);
  say("%c%c%c", again[0], again[PAGE], again[3 * PAGE]);
}

static void not_inherited(void) {
  int file = letters("f", 3);
  char *m = share(file, 3, 0);
  m[PAGE] = 'n';
  madvise(m + PAGE, PAGE, MADV_DONTFORK);
  pid_t pid = fork();
  if (pid == 0) {
    m[0] = 'c', m[2 * PAGE] = 'c';
    _exit(0);
  }
  say("%s", reaped(pid, 0));
  m[PAGE] = 'm';
  say("%s", content(file, 3));
  madvise(m + PAGE, PAGE, MADV_DOFORK);
  munmap(m + 2 * PAGE, PAGE);
  m[PAGE] = 'o';
  say("%s", content(file, 3));
}

int main(void) {
  RUN(hole_in_the_middle);
  RUN(page_by_page);
  RUN(shrunk_and_grown);
  RUN(rights_changed);
  RUN(replaced);
  RUN(joined_again);
  RUN(two_mappings);
  RUN(closed_and_unlinked);
  RUN(over_fork);
  RUN(anonymous);
  RUN(in_memory_file);
  RUN(not_inherited);
}
