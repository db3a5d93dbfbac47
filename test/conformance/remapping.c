/* mremap(2): what it refuses, what comes along, and what stays behind. */
#include "conformance.h"
#include <setjmp.h>

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)
#define DONTUNMAP 4

static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }
/* What a byte of memory shows, as a letter: ! for SIGBUS, ? for SIGSEGV, 0 for a null byte. */
static char peek(char *at) {
  handle(SIGBUS, on_fault, 0), handle(SIGSEGV, on_fault, 0);
  int signal = sigsetjmp(back, 1);
  if (signal) return signal == SIGBUS ? '!' : '?';
  char c = *(volatile char *)at;
  return c ? c : '0';
}
static const char *pages(char *base, int count) {
  static char text[8][32];
  static int next;
  char *into = text[next++ & 7];
  for (int i = 0; i < count; i++) into[i] = peek(base + i * PAGE);
  into[count] = 0;
  return into;
}
static char *letters(char *base, int count, char first) {
  for (int i = 0; i < count; i++) base[i * PAGE] = first + i;
  return base;
}
static char *memory(int count, int type) { return letters(mmap(NULL, count * PAGE, RW, type | MAP_ANONYMOUS, -1, 0), count, 'a'); }
static char *room(int count) {
  char *at = mmap(NULL, count * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(at, count * PAGE);
  return at;
}
static int file;
static char *of_file(int count, int type) {
  file = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; i < count; i++) pwrite(file, (char[]){'a' + i}, 1, i * PAGE);
  ftruncate(file, count * PAGE);
  return mmap(NULL, count * PAGE, RW, type, file, 0);
}
/* The result of a move, told by how far from where it was wanted. */
static const char *at(char *result, char *wanted) {
  static char text[4][24];
  static int next;
  char *into = text[next++ & 3];
  long error = (long)result == -1 ? -errno : 0;
  sprintf(into, error ? "%ld" : "%+ld", error ? error : (long)(result - wanted) / PAGE);
  return into;
}

static void refusals(void) {
  char *p = memory(4, MAP_PRIVATE), *to = room(8);
  long all = MREMAP_MAYMOVE | MREMAP_FIXED;
  say("odd address %ld", E((long)mremap(p + 1, PAGE, PAGE, 0)));
  say("odd target %ld", E((long)mremap(p, PAGE, PAGE, all, to + 1)));
  say("no size %ld", E((long)mremap(p, PAGE, 0, MREMAP_MAYMOVE)));
  say("flags %ld", E((long)mremap(p, PAGE, PAGE, 8)));
  say("fixed alone %ld", E((long)mremap(p, PAGE, PAGE, MREMAP_FIXED, to)));
  say("onto itself %ld", E((long)mremap(p, 2 * PAGE, 2 * PAGE, all, p)));
  say("onto its second page %ld", E((long)mremap(p, 2 * PAGE, 2 * PAGE, all, p + PAGE)));
  say("growing onto itself %ld", E((long)mremap(p + 2 * PAGE, PAGE, 3 * PAGE, all, p)));
  say("behind all addresses %ld", E((long)mremap(p, PAGE, PAGE, all, 0x7ffffffff000)));
  say("across their end %ld", E((long)mremap(p, PAGE, 2 * PAGE, all, 0x7fffffffe000)));
  say("old size 0 of private memory %ld", E((long)mremap(p, 0, PAGE, MREMAP_MAYMOVE)));
  say("nothing there %ld %ld", E((long)mremap(to, PAGE, PAGE, all, to + PAGE)), E((long)mremap(to, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
  say("to nothing there, smaller %ld", E((long)mremap(to, 2 * PAGE, PAGE, MREMAP_MAYMOVE)));
  say("%s", pages(p, 4));
}

static void several_mappings(void) {
  char *p = memory(4, MAP_PRIVATE), *to = room(8);
  mprotect(p + 2 * PAGE, PAGE, PROT_READ);
  say("grow %ld", E((long)mremap(p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE)));
  say("grow and move %ld", E((long)mremap(p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to)));
  say("the same size %s", at(mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE), p));
  say("smaller %s", at(mremap(p, 4 * PAGE, PAGE, 0), p));
  say("%s", pages(p, 4));
  p = memory(4, MAP_PRIVATE);
  munmap(p + 2 * PAGE, PAGE);
  say("grow over a hole %ld", E((long)mremap(p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE)));
  say("smaller, over a hole %s", at(mremap(p, 4 * PAGE, PAGE, 0), p));
  say("%s", pages(p, 4));
}

static void over_others(void) {
  char *p = memory(4, MAP_PRIVATE), *q = letters(memory(6, MAP_SHARED), 6, 'A');
  say("%s", at(mremap(p + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 3 * PAGE), q));
  say("%s %s", pages(p, 4), pages(q, 6));
  say("smaller %s", at(mremap(q, 3 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE), p));
  say("%s %s", pages(p, 4), pages(q, 6));
  p[PAGE] = 'Z';
  say("larger %s", at(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q), q));
  say("%s %s", pages(p, 4), pages(q, 6));
}

static void stays_behind(void) {
  long flags = MREMAP_MAYMOVE | DONTUNMAP;
  char *p = memory(4, MAP_PRIVATE), *to = room(8);
  char *moved = mremap(p + PAGE, 2 * PAGE, 2 * PAGE, flags | MREMAP_FIXED, to);
  say("%s: %s %s", at(moved, to), pages(p, 4), pages(to, 2));
  p[PAGE] = 'n', to[0] = 'N';
  say("%s %s", pages(p, 4), pages(to, 2));
  moved = mremap(p, PAGE, PAGE, flags, NULL);
  say("anywhere %s %s", pages(p, 1), pages(moved, 1));
  say("not alone %ld, another size %ld %ld", E((long)mremap(p, PAGE, PAGE, DONTUNMAP, NULL)),
      E((long)mremap(p, PAGE, 2 * PAGE, flags, NULL)), E((long)mremap(p, 2 * PAGE, PAGE, flags, NULL)));
  say("overlapping %ld, old size 0 %ld", E((long)mremap(p, 2 * PAGE, 2 * PAGE, flags | MREMAP_FIXED, p + PAGE)), E((long)mremap(p, 0, PAGE, flags, NULL)));
  char *f = of_file(3, MAP_PRIVATE);
  f[PAGE] = 'P';
  moved = mremap(f, 3 * PAGE, 3 * PAGE, flags, NULL);
  pwrite(file, "WWW", 1, 0);
  say("private file %s %s", pages(f, 3), pages(moved, 3));
  f = of_file(3, MAP_SHARED);
  moved = mremap(f, 3 * PAGE, 3 * PAGE, flags, NULL);
  f[0] = '1', moved[PAGE] = '2';
  munmap(f, PAGE);
  moved[2 * PAGE] = '3';
  say("shared file %s %s", pages(f, 3), pages(moved, 3));
  char *s = memory(2, MAP_SHARED);
  moved = mremap(s, 2 * PAGE, 2 * PAGE, flags, NULL);
  s[0] = 'S';
  say("shared memory %s %s", pages(s, 2), pages(moved, 2));
  p = memory(2, MAP_PRIVATE);
  mlock(p, 2 * PAGE);
  moved = mremap(p, 2 * PAGE, 2 * PAGE, flags, NULL);
  say("locks %ld %ld", E(madvise(p, PAGE, MADV_DONTNEED)), E(madvise(moved, PAGE, MADV_DONTNEED)));
  p = memory(4, MAP_PRIVATE);
  mlock(p, 3 * PAGE);
  moved = mremap(p + PAGE, PAGE, PAGE, flags, NULL);
  say("locks of a part %ld %ld %ld", E(madvise(p, PAGE, MADV_DONTNEED)), E(madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED)), E(madvise(moved, PAGE, MADV_DONTNEED)));
  p = memory(2, MAP_PRIVATE);
  mprotect(p, 2 * PAGE, PROT_NONE);
  moved = mremap(p, 2 * PAGE, 2 * PAGE, flags, NULL);
  mprotect(p, 2 * PAGE, RW), mprotect(moved, 2 * PAGE, RW);
  say("without rights %s %s", pages(p, 2), pages(moved, 2));
}

