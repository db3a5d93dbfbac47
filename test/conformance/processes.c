/* fork, wait, exit: wait(2), _exit(2), fork(2), vfork(2). */
#include "conformance.h"
#include <spawn.h>
#include <sys/prctl.h>

static pid_t child_exiting(int code) {
  pid_t pid = fork();
  if (pid == 0) _exit(code);
  return pid;
}

static void exit_codes(void) {
  for (int code = 0; code < 300; code += 51) {
    say("code %d %s", code, reaped(child_exiting(code), 0));
  }
}

static void killed_by_each(void) {
  for (int signal = 1; signal <= 64; signal++) {
    if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU || (signal > 31 && signal < SIGRTMIN)) continue;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
      kill(getpid(), signal);
      _exit(7);
    }
    waitpid(pid, &status, 0);
    say("signal %d: %s", signal, status_text(status));
  }
}

static void no_children(void) {
  int status;
  say("wait %ld", E(wait(&status)));
  say("waitpid 1 %ld", E(waitpid(1, &status, 0)));
  say("waitpid bad options %ld", E(waitpid(-1, &status, 0x100)));
  siginfo_t info;
  say("waitid %ld", E(waitid(P_ALL, 0, &info, WEXITED)));
  say("waitid no options %ld", E(waitid(P_ALL, 0, &info, 0)));
  say("waitid bad options %ld", E(waitid(P_ALL, 0, &info, WEXITED | 0x100)));
  say("waitid bad type %ld", E(waitid(77, 0, &info, WEXITED)));
  say("waitid pid 0 %ld", E(waitid(P_PID, 0, &info, WEXITED)));
  say("waitpid INT_MIN %ld", E(waitpid(-2147483647 - 1, &status, 0)));
}

static void waitid_fields(void) {
  siginfo_t info;
  pid_t pid = child_exiting(42);
  memset(&info, 0xff, sizeof info);
  say("nowait %ld", E(waitid(P_PID, pid, &info, WEXITED | WNOWAIT)));
  say("signo %d code %d pid %d status %d errno %d", info.si_signo, info.si_code, info.si_pid == pid, info.si_status, info.si_errno);
  say("zombie kill 0: %ld", E(kill(pid, 0)));
  say("again %ld", E(waitid(P_PID, pid, &info, WEXITED)));
  say("gone %ld", E(waitid(P_PID, pid, &info, WEXITED)));
  say("kill gone: %ld", E(kill(pid, 0)));
  pid = fork();
  if (pid == 0) pause();
  memset(&info, 0xff, sizeof info);
  long result = E(waitid(P_PID, pid, &info, WEXITED | WNOHANG));
  say("nohang %ld pid %d signo %d", result, info.si_pid, info.si_signo);
  say("waitpid nohang %ld", E(waitpid(pid, NULL, WNOHANG)));
  kill(pid, SIGKILL);
  waitid(P_PID, pid, &info, WEXITED);
  say("killed code %d status %d", info.si_code, info.si_status);
}

static void stop_and_continue(void) {
  int status;
  siginfo_t info;
  pid_t pid = fork();
  if (pid == 0) for (;;) pause();
  // A group of its own below this one: in an orphaned group, as where nobody's shell waits, SIGTSTP stops nobody (setpgid(2)).
  setpgid(pid, pid);
  kill(pid, SIGSTOP);
  say("stopped %s", reaped(pid, WUNTRACED));
  say("not twice %ld", E(waitpid(pid, &status, WUNTRACED | WNOHANG)));
  kill(pid, SIGCONT);
  say("continued %s", reaped(pid, WCONTINUED));
  say("not twice %ld", E(waitpid(pid, &status, WCONTINUED | WNOHANG)));
  kill(pid, SIGTSTP);
  waitid(P_PID, pid, &info, WSTOPPED);
  say("waitid stopped code %d status %d", info.si_code, info.si_status);
  kill(pid, SIGTERM);
  say("pending while stopped %ld", E(waitpid(pid, &status, WNOHANG)));
  kill(pid, SIGCONT);
  say("ended %s", reaped(pid, 0));
  pid = fork();
  if (pid == 0) for (;;) pause();
  kill(pid, SIGSTOP);
  waitpid(pid, &status, WUNTRACED);
  kill(pid, SIGKILL);
  say("killed while stopped %s", reaped(pid, 0));
}

static volatile int chld_count, chld_code, chld_status;
static void on_chld(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  chld_count++, chld_code = info->si_code, chld_status = info->si_status;
}

static void child_signals(void) {
  int status;
  handle_info(SIGCHLD, on_chld, SA_RESTART);
  pid_t pid = child_exiting(5);
  waitpid(pid, &status, 0);
  say("exit: count %d code %d status %d", chld_count, chld_code, chld_status);
  pid = fork();
  if (pid == 0) for (;;) pause();
  kill(pid, SIGSTOP);
  waitpid(pid, &status, WUNTRACED);
  say("stop: count %d code %d status %d", chld_count, chld_code, chld_status);
  kill(pid, SIGCONT);
  waitpid(pid, &status, WCONTINUED);
  while (chld_count < 3) sched_yield();
  say("cont: count %d code %d status %d", chld_count, chld_code, chld_status);
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  say("kill: count %d code %d status %d", chld_count, chld_code, chld_status);
  handle_info(SIGCHLD, on_chld, SA_NOCLDSTOP);
  pid = fork();
  if (pid == 0) for (;;) pause();
  kill(pid, SIGSTOP);
  waitpid(pid, &status, WUNTRACED);
  say("nocldstop: count %d", chld_count);
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  say("nocldstop kill: count %d", chld_count);
}

