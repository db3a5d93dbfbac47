/* execve(2), posix_spawn(3), sessions and groups, prctl(2), the auxiliary vector, sched_*(2). */
#include "conformance.h"
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

static char self[4096];
extern char **environ;

/* What a new program finds, told by this program itself. */
static int report(int argc, char **argv) {
  sigset_t set;
  say("argc %d last %s env %s", argc, argv[argc - 1], getenv("MARK") ? getenv("MARK") : "none");
  sigprocmask(SIG_BLOCK, NULL, &set);
  struct sigaction one, two;
  sigaction(SIGUSR1, NULL, &one);
  sigaction(SIGUSR2, NULL, &two);
  say("blocked %d ignored stays %d handled is default %d", sigismember(&set, SIGTERM), one.sa_handler == SIG_IGN, two.sa_handler == SIG_DFL);
  sigpending(&set);
  say("pending stays %d", sigismember(&set, SIGTERM));
  say("fd 60 %ld fd 61 %ld", E(fcntl(60, F_GETFD)), E(fcntl(61, F_GETFD)));
  stack_t stack;
  sigaltstack(NULL, &stack);
  char name[16];
  prctl(PR_GET_NAME, name);
  say("alternate stack %d name starts %d", stack.ss_flags, strncmp(name, "execution", 9) == 0);
  return 17;
}

static void nothing(int signal) { (void)signal; }
static void what_stays(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGTERM);
  signal(SIGUSR1, SIG_IGN);
  handle(SIGUSR2, nothing, 0);
  static char stack[65536];
  sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
  dup2(1, 60);
  dup3(1, 61, O_CLOEXEC);
  prctl(PR_SET_NAME, "before");
  char *argv[] = {"x", "report", "", "last", NULL}, *env[] = {"MARK=set", NULL};
  execve(self, argv, env);
}

static void failures(void) {
  char *argv[] = {"x", NULL};
  char *long_argument = malloc(200000);
  memset(long_argument, 'a', 200000);
  long_argument[199999] = 0;
  say("missing %ld", E(execve("/no/such", argv, environ)));
  say("directory %ld", E(execve("/tmp", argv, environ)));
  int file = open("plain", O_CREAT | O_WRONLY, 0600);
  write(file, "text", 4);
  say("not executable %ld", E(execve("plain", argv, environ)));
  fchmod(file, 0700);
  close(file);
  say("no format %ld", E(execve("plain", argv, environ)));
  file = open("script", O_CREAT | O_WRONLY, 0700);
  write(file, "#!/no/interpreter\n", 18);
  close(file);
  say("no interpreter %ld", E(execve("script", argv, environ)));
  char *too_long[] = {"x", long_argument, NULL};
  say("too long %ld", E(execve("/bin/true", too_long, environ)));
  say("bad pointer %ld", E(execve("/bin/true", (char **)8, environ)));
  say("bad string %ld", E(execve("/bin/true", (char *[]){(char *)8, NULL}, environ)));
  say("empty name %ld", E(execve("", argv, environ)));
  say("below a file %ld", E(execve("/bin/true/x", argv, environ)));
}

static void empty_arguments(void) {
  char *none[] = {NULL};
  pid_t pid = fork();
  if (pid == 0) {
    execve("/bin/true", none, none);
    _exit(9);
  }
  say("no argv at all: %s", reaped(pid, 0));
  pid = fork();
  if (pid == 0) {
    execve("/bin/true", NULL, NULL);
    _exit(9);
  }
  say("null argv: %s", reaped(pid, 0));
}

static void scripts(void) {
  int file = open("script", O_CREAT | O_WRONLY | O_TRUNC, 0700);
  write(file, "#!/bin/sh -e\necho \"$0 $1 $#\"\nexit 4\n", 36);
  close(file);
  pid_t pid = fork();
  if (pid == 0) execl("./script", "ignored", "one two", "three", NULL);
  say("%s", reaped(pid, 0));
  file = open("script", O_RDONLY);
  pid = fork();
  if (pid == 0) {
    syscall(SYS_execveat, file, "", (char *[]){"x", NULL}, environ, AT_EMPTY_PATH);
    _exit(8);
  }
  say("by descriptor %s", reaped(pid, 0));
}

static void spawning(void) {
  pid_t pid;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t set;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "spawned", O_CREAT | O_WRONLY, 0600);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &set);
  say("spawn %d", posix_spawn(&pid, "/bin/echo", &actions, &attributes, (char *[]){"echo", "hello", NULL}, environ));
  say("%s", reaped(pid, 0));
  char buffer[16] = {0};
  read(open("spawned", O_RDONLY), buffer, 15);
  say("wrote %s", buffer);
  say("missing %d", posix_spawn(&pid, "/no/such", NULL, NULL, (char *[]){"x", NULL}, environ));
  say("in path %d", posix_spawnp(&pid, "true", NULL, NULL, (char *[]){"true", NULL}, environ));
  say("%s", reaped(pid, 0));
  FILE *stream = popen("echo from popen; exit 3", "r");
  fgets(buffer, 16, stream);
  say("popen %s", buffer);
  say("pclose %s", status_text(pclose(stream)));
  say("system %s", status_text(system("exit 6")));
  say("system killed %s", status_text(system("kill -9 $$")));
}

