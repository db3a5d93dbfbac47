/*
 * What every conformance program shares: numbered answers instead of texts, and each case in a process of its own, so
 * that one that dies does not take the others along. Output must be the same on every run: no addresses, ids or times.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Writes one line at once, so that lines of several processes do not mix. */
static inline void say(const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  line[length++] = '\n';
  if (write(1, line, length) < 0) _exit(99);
}

/* The result of a call: what it returned, or minus its error number. */
static inline long E(long result) { return result == -1 ? -errno : result; }

static inline const char *status_text(int status) {
  static char text[4][64];
  static int next;
  char *into = text[next++ & 3];
  if (WIFEXITED(status)) sprintf(into, "exit %d", WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) sprintf(into, "signal %d core %d", WTERMSIG(status), !!WCOREDUMP(status));
  else if (WIFSTOPPED(status)) sprintf(into, "stopped %d", WSTOPSIG(status));
  else if (WIFCONTINUED(status)) sprintf(into, "continued");
  else sprintf(into, "status %x", status);
  return into;
}

/* Waits, and says whether it got that very child and how it ended. */
static inline const char *reaped(pid_t pid, int options) {
  static char text[128];
  int status = -1;
  pid_t got;
  while ((got = waitpid(pid, &status, options)) < 0 && errno == EINTR);
  if (got <= 0) sprintf(text, "nothing: %ld", E(got));
  else sprintf(text, "%s%s", pid > 0 && got != pid ? "another: " : "", status_text(status));
  return text;
}

/* Runs a case in a child and says how it ended. */
static inline void run_case(const char *name, void (*body)(void)) {
  say("-- %s", name);
  pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR);
  if (status != 0) say("%s: %s", name, status_text(status));
}
#define RUN(name) run_case(#name, name)

static inline double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static inline void sleep_ms(int ms) {
  double end = now_ms() + ms;
  for (;;) {
    double left = end - now_ms();
    if (left <= 0) return;
    struct timespec t = {(long)(left / 1e3), (long)(left * 1e6) % 1000000000};
    nanosleep(&t, NULL);
  }
}

static inline void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(signal, &action, NULL);
}

static inline void handle_info(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
  sigaction(signal, &action, NULL);
}
#endif