static void ignored_children(void) {
  int status;
  signal(SIGCHLD, SIG_IGN);
  child_exiting(1);
  say("SIG_IGN wait %ld", E(wait(&status)));
  signal(SIGCHLD, SIG_DFL);
  handle_info(SIGCHLD, on_chld, SA_NOCLDWAIT | SA_RESTART);
  child_exiting(1);
  say("SA_NOCLDWAIT wait %ld", E(wait(&status)));
}

static void orphans(void) {
  int ends[2];
  pipe(ends);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t middle = fork();
  if (middle == 0) {
    pid_t before = getpid();
    if (fork() == 0) {
      char byte;
      read(ends[0], &byte, 1);
      while (getppid() == before) sched_yield();
      _exit(33);
    }
    _exit(0);
  }
  int status;
  waitpid(middle, &status, 0);
  write(ends[1], "x", 1);
  say("adopted %s", reaped(-1, 0));
}

static void death_signal(void) {
  int ends[2], status;
  pipe(ends);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t middle = fork();
  if (middle == 0) {
    pid_t grandchild = fork();
    if (grandchild == 0) {
      prctl(PR_SET_PDEATHSIG, SIGUSR1);
      int got = 0;
      prctl(PR_GET_PDEATHSIG, &got);
      say("pdeathsig %d", got);
      write(ends[1], "x", 1);
      for (;;) pause();
    }
    char byte;
    read(ends[0], &byte, 1);
    _exit(0);
  }
  waitpid(middle, &status, 0);
  say("grandchild %s", reaped(-1, 0));
}

static volatile int shared_word;
static void vforked(void) {
  int status;
  pid_t pid = vfork();
  if (pid == 0) {
    shared_word = 17;
    _exit(3);
  }
  say("vfork saw %d", shared_word);
  waitpid(pid, &status, 0);
  say("%s", status_text(status));
}

static void wait_for_group(void) {
  int status;
  pid_t first = fork();
  if (first == 0) {
    setpgid(0, 0);
    _exit(1);
  }
  setpgid(first, first);
  pid_t second = child_exiting(2);
  say("own group %s", reaped(0, 0));
  say("own group empty %ld", E(waitpid(0, &status, 0)));
  say("other group %s", reaped(-first, 0));
  siginfo_t info;
  say("no such group %ld", E(waitid(P_PGID, 99999, &info, WEXITED)));
}

static void resource_usage(void) {
  struct rusage usage;
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    /* By its own clock: on a busy machine any time on the wall may pass without it. */
    struct timespec used;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (used.tv_sec == 0 && used.tv_nsec < 30000000);
    _exit(0);
  }
  wait4(pid, &status, 0, &usage);
  long us = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  say("child used time %d maxrss %d", us > 10000, usage.ru_maxrss > 0);
  struct rusage children;
  getrusage(RUSAGE_CHILDREN, &children);
  say("children %d", children.ru_utime.tv_usec + children.ru_stime.tv_usec >= us);
  say("bad who %ld", E(getrusage(77, &children)));
  say("thread %ld", E(getrusage(RUSAGE_THREAD, &children)));
}

static void clone_flags(void) {
  say("thread without sighand %ld", E(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0)));
  say("sighand without vm %ld", E(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0)));
  pid_t tid = -1;
  int status;
  pid_t pid = syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &tid, 0, 0);
  if (pid == 0) _exit(9);
  say("parent tid %d", tid == pid);
  waitpid(pid, &status, 0);
  say("%s", status_text(status));
  /* Before the child can end, or its signal ends this process. */
  signal(SIGUSR1, SIG_IGN);
  pid = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
  if (pid == 0) _exit(8);
  sleep_ms(20);
  say("not a SIGCHLD child %ld", E(waitpid(pid, &status, 0)));
  say("with __WALL %s", reaped(pid, __WALL));
}

/* Numbers that are no signals: clone(2) takes them and sends nothing, clone3(2) refuses them. */
static void odd_exit_signals(void) {
  static const unsigned long numbers[] = {64, 65, 200, 255};
  signal(SIGRTMAX, SIG_IGN);
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    pid_t pid = syscall(SYS_clone, numbers[i], 0, 0, 0, 0);
    if (pid == 0) _exit(5);
    say("clone %lu %s", numbers[i], reaped(pid, __WALL));
  }
  static const unsigned long long wide[] = {65, 255, 256, 1000, 1ull << 32 | SIGCHLD, 1ull << 62, ~0ull};
  for (unsigned i = 0; i < sizeof wide / sizeof *wide; i++) {
    unsigned long long arguments[8] = {[4] = wide[i]};
    long got = syscall(SYS_clone3, arguments, sizeof arguments);
    if (got == 0) _exit(6);
    say("clone3 %llx %ld", wide[i], E(got));
  }
}

int main(void) {
  RUN(exit_codes);
  RUN(killed_by_each);
  RUN(no_children);
  RUN(waitid_fields);
  RUN(stop_and_continue);
  RUN(child_signals);
  RUN(ignored_children);
  RUN(orphans);
  RUN(death_signal);
  RUN(vforked);
  RUN(wait_for_group);
  RUN(resource_usage);
  RUN(clone_flags);
  RUN(odd_exit_signals);
}
