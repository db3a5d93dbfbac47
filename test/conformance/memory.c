/* mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), brk(2), fork and shared memory. */
#include "conformance.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile int code, caught;
static volatile long at;
static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)context;
  code = info->si_code, at = (long)info->si_addr;
  siglongjmp(back, signal);
}
#define PAGE 4096L
/* Touches memory; says the signal, its code and where the fault was relative to the base. */
static const char *touch(char *base, long offset, int write) {
  static char text[64];
  handle_info(SIGSEGV, on_fault, 0);
  handle_info(SIGBUS, on_fault, 0);
  int signal = sigsetjmp(back, 1);
  if (signal) {
    sprintf(text, "signal %d code %d at %+ld", signal, code, at - (long)base);
    return text;
  }
  if (write) *(volatile char *)(base + offset) = 'w';
  sprintf(text, "%d", *(volatile char *)(base + offset));
  return text;
}
static char *map(long bytes, int protection, int flags) { return mmap(NULL, bytes, protection, flags | MAP_ANONYMOUS, -1, 0); }
#define RW (PROT_READ | PROT_WRITE)

static void unmapping(void) {
  char *base = map(8 * PAGE, RW, MAP_PRIVATE);
  memset(base, 'a', 8 * PAGE);
  say("munmap %ld", E(munmap(base + 2 * PAGE, 2 * PAGE)));
  say("before %s", touch(base, PAGE, 0));
  say("inside %s", touch(base, 2 * PAGE, 0));
  say("inside write %s", touch(base, 3 * PAGE + 77, 1));
  say("after %s", touch(base, 4 * PAGE, 1));
  say("again %ld", E(munmap(base, 8 * PAGE)));
  say("gone %s", touch(base, 0, 0));
  say("unaligned %ld", E(munmap(base + 1, PAGE)));
  say("empty %ld", E(munmap(base, 0)));
  say("kernel half %s", touch((char *)0xffff800000000000, 0, 0));
  say("huge %ld", E(munmap(base, ~0UL & ~4095UL)));
}

static void protection(void) {
  char *base = map(4 * PAGE, RW, MAP_PRIVATE);
  memset(base, 'k', 4 * PAGE);
  say("read only %ld", E(mprotect(base + PAGE, PAGE, PROT_READ)));
  say("read %s", touch(base, PAGE, 0));
  say("write %s", touch(base, PAGE + 5, 1));
  say("none %ld", E(mprotect(base + PAGE, PAGE, PROT_NONE)));
  say("read %s", touch(base, PAGE, 0));
  say("back %ld", E(mprotect(base + PAGE, PAGE, RW)));
  say("kept %s", touch(base, PAGE, 0));
  say("write %s", touch(base, PAGE, 1));
  say("hole %ld", (munmap(base + 2 * PAGE, PAGE), E(mprotect(base, 4 * PAGE, PROT_READ))));
  say("first part changed %s", touch(base, 0, 1));
  say("behind the hole unchanged %s", touch(base, 3 * PAGE, 1));
  say("unaligned %ld", E(mprotect(base + 1, PAGE, PROT_READ)));
  say("bad bits %ld", E(mprotect(base, PAGE, 0x100)));
  say("empty %ld", E(mprotect(base, 0, PROT_READ)));
  char *guarded = map(3 * PAGE, PROT_NONE, MAP_PRIVATE);
  mprotect(guarded + PAGE, PAGE, RW);
  say("guard below %s", touch(guarded, PAGE - 1, 1));
  say("middle %s", touch(guarded, PAGE, 1));
  say("guard above %s", touch(guarded, 2 * PAGE, 1));
  char *writes = map(PAGE, PROT_WRITE, MAP_PRIVATE);
  say("write only can be read %s", touch(writes, 0, 0));
}

