/* credentials(7): real, effective, saved and file-system ids, priorities, limits of memory; needs no user but the one it has. */
#include "conformance.h"
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

static void show(const char *when) {
  uid_t real, effective, saved;
  gid_t group, effective_group, saved_group;
  getresuid(&real, &effective, &saved);
  getresgid(&group, &effective_group, &saved_group);
  say("%s: %d %d %d fs %d, groups %d %d %d fs %d", when, real, effective, saved, setfsuid(-1), group, effective_group,
      saved_group, setfsgid(-1));
}

static void kept(void) {
  show("at first");
  say("setreuid keep %ld", E(setreuid(-1, -1)));
  say("setresuid keep %ld", E(setresuid(-1, -1, -1)));
  say("setuid own %ld", E(setuid(getuid())));
  say("setgid own %ld", E(setgid(getgid())));
  say("setuid -1 %ld", E(setuid(-1)));
  say("setgid -1 %ld", E(setgid(-1)));
  show("at last");
}

static void lowered(void) {
  say("seteuid %ld", E(seteuid(65534)));
  show("lowered");
  say("setuid elsewhere %ld", E(setuid(1234)));
  say("setresuid elsewhere %ld", E(setresuid(1234, -1, -1)));
  say("setgroups %ld", E(syscall(SYS_setgroups, 0, 0)));
  say("seteuid back %ld", E(seteuid(0)));
  show("back");
}

static void given_up(void) {
  say("setegid %ld", E(setegid(4321)));
  say("setgid %ld", E(setgid(4321)));
  say("setuid %ld", E(setuid(1234)));
  show("given up");
  say("back %ld", E(setuid(0)));
  say("back, effective %ld", E(seteuid(0)));
  say("setreuid %ld", E(setreuid(1234, 1234)));
}

static void saved(void) {
  say("setreuid %ld", E(setreuid(-1, 1234)));
  show("saved follows");
  say("setreuid swapped %ld", E(setreuid(1234, 0)));
  show("swapped");
  say("setresuid %ld", E(setresuid(7, 8, 9)));
  show("three");
  say("to saved %ld", E(seteuid(9)));
  say("to real %ld", E(seteuid(7)));
  say("to none %ld", E(seteuid(6)));
  show("seven");
}

static void file_ids(void) {
  say("setfsuid tells %d", setfsuid(77));
  say("and then %d", setfsuid(78));
  show("fs");
  say("seteuid %ld", E(seteuid(79)));
  show("fs follows");
  say("refused %d", setfsuid(80));
  show("unchanged");
  say("to real %d", setfsuid(0));
  show("real");
}

static void files_by_effective(void) {
  char name[] = "secret-XXXXXX";
  int file = mkstemp(name);
  close(file);
  chmod(name, 0600);
  say("seteuid %ld", E(seteuid(65534)));
  say("open %ld", E(open(name, O_RDONLY)));
  say("access by real %ld", E(access(name, R_OK)));
  say("access by effective %ld", E(faccessat(AT_FDCWD, name, R_OK, AT_EACCESS)));
  say("seteuid %ld", E(seteuid(0)));
  say("unlink %ld", E(unlink(name)));
}

static void signals_by_ids(void) {
  int ends[2];
  char byte;
  pipe(ends);
  pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    setresuid(50, 50, 60);
    kill(getppid(), 0);
    read(ends[0], &byte, 1);
    _exit(0);
  }
  sleep_ms(50);
  pid_t other = fork();
  if (other == 0) {
    setresuid(60, 61, 61);
    say("real equals saved %ld", E(kill(child, 0)));
    setresuid(61, 61, 61);
    say("effective alike none %ld", E(kill(child, 0)));
    _exit(0);
  }
  waitpid(other, NULL, 0);
  close(ends[1]);
  waitpid(child, NULL, 0);
}

static void priorities(void) {
  say("at first %d", getpriority(PRIO_PROCESS, 0));
  say("nice %ld", E(setpriority(PRIO_PROCESS, 0, 7)));
  say("now %d", getpriority(PRIO_PROCESS, 0));
  say("too much %ld", E(setpriority(PRIO_PROCESS, 0, 100)));
  say("now %d", getpriority(PRIO_PROCESS, 0));
  pid_t child = fork();
  if (child == 0) {
    say("child %d", getpriority(PRIO_PROCESS, 0));
    _exit(0);
  }
  waitpid(child, NULL, 0);
  say("nobody %ld", E(setpriority(PRIO_PROCESS, 999999, 1)));
  say("kind %ld", E(setpriority(9, 0, 1)));
  setuid(1234);
  say("lower as somebody %ld", E(setpriority(PRIO_PROCESS, 0, 3)));
}

