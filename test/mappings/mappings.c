/*
 * Random mappings of files and memory: argv[1] is the seed, argv[2] how many steps, or more
 * arguments: the random numbers that each step begins with, so that a run can be made again without some of its steps. Prints each step, what it returned and,
 * now and then, what every page of the arena and of the files shows. Two kernels that agree print the same.
 *
 * What Linux leaves open is kept out: nothing is stored behind the end of a file, and mremap takes pages with one history,
 * which are one mapping however a kernel joins its mappings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define PAGES 24
#define FILES 3
#define FILE_PAGES 10
/* Sizes of files are whole pages, or end here in a page; stores lie below. */
#define RAGGED 2000

static uint64_t state;
static uint32_t next(uint32_t below) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (uint32_t)(state >> 33) % below;
}
static int one_in(int n) { return next(n) == 0; }

static char *arena;
static int files[FILES], readers[FILES];
/* Equal for pages that were mapped together and had the same done to them since; 0 for pages without a mapping. */
static uint64_t history[PAGES], last_history;
static char letter = '0';
static char fresh(void) { return letter = letter >= 'z' ? '1' : letter == '9' ? 'A' : letter == 'Z' ? 'a' : letter + 1; }

static void say(const char *format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (write(1, line, length) < 0) _exit(99);
}
static long E(long result) { return result == -1 ? -errno : result; }
/* Addresses differ between kernels: a mapping is told by its page in the arena. */
static long A(void *at) { return at == MAP_FAILED ? -errno : ((char *)at - arena) / PAGE; }

static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }
static char peek(volatile char *at) {
  int signal = sigsetjmp(back, 1);
  if (signal) return signal == SIGBUS ? '!' : '?';
  char c = *at;
  return c ? c : '.';
}
static char poke(volatile char *at, char value) {
  int signal = sigsetjmp(back, 1);
  if (signal) return signal == SIGBUS ? '!' : '?';
  return *at = value;
}

static void change_history(int first, int count) {
  last_history++;
  for (int i = first; i < first + count; i++)
    if (history[i]) history[i] = history[i] * 6364136223846793005ULL + last_history;
}
static void new_history(int first, int count) {
  last_history++;
  for (int i = first; i < first + count; i++) history[i] = (last_history << 8) | 1;
}

static void show(void) {
  static const long offsets[] = {0, 100, RAGGED + 1};
  char line[PAGES * 4 + FILES * (FILE_PAGES * 4 + 32)];
  int length = 0;
  for (int i = 0; i < PAGES; i++) {
    char first = peek(arena + i * PAGE);
    line[length++] = first;
    if (first == '!' || first == '?') continue;
    for (int k = 1; k < 3; k++) line[length++] = peek(arena + i * PAGE + offsets[k]);
  }
  for (int f = 0; f < FILES; f++) {
    struct stat st;
    fstat(files[f], &st);
    length += sprintf(line + length, " %ld ", (long)st.st_size);
    for (int i = 0; i * PAGE < st.st_size; i++)
      for (int k = 0; k < 3; k++) {
        char c = '-';
        if (pread(files[f], &c, 1, i * PAGE + offsets[k]) == 1 && c == 0) c = '.';
        line[length++] = c;
      }
  }
  line[length++] = '\n';
  if (write(1, line, length) < 0) _exit(99);
}

static void pick(int *first, int *count) {
  *first = next(PAGES);
  *count = 1 + next(one_in(4) ? PAGES - *first : (PAGES - *first < 4 ? PAGES - *first : 4));
}
/* A range of pages with one history, or none. */
static int pick_mapping(int *first, int *count) {
  for (int tries = 0; tries < 20; tries++) {
    *first = next(PAGES);
    if (!history[*first]) continue;
    int end = *first;
    while (end < PAGES && history[end] == history[*first]) end++;
    *count = 1 + next(end - *first);
    return 1;
  }
  return 0;
}
static const int RIGHTS[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE};

