/* Signals: sigaction(2), sigprocmask(2), sigsuspend(2), sigwaitinfo(2), sigqueue(3), sigaltstack(2), signal(7). */
#include "conformance.h"
#include <setjmp.h>
#include <ucontext.h>

static volatile int count, last, depth, deepest;
static void on_signal(int signal) { count++, last = signal; }

static void sets(void) {
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGKILL);
  sigaddset(&set, SIGSTOP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigprocmask(SIG_BLOCK, NULL, &old);
  say("blocked usr1 %d kill %d stop %d", sigismember(&old, SIGUSR1), sigismember(&old, SIGKILL), sigismember(&old, SIGSTOP));
  say("bad how %ld", E(sigprocmask(77, &set, NULL)));
  say("bad size %ld", E(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4)));
  raise(SIGUSR1);
  sigpending(&set);
  say("pending %d", sigismember(&set, SIGUSR1));
  signal(SIGUSR1, SIG_IGN);
  sigpending(&set);
  say("pending after ignore %d", sigismember(&set, SIGUSR1));
  say("kill action %ld", E(syscall(SYS_rt_sigaction, SIGKILL, &(struct sigaction){0}, NULL, 8)));
  say("query kill %ld", E(syscall(SYS_rt_sigaction, SIGKILL, NULL, &(char[64]){0}, 8)));
  say("signal 65 %ld", E(kill(getpid(), 65)));
  say("signal -1 %ld", E(kill(getpid(), -1)));
}

static void standard_once_realtime_often(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  for (int i = 0; i < 3; i++) {
    kill(getpid(), SIGUSR1);
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 10 + i});
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 20 + i});
  }
  struct timespec none = {0, 0};
  siginfo_t info;
  int signal;
  while ((signal = sigtimedwait(&set, &info, &none)) > 0)
    say("got %d code %d value %d mine %d", signal, info.si_code, signal == SIGUSR1 ? 0 : info.si_value.sival_int, info.si_pid == getpid());
  say("end %ld", E(signal));
}

static void info_handler(int signal, siginfo_t *info, void *context) {
  (void)context;
  say("signal %d signo %d code %d errno %d pid %d uid %d value %d", signal, info->si_signo, info->si_code, info->si_errno,
      info->si_pid == getpid(), info->si_uid == getuid(), info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void sources(void) {
  handle_info(SIGUSR1, info_handler, 0);
  handle_info(SIGRTMIN + 3, info_handler, 0);
  kill(getpid(), SIGUSR1);
  raise(SIGUSR1);
  pthread_kill(pthread_self(), SIGUSR1);
  syscall(SYS_tkill, gettid(), SIGUSR1);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 5});
#ifdef __GLIBC__
  pthread_sigqueue(pthread_self(), SIGRTMIN + 3, (union sigval){.sival_int = 6});
#endif
  siginfo_t info = {0};
  info.si_code = SI_USER;
  pid_t pid = fork();
  if (pid == 0) _exit(-E(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info)));
  int status;
  waitpid(pid, &status, 0);
  say("forged SI_USER to another: %s", status_text(status));
}

static void nested(int signal) {
  if (++depth > deepest) deepest = depth;
  if (count++ < 2) raise(signal);
  depth--;
}

static void defer_and_reset(void) {
  handle(SIGUSR1, nested, 0);
  raise(SIGUSR1);
  say("deferred: count %d deepest %d", count, deepest);
  count = deepest = 0;
  handle(SIGUSR1, nested, SA_NODEFER);
  raise(SIGUSR1);
  say("nodefer: count %d deepest %d", count, deepest);
  handle(SIGUSR2, on_signal, SA_RESETHAND);
  raise(SIGUSR2);
  struct sigaction now;
  sigaction(SIGUSR2, NULL, &now);
  say("reset to default %d flags %x last %d", now.sa_handler == SIG_DFL, now.sa_flags & ~0x04000000, last);
}

static int order[8], ordered;
static void note_order(int signal) { order[ordered++] = signal; }

static void masks_in_handlers(void) {
  struct sigaction action = {.sa_handler = note_order};
  sigfillset(&action.sa_mask);
  for (int signal = SIGUSR1; signal <= SIGALRM; signal++) sigaction(signal, &action, NULL);
  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &old);
  raise(SIGALRM);
  raise(SIGUSR2);
  raise(SIGUSR1);
  sigprocmask(SIG_SETMASK, &old, NULL);
  for (int i = 0; i < ordered; i++) say("order %d", order[i]);
}

