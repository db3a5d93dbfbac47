/* What mappings show when their file is cut short, grown, punched, written and sealed; memory files, /dev/zero, locks. */
#include "conformance.h"
#include <linux/memfd.h>
#include <setjmp.h>
#include <sys/uio.h>

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)

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
static char poke(char *at, char value) {
  handle(SIGBUS, on_fault, 0), handle(SIGSEGV, on_fault, 0);
  int signal = sigsetjmp(back, 1);
  if (signal) return signal == SIGBUS ? '!' : '?';
  return *(volatile char *)at = value;
}
static const char *pages(char *base, int count) {
  static char text[8][32];
  static int next;
  char *into = text[next++ & 7];
  for (int i = 0; i < count; i++) into[i] = peek(base + i * PAGE);
  into[count] = 0;
  return into;
}
static const char *content(int file, int count) {
  static char text[8][32];
  static int next;
  char *into = text[next++ & 7];
  for (int i = 0; i < count; i++) {
    into[i] = '-';
    pread(file, into + i, 1, i * PAGE);
    if (into[i] == 0) into[i] = '0';
  }
  into[count] = 0;
  return into;
}
static int fill(int file, int count) {
  char page[PAGE];
  for (int i = 0; i < count; i++) memset(page, 'a' + i, PAGE), pwrite(file, page, PAGE, i * PAGE);
  return file;
}
static int letters(int count) { return fill(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600), count); }
static char *map(int file, int count, int type) { return mmap(NULL, count * PAGE, RW, type, file, 0); }

static void cut_short(void) {
  int file = letters(4);
  char *s = map(file, 4, MAP_SHARED), *p = map(file, 4, MAP_PRIVATE), *r = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
  s[3 * PAGE] = 'S', p[2 * PAGE] = 'P', p[PAGE] = 'Q';
  say("%s %s %s", pages(s, 4), pages(p, 4), pages(r, 4));
  ftruncate(file, PAGE + 100);
  say("cut %s %s %s", pages(s, 4), pages(p, 4), pages(r, 4));
  say("behind the end %d %d", s[PAGE + 100], r[PAGE + 100]);
  say("write %c %c", poke(s + 2 * PAGE, 'x'), poke(p + 3 * PAGE, 'x'));
  ftruncate(file, 4 * PAGE);
  say("grown %s %s %s", pages(s, 4), pages(p, 4), pages(r, 4));
  s[2 * PAGE] = 'T';
  say("%s %s %s %s", pages(s, 4), pages(p, 4), pages(r, 4), content(file, 4));
  ftruncate(file, 0);
  say("empty %s %s %s", pages(s, 4), pages(p, 4), pages(r, 4));
  pwrite(file, "w", 1, 2 * PAGE);
  say("written %s %s %s", pages(s, 4), pages(p, 4), pages(r, 4));
  open("f", O_WRONLY | O_TRUNC);
  say("O_TRUNC %s %s", pages(s, 4), pages(p, 4));
}

static void cut_short_elsewhere(void) {
  int file = letters(4);
  char *s = map(file, 4, MAP_SHARED), *p = map(file, 4, MAP_PRIVATE);
  p[3 * PAGE] = 'P', s[2 * PAGE] = 'S';
  int go[2], done[2];
  char c;
  pipe(go), pipe(done);
  pid_t pid = fork();
  if (pid == 0) {
    s[PAGE] = 'C', p[2 * PAGE] = 'c';
    write(done[1], "x", 1), read(go[0], &c, 1);
    say("child %s %s", pages(s, 4), pages(p, 4));
    mprotect(s, PAGE, PROT_NONE);
    write(done[1], "x", 1), read(go[0], &c, 1);
    mprotect(s, PAGE, RW);
    say("child %s %s", pages(s, 4), pages(p, 4));
    _exit(0);
  }
  read(done[0], &c, 1);
  ftruncate(file, 2 * PAGE);
  say("parent %s %s", pages(s, 4), pages(p, 4));
  write(go[1], "x", 1), read(done[0], &c, 1);
  truncate("f", 0);
  ftruncate(file, 4 * PAGE);
  s[0] = 'N';
  write(go[1], "x", 1);
  say("%s", reaped(pid, 0));
  say("%s", content(file, 4));
}

