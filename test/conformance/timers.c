/* alarm(2), setitimer(2), timer_create(2), clock_gettime(2). */
#include "conformance.h"

static volatile int count, code, value, overrun, thread;
static void on_signal(int signal) { (void)signal, count++; }
static void on_info(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  count++, code = info->si_code, value = info->si_value.sival_int, overrun = info->si_overrun, thread = gettid();
}

static void alarms(void) {
  handle(SIGALRM, on_signal, 0);
  say("none before %d", alarm(100));
  say("left %d", alarm(50));
  say("left %d", alarm(0));
  say("off %d", alarm(0));
  alarm(1);
  pause();
  say("came %d", count);
}

static void interval(int which, int signal) {
  struct itimerval timer = {{0, 10000}, {0, 10000}}, now;
  count = 0;
  handle(signal, on_signal, 0);
  say("set %ld", E(setitimer(which, &timer, NULL)));
  double end = now_ms() + 3000;
  while (count < 3 && now_ms() < end);
  say("three times %d", count >= 3);
  getitimer(which, &now);
  say("interval %ld running %d", (long)now.it_interval.tv_usec, now.it_value.tv_sec + now.it_value.tv_usec > 0);
  timer = (struct itimerval){0};
  setitimer(which, &timer, &now);
  say("old interval %ld", (long)now.it_interval.tv_usec);
  getitimer(which, &now);
  say("off %ld", (long)(now.it_value.tv_sec + now.it_value.tv_usec));
}
static void real(void) { interval(ITIMER_REAL, SIGALRM); }
static void virtual(void) { interval(ITIMER_VIRTUAL, SIGVTALRM); }
static void profiling(void) { interval(ITIMER_PROF, SIGPROF); }
static void bad_timers(void) {
  struct itimerval bad = {{0, 0}, {0, 1000000}};
  say("microseconds %ld", E(setitimer(ITIMER_REAL, &bad, NULL)));
  say("which %ld", E(syscall(SYS_setitimer, 7, &(struct itimerval){0}, NULL)));
  say("get %ld", E(syscall(SYS_getitimer, 7, &bad)));
}

