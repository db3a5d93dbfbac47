/* Which pages mlock(2) and its kin bring in: private pages of a file that were brought in to be written no longer show what
 * is written to the file. */
#include "conformance.h"

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)
#define PAGES 6

static int file;
static long result;
static char *map_at(void *at, int count, int rights, int flags) { return mmap(at, count * PAGE, rights, flags, file, 0); }
static char *private_file(int rights) {
  char page[PAGE];
  file = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; i < PAGES; i++) memset(page, 'a' + i, PAGE), pwrite(file, page, PAGE, i * PAGE);
  return map_at(NULL, PAGES, rights, MAP_PRIVATE);
}
/* Writes to every page of the file, and tells which pages of the mapping do not show it: those brought in, as x. */
static const char *brought_in(char *base, int count) {
  static char text[8][PAGES + 1];
  static int next;
  char *into = text[next++ & 7];
  for (int i = 0; i < PAGES; i++) pwrite(file, "W", 1, i * PAGE);
  for (int i = 0; i < count; i++) into[i] = base[i * PAGE] == 'W' ? '-' : 'x';
  into[count] = 0;
  return into;
}
/* Which pages of memory without a file are there. */
static const char *present(char *base, int count) {
  static char text[8][PAGES + 1];
  static int next;
  char *into = text[next++ & 7];
  unsigned char core[PAGES] = {0};
  if (mincore(base, count * PAGE, core) < 0) return "no mapping";
  for (int i = 0; i < count; i++) into[i] = core[i] & 1 ? 'x' : '-';
  into[count] = 0;
  return into;
}

static void up_to_what_is_missing(void) {
  char *p = private_file(RW);
  result = E(mlock(p, PAGES * PAGE));
  say("nothing missing %ld %s", result, brought_in(p, PAGES));
  p = private_file(RW);
  result = E(mlock(p + PAGE + 100, PAGE));
  say("one page and a byte %ld %s", result, brought_in(p, PAGES));
  p = private_file(RW);
  munmap(p + 4 * PAGE, PAGE);
  result = E(mlock(p, PAGES * PAGE));
  say("hole %ld %s", result, brought_in(p, 4));
  say("but locked %ld", E(madvise(p, PAGE, MADV_DONTNEED)));
  p = private_file(RW);
  munmap(p, PAGE);
  result = E(mlock(p, PAGES * PAGE));
  say("hole first %ld %s", result, brought_in(p + PAGE, 5));
  say("not locked %ld", E(madvise(p + PAGE, PAGE, MADV_DONTNEED)));
  p = private_file(RW);
  mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
  result = E(mlock(p, PAGES * PAGE));
  mprotect(p + 2 * PAGE, PAGE, PROT_READ);
  say("no rights %ld %s", result, brought_in(p, PAGES));
  say("but locked %ld", E(madvise(p + 5 * PAGE, PAGE, MADV_DONTNEED)));
  p = private_file(RW);
  mprotect(p, PAGE, PROT_NONE);
  result = E(mlock(p, 3 * PAGE));
  mprotect(p, PAGE, PROT_READ);
  say("no rights first %ld %s", result, brought_in(p, PAGES));
  p = private_file(RW);
  ftruncate(file, 3 * PAGE);
  result = E(mlock(p + PAGE, 4 * PAGE));
  ftruncate(file, PAGES * PAGE);
  say("behind the end %ld %s", result, brought_in(p, PAGES));
  p = private_file(PROT_READ);
  result = E(mlock(p, PAGES * PAGE));
  say("read only %ld %s", result, brought_in(p, PAGES));
  p = map_at(NULL, PAGES, RW, MAP_SHARED);
  result = E(mlock(p, PAGES * PAGE));
  say("shared %ld %s", result, brought_in(p, PAGES));
  p = private_file(RW);
  say("nothing %ld, all %ld, nearly all %ld, half %ld", E(mlock(p + 8, 0)), E(mlock(p, -1L)), E(mlock(p, -3 * PAGE)), E(mlock(p, 1UL << 62)));
}

static void without_a_file(void) {
  char *p = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  result = E(mlock(p, PAGES * PAGE));
  say("memory %ld %s", result, present(p, PAGES));
  p = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  result = E(mlock(p, PAGES * PAGE));
  say("shared memory %ld %s", result, present(p, PAGES));
}

static void on_fault(void) {
  char *p = private_file(RW);
  result = E(mlock2(p, PAGES * PAGE, MLOCK_ONFAULT));
  say("mlock2 %ld %s", result, brought_in(p, PAGES));
  say("locked %ld", E(madvise(p, PAGE, MADV_DONTNEED)));
  p = private_file(RW);
  mprotect(p + PAGE, PAGE, PROT_NONE);
  say("without rights %ld", E(mlock2(p, PAGES * PAGE, MLOCK_ONFAULT)));
  p = private_file(RW);
  mlock2(p, PAGES * PAGE, MLOCK_ONFAULT);
  result = E(mlock2(p, 2 * PAGE, 0));
  say("then at once %ld %s", result, brought_in(p, PAGES));
  say("bad flags %ld", E(mlock2(p, PAGE, 2)));
}

