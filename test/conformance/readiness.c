/* poll(2), select(2), epoll(7), eventfd(2), timerfd_create(2), signalfd(2), pidfd_open(2). */
#include "conformance.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

static int ends[2];
static char big[70000];
static short events_of(int descriptor, short wanted) {
  struct pollfd one = {.fd = descriptor, .events = wanted};
  poll(&one, 1, 0);
  return one.revents;
}
#define ALL (POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM)

static void polling(void) {
  pipe2(ends, O_NONBLOCK);
  say("empty reader %x writer %x", events_of(ends[0], ALL), events_of(ends[1], ALL));
  write(ends[1], "x", 1);
  say("with data %x", events_of(ends[0], ALL));
  write(ends[1], big, sizeof big);
  say("full writer %x", events_of(ends[1], ALL));
  close(ends[1]);
  say("writer gone, data left %x", events_of(ends[0], ALL));
  while (read(ends[0], big, sizeof big) > 0);
  say("writer gone %x", events_of(ends[0], ALL));
  pipe(ends);
  close(ends[0]);
  say("reader gone %x", events_of(ends[1], ALL));
  int file = open("file", O_RDWR | O_CREAT, 0600);
  say("file %x", events_of(file, ALL));
  say("closed %x negative %x", events_of(99, ALL), events_of(-1, ALL));
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  say("socket %x", events_of(pair[0], ALL));
  shutdown(pair[1], SHUT_WR);
  say("half closed %x", events_of(pair[0], ALL));
  close(pair[1]);
  say("peer gone %x", events_of(pair[0], ALL));
  double start = now_ms();
  struct pollfd one = {.fd = -1};
  say("timeout %ld", E(poll(&one, 1, 30)));
  say("waited %d", now_ms() - start >= 30);
  say("none %ld", E(poll(NULL, 0, 0)));
  say("bad pointer %ld", E(poll((void *)8, 1, 0)));
}

static void selecting(void) {
  fd_set readers, writers;
  pipe(ends);
  FD_ZERO(&readers);
  FD_ZERO(&writers);
  FD_SET(ends[0], &readers);
  FD_SET(ends[1], &writers);
  struct timeval brief = {0, 10000};
  say("select %ld", E(select(ends[1] + 1, &readers, &writers, NULL, &brief)));
  say("reader %d writer %d", !!FD_ISSET(ends[0], &readers), !!FD_ISSET(ends[1], &writers));
  FD_ZERO(&readers);
  FD_SET(ends[0], &readers);
  brief = (struct timeval){0, 20000};
  say("timeout %ld", E(select(ends[0] + 1, &readers, NULL, NULL, &brief)));
  say("left %ld set %d", brief.tv_sec + brief.tv_usec, !!FD_ISSET(ends[0], &readers));
  FD_SET(60, &readers);
  say("closed %ld", E(select(61, &readers, NULL, NULL, &brief)));
  say("negative %ld", E(select(-1, NULL, NULL, NULL, &brief)));
  say("bad time %ld", E(select(0, NULL, NULL, NULL, &(struct timeval){-1, 0})));
}

static volatile int count;
static void on_signal(int signal) { (void)signal, count++; }
static void masked(void) {
  sigset_t set, empty, now;
  sigemptyset(&set), sigemptyset(&empty);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  handle(SIGUSR1, on_signal, 0);
  raise(SIGUSR1);
  pipe(ends);
  struct pollfd one = {.fd = ends[0], .events = POLLIN};
  say("ppoll %ld", E(ppoll(&one, 1, NULL, &empty)));
  say("count %d", count);
  raise(SIGUSR1);
  say("ppoll without time %ld", E(ppoll(&one, 1, &(struct timespec){0, 0}, &empty)));
  say("count %d", count);
  sigprocmask(SIG_BLOCK, NULL, &now);
  say("mask back %d", sigismember(&now, SIGUSR1));
  raise(SIGUSR1);
  write(ends[1], "x", 1);
  say("ready wins %ld", E(ppoll(&one, 1, NULL, &empty)));
  say("count %d", count);
}