static void map(void) {
  int first, count, f = next(FILES), kind = next(8), rights = RIGHTS[next(4)];
  pick(&first, &count);
  int offset = next(FILE_PAGES);
  char *at = arena + first * PAGE;
  long result;
  int populate = one_in(6) ? MAP_POPULATE : 0;
  if (kind < 3) result = A(mmap(at, count * PAGE, rights, MAP_SHARED | MAP_FIXED | populate, files[f], offset * PAGE));
  else if (kind < 5) result = A(mmap(at, count * PAGE, rights, MAP_PRIVATE | MAP_FIXED | populate, files[f], offset * PAGE));
  else if (kind == 5) result = A(mmap(at, count * PAGE, rights, MAP_SHARED | MAP_FIXED, readers[f], offset * PAGE));
  else result = A(mmap(at, count * PAGE, rights, (kind == 6 ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_ANONYMOUS, -1, 0));
  say("map %d+%d kind %d rights %d file %d+%d: %ld\n", first, count, kind, rights, f, offset, result);
  if (result >= 0) new_history(first, count);
}

static void unmap(void) {
  int first, count;
  pick(&first, &count);
  say("unmap %d+%d: %ld\n", first, count, E(munmap(arena + first * PAGE, count * PAGE)));
  for (int i = first; i < first + count; i++) history[i] = 0;
}

static void protect(void) {
  int first, count, rights = RIGHTS[next(4)];
  pick(&first, &count);
  say("protect %d+%d %d: %ld\n", first, count, rights, E(mprotect(arena + first * PAGE, count * PAGE, rights)));
  change_history(first, count);
}

static void remap(void) {
  int first, count;
  if (!pick_mapping(&first, &count)) return;
  int wanted = 1 + next(one_in(3) ? 8 : count), target = next(PAGES);
  if (target + wanted > PAGES) wanted = PAGES - target;
  char *from = arena + first * PAGE;
  long result;
  if (one_in(3)) {
    if (wanted > count) wanted = count;
    result = A(mremap(from, count * PAGE, wanted * PAGE, 0));
    say("shrink %d+%d to %d: %ld\n", first, count, wanted, result);
    if (result >= 0) for (int i = first + wanted; i < first + count; i++) history[i] = 0;
    return;
  }
  result = A(mremap(from, count * PAGE, wanted * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, arena + target * PAGE));
  say("move %d+%d to %d+%d: %ld\n", first, count, target, wanted, result);
  if (result < 0) return;
  for (int i = first; i < first + count; i++) history[i] = 0;
  new_history(target, wanted);
}

static void store(void) {
  long page = next(PAGES), offset = one_in(2) ? 0 : 100;
  char value = fresh();
  say("store %ld+%ld %c: %c\n", page, offset, value, poke(arena + page * PAGE + offset, value));
}

static void write_file(void) {
  int f = next(FILES);
  long at = next(FILE_PAGES) * PAGE + (one_in(2) ? 0 : 50), length = one_in(2) ? 1 + next(200) : 1 + next(2 * PAGE);
  if (at + length > FILE_PAGES * PAGE) length = FILE_PAGES * PAGE - at;
  char buffer[2 * PAGE], value = fresh();
  struct stat st;
  fstat(files[f], &st);
  /* A file that grows ends where files end here. */
  if (at + length > st.st_size) length = at + length > (at / PAGE) * PAGE + RAGGED ? (at / PAGE + 1) * PAGE - at : (at / PAGE) * PAGE + RAGGED - at;
  memset(buffer, value, length);
  say("write %d at %ld+%ld %c: %ld\n", f, at, length, value, E(pwrite(files[f], buffer, length, at)));
}

static void truncate_file(void) {
  int f = next(FILES);
  long size = next(FILE_PAGES) * PAGE + (one_in(3) ? RAGGED : 0);
  say("truncate %d %ld: %ld\n", f, size, E(ftruncate(files[f], size)));
}

static void punch(void) {
  int f = next(FILES);
  long at = next(FILE_PAGES) * PAGE + (one_in(3) ? 64 : 0), length = one_in(2) ? PAGE : 1 + next(3 * PAGE);
  int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  say("punch %d %ld+%ld: %ld\n", f, at, length, E(fallocate(files[f], mode, at, length)));
}

static void advise(void) {
  static const int ADVICE[] = {MADV_DONTNEED, MADV_DONTNEED, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, 22, 23, MADV_WILLNEED};
  int first, count, advice = ADVICE[next(10)];
  pick(&first, &count);
  say("advise %d+%d %d: %ld\n", first, count, advice, E(madvise(arena + first * PAGE, count * PAGE, advice)));
  change_history(first, count);
}

static void sync_or_lock(void) {
  int first, count, what = next(5);
  pick(&first, &count);
  char *at = arena + first * PAGE;
  long length = count * PAGE, result;
  if (what == 0) result = E(mlock(at, length));
  else if (what < 3) result = E(munlock(at, length));
  else result = E(msync(at, length, what == 3 ? MS_SYNC : MS_ASYNC | MS_INVALIDATE));
  say("sync %d %d+%d: %ld\n", what, first, count, result);
  change_history(first, count);
}

/* The rarer ways to lock, and maps that do not wait. */
static void lock_more(void) {
  static const int ALL[] = {MCL_CURRENT, MCL_FUTURE, MCL_FUTURE | MCL_ONFAULT, MCL_CURRENT | MCL_ONFAULT, MCL_CURRENT | MCL_FUTURE};
  int first, count, what = next(8);
  pick(&first, &count);
  char *at = arena + first * PAGE;
  long result;
  if (what < 3) result = E(mlock2(at, count * PAGE, what == 0 ? 0 : MLOCK_ONFAULT));
  else if (what < 5) result = E(munlockall()), first = 0, count = PAGES;
  else if (what < 7) result = E(mlockall(ALL[next(5)])), first = 0, count = PAGES;
  else {
    int flags = MAP_PRIVATE | MAP_FIXED | MAP_POPULATE | (one_in(2) ? MAP_NONBLOCK : 0), f = next(FILES);
    result = A(mmap(at, count * PAGE, RIGHTS[next(4)], flags, files[f], next(FILE_PAGES) * PAGE));
    new_history(first, count);
  }
  say("lock %d %d+%d: %ld\n", what, first, count, result);
  change_history(first, count);
}

/* A move that leaves the mapping where it was. No locks: which pages lose theirs depends on how a kernel joins mappings. */
static void leave(void) {
  int first, count, target = next(PAGES);
  if (!pick_mapping(&first, &count) || target + count > PAGES) return;
  munlockall();
  int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
  long result = A(mremap(arena + first * PAGE, count * PAGE, count * PAGE, flags, arena + target * PAGE));
  say("leave %d+%d, to %d: %ld\n", first, count, target, result);
  change_history(0, PAGES);
  if (result >= 0) change_history(first, count), new_history(target, count);
}

/* A call of the kernel's own on the arena's memory, within one page. */
static void transfer(void) {
  int f = next(FILES), page = next(PAGES), into = next(2);
  long at = next(FILE_PAGES) * PAGE, length = 1 + next(150);
  struct stat st;
  fstat(files[f], &st);
  if (into) say("read %d %ld into %d+%ld: %ld\n", f, at, page, length, E(pread(files[f], arena + page * PAGE, length, at)));
  else if (at + length <= st.st_size)
    say("write %d %ld from %d+%ld: %ld\n", f, at, page, length, E(pwrite(files[f], arena + page * PAGE, length, at)));
}

static void open_file(int f) {
  char name[16];
  sprintf(name, "file%d", f);
  if (f < FILES - 1) {
    files[f] = open(name, O_RDWR | O_CREAT, 0600);
    readers[f] = open(name, O_RDONLY);
  } else {
    files[f] = memfd_create(name, 0);
    sprintf(name, "/proc/self/fd/%d", files[f]);
    readers[f] = open(name, O_RDONLY);
  }
}
/* Another file in the place of one, whose mappings stay. */
static void replace(void) {
  int f = next(FILES);
  char name[16];
  sprintf(name, "file%d", f);
  say("replace %d\n", f);
  close(files[f]), close(readers[f]), unlink(name);
  open_file(f);
  ftruncate(files[f], next(FILE_PAGES) * PAGE);
}

static void steps(int count, int depth);
static void fork_step(int depth) {
  if (depth > 0) return;
  uint32_t seed = next(1 << 30);
  say("fork\n");
  pid_t pid = fork();
  if (pid == 0) {
    state = seed;
    steps(8, depth + 1);
    show();
    _exit(0);
  }
  int status;
  waitpid(pid, &status, 0);
  say("child %x\n", status);
}

/* What the caller wants each step to begin with. */
static char **beginnings;

static void steps(int count, int depth) {
  for (int i = 0; i < count; i++) {
    if (beginnings && depth == 0) state = strtoull(beginnings[i], NULL, 0);
    /* The last two came later: the seeds of tests are to mean what they meant. */
    switch (next(beginnings ? 26 : 24)) {
      case 0: case 1: case 2: case 3: map(); break;
      case 4: case 5: unmap(); break;
      case 6: case 7: protect(); break;
      case 8: case 9: remap(); break;
      case 10: case 11: case 12: case 13: store(); break;
      case 14: case 15: write_file(); break;
      case 16: truncate_file(); break;
      case 17: punch(); break;
      case 18: case 19: advise(); break;
      case 20: sync_or_lock(); break;
      case 21: transfer(); break;
      case 22: if (one_in(4)) replace(); break;
      case 23: fork_step(depth); break;
      case 24: lock_more(); break;
      case 25: leave(); break;
    }
    if (one_in(4)) show();
  }
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  state = strtoull(arguments[1], NULL, 0);
  struct sigaction action = {.sa_handler = on_fault};
  sigaction(SIGSEGV, &action, NULL), sigaction(SIGBUS, &action, NULL);
  arena = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  munmap(arena, PAGES * PAGE);
  for (int f = 0; f < FILES; f++) open_file(f), ftruncate(files[f], next(FILE_PAGES) * PAGE);
  int given = count - 3;
  if (given > 0) beginnings = arguments + 3;
  steps(given > 0 ? given : atoi(arguments[2]), 0);
  show();
  return 0;
}