static void becomes_writable(void) {
  char *p = private_file(PROT_READ);
  mlock(p + PAGE, 3 * PAGE);
  mprotect(p, 3 * PAGE, RW);
  say("%s", brought_in(p, PAGES));
  p = private_file(PROT_READ);
  mlock2(p, 3 * PAGE, MLOCK_ONFAULT);
  mprotect(p, 3 * PAGE, RW);
  say("on fault %s", brought_in(p, PAGES));
  p = private_file(PROT_READ);
  mlock(p, 3 * PAGE), munlock(p + PAGE, PAGE);
  mprotect(p, 3 * PAGE, RW);
  say("unlocked %s", brought_in(p, PAGES));
  p = private_file(PROT_NONE);
  mlock(p, 3 * PAGE);
  mprotect(p, 3 * PAGE, RW);
  say("without rights before %s", brought_in(p, 3));
}

static void grows(void) {
  char *p = private_file(RW), *room = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(p + 2 * PAGE, 4 * PAGE);
  mlock(p, 2 * PAGE);
  p = mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
  say("%s", brought_in(p, 4));
  p = private_file(RW);
  munmap(p + 2 * PAGE, 4 * PAGE);
  mlock2(p, 2 * PAGE, MLOCK_ONFAULT);
  p = mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
  say("on fault %s", brought_in(p, 4));
  p = private_file(RW);
  mlock(p + PAGE, PAGE);
  p = mremap(p + PAGE, PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
  say("moved %s", brought_in(p, 4));
}

static void all_of_it(void) {
  char *p = private_file(RW), *q = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  mprotect(q, PAGE, PROT_NONE);
  say("on fault %ld", E(mlockall(MCL_CURRENT | MCL_ONFAULT)));
  say("%s", brought_in(p, PAGES));
  p = private_file(RW);
  say("current %ld", E(mlockall(MCL_CURRENT)));
  say("%s %s", present(q + PAGE, PAGES - 1), brought_in(p, PAGES));
  p = private_file(RW);
  say("not what comes later %s", brought_in(p, PAGES));
  munlockall();
  say("future %ld", E(mlockall(MCL_FUTURE)));
  p = private_file(RW);
  say("%s", brought_in(p, PAGES));
  char *heap = sbrk(4 * PAGE);
  heap = (char *)(((long)heap + PAGE - 1) & -PAGE);
  say("heap %s %ld", present(heap, 3), E(madvise(heap, PAGE, MADV_DONTNEED)));
  pid_t pid = fork();
  if (pid == 0) {
    p = private_file(RW);
    say("child %s", brought_in(p, PAGES));
  say("thrown away %ld", E(madvise(p, PAGE, MADV_DONTNEED)));
    _exit(0);
  }
  reaped(pid, 0);
  say("future, on fault %ld", E(mlockall(MCL_FUTURE | MCL_ONFAULT)));
  p = map_at(NULL, PAGES, RW, MAP_PRIVATE | MAP_POPULATE);
  say("%s", brought_in(p, PAGES));
  munlockall();
  p = private_file(RW);
  say("unlocked %s", brought_in(p, PAGES));
  say("thrown away %ld", E(madvise(p, PAGE, MADV_DONTNEED)));
}

static void mapped_so(void) {
  private_file(RW);
  char *p = map_at(NULL, PAGES, RW, MAP_PRIVATE | MAP_LOCKED);
  say("locked %s", brought_in(p, PAGES));
  say("thrown away %ld", E(madvise(p, PAGE, MADV_DONTNEED)));
  private_file(RW);
  p = map_at(NULL, PAGES, RW, MAP_PRIVATE | MAP_POPULATE);
  say("populated %s", brought_in(p, PAGES));
  say("thrown away %ld", E(madvise(p, PAGE, MADV_DONTNEED)));
  private_file(RW);
  p = map_at(NULL, PAGES, RW, MAP_PRIVATE | MAP_POPULATE | MAP_NONBLOCK);
  say("not waiting %s", brought_in(p, PAGES));
  private_file(RW);
  ftruncate(file, 2 * PAGE);
  p = map_at(NULL, PAGES, RW, MAP_PRIVATE | MAP_LOCKED);
  ftruncate(file, PAGES * PAGE);
  say("longer than the file %s", brought_in(p, PAGES));
}

static void advice(void) {
  char *p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mlock(p, PAGE);
  static const int ADVICE[] = {MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED, MADV_NORMAL, 24};
  for (int i = 0; i < 7; i++) say("advice %d: %ld %ld", ADVICE[i], E(madvise(p, PAGE, ADVICE[i])), E(madvise(p + PAGE, PAGE, ADVICE[i])));
}

int main(void) {
  RUN(up_to_what_is_missing);
  RUN(without_a_file);
  RUN(on_fault);
  RUN(becomes_writable);
  RUN(grows);
  RUN(all_of_it);
  RUN(mapped_so);
  RUN(advice);
}