static void sessions(void) {
  say("setsid %d", setsid() == getpid());
  say("group %d session %d", getpgrp() == getpid(), getsid(0) == getpid());
  say("again %ld", E(setsid()));
  say("leader may not move %ld", E(setpgid(0, 0)));
  int ends[2];
  pipe(ends);
  pid_t pid = fork();
  if (pid == 0) {
    char byte;
    read(ends[0], &byte, 1);
    _exit(getpgrp() == getpid());
  }
  say("child to own group %ld", E(setpgid(pid, pid)));
  say("is %d", getpgid(pid) == pid);
  say("to a group that is not there %ld", E(setpgid(pid, 99999)));
  say("back %ld", E(setpgid(pid, getpgrp())));
  say("other's %ld", E(setpgid(99999, 0)));
  say("negative %ld", E(setpgid(pid, -1)));
  say("getpgid %ld getsid %ld", E(getpgid(99999)), E(getsid(99999)));
  setpgid(pid, pid);
  write(ends[1], "x", 1);
  say("%s", reaped(pid, 0));
  pid = fork();
  if (pid == 0) _exit(setsid() == getpid() && getppid() != 0);
  say("child session %s", reaped(pid, 0));
}

static void names(void) {
  char name[17] = {0};
  say("set %ld", E(prctl(PR_SET_NAME, "a name that is too long")));
  prctl(PR_GET_NAME, name);
  say("%s", name);
  char path[64], text[32] = {0};
  sprintf(path, "/proc/self/comm");
  read(open(path, O_RDONLY), text, 31);
  say("comm %s", text);
  say("dumpable %ld", E(prctl(PR_GET_DUMPABLE)));
  say("set dumpable %ld", E(prctl(PR_SET_DUMPABLE, 0)));
  say("dumpable %ld", E(prctl(PR_GET_DUMPABLE)));
  say("bad dumpable %ld", E(prctl(PR_SET_DUMPABLE, 7)));
  say("unknown %ld", E(prctl(9999)));
  say("bad death signal %ld", E(prctl(PR_SET_PDEATHSIG, 99)));
  say("no new privileges %ld", E(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
  say("is %ld", E(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)));
  struct utsname system;
  uname(&system);
  say("%s %s", system.sysname, system.machine);
}

static void auxiliary(void) {
  say("page %ld ticks %ld secure %ld", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK), getauxval(AT_SECURE));
  say("uid %d gid %d", getauxval(AT_UID) == getuid(), getauxval(AT_EGID) == getegid());
  say("random %d execfn %d", getauxval(AT_RANDOM) != 0, strcmp((char *)getauxval(AT_EXECFN), self) == 0);
  say("platform %s", (char *)getauxval(AT_PLATFORM));
  say("entry %d phdr %d phnum %d", getauxval(AT_ENTRY) != 0, getauxval(AT_PHDR) != 0, getauxval(AT_PHNUM) > 0);
  say("minimal signal stack %d", getauxval(AT_MINSIGSTKSZ) >= 1000);
  char link[4096] = {0};
  readlink("/proc/self/exe", link, sizeof link - 1);
  say("exe %d", strcmp(link, self) == 0);
}

static void scheduling(void) {
  struct sched_param parameters = {0};
  cpu_set_t cpus;
  say("policy %ld", E(sched_getscheduler(0)));
  say("no process %ld", E(sched_getscheduler(99999)));
  say("negative %ld", E(sched_getscheduler(-1)));
  say("bad policy %ld", E(sched_setscheduler(0, 77, &parameters)));
  parameters.sched_priority = 5;
  say("priority for other %ld", E(sched_setscheduler(0, SCHED_OTHER, &parameters)));
  say("fifo max %d min %d other %d bad %ld", sched_get_priority_max(SCHED_FIFO), sched_get_priority_min(SCHED_RR),
      sched_get_priority_max(SCHED_OTHER), E(sched_get_priority_max(77)));
  say("affinity %ld", E(sched_getaffinity(0, sizeof cpus, &cpus)));
  say("some %d", CPU_COUNT(&cpus) > 0);
  say("small %ld", E(syscall(SYS_sched_getaffinity, 0, 1, &cpus)));
  CPU_ZERO(&cpus);
  say("none %ld", E(sched_setaffinity(0, sizeof cpus, &cpus)));
  CPU_SET(0, &cpus);
  say("first %ld", E(sched_setaffinity(0, sizeof cpus, &cpus)));
  say("yield %ld", E(sched_yield()));
  errno = 0;
  say("nice %d", getpriority(PRIO_PROCESS, 0));
  say("bad which %ld", E(getpriority(77, 0)));
  say("no process %ld", E(getpriority(PRIO_PROCESS, 99999)));
  say("handle %ld", E(syscall(SYS_name_to_handle_at, 99, "", &(int[40]){0}, &(int){0}, 0)) < 0);
}

int main(int argc, char **argv) {
  if (argc > 1) return report(argc, argv);
  realpath(argv[0], self);
  RUN(what_stays);
  RUN(failures);
  RUN(empty_arguments);
  RUN(scripts);
  RUN(spawning);
  RUN(sessions);
  RUN(names);
  RUN(auxiliary);
  RUN(scheduling);
}