static void private_of_a_file_written(void) {
  int file = letters(4);
  char *p = map(file, 4, MAP_PRIVATE), *r = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
  char *s = map(file, 4, MAP_SHARED);
  pwrite(file, "1", 1, 0);
  say("untouched %s %s", pages(p, 4), pages(r, 4));
  pwrite(file, "2", 1, PAGE), s[2 * PAGE] = '3';
  say("read %s %s", pages(p, 4), pages(r, 4));
  p[3 * PAGE + 1] = 'x';
  pwrite(file, "4", 1, 3 * PAGE), pwrite(file, "5", 1, 0);
  say("own page %s %s", pages(p, 4), pages(r, 4));
  int other = open("f", O_WRONLY);
  pwrite(other, "6", 1, PAGE);
  say("another descriptor %s %s", pages(p, 4), pages(r, 4));
  mprotect(r, 4 * PAGE, RW);
  r[0] = 'R';
  munmap(s, 4 * PAGE);
  pwrite(file, "7777", 4, 0), pwrite(file, "8", 1, PAGE);
  say("%s %s", pages(p, 4), pages(r, 4));
  madvise(p, 4 * PAGE, MADV_DONTNEED);
  say("thrown away %s", pages(p, 4));
  pid_t pid = fork();
  if (pid == 0) {
    pwrite(file, "9", 1, 2 * PAGE);
    p[0] = 'C';
    _exit(0);
  }
  reaped(pid, 0);
  say("%s %s %s", pages(p, 4), pages(r, 4), content(file, 4));
  char *moved = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
  pwrite(file, "m", 1, PAGE);
  say("moved %s", pages(moved, 6));
  close(file), close(other), unlink("f");
  munmap(r, 4 * PAGE);
  munmap(moved + PAGE, PAGE);
  say("unlinked %s", pages(moved, 4));
}

static void behind_the_end(void) {
  int file = letters(1);
  ftruncate(file, 100);
  char *s = map(file, 2, MAP_SHARED);
  s[50] = 'x', s[200] = 'y';
  ftruncate(file, 50);
  ftruncate(file, PAGE);
  say("%d %d", s[50], s[99]);
  char buffer[8];
  pread(file, buffer, 4, 48);
  say("%d %d %d %d", buffer[0], buffer[1], buffer[2], buffer[3]);
}

static void holes(void) {
  int file = letters(5);
  char *s = map(file, 5, MAP_SHARED), *p = map(file, 5, MAP_PRIVATE);
  p[PAGE] = 'P';
  say("punch %ld", E(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 2 * PAGE)));
  say("%s %s %s", pages(s, 5), pages(p, 5), content(file, 5));
  s[PAGE] = 'w';
  fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE - 10, 20);
  say("part %s %d %d", pages(s, 5), s[3 * PAGE + 9], s[3 * PAGE + 10]);
  say("remove %ld", E(madvise(s + 4 * PAGE, PAGE, MADV_REMOVE)));
  say("%s %s", pages(s, 5), content(file, 5));
  say("remove private %ld", E(madvise(p, PAGE, MADV_REMOVE)));
  char *own = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("remove anonymous %ld", E(madvise(own, PAGE, MADV_REMOVE)));
  char *common = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  common[0] = 'x', common[PAGE] = 'y';
  say("remove shared %ld", E(madvise(common, PAGE, MADV_REMOVE)));
  say("%s", pages(common, 2));
  fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1L << 40);
  say("all %s %s", pages(s, 5), content(file, 5));
}

