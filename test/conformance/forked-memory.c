/*
 * What a child and its parent see of each other's memory after fork(2): nothing, unless it is MAP_SHARED. The areas are large: such
 * are copied page by page, when one of both writes.
 */
#include "conformance.h"
#include <linux/futex.h>

#define AREA (12UL << 20)
#define PAGE 4096UL
#define PAGES (AREA / PAGE)

static int wakeup[2];

static unsigned char *area(int protection, int flags) {
  unsigned char *at = mmap(0, AREA, protection, MAP_ANONYMOUS | flags, -1, 0);
  if (at == MAP_FAILED) _exit(90);
  return at;
}

static unsigned char *filled(int seed) {
  unsigned char *at = area(PROT_READ | PROT_WRITE, MAP_PRIVATE);
  for (size_t i = 0; i < AREA; i += 512) at[i] = (unsigned char)(i / 512 * 7 + seed);
  return at;
}

static unsigned sum(const unsigned char *at) {
  unsigned all = 1;
  for (size_t i = 0; i < AREA; i += 512) all = all * 31 + at[i];
  return all;
}

/* A child that waits until the parent has done what it does. */
static pid_t fork_waiting(void) {
  if (pipe(wakeup) < 0) _exit(91);
  pid_t pid = fork();
  if (pid == 0) {
    char byte;
    close(wakeup[1]);
    while (read(wakeup[0], &byte, 1) < 0 && errno == EINTR) {}
  }
  return pid;
}

static void let_go(pid_t pid) {
  close(wakeup[1]);
  say("%s", reaped(pid, 0));
  close(wakeup[0]);
}

static void parent_writes(void) {
  unsigned char *at = filled(1);
  pid_t pid = fork_waiting();
  if (pid == 0) {
    say("child %u", sum(at));
    _exit(0);
  }
  for (size_t i = 0; i < PAGES; i += 3) at[i * PAGE] ^= 0x55;
  say("parent %u", sum(at));
  let_go(pid);
  say("parent %u", sum(at));
}

static void child_writes(void) {
  unsigned char *at = filled(2);
  say("before %u", sum(at));
  pid_t pid = fork();
  if (pid == 0) {
    for (size_t i = PAGES; i-- > 0;) at[i * PAGE + i % PAGE] = (unsigned char)i;
    say("child %u", sum(at));
    _exit(0);
  }
  say("%s", reaped(pid, 0));
  say("after %u", sum(at));
  memset(at, 3, AREA);
  say("alone again %u", sum(at));
}

static void calls_write(void) {
  unsigned char *at = filled(3);
  int file = memfd_create("content", 0);
  static unsigned char content[10 * PAGE];
  for (size_t i = 0; i < sizeof content; i++) content[i] = (unsigned char)(i * 13);
  say("made %ld", E(write(file, content, sizeof content)));
  pid_t pid = fork_waiting();
  if (pid == 0) {
    say("child %u", sum(at));
    _exit(0);
  }
  unsigned before = at[100 * PAGE];
  say("read %ld", E(pread(file, at + 100 * PAGE + 100, sizeof content, 0)));
  say("as it was %d, read %d %d", at[100 * PAGE] == before, at[100 * PAGE + 101], at[109 * PAGE + 100]);
  say("write %ld", E(pwrite(file, at + 500 * PAGE, 5 * PAGE, 0)));
  struct stat *status = (struct stat *)(at + 1000 * PAGE);
  say("stat %ld size %ld", E(fstat(file, status)), (long)status->st_size);
  say("parent %u", sum(at) != 0);
  let_go(pid);
}

static void generations(void) {
  unsigned char *at = filled(4);
  for (int depth = 0; depth < 12; depth++) {
    at[depth * 100 * PAGE] = (unsigned char)(depth + 200);
    pid_t pid = fork();
    if (pid != 0) {
      int isFine = strstr(reaped(pid, 0), "exit 0") != 0;
      for (int i = 0; i < 12; i++) {
        unsigned char expected = i <= depth ? (unsigned char)(i + 200) : (unsigned char)(i * 100 * 8 * 7 + 4);
        if (at[i * 100 * PAGE] != expected) isFine = 0;
      }
      if (depth == 0) say("generations %d", isFine);
      else _exit(!isFine);
      return;
    }
  }
  _exit(0);
}