static void address_space(void) {
  struct rlimit limit = {64 << 20, 64 << 20};
  say("limit %ld", E(setrlimit(RLIMIT_AS, &limit)));
  void *place = mmap(NULL, 128 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("too much %ld", place == MAP_FAILED ? (long)-errno : 0);
  place = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("within %d", place != MAP_FAILED);
  void *moved = mremap(place, 16 << 20, 128 << 20, MREMAP_MAYMOVE);
  say("grown %ld", moved == MAP_FAILED ? (long)-errno : 0);
  void *over = mmap(place, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  say("in its place %d", over == place);
  say("malloc %d", malloc(100 << 20) != NULL);
}

static void data_segment(void) {
  struct rlimit limit = {8 << 20, 8 << 20};
  say("limit %ld", E(setrlimit(RLIMIT_DATA, &limit)));
  void *place = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("writable %ld", place == MAP_FAILED ? (long)-errno : 0);
  place = mmap(NULL, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("readable %d", place != MAP_FAILED);
  void *heap = sbrk(0);
  say("brk %d", sbrk(16 << 20) == (void *)-1);
  say("the same %d", sbrk(0) == heap);
}

static void reservation(void) {
  void *place = mmap(NULL, 1UL << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  say("reserved %d", place != MAP_FAILED);
}

static void devices(void) {
  const char *names[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"};
  for (int i = 0; i < 4; i++) {
    char bytes[8];
    int file = open(names[i], O_RDWR);
    say("%s: %ld %ld %ld", names[i], E(lseek(file, 10, SEEK_SET)), E(lseek(file, 0, SEEK_CUR)), E(lseek(file, 0, 9)));
    read(file, bytes, 8);
    say("after reading %ld, pread %ld, sync %ld, advice %d", E(lseek(file, 0, SEEK_CUR)), E(pread(file, bytes, 4, 100)),
        E(fsync(file)), posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL));
    close(file);
  }
}

static void out_of_memory_score(void) {
  char text[16] = {0};
  int file = open("/proc/self/oom_score_adj", O_RDWR);
  say("write %ld", E(write(file, "500", 3)));
  close(file);
  file = open("/proc/self/oom_score_adj", O_RDWR);
  read(file, text, sizeof text - 1);
  say("now %s", text);
  say("too much %ld", E(write(file, "1001", 4)));
  say("words %ld", E(write(file, "much", 4)));
}

static struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
static struct __user_cap_data_struct sets[2];

/* Which are there is the host's to say: only whether there are any, and whether two sets are the same. */
static void show_capabilities(const char *when) {
  say("%s: %ld, effective %d permitted %d the same %d", when, E(syscall(SYS_capget, &header, sets)),
      (sets[0].effective | sets[1].effective) != 0, (sets[0].permitted | sets[1].permitted) != 0,
      sets[0].effective == sets[0].permitted && sets[1].effective == sets[1].permitted);
}

static void capabilities(void) {
  show_capabilities("at first");
  header.version = 0;
  say("version %ld, then %x", E(syscall(SYS_capget, &header, sets)), header.version);
  header.version = 0;
  say("only asked %ld", E(syscall(SYS_capget, &header, NULL)));
  header.pid = 999999;
  say("nobody %ld", E(syscall(SYS_capget, &header, sets)));
  header.pid = getppid();
  say("of another %ld", E(syscall(SYS_capset, &header, sets)));
  header.pid = 0;
  syscall(SYS_capget, &header, sets);
  say("the same %ld", E(syscall(SYS_capset, &header, sets)));
  seteuid(65534);
  show_capabilities("another user for a while");
  seteuid(0);
  show_capabilities("back");
  sets[0].effective = sets[1].effective = 0;
  say("lowered %ld", E(syscall(SYS_capset, &header, sets)));
  show_capabilities("lowered");
  say("without the right to %ld", E(setuid(1234)));
  syscall(SYS_capget, &header, sets);
  sets[0].effective = sets[0].permitted, sets[1].effective = sets[1].permitted;
  say("raised %ld", E(syscall(SYS_capset, &header, sets)));
  sets[0].permitted = sets[0].effective = 0;
  say("given up %ld", E(syscall(SYS_capset, &header, sets)));
  sets[0].permitted = ~0u;
  say("taken %ld", E(syscall(SYS_capset, &header, sets)));
  say("keeps %ld", E(prctl(PR_GET_KEEPCAPS)));
  say("bounding %ld %ld", E(prctl(PR_CAPBSET_READ, 63)), E(prctl(PR_CAPBSET_DROP, 63)));
  say("ambient %ld %ld %ld", E(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0)),
      E(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)), E(prctl(PR_CAP_AMBIENT, 9, 1, 0, 0)));
}

static void kept_over_a_change(void) {
  prctl(PR_SET_KEEPCAPS, 1);
  say("setresuid %ld", E(setresuid(1234, 1234, 1234)));
  show_capabilities("kept");
  say("keeps %ld", E(prctl(PR_GET_KEEPCAPS)));
}

static void gone_with_a_change(void) {
  say("setresuid %ld", E(setresuid(1234, 1234, 1234)));
  show_capabilities("gone");
}

int main(void) {
  RUN(capabilities);
  RUN(kept_over_a_change);
  RUN(gone_with_a_change);
  RUN(kept);
  RUN(lowered);
  RUN(given_up);
  RUN(saved);
  RUN(file_ids);
  RUN(files_by_effective);
  RUN(signals_by_ids);
  RUN(priorities);
  RUN(address_space);
  RUN(data_segment);
  RUN(reservation);
  RUN(devices);
  RUN(out_of_memory_score);
}