static void memory_files(void) {
  char path[64], name[64] = {0};
  int file = memfd_create("a name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  sprintf(path, "/proc/self/fd/%d", file);
  readlink(path, name, sizeof name - 1);
  struct stat st;
  fstat(file, &st);
  say("%s mode %o links %d size %d cloexec %d", name, st.st_mode, (int)st.st_nlink, (int)st.st_size, fcntl(file, F_GETFD));
  say("flags %o", fcntl(file, F_GETFL) & O_ACCMODE);
  fill(file, 3);
  char *s = map(file, 3, MAP_SHARED);
  s[PAGE] = 'M';
  munmap(s, 3 * PAGE);
  say("%s", content(file, 3));
  int again = open(path, O_RDWR);
  say("opened again %s", content(again, 3));
  pwrite(again, "N", 1, 0);
  close(again);
  say("%s", content(file, 3));
  say("seals %d", fcntl(file, F_GET_SEALS));
  s = map(file, 3, MAP_SHARED);
  say("busy %ld", E(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE)));
  say("shrink %ld", E(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)));
  say("shorter %ld longer %ld", E(ftruncate(file, PAGE)), E(ftruncate(file, 4 * PAGE)));
  say("write past the end %ld, inside %ld", E(pwrite(file, "x", 1, 3 * PAGE)), E(pwrite(file, "x", 1, 0)));
  munmap(s, 3 * PAGE);
  say("write seal %ld", E(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE)));
  say("write %ld", E(pwrite(file, "y", 1, 0)));
  say("map to write %ld", E((long)map(file, 1, MAP_SHARED)));
  char *view = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
  say("map to read %c, mprotect %ld", view[0], E(mprotect(view, PAGE, RW)));
  say("private %c", poke(map(file, 1, MAP_PRIVATE), 'p'));
  say("punch %ld", E(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE)));
  say("seal %ld", E(fcntl(file, F_ADD_SEALS, F_SEAL_SEAL)));
  say("then %ld, seals %d", E(fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)), fcntl(file, F_GET_SEALS));
  int plain = memfd_create("", 0);
  say("plain seals %d add %ld", fcntl(plain, F_GET_SEALS), E(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE)));
  say("ordinary file %ld", E(fcntl(letters(1), F_GET_SEALS)));
  say("bad flags %ld", E(memfd_create("x", 0x100)));
  char large[260];
  memset(large, 'n', 259), large[259] = 0;
  say("long name %ld", E(memfd_create(large, 0)));
  large[249] = 0;
  say("longest name %d", memfd_create(large, 0) >= 0);
  say("bad pointer %ld", E(syscall(SYS_memfd_create, NULL, 0)));
  int future = memfd_create("f", MFD_ALLOW_SEALING);
  fill(future, 2);
  s = map(future, 2, MAP_SHARED);
  say("future write %ld", E(fcntl(future, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)));
  say("%c %ld %ld", poke(s, 'F'), E(pwrite(future, "x", 1, 0)), E((long)map(future, 1, MAP_SHARED)));
  say("%s", content(future, 2));
}

static void unnamed_files(void) {
  int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  fill(file, 2);
  char *s = map(file, 2, MAP_SHARED);
  s[PAGE] = 'T';
  munmap(s, PAGE);
  say("%s", content(file, 2));
  int shared = shm_open("/conformance", O_RDWR | O_CREAT | O_EXCL, 0600);
  ftruncate(shared, 2 * PAGE);
  s = map(shared, 2, MAP_SHARED);
  s[0] = 's';
  char *again = map(shm_open("/conformance", O_RDWR, 0), 2, MAP_SHARED);
  again[PAGE] = 'h';
  shm_unlink("/conformance");
  munmap(s + PAGE, PAGE);
  say("%s %s %ld", content(shared, 2), pages(again, 2), E(shm_open("/conformance", O_RDWR, 0)));
}

static void zero_device(void) {
  int zero = open("/dev/zero", O_RDWR);
  char *p = map(zero, 2, MAP_PRIVATE), *s = map(zero, 2, MAP_SHARED);
  p[0] = 'p', s[0] = 's';
  pid_t pid = fork();
  if (pid == 0) {
    p[0] = 'c', s[0] = 'd', s[PAGE] = 'e';
    _exit(0);
  }
  reaped(pid, 0);
  char *other = map(zero, 1, MAP_SHARED);
  say("%s %s %s", pages(p, 2), pages(s, 2), pages(other, 1));
  close(zero);
  munmap(s, PAGE);
  say("%c", s[PAGE]);
  say("null %ld", E((long)map(open("/dev/null", O_RDWR), 1, MAP_SHARED)));
  say("read only %ld", E((long)map(open("/dev/zero", O_RDONLY), 1, MAP_SHARED)));
  say("directory %ld", E((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0)));
  say("O_PATH %ld", E((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open("f", O_PATH), 0)));
}