static void suspend(void) {
  sigset_t set, empty, now;
  sigemptyset(&empty);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  handle(SIGUSR1, on_signal, SA_RESTART);
  raise(SIGUSR1);
  say("suspend %ld", E(sigsuspend(&empty)));
  say("count %d", count);
  sigprocmask(SIG_BLOCK, NULL, &now);
  say("mask back %d", sigismember(&now, SIGUSR1));
  pid_t parent = getpid();
  if (fork() == 0) {
    sleep_ms(20);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  say("suspend %ld", E(sigsuspend(&empty)));
  say("count %d", count);
  say("wait for one %ld", E(wait(NULL)) > 0);
}

static void wait_sync(void) {
  sigset_t set;
  siginfo_t info;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  struct timespec brief = {0, 20000000}, bad = {0, 2000000000};
  say("timeout %ld", E(sigtimedwait(&set, &info, &brief)));
  say("bad timeout %ld", E(sigtimedwait(&set, &info, &bad)));
  pid_t pid = fork();
  if (pid == 0) _exit(4);
  long got = E(sigwaitinfo(&set, &info));
  say("chld %ld code %d status %d", got, info.si_code, info.si_status);
  waitpid(pid, NULL, 0);
  handle(SIGUSR2, on_signal, SA_RESTART);
  sigdelset(&set, SIGCHLD);
  pid_t parent = getpid();
  if (fork() == 0) {
    sleep_ms(20);
    kill(parent, SIGUSR2);
    _exit(0);
  }
  say("interrupted by another %ld", E(sigwaitinfo(&set, &info)));
}

static sigjmp_buf back;
static void jump(int signal) { siglongjmp(back, signal); }

static void jump_out(void) {
  sigset_t now;
  handle(SIGUSR1, jump, 0);
  int got = sigsetjmp(back, 1);
  if (got == 0) raise(SIGUSR1);
  sigprocmask(SIG_BLOCK, NULL, &now);
  say("jumped %d blocked %d", got, sigismember(&now, SIGUSR1));
  got = sigsetjmp(back, 0);
  if (got == 0) raise(SIGUSR1);
  sigprocmask(SIG_BLOCK, NULL, &now);
  say("jumped %d blocked %d", got, sigismember(&now, SIGUSR1));
}

static char alternate[65536] __attribute__((aligned(16)));
static int on_alternate(void) {
  char here;
  return &here >= alternate && &here < alternate + sizeof alternate;
}
static void say_stack(int signal) {
  stack_t now;
  sigaltstack(NULL, &now);
  say("handler %d on alternate %d flags %d change %ld", signal, on_alternate(), now.ss_flags, E(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL)));
  if (signal == SIGUSR1) raise(SIGUSR2);
}

static void alternate_stack(void) {
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
  sigaltstack(NULL, &old);
  say("default flags %d size %zu", old.ss_flags, old.ss_size);
  say("small %ld", E(sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = 100}, NULL)));
  say("bad flags %ld", E(sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = 65536, .ss_flags = 8}, NULL)));
  say("set %ld", E(sigaltstack(&stack, NULL)));
  sigaltstack(NULL, &old);
  say("flags %d size %zu same %d", old.ss_flags, old.ss_size, old.ss_sp == alternate);
  handle(SIGUSR1, say_stack, SA_ONSTACK);
  handle(SIGUSR2, say_stack, SA_ONSTACK);
  raise(SIGUSR1);
  handle(SIGUSR2, say_stack, 0);
  raise(SIGUSR2);
  stack.ss_flags = 1 << 31;
  say("autodisarm %ld", E(sigaltstack(&stack, NULL)));
  handle(SIGUSR2, say_stack, SA_ONSTACK);
  raise(SIGUSR2);
  sigaltstack(NULL, &old);
  say("after flags %x", old.ss_flags);
}

static int recurse(int n) {
  volatile char page[4096];
  page[0] = n;
  return recurse(n + 1) + page[0];
}
static void overflow(int signal, siginfo_t *info, void *context) {
  (void)context;
  say("overflow %d code %d alternate %d", signal, info->si_code, on_alternate());
  _exit(0);
}

static void stack_overflow(void) {
  sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof alternate}, NULL);
  handle_info(SIGSEGV, overflow, SA_ONSTACK);
  recurse(0);
}
static void stack_overflow_unhandled(void) {
  handle_info(SIGSEGV, overflow, 0);
  recurse(0);
}