static void many_at_once(void) {
  unsigned char *at = area(PROT_READ | PROT_WRITE, MAP_PRIVATE), *more[3];
  memset(at, 9, AREA);
  for (int i = 0; i < 3; i++) memset(more[i] = area(PROT_READ | PROT_WRITE, MAP_PRIVATE), 9, AREA);
  if (pipe(wakeup) < 0) _exit(91);
  pid_t pids[60];
  for (int i = 0; i < 60; i++) {
    pids[i] = fork();
    if (pids[i] == 0) {
      char byte;
      close(wakeup[1]);
      at[i * 40 * PAGE] = (unsigned char)i;
      while (read(wakeup[0], &byte, 1) < 0 && errno == EINTR) {}
      unsigned odd = 0;
      for (int j = 0; j < 60; j++) odd += at[j * 40 * PAGE] != (j == i ? i : 9);
      _exit(odd);
    }
  }
  close(wakeup[1]);
  int bad = 0, status;
  for (int i = 0; i < 60; i++) bad += waitpid(pids[i], &status, 0) != pids[i] || status != 0;
  say("of 60 children %d saw another one's writes", bad);
}

static void rights_change(void) {
  unsigned char *at = filled(5);
  pid_t pid = fork_waiting();
  if (pid == 0) {
    say("none %ld", E(mprotect(at, AREA / 2, PROT_NONE)));
    say("back %ld", E(mprotect(at, AREA / 2, PROT_READ | PROT_WRITE)));
    at[0] = 77;
    at[AREA / 2] = 78;
    say("child %u", sum(at));
    _exit(0);
  }
  say("read only %ld", E(mprotect(at, AREA, PROT_READ)));
  say("write by a call %ld", E(read(0, at, 1)) <= 0);
  say("writable %ld", E(mprotect(at, AREA, PROT_READ | PROT_WRITE)));
  at[PAGE] = 79;
  say("parent %u", sum(at));
  let_go(pid);
  say("parent %u", sum(at));
}

static void places_change(void) {
  unsigned char *at = filled(6);
  pid_t pid = fork_waiting();
  if (pid == 0) {
    say("child %u", sum(at));
    say("discard %ld", E(madvise(at, 100 * PAGE, MADV_DONTNEED)));
    say("zero %d", at[512]);
    say("child %u", sum(at));
    _exit(0);
  }
  unsigned char *moved = mremap(at, AREA, AREA, MREMAP_MAYMOVE | MREMAP_FIXED, area(PROT_NONE, MAP_PRIVATE));
  say("moved %d", moved != MAP_FAILED && moved != at);
  memset(moved, 1, AREA / 3);
  say("parent %u", sum(moved));
  say("unmapped %ld", E(munmap(moved, AREA / 2)));
  let_go(pid);
}

static void shared_stays_shared(void) {
  unsigned char *at = area(PROT_READ | PROT_WRITE, MAP_SHARED);
  at[5 * PAGE] = 1;
  pid_t pid = fork();
  if (pid == 0) {
    for (size_t i = 0; i < PAGES; i++) at[i * PAGE]++;
    _exit(0);
  }
  say("%s", reaped(pid, 0));
  say("%d %d", at[5 * PAGE], at[(PAGES - 1) * PAGE]);
}

static unsigned char *sleeping_place;
static volatile int is_asleep;

static void *sleeper(void *unused) {
  unsigned *word = (unsigned *)(sleeping_place + 1000 * PAGE);
  is_asleep = 1;
  while (*(volatile unsigned *)word == 0) syscall(SYS_futex, word, FUTEX_WAIT, 0, 0, 0, 0);
  return (void *)(long)*word;
}

/* A thread sleeps on a word while another one forks: the page that then holds the word is a copy. */
static void sleeps_across_a_fork(void) {
  sleeping_place = filled(0);
  unsigned *word = (unsigned *)(sleeping_place + 1000 * PAGE);
  *word = 0;
  pthread_t thread;
  pthread_create(&thread, 0, sleeper, 0);
  while (!is_asleep) sched_yield();
  usleep(50000);
  pid_t pid = fork_waiting();
  if (pid == 0) {
    *word = 7;
    say("woken in the child %ld", E(syscall(SYS_futex, word, FUTEX_WAKE, 10, 0, 0, 0)));
    _exit(0);
  }
  *(volatile unsigned *)word = 5;
  say("woken %ld", E(syscall(SYS_futex, word, FUTEX_WAKE, 10, 0, 0, 0)));
  void *result;
  pthread_join(thread, &result);
  say("saw %ld", (long)result);
  let_go(pid);
}

int main(void) {
  RUN(parent_writes);
  RUN(child_writes);
  RUN(calls_write);
  RUN(generations);
  RUN(many_at_once);
  RUN(rights_change);
  RUN(places_change);
  RUN(shared_stays_shared);
  RUN(sleeps_across_a_fork);
  return 0;
}
