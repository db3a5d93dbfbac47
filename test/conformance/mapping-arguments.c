/* What the calls for mappings say to lengths of nothing, of more than there is, and to addresses at the edges. */
#include "conformance.h"

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)

static const unsigned long LENGTHS[] = {0, 1, PAGE, PAGE + 1, 3 * PAGE, 1UL << 46, 1UL << 47, 1UL << 48, 1UL << 62, 1UL << 63, -3 * PAGE, -PAGE, -PAGE + 1, -1UL};
#define COUNT (int)(sizeof LENGTHS / sizeof *LENGTHS)

static char *fresh(int count) { return mmap(NULL, count * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
/* Four pages with nothing behind them. */
static char *alone(void) {
  char *at = fresh(8);
  munmap(at + 4 * PAGE, 4 * PAGE);
  return at;
}

static void lengths(void) {
  for (int i = 0; i < COUNT; i++) {
    unsigned long n = LENGTHS[i];
    char *p = alone();
    unsigned char core[64];
    say("%lx", n);
    say("msync %ld invalidate %ld asynchronous %ld", E(syscall(SYS_msync, p, n, MS_SYNC)), E(syscall(SYS_msync, p, n, MS_INVALIDATE)), E(syscall(SYS_msync, p, n, MS_ASYNC)));
    say("mprotect %ld", E(syscall(SYS_mprotect, p, n, PROT_READ)));
    /* Other lengths would reach the stack. */
    if (n <= 3 * PAGE || n > -4 * PAGE) say("madvise %ld", E(syscall(SYS_madvise, p, n, MADV_DONTNEED)));
    say("willneed %ld", E(syscall(SYS_madvise, p, n, MADV_WILLNEED)));
    if (n <= 3 * PAGE || n > 1UL << 47) say("mincore %ld", E(syscall(SYS_mincore, p, n, core)));
    say("mlock %ld munlock %ld mlock2 %ld", E(syscall(SYS_mlock, p, n)), E(syscall(SYS_munlock, p, n)), E(syscall(SYS_mlock2, p, n, 1)));
    say("mlock inside a page %ld munlock %ld", E(syscall(SYS_mlock, p + 9, n)), E(syscall(SYS_munlock, p + 9, n)));
    if (n > 4 * PAGE) say("mremap %d", E(syscall(SYS_mremap, p, PAGE, n, 0)) < 0);
    if (n == 0 || n > 1UL << 47) say("mmap %ld", E(syscall(SYS_mmap, 0, n, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    if (n <= 3 * PAGE || n >= 1UL << 47) say("munmap %ld", E(syscall(SYS_munmap, p, n)));
  }
}

static void edges(void) {
  char *top = (char *)0x7ffffffff000, *p = alone();
  say("munmap %ld %ld %ld", E(munmap(top, PAGE)), E(munmap(top - PAGE, PAGE)), E(munmap((char *)-PAGE, PAGE)));
  say("mprotect %ld %ld", E(mprotect(top, PAGE, RW)), E(mprotect((char *)-PAGE, PAGE, RW)));
  say("madvise %ld %ld", E(madvise(top, PAGE, MADV_DONTNEED)), E(madvise((char *)-PAGE, PAGE, MADV_DONTNEED)));
  say("msync %ld %ld", E(msync(top, PAGE, MS_SYNC)), E(msync((char *)-PAGE, PAGE, MS_SYNC)));
  say("mlock %ld %ld", E(mlock(top, PAGE)), E(mlock((char *)-PAGE, PAGE)));
  say("mremap %ld %ld", E((long)mremap(top, PAGE, PAGE, 0)), E((long)mremap((char *)-PAGE, PAGE, PAGE, 0)));
  say("mincore %ld", E(mincore((char *)-PAGE, PAGE, (void *)p)));
  say("mincore nowhere %ld", E(mincore(p, PAGE, NULL)));
  say("fixed %ld %ld", E((long)mmap(top, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)), E((long)mmap(top - PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
  say("fixed, odd %ld", E((long)mmap(p + 1, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
  say("odd %ld %ld %ld %ld %ld", E(munmap(p + 1, PAGE)), E(mprotect(p + 1, PAGE, RW)), E(madvise(p + 1, PAGE, MADV_DONTNEED)), E(msync(p + 1, PAGE, MS_SYNC)), E(mincore(p + 1, PAGE, (void *)p)));
}

static void arguments(void) {
  char *p = alone();
  int file = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
  ftruncate(file, 2 * PAGE);
  say("msync flags %ld %ld %ld", E(msync(p, PAGE, 0)), E(msync(p, PAGE, 8)), E(msync(p, PAGE, MS_SYNC | MS_INVALIDATE)));
  munmap(p + PAGE, PAGE);
  mlock(p + 2 * PAGE, PAGE);
  say("msync over a hole to what is locked %ld %ld", E(msync(p, 3 * PAGE, MS_INVALIDATE)), E(msync(p, 3 * PAGE, MS_INVALIDATE | MS_ASYNC)));
  say("rights %ld %ld", E(mprotect(p, PAGE, 0x10)), E(mprotect(p, PAGE, PROT_GROWSDOWN | PROT_GROWSUP | PROT_READ)));
  say("no kind %ld both %ld", E((long)mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0)), E((long)mmap(NULL, PAGE, RW, MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
  say("not a stack %ld %ld, a stack %ld", E(mprotect(p, PAGE, RW | PROT_GROWSDOWN)), E(mprotect(p, PAGE, RW | PROT_GROWSUP)), E(mprotect((void *)((long)&file & -PAGE), PAGE, RW | PROT_GROWSDOWN)));
  say("unknown flag, validated %ld", E((long)mmap(NULL, PAGE, RW, 3 | 0x800000, file, 0)));
  say("validated %d", mmap(NULL, PAGE, RW, 3, file, 0) != MAP_FAILED);
  say("offset %ld, far %d, over the end %ld", E((long)mmap(NULL, PAGE, RW, MAP_SHARED, file, 1)), mmap(NULL, PAGE, RW, MAP_SHARED, file, 1L << 62) != MAP_FAILED, E(syscall(SYS_mmap, NULL, 2 * PAGE, RW, MAP_SHARED, file, -PAGE)));
  say("not replacing %ld, free %d", E((long)mmap(p, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)), mmap(p + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == p + PAGE);
  say("advice %ld %ld", E(madvise(p, PAGE, 77)), E(madvise(p, 0, 77)));
  say("bad file %ld pipe %ld", E((long)mmap(NULL, PAGE, RW, MAP_SHARED, 77, 0)), ({ int ends[2]; pipe(ends); E((long)mmap(NULL, PAGE, RW, MAP_SHARED, ends[0], 0)); }));
}

int main(void) {
  RUN(lengths);
  RUN(edges);
  RUN(arguments);
}