static void epoll_levels_and_edges(void) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 77}, got[4];
  pipe2(ends, O_NONBLOCK);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  say("flags %d", fcntl(epoll, F_GETFD));
  say("add %ld", E(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event)));
  say("twice %ld", E(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event)));
  say("not there %ld", E(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[1], &event)));
  say("closed %ld", E(epoll_ctl(epoll, EPOLL_CTL_ADD, 99, &event)));
  say("itself %ld", E(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event)));
  int file = open("file", O_RDWR | O_CREAT, 0600);
  say("file %ld", E(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event)));
  say("empty %ld", E(epoll_wait(epoll, got, 4, 0)));
  write(ends[1], "ab", 2);
  say("level %ld", E(epoll_wait(epoll, got, 4, 0)));
  say("events %x data %d", got[0].events, (int)got[0].data.u64);
  say("level again %ld", E(epoll_wait(epoll, got, 4, 0)));
  event.events = EPOLLIN | EPOLLET;
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  say("edge %ld", E(epoll_wait(epoll, got, 4, 0)));
  say("edge again %ld", E(epoll_wait(epoll, got, 4, 0)));
  write(ends[1], "c", 1);
  say("edge by new data %ld", E(epoll_wait(epoll, got, 4, 0)));
  char buffer[8];
  read(ends[0], buffer, 1);
  say("reading is no edge %ld", E(epoll_wait(epoll, got, 4, 0)));
  read(ends[0], buffer, 8);
  write(ends[1], "d", 1);
  say("drained and written %ld", E(epoll_wait(epoll, got, 4, 0)));
  event.events = EPOLLIN | EPOLLONESHOT;
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  say("once %ld", E(epoll_wait(epoll, got, 4, 0)));
  say("disarmed %ld", E(epoll_wait(epoll, got, 4, 0)));
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  say("armed %ld", E(epoll_wait(epoll, got, 4, 0)));
  event.events = EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  say("poll of epoll %x", events_of(epoll, ALL));
  int outer = epoll_create1(0);
  epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event);
  say("nested %ld", E(epoll_wait(outer, got, 4, 0)));
  close(ends[1]);
  epoll_wait(epoll, got, 4, 0);
  say("hang up %x", got[0].events);
  say("remove %ld", E(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL)));
  say("gone %ld", E(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL)));
  say("no events %ld", E(epoll_wait(epoll, got, 0, 0)));
  say("not epoll %ld", E(epoll_wait(ends[0], got, 1, 0)));
  say("create 0 %ld", E(epoll_create(0)));
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  event.events = EPOLLOUT | EPOLLET | EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event);
  say("writable %ld", E(epoll_wait(epoll, got, 4, 0)));
  write(pair[1], "x", 1);
  say("edge %ld", E(epoll_wait(epoll, got, 4, 0)));
  say("events %x", got[0].events);
  int twin = dup(pair[0]);
  close(pair[0]);
  write(pair[1], "x", 1);
  say("a duplicate keeps it %ld", E(epoll_wait(epoll, got, 4, 0)));
  close(twin);
  say("closed leaves %ld", E(epoll_wait(epoll, got, 4, 0)));
}

static void counters(void) {
  uint64_t value = 5;
  int event = eventfd(3, EFD_NONBLOCK);
  say("read %ld", E(read(event, &value, 8)));
  say("value %lu", value);
  say("empty %ld", E(read(event, &value, 8)));
  say("short %ld", E(read(event, &value, 4)));
  value = ~0UL;
  say("all ones %ld", E(write(event, &value, 8)));
  value = ~0UL - 1;
  say("most %ld", E(write(event, &value, 8)));
  value = 1;
  say("overflow %ld", E(write(event, &value, 8)));
  say("events %x", events_of(event, ALL));
  int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  read(semaphore, &value, 8);
  say("one %lu", value);
  read(semaphore, &value, 8);
  say("empty %ld", E(read(semaphore, &value, 8)));
  say("bad flags %ld", E(eventfd(0, 0x100)));
  int waiting = eventfd(0, 0);
  pid_t pid = fork();
  if (pid == 0) {
    sleep_ms(20);
    value = 9;
    write(waiting, &value, 8);
    _exit(0);
  }
  say("blocked %ld", E(read(waiting, &value, 8)));
  say("value %lu", value);
  reaped(pid, 0);
  char *edge = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  value = 1;
  write(waiting, &value, 8);
  say("across pages %ld", E(read(waiting, edge + 4092, 8)));
}