static void signal_timer(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 42};
  struct itimerspec setting = {{0, 0}, {0, 10000000}}, now;
  handle_info(SIGRTMIN + 1, on_info, 0);
  say("create %ld", E(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  timer_gettime(timer, &now);
  say("unset %ld", now.it_value.tv_sec + now.it_value.tv_nsec);
  say("set %ld", E(timer_settime(timer, 0, &setting, NULL)));
  pause();
  say("count %d code %d value %d overrun %d", count, code, value, overrun);
  timer_gettime(timer, &now);
  say("over %ld", now.it_value.tv_sec + now.it_value.tv_nsec);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  setting.it_interval.tv_nsec = 5000000;
  timer_settime(timer, 0, &setting, NULL);
  sleep_ms(60);
  count = 0;
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  say("overruns %d same %d", overrun >= 5, timer_getoverrun(timer) >= overrun);
  say("delete %ld", E(timer_delete(timer)));
  say("gone %ld", E(syscall(SYS_timer_gettime, 0, &now)));
  sigprocmask(SIG_BLOCK, &set, NULL);
}

static void thread_timer(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
  event._sigev_un._tid = gettid();
  handle_info(SIGUSR1, on_info, 0);
  say("create %ld", E(timer_create(CLOCK_REALTIME, &event, &timer)));
  struct itimerspec setting = {{0, 0}, {0, 5000000}};
  timer_settime(timer, 0, &setting, NULL);
  pause();
  say("here %d", thread == gettid());
  event._sigev_un._tid = 99999;
  say("no such thread %ld", E(timer_create(CLOCK_REALTIME, &event, &timer)));
}

static void callback(union sigval argument) { value = argument.sival_int, count++; }
static void function_timer(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = callback, .sigev_value.sival_int = 9};
  struct itimerspec setting = {{0, 0}, {0, 5000000}};
  say("create %ld", E(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  timer_settime(timer, 0, &setting, NULL);
  double end = now_ms() + 2000;
  while (!count && now_ms() < end) usleep(1000);
  say("called %d with %d", count, value);
}

static void quiet_timer(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  struct itimerspec setting = {{0, 0}, {100, 0}}, now;
  say("create %ld", E(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  timer_settime(timer, 0, &setting, NULL);
  timer_gettime(timer, &now);
  say("left %d", now.it_value.tv_sec >= 99);
  say("bad clock %ld", E(timer_create(77, &event, &timer)));
  event.sigev_notify = SIGEV_SIGNAL, event.sigev_signo = 99;
  say("bad signal %ld", E(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  setting.it_value.tv_nsec = -1;
  say("bad time %ld", E(timer_settime(timer, 0, &setting, NULL)));
  pid_t pid = fork();
  if (pid == 0) _exit(-E(timer_gettime(timer, &now)));
  say("not inherited %s", reaped(pid, 0));
}

static void cpu_timer(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
  struct itimerspec setting = {{0, 0}, {0, 30000000}};
  handle_info(SIGUSR2, on_info, 0);
  say("create %ld", E(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer)));
  timer_settime(timer, 0, &setting, NULL);
  double end = now_ms() + 3000;
  while (!count && now_ms() < end);
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  say("came %d after enough %d", count, used.tv_nsec >= 30000000 || used.tv_sec > 0);
}

static void clocks(void) {
  struct timespec a, b;
  int known[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
                 CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, 77, -77};
  for (int i = 0; i < 11; i++) {
    long result = E(clock_gettime(known[i], &a));
    clock_gettime(known[i], &b);
    say("clock %d: %ld forward %d", known[i], result, b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
  }
  say("resolution %ld", E(clock_getres(CLOCK_MONOTONIC, &a)));
  say("ns %ld", a.tv_nsec);
  say("bad resolution %ld", E(clock_getres(77, &a)));
  struct timeval now;
  gettimeofday(&now, NULL);
  clock_gettime(CLOCK_REALTIME, &a);
  say("agree %d", llabs((long long)a.tv_sec - now.tv_sec) <= 1 && llabs((long long)a.tv_sec - time(NULL)) <= 1);
  clockid_t clock;
  say("own cpu clock %d", clock_getcpuclockid(getpid(), &clock));
  say("read it %ld", E(clock_gettime(clock, &a)));
  say("kernel null %ld", E(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, NULL)));
  clock_gettime(CLOCK_MONOTONIC, &a);
  a.tv_nsec += 20000000;
  if (a.tv_nsec >= 1000000000) a.tv_sec++, a.tv_nsec -= 1000000000;
  say("absolute sleep %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL));
  clock_gettime(CLOCK_MONOTONIC, &b);
  say("not early %d", b.tv_sec > a.tv_sec || b.tv_nsec >= a.tv_nsec);
  say("past %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){1, 0}, NULL));
}

static void over_exec_and_fork(void) {
  struct itimerval timer = {{0, 0}, {5, 0}}, now;
  setitimer(ITIMER_REAL, &timer, NULL);
  pid_t pid = fork();
  if (pid == 0) {
    getitimer(ITIMER_REAL, &now);
    say("child has none %ld", (long)(now.it_value.tv_sec + now.it_value.tv_usec));
    _exit(0);
  }
  reaped(pid, 0);
  pid = fork();
  if (pid == 0) {
    struct itimerval soon = {{0, 0}, {0, 30000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    execl("/bin/sleep", "sleep", "3", NULL);
  }
  say("kept over exec: %s", reaped(pid, 0));
}

int main(void) {
  RUN(alarms);
  RUN(real);
  RUN(virtual);
  RUN(profiling);
  RUN(bad_timers);
  RUN(signal_timer);
  RUN(thread_timer);
  RUN(function_timer);
  RUN(quiet_timer);
  RUN(cpu_timer);
  RUN(clocks);
  RUN(over_exec_and_fork);
}