static void shared_memory_grown(void) {
  char *s = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  s[0] = 'a', s[PAGE] = 'b';
  char *grown = mremap(s, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
  say("%s", pages(grown, 4));
  say("lock it %ld, lock behind its end %ld", E(mlock(grown, 2 * PAGE)), E(mlock(grown, 4 * PAGE)));
  munlock(grown, 4 * PAGE);
  char *twin = mremap(grown + PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE);
  twin[0] = 'T';
  say("%s %s", pages(grown, 4), pages(twin, 2));
  munmap(grown, 4 * PAGE);
  say("%s", pages(twin, 2));
}

static void locked(void) {
  int file = letters(3);
  char *p = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *s = map(file, 3, MAP_SHARED);
  memset(p, 'l', 3 * PAGE);
  say("mlock %ld", E(mlock(p + PAGE, 1)));
  say("dontneed %ld", E(madvise(p, 3 * PAGE, MADV_DONTNEED)));
  say("%s", pages(p, 3));
  say("free %ld", E(madvise(p + PAGE, PAGE, MADV_FREE)));
  say("munlock %ld", E(munlock(p, 3 * PAGE)));
  say("dontneed %ld", E(madvise(p, 3 * PAGE, MADV_DONTNEED)));
  say("%s", pages(p, 3));
  mlock(s, PAGE);
  say("invalidate %ld %ld", E(msync(s, PAGE, MS_INVALIDATE)), E(msync(s + PAGE, PAGE, MS_INVALIDATE)));
  say("remove %ld", E(madvise(s, PAGE, MADV_REMOVE)));
  pid_t pid = fork();
  if (pid == 0) {
    say("not inherited %ld", E(msync(s, PAGE, MS_INVALIDATE)));
    _exit(0);
  }
  reaped(pid, 0);
  mprotect(p, PAGE, PROT_NONE);
  say("no rights %ld", E(mlock(p, PAGE)));
  ftruncate(file, PAGE);
  say("behind the end %ld", E(mlock(s, 2 * PAGE)));
  say("lock all %ld %ld %ld", E(mlockall(0)), E(mlockall(MCL_ONFAULT)), E(mlockall(99)));
  say("free file %ld, shared %ld", E(madvise(s + PAGE, PAGE, MADV_FREE)), E(madvise(map(file, 1, MAP_PRIVATE), PAGE, MADV_FREE)));
}

static void populated(void) {
  int file = letters(3);
  char *s = map(file, 4, MAP_SHARED), *r = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, file, 0);
  say("read %ld write %ld", E(madvise(s, 3 * PAGE, MADV_POPULATE_READ)), E(madvise(s, 3 * PAGE, MADV_POPULATE_WRITE)));
  say("behind the end %ld", E(madvise(s, 4 * PAGE, MADV_POPULATE_READ)));
  say("without rights %ld", E(madvise(r, 3 * PAGE, MADV_POPULATE_WRITE)));
  char *p = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE | MAP_POPULATE, file, 0);
  pwrite(file, "w", 1, 0);
  say("populated %s %s", pages(p, 3), pages(s, 3));
  munmap(s + PAGE, PAGE);
  say("hole %ld", E(madvise(s, 3 * PAGE, MADV_POPULATE_READ)));
}

/* The pages that are read are the ones they are read into, or the ones beside them. */
static void read_into_its_own_mapping(void) {
  int file = letters(6);
  char *s = map(file, 6, MAP_SHARED);
  long done;
  s[4 * PAGE] = 'S', s[5 * PAGE + 100] = 'T';
  done = E(pread(file, s + 5 * PAGE, 146, 5 * PAGE));
  say("same page %ld %s %c", done, content(file, 6), peek(s + 5 * PAGE + 100));
  done = E(pread(file, s + 3 * PAGE, PAGE, 4 * PAGE));
  say("page before %ld %s", done, content(file, 6));
  done = E(pread(file, s + 2 * PAGE, 2 * PAGE, 4 * PAGE));
  say("pages behind %ld %s", done, content(file, 6));
  struct iovec pieces[2] = {{s + 5 * PAGE, 10}, {s + PAGE, PAGE}};
  done = E(preadv(file, pieces, 2, 4 * PAGE));
  say("two pieces %ld %s", done, content(file, 6));
  done = E(pwrite(file, s + 4 * PAGE, 2 * PAGE, 0));
  say("written %ld %s", done, content(file, 6));
}

int main(void) {
  RUN(cut_short);
  RUN(cut_short_elsewhere);
  RUN(private_of_a_file_written);
  RUN(behind_the_end);
  RUN(holes);
  RUN(memory_files);
  RUN(unnamed_files);
  RUN(zero_device);
  RUN(shared_memory_grown);
  RUN(locked);
  RUN(populated);
  RUN(read_into_its_own_mapping);
}