static void timer_descriptors(void) {
  uint64_t value;
  struct itimerspec setting = {{0, 10000000}, {0, 20000000}}, now;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  say("unset %ld", E(read(timer, &value, 8)));
  say("set %ld", E(timerfd_settime(timer, 0, &setting, NULL)));
  say("early %ld %x", E(read(timer, &value, 8)), events_of(timer, ALL));
  timerfd_gettime(timer, &now);
  say("left %d interval %ld", now.it_value.tv_nsec > 0, now.it_interval.tv_nsec);
  struct pollfd one = {.fd = timer, .events = POLLIN};
  say("poll %ld", E(poll(&one, 1, 1000)));
  say("read %ld", E(read(timer, &value, 8)));
  say("once %d", value >= 1);
  sleep_ms(55);
  read(timer, &value, 8);
  say("several %d", value >= 4 && value < 9);
  setting = (struct itimerspec){0};
  timerfd_settime(timer, 0, &setting, &now);
  say("was set %d", now.it_interval.tv_nsec == 10000000);
  say("off %ld", E(read(timer, &value, 8)));
  int absolute = timerfd_create(CLOCK_REALTIME, 0);
  clock_gettime(CLOCK_REALTIME, &setting.it_value);
  setting.it_value.tv_nsec += 20000000;
  if (setting.it_value.tv_nsec >= 1000000000) setting.it_value.tv_sec++, setting.it_value.tv_nsec -= 1000000000;
  timerfd_settime(absolute, TFD_TIMER_ABSTIME, &setting, NULL);
  say("blocking read %ld", E(read(absolute, &value, 8)));
  say("value %lu", value);
  say("bad clock %ld", E(timerfd_create(77, 0)));
  say("bad flags %ld", E(timerfd_create(CLOCK_MONOTONIC, 1)));
  say("bad time %ld", E(timerfd_settime(absolute, 0, &(struct itimerspec){{0, 0}, {0, 2000000000}}, NULL)));
  say("not a timer %ld", E(timerfd_gettime(0, &now)));
}

static void signal_descriptors(void) {
  sigset_t set;
  struct signalfd_siginfo info[3];
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1), sigaddset(&set, SIGCHLD), sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  say("empty %ld %x", E(read(descriptor, info, sizeof info)), events_of(descriptor, ALL));
  kill(getpid(), SIGUSR1);
  say("ready %x", events_of(descriptor, ALL));
  say("read %ld", E(read(descriptor, info, sizeof info)));
  say("signal %d code %d pid %d", info->ssi_signo, info->ssi_code, info->ssi_pid == getpid());
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 6});
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
  say("two %ld", E(read(descriptor, info, sizeof info)));
  say("values %d %d", info[0].ssi_int, info[1].ssi_int);
  pid_t pid = fork();
  if (pid == 0) _exit(3);
  struct pollfd one = {.fd = descriptor, .events = POLLIN};
  say("poll %ld", E(poll(&one, 1, 1000)));
  read(descriptor, info, sizeof info);
  say("child %d code %d status %d", info->ssi_pid == pid, info->ssi_code, info->ssi_status);
  say("short %ld", E(read(descriptor, info, 10)));
  reaped(pid, 0);
}

static void process_descriptors(void) {
  siginfo_t info = {0};
  pid_t pid = fork();
  if (pid == 0) for (;;) pause();
  int descriptor = syscall(SYS_pidfd_open, pid, 0);
  say("close on exec %d", fcntl(descriptor, F_GETFD));
  say("alive %x", events_of(descriptor, ALL));
  say("signal 0 %ld", E(syscall(SYS_pidfd_send_signal, descriptor, 0, NULL, 0)));
  char path[64];
  sprintf(path, "/proc/%d", pid);
  int directory = open(path, O_RDONLY | O_DIRECTORY);
  sprintf(path, "/proc/%d/task", pid);
  int tasks = open(path, O_RDONLY | O_DIRECTORY);
  say("by its directory %ld, not by another %ld", E(syscall(SYS_pidfd_send_signal, directory, 0, NULL, 0)), E(syscall(SYS_pidfd_send_signal, tasks, 0, NULL, 0)));
  say("kill %ld", E(syscall(SYS_pidfd_send_signal, descriptor, SIGTERM, NULL, 0)));
  struct pollfd one = {.fd = descriptor, .events = POLLIN};
  say("poll %ld", E(poll(&one, 1, 1000)));
  say("waitid %ld", E(waitid(3, descriptor, &info, WEXITED)));
  say("pid %d status %d", info.si_pid == pid, info.si_status);
  say("gone %ld", E(syscall(SYS_pidfd_send_signal, descriptor, 0, NULL, 0)));
  say("gone, by its directory %ld", E(syscall(SYS_pidfd_send_signal, directory, 0, NULL, 0)));
  say("no process %ld", E(syscall(SYS_pidfd_open, 99999, 0)));
  say("bad pid %ld", E(syscall(SYS_pidfd_open, 0, 0)));
}

int main(void) {
  RUN(polling);
  RUN(selecting);
  RUN(masked);
  RUN(epoll_levels_and_edges);
  RUN(counters);
  RUN(timer_descriptors);
  RUN(signal_descriptors);
  RUN(process_descriptors);
}