static void protection_over_fork(void) {
  char *base = map(2 * PAGE, RW, MAP_PRIVATE);
  memset(base, 'p', 2 * PAGE);
  mprotect(base, PAGE, PROT_NONE);
  pid_t pid = fork();
  if (pid == 0) {
    mprotect(base, PAGE, RW);
    say("child kept %s", touch(base, 0, 0));
    base[0] = 'c', base[PAGE] = 'c';
    _exit(0);
  }
  reaped(pid, 0);
  mprotect(base, PAGE, RW);
  say("parent kept %d %d", base[0], base[PAGE]);
}

static void execution(void) {
  char *base = map(PAGE, RW, MAP_PRIVATE);
  memcpy(base, "\xb8\x2a\0\0\0\xc3", 6);
  int signal = sigsetjmp(back, 1);
  handle_info(SIGSEGV, on_fault, 0);
  if (signal == 0) say("ran %d", ((int (*)(void))base)());
  else say("not executable: signal %d code %d at %ld", signal, code, at - (long)base);
  mprotect(base, PAGE, PROT_READ | PROT_EXEC);
  say("ran %d", ((int (*)(void))base)());
  mprotect(base, PAGE, RW | PROT_EXEC);
  base[1] = 43;
  say("self-modified %d", ((int (*)(void))base)());
}

