/* Exceptions as signals, privileged instructions, FPU state: signal(7), sigaction(2). */
#include "conformance.h"
#include <fenv.h>
#include <immintrin.h>
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int code, trap;
static volatile long address, at_rip, error;
static void on_fault(int signal, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  code = info->si_code, address = (long)info->si_addr, at_rip = user->uc_mcontext.gregs[REG_RIP];
  trap = user->uc_mcontext.gregs[REG_TRAPNO], error = user->uc_mcontext.gregs[REG_ERR];
  siglongjmp(back, signal);
}
#define TRY(name, body)                                                                                        \
  do {                                                                                                         \
    int signals[] = {SIGFPE, SIGILL, SIGTRAP, SIGSEGV, SIGBUS};                                                \
    for (int i = 0; i < 5; i++) handle_info(signals[i], on_fault, SA_NODEFER);                                 \
    int signal = sigsetjmp(back, 1);                                                                           \
    if (signal == 0) {                                                                                         \
      body;                                                                                                    \
      say("%s: fine", name);                                                                                   \
    } else                                                                                                     \
      say("%s: signal %d code %d address %s trap %d error %ld", name, signal, code,                             \
          address == 0 ? "null" : address == at_rip ? "rip" : "other", trap, error);                           \
  } while (0)

static void arithmetic(void) {
  volatile int zero = 0, min = -2147483647 - 1, result;
  TRY("divide by zero", result = 10 / zero);
  TRY("overflow", result = min / (zero - 1));
  TRY("int3", __asm__ volatile("int3"));
  TRY("ud2", __asm__ volatile("ud2"));
  TRY("int 4", __asm__ volatile("int $4"));

  TRY("int1", __asm__ volatile(".byte 0xf1"));
  TRY("trap flag", __asm__ volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop" ::: "memory", "cc"));
}

static void floating(void) {
  volatile double zero = 0, one = 1, result;
  feenableexcept(FE_DIVBYZERO);
  TRY("sse divide", result = one / zero);
  feclearexcept(FE_ALL_EXCEPT);
  feenableexcept(FE_INVALID);
  TRY("sse invalid", result = zero / zero);
  feclearexcept(FE_ALL_EXCEPT);
  feenableexcept(FE_OVERFLOW);
  volatile double huge = 1e308;
  TRY("sse overflow", result = huge * huge);
  fedisableexcept(FE_ALL_EXCEPT);
  feclearexcept(FE_ALL_EXCEPT);
  unsigned short control = 0x37b, normal = 0x37f;
  TRY("x87 divide", __asm__ volatile("fldcw %0\n fldz\n fld1\n fdivp\n fwait" ::"m"(control)));
  __asm__ volatile("fnclex\n fninit\n fldcw %0" ::"m"(normal));
}

static void privileged(void) {
  TRY("hlt", __asm__ volatile("hlt"));
  TRY("cli", __asm__ volatile("cli"));
  TRY("in", __asm__ volatile("inb $0x60, %%al" ::: "rax"));
  TRY("out", __asm__ volatile("outb %%al, $0x80" :: "a"(0)));
  TRY("cr0", __asm__ volatile("movq %%cr0, %%rax" ::: "rax"));
  TRY("cr3", __asm__ volatile("movq %%rax, %%cr3" :: "a"(0L)));
  TRY("rdmsr", __asm__ volatile("rdmsr" :: "c"(0xc0000080) : "rax", "rdx"));
  TRY("wrmsr", __asm__ volatile("wrmsr" :: "c"(0xc0000080), "a"(0), "d"(0)));
  TRY("lgdt", __asm__ volatile("lgdt (%%rsp)" ::: "memory"));
  TRY("invlpg", __asm__ volatile("invlpg (%%rsp)" ::: "memory"));
  TRY("swapgs", __asm__ volatile("swapgs"));
  TRY("wbinvd", __asm__ volatile("wbinvd"));
  TRY("clts", __asm__ volatile("clts"));
  TRY("ltr", __asm__ volatile("ltr %%ax" :: "a"(0)));
  TRY("bad segment", __asm__ volatile("movw %%ax, %%ds" :: "a"(0x1230)));
  TRY("iretq", __asm__ volatile("pushq $0\n pushq $0\n pushq $0\n pushq $0\n pushq $0\n iretq"));
  TRY("sysretq", __asm__ volatile("sysretq"));
}

static void accesses(void) {
  long outside = 0x8000000000000000;
  TRY("null read", *(volatile int *)0);
  TRY("null write", *(volatile int *)0 = 1);
  TRY("null call", ((void (*)(void))0)());
  TRY("non-canonical read", *(volatile int *)outside);
  TRY("non-canonical jump", ((void (*)(void))outside)());
  TRY("kernel read", *(volatile int *)0xffffffff81000000);
  TRY("kernel write", *(volatile int *)0xffffffff81000000 = 1);
  TRY("kernel jump", ((void (*)(void))0xffffffff81000000)());
  TRY("vsyscall read", *(volatile int *)0xffffffffff600000);
  TRY("text write", *(volatile char *)accesses = 1);
  TRY("misaligned sse", __asm__ volatile("movaps 8(%0), %%xmm0" ::"r"((long)__builtin_frame_address(0) & ~15L) : "xmm0"));
  TRY("stack non-canonical", __asm__ volatile("movq %%rsp, %%rbx\n movq %0, %%rsp\n pushq $1\n movq %%rbx, %%rsp" ::"r"(outside) : "rbx", "memory"));
}

static void blocked_fault_kills(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigprocmask(SIG_BLOCK, &set, NULL);
  handle_info(SIGSEGV, on_fault, 0);
  *(volatile int *)8 = 1;
}
static void ignored_fault_kills(void) {
  signal(SIGFPE, SIG_IGN);
  volatile int zero = 0, result = 10 / zero;
}
static void fault_in_handler(int signal) { (void)signal; *(volatile int *)8 = 1; }
static void fault_in_handler_kills(void) {
  handle(SIGSEGV, fault_in_handler, 0);
  *(volatile int *)8 = 1;
}

static void step(int signal, siginfo_t *info, void *context) { (void)signal, (void)context, code = info->si_code, trap++; }
static void single_steps(void) {
  handle_info(SIGTRAP, step, 0);
  trap = 0;
  __asm__ volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop\n nop\n pushf\n andl $~0x100, (%%rsp)\n popf" ::: "memory", "cc");
  say("steps %d code %d", trap, code);
  handle_info(SIGTRAP, step, 0);
  trap = 0;
  __asm__ volatile("int3\n int3");
  say("breakpoints %d code %d", trap, code);
}

/* --- FPU state --- */
static volatile int spoilt;
static void spoil(int signal) {
  (void)signal;
  __asm__ volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n vmovdqa %%ymm0, %%ymm7\n vmovdqa %%ymm0, %%ymm15" ::: "xmm0", "xmm7", "xmm15");
  unsigned control = 0x5f80;
  __asm__ volatile("ldmxcsr %0\n fninit\n fldpi" ::"m"(control));
  spoilt++;
}
__attribute__((target("avx"))) static int ymm_kept(int seed, int (*between)(void)) {
  long in[4] = {seed, seed * 3, seed * 5, seed * 7}, out[4], out15[4];
  unsigned mxcsr = 0x3f80 , after;
  unsigned short control = 0x27f, control_after;
  int result;
  __asm__ volatile("ldmxcsr %0\n fldcw %1" ::"m"(mxcsr), "m"(control));
  __asm__ volatile("vmovdqu (%1), %%ymm7\n vmovdqu (%1), %%ymm15\n call *%2\n vmovdqu %%ymm7, (%3)\n vmovdqu %%ymm15, (%4)\n movl %%eax, %0"
                   : "=&m"(result) : "r"(in), "r"(between), "b"(out), "r"(out15)
                   : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "xmm7", "xmm15");
  __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(after), "=m"(control_after));
  unsigned usual = 0x1f80;
  unsigned short usual_control = 0x37f;
  __asm__ volatile("ldmxcsr %0\n fldcw %1" ::"m"(usual), "m"(usual_control));
  return memcmp(in, out, 32) == 0 && memcmp(in, out15, 32) == 0 && (after & 0xffc0) == mxcsr && control_after == control;
}
/* Raw system calls only: library functions may use the registers. */
static int raw(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
static int signal_self(void) { return raw(SYS_kill, raw(SYS_getpid, 0, 0, 0), SIGUSR1, 0); }
static int yield_often(void) {
  for (int i = 0; i < 50; i++) raw(SYS_sched_yield, 0, 0, 0);
  return 0;
}
static int fork_self(void) { return raw(SYS_fork, 0, 0, 0); }
static int spin(void) {
  for (volatile long i = 0; i < 20000000; i++);
  return 0;
}
static void *ymm_thread(void *seed) { return (void *)(long)(ymm_kept((int)(long)seed, yield_often) && ymm_kept((int)(long)seed, spin)); }

static void fpu_state(void) {
  handle(SIGUSR1, spoil, 0);
  int kept = ymm_kept(11, signal_self);
  say("over a handler %d spoilt %d", kept, spoilt);
  pthread_t threads[3];
  for (long i = 0; i < 3; i++) pthread_create(&threads[i], NULL, ymm_thread, (void *)(100 + i));
  for (int i = 0; i < 3; i++) {
    void *ok;
    pthread_join(threads[i], &ok);
    say("over switches %ld", (long)ok);
  }
  pid_t self = getpid();
  kept = ymm_kept(23, fork_self);
  if (getpid() != self) _exit(kept);
  say("over fork, parent %d", kept);
  say("child %s", reaped(-1, 0));
}

static void handler_mxcsr(int signal) {
  unsigned now;
  (void)signal;
  __asm__ volatile("stmxcsr %0" : "=m"(now));
  say("mxcsr in handler %x", now & 0xffc0);
}
static void handler_starts_clean(void) {
  unsigned odd = 0x7f80;
  handle(SIGUSR1, handler_mxcsr, 0);
  __asm__ volatile("ldmxcsr %0" ::"m"(odd));
  raise(SIGUSR1);
  __asm__ volatile("stmxcsr %0" : "=m"(odd));
  say("mxcsr after %x", odd & 0xffc0);
}

static void direction_flag(int signal) {
  long flags;
  (void)signal;
  __asm__ volatile("pushf\n pop %0" : "=r"(flags));
  say("direction in handler %d", !!(flags & 0x400));
}
static void flags_over_handler(void) {
  handle(SIGUSR1, direction_flag, 0);
  long flags, pid = getpid();
  __asm__ volatile("std\n syscall\n pushf\n pop %0\n cld" : "=r"(flags) : "a"(SYS_kill), "D"(pid), "S"((long)SIGUSR1) : "rcx", "r11", "memory", "cc");
  say("direction after %d", !!(flags & 0x400));
}

int main(void) {
  RUN(arithmetic);
  RUN(floating);
  RUN(privileged);
  RUN(accesses);
  RUN(blocked_fault_kills);
  RUN(ignored_fault_kills);
  RUN(fault_in_handler_kills);
  RUN(single_steps);
  RUN(fpu_state);
  RUN(handler_starts_clean);
  RUN(flags_over_handler);
}