static void beyond_the_file(void) {
  for (int type = MAP_SHARED; type <= MAP_PRIVATE; type++) {
    char *p = of_file(2, type);
    p[PAGE] = 'x';
    p = mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    say("%s", pages(p, 4));
    ftruncate(file, 3 * PAGE);
    say("file grown %s", pages(p, 4));
    p = mremap(p + PAGE, 2 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);
    ftruncate(file, PAGE);
    say("cut short %s", pages(p, 5));
    ftruncate(file, 4 * PAGE), pwrite(file, "w", 1, 2 * PAGE);
    say("and grown %s", pages(p, 5));
  }
}

static void forked(void) {
  char *p = memory(4, MAP_PRIVATE), *s = memory(4, MAP_SHARED), *f = of_file(4, MAP_PRIVATE), *g = of_file(4, MAP_SHARED);
  int done[2];
  char c;
  pipe(done);
  munmap(s + PAGE, PAGE), mprotect(g + PAGE, PAGE, PROT_READ);
  f[0] = 'F';
  pid_t pid = fork();
  if (pid == 0) {
    p = mremap(p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE), s = mremap(s + 2 * PAGE, 2 * PAGE, PAGE, 0);
    g = mremap(g + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, NULL);
    p[0] = 'C', s[0] = 'C', f[0] = 'C', g[0] = 'C';
    read(done[0], &c, 1);
    say("child %s %s %s %s", pages(p, 6), pages(s, 1), pages(f, 4), pages(g, 2));
    _exit(0);
  }
  p[1] = 'p', s[3 * PAGE] = 'P', p[PAGE] = 'P', f[PAGE] = 'P', g[3 * PAGE] = 'P';
  munmap(g, PAGE);
  write(done[1], "x", 1);
  say("%s", reaped(pid, 0));
  say("parent %s %s %s %s", pages(p, 4), pages(s, 4), pages(f, 4), pages(g, 4));
}

static void second_view(void) {
  char *g = of_file(4, MAP_SHARED), *to = room(6);
  char *twin = mremap(g + PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
  twin[0] = 'T', g[2 * PAGE] = 'G';
  munmap(g, 4 * PAGE);
  say("%s %s", pages(to, 3), pages(mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, file, 0), 4));
  say("longer than the file %s", pages(mremap(to, 0, 6 * PAGE, MREMAP_MAYMOVE), 6));
  say("without moving %ld", E((long)mremap(to, 0, PAGE, 0)));
}

int main(void) {
  RUN(refusals);
  RUN(several_mappings);
  RUN(over_others);
  RUN(stays_behind);
  RUN(beyond_the_file);
  RUN(forked);
  RUN(second_view);
}