static void change_context(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ucontext_t *user = context;
  sigaddset(&user->uc_sigmask, SIGUSR2);
  user->uc_mcontext.gregs[REG_R12] = 0x1234567890abcdef;
  say("trap %lld err %lld oldmask %lld cs %lx flags %lx", user->uc_mcontext.gregs[REG_TRAPNO], user->uc_mcontext.gregs[REG_ERR],
      user->uc_mcontext.gregs[REG_OLDMASK], (long)(user->uc_mcontext.gregs[REG_CSGSFS] & 0xffff), user->uc_flags);
}

static void context_changes(void) {
  handle_info(SIGUSR1, change_context, 0);
  long r12;
  pid_t pid = getpid(), tid = gettid();
  __asm__ volatile("movq $0, %%r12\n syscall\n movq %%r12, %0" : "=r"(r12) : "a"(SYS_tgkill), "D"((long)pid), "S"((long)tid), "d"(SIGUSR1) : "r12", "rcx", "r11", "memory");
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  say("r12 %lx usr2 blocked %d", r12, sigismember(&now, SIGUSR2));
}

static void fault_context(int signal, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  say("signal %d code %d addr %lx trap %lld err %lld cr2 %llx", signal, info->si_code, (long)info->si_addr,
      user->uc_mcontext.gregs[REG_TRAPNO], user->uc_mcontext.gregs[REG_ERR], user->uc_mcontext.gregs[REG_CR2]);
  _exit(0);
}
static void fault_fields(void) {
  handle_info(SIGSEGV, fault_context, 0);
  *(volatile int *)0x123 = 1;
}

static void inherit(void) {
  sigset_t set, now;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGUSR1);
  handle(SIGUSR2, on_signal, 0);
  pid_t pid = fork();
  if (pid == 0) {
    sigprocmask(SIG_BLOCK, NULL, &now);
    sigpending(&set);
    raise(SIGUSR2);
    say("child blocked %d pending %d handled %d", sigismember(&now, SIGUSR1), sigismember(&set, SIGUSR1), count);
    _exit(0);
  }
  waitpid(pid, NULL, 0);
}

static void groups(void) {
  int status;
  setpgid(0, 0);
  signal(SIGTERM, SIG_IGN);
  pid_t first = fork();
  if (first == 0) {
    signal(SIGTERM, SIG_DFL);
    for (;;) pause();
  }
  sleep_ms(20);
  say("kill group %ld", E(kill(0, SIGTERM)));
  waitpid(first, &status, 0);
  say("%s", status_text(status));
  say("no group %ld", E(kill(-99999, 0)));
  say("no process %ld", E(kill(99999, 0)));
  say("tgkill wrong group %ld", E(syscall(SYS_tgkill, 99999, gettid(), 0)));
  say("tgkill 0 %ld", E(syscall(SYS_tgkill, 0, gettid(), 0)));
  say("tkill 0 %ld", E(syscall(SYS_tkill, 0, 0)));
}

static void cont_discards_stop(void) {
  sigset_t set;
  sigfillset(&set);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGTSTP);
  sigpending(&set);
  say("tstp pending %d", sigismember(&set, SIGTSTP));
  raise(SIGCONT);
  sigpending(&set);
  say("after cont: tstp %d cont %d", sigismember(&set, SIGTSTP), sigismember(&set, SIGCONT));
  raise(SIGTSTP);
  sigpending(&set);
  say("after tstp: tstp %d cont %d", sigismember(&set, SIGTSTP), sigismember(&set, SIGCONT));
}

static void bad_return(void) {
  register long sp __asm__("rsp");
  (void)sp;
  __asm__ volatile("movq $64, %%rsp\n movl $15, %%eax\n syscall" ::: "memory");
}

int main(void) {
  RUN(sets);
  RUN(standard_once_realtime_often);
  RUN(sources);
  RUN(defer_and_reset);
  RUN(masks_in_handlers);
  RUN(suspend);
  RUN(wait_sync);
  RUN(jump_out);
  RUN(alternate_stack);
  RUN(stack_overflow);
  RUN(stack_overflow_unhandled);
  RUN(context_changes);
  RUN(fault_fields);
  RUN(inherit);
  RUN(groups);
  RUN(cont_discards_stop);
  RUN(bad_return);
}
