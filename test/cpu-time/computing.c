/* Computes a fixed amount (argv[1] million steps), then says what each clock made of it, in milliseconds. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t profiled, virtually, over;
static void on_signal(int signal) {
  if (signal == SIGPROF) profiled++;
  if (signal == SIGVTALRM) virtually++;
  if (signal == SIGXCPU) over++;
}
static double ms(struct timeval t) { return t.tv_sec * 1e3 + t.tv_usec / 1e3; }
static double clock_ms(int clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}
static unsigned long state = 1;
static void compute(long millions) {
  for (long i = 0; i < millions * 1000000; i++) state = state * 6364136223846793005UL + 1;
}

int main(int count, char **arguments) {
  (void)count;
  long millions = atol(arguments[1]);
  struct itimerval every = {{0, 50000}, {0, 50000}};
  struct rlimit limit = {1, RLIM_INFINITY};
  signal(SIGPROF, on_signal), signal(SIGVTALRM, on_signal), signal(SIGXCPU, on_signal);
  double begun = clock_ms(CLOCK_MONOTONIC);
  setitimer(ITIMER_PROF, &every, NULL), setitimer(ITIMER_VIRTUAL, &every, NULL);
  setrlimit(RLIMIT_CPU, &limit);
  compute(millions);
  struct rusage usage;
  struct tms ticks;
  getrusage(RUSAGE_SELF, &usage);
  times(&ticks);
  double used = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
  if (fork() == 0) {
    compute(millions / 2);
    _exit(state == 0);
  }
  wait(NULL);
  struct rusage children;
  getrusage(RUSAGE_CHILDREN, &children);
  printf("{\"usage\":%.0f,\"times\":%.0f,\"clock\":%.0f,\"children\":%.0f,\"profiled\":%d,\"virtual\":%d,\"over\":%d,\"wall\":%.0f}\n",
         ms(usage.ru_utime) + ms(usage.ru_stime), (ticks.tms_utime + ticks.tms_stime) * 10.0, used,
         ms(children.ru_utime) + ms(children.ru_stime), profiled, virtually, over, clock_ms(CLOCK_MONOTONIC) - begun);
  return 0;
}
