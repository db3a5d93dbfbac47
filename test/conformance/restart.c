/* Which calls a handler ends with EINTR and which go on: signal(7), "Interruption of system calls". */
#include "conformance.h"
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <linux/futex.h>

static volatile int count;
static int ends[2];
static void on_alarm(int signal) { (void)signal, count++; }
/* After the first alarm the second lets a restarted call end. */
static void alarm_then(void (*then)(int), int flags) {
  count = 0;
  handle(SIGALRM, then, flags);
  struct itimerval timer = {{0, 30000}, {0, 30000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}
/* Each case has a pipe of its own. */
static void fresh_pipe(void) { pipe(ends); }
static void alarms_off(void) { setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL); }
static void feed(int signal) { (void)signal; if (++count == 2) write(ends[1], "x", 1); }
static void drain(int signal) { (void)signal; static char buffer[65536]; if (++count == 2) read(ends[0], buffer, sizeof buffer); }

#define TRY(name, call)                                                              \
  do {                                                                               \
    alarm_then(on_alarm, 0);                                                         \
    long result = E(call);                                                           \
    alarms_off();                                                                    \
    say("%s: %ld", name, result);                                                    \
  } while (0)
#define TRY_RESTART(name, call)                                                      \
  do {                                                                               \
    alarm_then(on_alarm, SA_RESTART);                                                \
    long result = E(call);                                                           \
    alarms_off();                                                                    \
    say("%s with SA_RESTART: %ld", name, result);                                    \
  } while (0)

static void never_restarted(void) {
  fresh_pipe();
  struct pollfd one = {.fd = ends[0], .events = POLLIN};
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  TRY_RESTART("poll", poll(&one, 1, -1));
  TRY_RESTART("ppoll", ppoll(&one, 1, NULL, NULL));
  TRY_RESTART("epoll_wait", epoll_wait(epoll, &event, 1, -1));
  TRY_RESTART("select", select(ends[0] + 1, &set, NULL, NULL, NULL));
  TRY_RESTART("pselect", pselect(ends[0] + 1, &set, NULL, NULL, NULL, NULL));
  TRY_RESTART("nanosleep", nanosleep(&(struct timespec){5, 0}, NULL));
  TRY_RESTART("clock_nanosleep", -clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){5, 0}, NULL));
  TRY_RESTART("pause", pause());
}

static void not_restarted_without_flag(void) {
  fresh_pipe();
  char byte;
  int word = 0, status;
  static char big[65536];
  TRY("read", read(ends[0], &byte, 1));
  write(ends[1], big, sizeof big);
  TRY("write", write(ends[1], big, 10));
  TRY("futex", syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL));
  pid_t pid = fork();
  if (pid == 0) for (;;) pause();
  TRY("waitpid", waitpid(pid, &status, 0));
  siginfo_t info;
  TRY("waitid", waitid(P_PID, pid, &info, WEXITED));
  kill(pid, SIGKILL);
  int sockets[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
  TRY("recv", recv(sockets[0], &byte, 1, 0));
  int event = eventfd(0, 0);
  uint64_t value;
  TRY("eventfd read", read(event, &value, 8));
}

static void restarted(void) {
  fresh_pipe();
  char byte;
  static char big[65536];
  alarm_then(feed, SA_RESTART);
  long result = E(read(ends[0], &byte, 1));
  alarms_off();
  say("read %ld after %d signals", result, count);
  write(ends[1], big, sizeof big);
  alarm_then(drain, SA_RESTART);
  result = E(write(ends[1], big, 10));
  alarms_off();
  say("write %ld after %d signals", result, count);
}

static volatile pid_t victim;
static void kill_victim(int signal) { (void)signal; if (++count == 2) kill(victim, SIGKILL); }
static void restarted_wait(void) {
  int status;
  victim = fork();
  if (victim == 0) for (;;) pause();
  alarm_then(kill_victim, SA_RESTART);
  pid_t got = waitpid(victim, &status, 0);
  alarms_off();
  say("waitpid %d after %d: %s", got == victim, count, status_text(status));
}

static void partial_write(void) {
  fresh_pipe();
  static char big[200000];
  alarm_then(on_alarm, SA_RESTART);
  long result = E(write(ends[1], big, sizeof big));
  alarms_off();
  say("partial write %ld", result);
}

static void sleep_remainder(void) {
  struct timespec left = {0, 0};
  alarm_then(on_alarm, 0);
  long result = E(nanosleep(&(struct timespec){2, 0}, &left));
  alarms_off();
  double ms = left.tv_sec * 1e3 + left.tv_nsec / 1e6;
  say("nanosleep %ld left ok %d", result, ms > 1000 && ms < 1990);
  double start = now_ms();
  say("full sleep %ld", E(nanosleep(&(struct timespec){0, 20000000}, NULL)));
  say("not short %d", now_ms() - start >= 20);
  say("bad ns %ld", E(nanosleep(&(struct timespec){0, 1000000000}, NULL)));
  say("negative %ld", E(nanosleep(&(struct timespec){-1, 0}, NULL)));
  say("bad clock %d", clock_nanosleep(77, 0, &(struct timespec){0, 1}, NULL));
  say("thread clock %d", clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &(struct timespec){0, 1}, NULL));
}

static void ignored_does_not_interrupt(void) {
  signal(SIGALRM, SIG_IGN);
  struct itimerval timer = {{0, 10000}, {0, 10000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  say("ignored: %ld", E(nanosleep(&(struct timespec){0, 50000000}, NULL)));
  signal(SIGALRM, SIG_DFL);
  alarms_off();
  signal(SIGWINCH, SIG_DFL);
  pid_t parent = getpid();
  if (fork() == 0) {
    sleep_ms(10);
    kill(parent, SIGWINCH);
    _exit(0);
  }
  say("default ignored: %ld", E(nanosleep(&(struct timespec){0, 50000000}, NULL)));
}

static void stop_does_not_interrupt(void) {
  fresh_pipe();
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    long result = E(nanosleep(&(struct timespec){0, 100000000}, NULL));
    struct pollfd one = {.fd = ends[0], .events = POLLIN};
    long polled = E(poll(&one, 1, 100));
    say("sleep over stop: %ld poll %ld", result, polled);
    _exit(0);
  }
  sleep_ms(20);
  kill(pid, SIGSTOP);
  waitpid(pid, &status, WUNTRACED);
  kill(pid, SIGCONT);
  waitpid(pid, &status, 0);
}

int main(void) {
  RUN(never_restarted);
  RUN(not_restarted_without_flag);
  RUN(restarted);
  RUN(restarted_wait);
  RUN(partial_write);
  RUN(sleep_remainder);
  RUN(ignored_does_not_interrupt);
  RUN(stop_does_not_interrupt);
}