static void remapping(void) {
  char *base = map(4 * PAGE, RW, MAP_PRIVATE);
  for (int i = 0; i < 4; i++) base[i * PAGE] = 'A' + i;
  char *grown = mremap(base, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
  say("grown keeps %c%c%c%c zero %d", grown[0], grown[PAGE], grown[2 * PAGE], grown[3 * PAGE], grown[63 * PAGE]);
  char *shrunk = mremap(grown, 64 * PAGE, 2 * PAGE, 0);
  say("shrunk in place %d %s", shrunk == grown, touch(shrunk, 2 * PAGE, 0));
  char *target = map(8 * PAGE, PROT_NONE, MAP_PRIVATE);
  char *moved = mremap(shrunk, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE);
  say("moved %d %c%c", moved == target + PAGE, moved[0], moved[PAGE]);
  say("old place %s", touch(shrunk, 0, 0));
  say("beside %s", touch(target, 3 * PAGE, 0));
  say("unmapped source %ld", E((long)mremap(shrunk, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
  say("no room %ld", E((long)mremap(moved, 2 * PAGE, 3 * PAGE, 0)));
  say("bad flags %ld", E((long)mremap(moved, 2 * PAGE, 3 * PAGE, 16)));
  say("zero size %ld", E((long)mremap(moved, 2 * PAGE, 0, 0)));
  say("fixed without maymove %ld", E((long)mremap(moved, PAGE, PAGE, MREMAP_FIXED, target)));
  say("overlapping %ld", E((long)mremap(moved, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved + PAGE)));
  char *shared = map(PAGE, RW, MAP_SHARED);
  shared[0] = 's';
  char *twin = mremap(shared, 0, PAGE, MREMAP_MAYMOVE);
  say("duplicate %ld", twin == MAP_FAILED ? E(-1) : 0L);
  if (twin != MAP_FAILED) twin[1] = 't', say("both see %c%c", shared[1], twin[0]);
}

static void advice(void) {
  char *base = map(4 * PAGE, RW, MAP_PRIVATE);
  memset(base, 'd', 4 * PAGE);
  say("dontneed %ld", E(madvise(base + PAGE, PAGE, MADV_DONTNEED)));
  say("content %d %d %d", base[0], base[PAGE], base[2 * PAGE]);
  say("unaligned %ld", E(madvise(base + 1, PAGE, MADV_DONTNEED)));
  say("unknown %ld", E(madvise(base, PAGE, 12345)));
  munmap(base + 2 * PAGE, PAGE);
  say("over a hole %ld", E(madvise(base, 4 * PAGE, MADV_DONTNEED)));
  say("content %d %d", base[0], base[3 * PAGE]);
  char *shared = map(PAGE, RW, MAP_SHARED);
  shared[0] = 's';
  madvise(shared, PAGE, MADV_DONTNEED);
  say("shared keeps %d", shared[0]);
  say("free %ld", E(madvise(base, PAGE, MADV_FREE)));
  say("willneed %ld", E(madvise(base, PAGE, MADV_WILLNEED)));
  say("dontfork %ld", E(madvise(base, PAGE, MADV_DONTFORK)));
  char *wiped = map(PAGE, RW, MAP_PRIVATE);
  wiped[0] = 'x';
  say("wipeonfork %ld", E(madvise(wiped, PAGE, MADV_WIPEONFORK)));
  pid_t pid = fork();
  if (pid == 0) {
    say("wiped %d", wiped[0]);
    say("not forked %s", touch(base, 0, 0));
    _exit(0);
  }
  reaped(pid, 0);
  say("parent has %d", wiped[0]);
}

static void fixed(void) {
  char *base = map(8 * PAGE, RW, MAP_PRIVATE);
  memset(base, 'f', 8 * PAGE);
  char *over = mmap(base + 2 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  say("replaced %d: %d %d %d", over == base + 2 * PAGE, base[PAGE], base[2 * PAGE], base[4 * PAGE]);
  say("noreplace %ld", E((long)mmap(base, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
  say("unaligned %ld", E((long)mmap(base + 1, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
  say("zero length %ld", E((long)mmap(NULL, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
  say("no type %ld", E((long)mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0)));
  say("too long %ld", E((long)mmap(NULL, 1L << 47, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
  say("bad descriptor %ld", E((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, 77, 0)));
  munmap(base, 8 * PAGE);
  say("hint used %d", mmap(base, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == base);
}

static void shared_over_fork(void) {
  char *shared = map(2 * PAGE, RW, MAP_SHARED), *own = map(PAGE, RW, MAP_PRIVATE);
  shared[0] = 's', own[0] = 'p';
  pid_t pid = fork();
  if (pid == 0) {
    shared[0]++, shared[PAGE] = 'n', own[0]++;
    _exit(0);
  }
  reaped(pid, 0);
  say("shared %c%c private %c", shared[0], shared[PAGE], own[0]);
}

static void file_mappings(void) {
  int file = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char buffer[16] = {0};
  for (int i = 0; i < 2500; i++) write(file, "line", 4);
  char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, file, 0), *own = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, file, 0);
  shared[0] = 'S', own[1] = 'P';
  pread(file, buffer, 4, 0);
  say("file %s", buffer);
  pwrite(file, "Z", 1, 2);
  say("shared %.4s", shared);
  say("private %c", own[1]);
  say("tail of last page %d", shared[10000]);
  say("last page %s", touch(shared, 3 * PAGE - 1, 0));
  say("beyond the end %s", touch(shared, 3 * PAGE, 0));
  say("beyond the end private %s", touch(own, 3 * PAGE + 1, 1));
  ftruncate(file, PAGE);
  say("truncated shared %s", touch(shared, PAGE, 0));
  ftruncate(file, 4 * PAGE);
  say("grown shared %s", touch(shared, PAGE, 0));
  shared[3 * PAGE] = 'g';
  pread(file, buffer, 1, 3 * PAGE);
  say("written in grown %c", buffer[0]);
  pid_t pid = fork();
  if (pid == 0) {
    shared[5] = 'c', own[5] = 'c';
    _exit(0);
  }
  reaped(pid, 0);
  say("child wrote %c %c", shared[5], own[5]);
  munmap(shared, 4 * PAGE);
  pread(file, buffer, 8, 0);
  say("after unmap %.8s", buffer);
  close(file);
  file = open("mapped", O_RDONLY);
  say("shared write of a read-only file %ld", E((long)mmap(NULL, PAGE, RW, MAP_SHARED, file, 0)));
  char *view = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
  say("mprotect it %ld", E(mprotect(view, PAGE, RW)));
  say("private write %ld", E((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, file, 0)) > 0);
  say("unaligned offset %ld", E((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 100)));
  int other = open("mapped", O_WRONLY);
  say("write-only file %ld", E((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, other, 0)));
  int ends[2];
  pipe(ends);
  say("pipe %ld", E((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0)));
  unlink("mapped");
  say("unlinked %c", view[0]);
  char *second = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, PAGE);
  say("offset %d", second[0]);
  say("into kernel %ld", E(read(file, (char *)view, 10)));
}

static void heap(void) {
  char *start = sbrk(0);
  say("grow %d", sbrk(100 * PAGE) == start);
  memset(start, 'h', 100 * PAGE);
  say("now %ld", (long)((char *)sbrk(0) - start) / PAGE);
  brk(start + 50 * PAGE);
  say("inside %s", touch(start, 50 * PAGE - 1, 0));
  say("above %s", touch(start, 51 * PAGE, 0));
  brk(start + 100 * PAGE);
  say("zero again %s", touch(start, 60 * PAGE, 0));
  say("absurd %ld", E((long)sbrk(1L << 46)));
  say("below start kept %d", syscall(SYS_brk, 0x1000) == (long)start + 100 * PAGE);
}

static void big_fork(void) {
  long size = 64L << 20;
  char *base = map(size, RW, MAP_PRIVATE);
  for (long i = 0; i < size; i += PAGE) base[i] = i / PAGE;
  pid_t pid = fork();
  if (pid == 0) {
    int bad = 0;
    for (long i = 0; i < size; i += PAGE) bad += base[i] != (char)(i / PAGE);
    for (long i = 0; i < size; i += PAGE) base[i] = 0;
    say("child bad %d", bad);
    _exit(0);
  }
  say("%s", reaped(pid, 0));
  int bad = 0;
  for (long i = 0; i < size; i += PAGE) bad += base[i] != (char)(i / PAGE);
  say("parent bad %d", bad);
}

static void residence(void) {
  unsigned char present[4];
  char *base = map(4 * PAGE, RW, MAP_PRIVATE);
  memset(base, 1, 4 * PAGE);
  say("mincore %ld", E(mincore(base, 4 * PAGE, present)));
  say("present %d", present[0] & 1);
  munmap(base + PAGE, PAGE);
  say("hole %ld", E(mincore(base, 4 * PAGE, present)));
  say("msync hole %ld", E(msync(base, 4 * PAGE, MS_SYNC)));
  say("msync bad flags %ld", E(msync(base, PAGE, MS_SYNC | MS_ASYNC)));
  say("msync %ld", E(msync(base, PAGE, MS_SYNC)));
  say("mlock %ld", E(mlock(base, PAGE)));
  say("mlock hole %ld", E(mlock(base, 4 * PAGE)));
}

static void bad_pointers(void) {
  char *base = map(2 * PAGE, RW, MAP_PRIVATE);
  int file = open("bad", O_RDWR | O_CREAT, 0600);
  munmap(base + PAGE, PAGE);
  say("write across the end %ld", E(write(file, base + PAGE - 10, 20)));
  say("write beyond %ld", E(write(file, base + PAGE, 20)));
  lseek(file, 0, SEEK_SET);
  say("read across the end %ld", E(read(file, base + PAGE - 5, 10)));
  mprotect(base, PAGE, PROT_READ);
  lseek(file, 0, SEEK_SET);
  say("read into read-only %ld", E(read(file, base, 10)));
  say("stat into null %ld", E(syscall(SYS_fstat, file, NULL)));
  say("open null %ld", E(open(NULL, O_RDONLY)));
  say("kernel pointer %ld", E(write(file, (char *)0xffffffff81000000, 1)));
  say("empty write to null %ld", E(write(file, NULL, 0)));
  say("pipe null %ld", E(pipe(NULL)));
}

int main(void) {
  RUN(unmapping);
  RUN(protection);
  RUN(protection_over_fork);
  RUN(execution);
  RUN(remapping);
  RUN(advice);
  RUN(fixed);
  RUN(shared_over_fork);
  RUN(file_mappings);
  RUN(heap);
  RUN(big_fork);
  RUN(residence);
  RUN(bad_pointers);
}
