/* Descriptors, locks and limits on files: fcntl(2), flock(2), dup(2), lseek(2), getdents(2), setrlimit(2), openat2(2). */
#include "conformance.h"
#include <dirent.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>

static int file;
static void fresh(void) { file = open("fresh", O_RDWR | O_CREAT | O_TRUNC, 0600); }

static void duplicates(void) {
  fresh();
  int twin = dup(file), high = fcntl(file, F_DUPFD, 50), cloexec = fcntl(file, F_DUPFD_CLOEXEC, 50);
  say("lowest %d high %d next %d", twin == file + 1, high, cloexec);
  say("flags %d %d", fcntl(high, F_GETFD), fcntl(cloexec, F_GETFD));
  write(file, "abc", 3);
  say("shared offset %ld", E(lseek(twin, 0, SEEK_CUR)));
  say("dup2 same %ld", E(dup2(file, file)) == file);
  say("dup3 same %ld", E(dup3(file, file, 0)));
  say("dup2 closed %ld", E(dup2(99, 98)));
  say("dup2 over %ld", E(dup2(file, 50)));
  say("dup2 negative %ld", E(dup2(file, -1)));
  say("dup3 bad flags %ld", E(dup3(file, 60, 1)));
  say("dupfd too high %ld", E(fcntl(file, F_DUPFD, 1 << 30)));
  say("status flags %x", fcntl(file, F_GETFL));
  fcntl(file, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY);
  say("changed %x twin %x", fcntl(file, F_GETFL), fcntl(twin, F_GETFL));
  int other = open("fresh", O_RDONLY | O_CLOEXEC);
  say("another description %x %d", fcntl(other, F_GETFL), fcntl(other, F_GETFD));
  say("bad command %ld", E(fcntl(file, 9999)));
  say("closed %ld", E(fcntl(99, F_GETFD)));
  say("close twice %ld", (close(other), E(close(other))));
  say("close range %ld", E(close_range(50, 60, 0)));
  say("closed %ld", E(fcntl(50, F_GETFD)));
}

static void positions(void) {
  fresh();
  write(file, "0123456789", 10);
  say("end %ld", E(lseek(file, -3, SEEK_END)));
  say("before start %ld", E(lseek(file, -1, SEEK_SET)));
  say("bad whence %ld", E(lseek(file, 0, 99)));
  say("beyond %ld", E(lseek(file, 100, SEEK_SET)));
  say("read there %ld", E(read(file, &(char[4]){0}, 4)));
  say("write there %ld", E(write(file, "x", 1)));
  struct stat status;
  fstat(file, &status);
  say("size %ld", (long)status.st_size);
  char byte = 'z';
  pread(file, &byte, 1, 50);
  say("gap %d", byte);
  say("data %ld", E(lseek(file, 0, SEEK_DATA)));
  say("hole %ld", E(lseek(file, 0, SEEK_HOLE)));
  say("data beyond %ld", E(lseek(file, 1000, SEEK_DATA)));
  say("pread negative %ld", E(pread(file, &byte, 1, -1)));
  int append = open("fresh", O_WRONLY | O_APPEND);
  write(append, "end", 3);
  say("append %ld", E(lseek(append, 0, SEEK_CUR)));
  say("pwrite appends too %ld", E(pwrite(append, "p", 1, 0)));
  fstat(file, &status);
  say("size %ld", (long)status.st_size);
}

static const char *range(int descriptor, int command, int type, long start, long length) {
  static char text[96];
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  long result = E(fcntl(descriptor, command, &lock));
  if (command == F_GETLK || command == F_OFD_GETLK)
    sprintf(text, "%ld type %d start %ld length %ld pid %s", result, lock.l_type, (long)lock.l_start, (long)lock.l_len,
            lock.l_pid == getppid() ? "parent" : lock.l_pid == -1 ? "description" : lock.l_pid == 0 ? "none" : "other");
  else sprintf(text, "%ld", result);
  return text;
}
#define CHILD(body)                 \
  do {                              \
    pid_t pid = fork();             \
    if (pid == 0) {                 \
      body;                         \
      _exit(0);                     \
    }                               \
    reaped(pid, 0);                 \
  } while (0)

static void record_locks(void) {
  fresh();
  say("lock %s", range(file, F_SETLK, F_WRLCK, 10, 10));
  say("own again %s", range(file, F_SETLK, F_RDLCK, 12, 2));
  CHILD({
    say("overlap %s", range(file, F_SETLK, F_RDLCK, 15, 1));
    say("shared part %s", range(file, F_SETLK, F_RDLCK, 12, 1));
    say("beside %s", range(file, F_SETLK, F_WRLCK, 20, 5));
    say("get %s", range(file, F_GETLK, F_WRLCK, 0, 0));
    say("get free %s", range(file, F_GETLK, F_WRLCK, 20, 5));
  });
  say("child's lock is gone %s", range(file, F_SETLK, F_WRLCK, 20, 5));
  say("unlock part %s", range(file, F_SETLK, F_UNLCK, 0, 12));
  CHILD(say("now free %s", range(file, F_SETLK, F_WRLCK, 0, 12)));
  int twin = open("fresh", O_RDWR);
  close(twin);
  CHILD(say("closing any descriptor released all %s", range(file, F_SETLK, F_WRLCK, 0, 0)));
  int reader = open("fresh", O_RDONLY);
  say("write lock of a reader %s", range(reader, F_SETLK, F_WRLCK, 0, 1));
  say("bad type %s", range(file, F_SETLK, 9, 0, 1));
  say("negative start %s", range(file, F_SETLK, F_WRLCK, -5, 1));
  say("negative length %s", range(file, F_SETLK, F_WRLCK, 10, -5));
  CHILD(say("get %s", range(file, F_GETLK, F_RDLCK, 0, 0)));
}

static volatile int count;
static void on_alarm(int signal) { (void)signal, count++; }
static void waiting_locks(void) {
  int ends[2];
  fresh();
  pipe(ends);
  pid_t pid = fork();
  if (pid == 0) {
    range(file, F_SETLK, F_WRLCK, 0, 10);
    write(ends[1], "x", 1);
    sleep_ms(40);
    _exit(0);
  }
  char byte;
  read(ends[0], &byte, 1);
  double start = now_ms();
  say("waited %s", range(file, F_SETLKW, F_WRLCK, 5, 10));
  say("long enough %d", now_ms() - start > 10);
  reaped(pid, 0);
  pid = fork();
  if (pid == 0) {
    range(file, F_SETLK, F_WRLCK, 100, 1);
    write(ends[1], "x", 1);
    range(file, F_SETLKW, F_WRLCK, 5, 1);
    _exit(0);
  }
  read(ends[0], &byte, 1);
  sleep_ms(20);
  say("deadlock %s", range(file, F_SETLKW, F_WRLCK, 100, 1));
  handle(SIGALRM, on_alarm, 0);
  ualarm(20000, 0);
  kill(pid, SIGSTOP);
  range(file, F_SETLK, F_UNLCK, 0, 0);
  say("interrupted %s", range(file, F_SETLKW, F_WRLCK, 100, 1));
  kill(pid, SIGKILL);
  reaped(pid, 0);
}

static void description_locks(void) {
  fresh();
  int other = open("fresh", O_RDWR);
  say("lock %s", range(file, F_OFD_SETLK, F_WRLCK, 0, 10));
  say("same process, other description %s", range(other, F_OFD_SETLK, F_WRLCK, 5, 10));
  say("record lock too %s", range(other, F_SETLK, F_WRLCK, 5, 10));
  say("get %s", range(other, F_OFD_GETLK, F_WRLCK, 0, 0));
  CHILD(say("inherited %s", range(file, F_OFD_SETLK, F_WRLCK, 0, 20)));
  close(file);
  say("after close %s", range(other, F_OFD_SETLK, F_WRLCK, 5, 10));
}

static void whole_file_locks(void) {
  fresh();
  int other = open("fresh", O_RDWR);
  say("exclusive %ld", E(flock(file, LOCK_EX)));
  say("other %ld", E(flock(other, LOCK_EX | LOCK_NB)));
  say("other shared %ld", E(flock(other, LOCK_SH | LOCK_NB)));
  say("down to shared %ld", E(flock(file, LOCK_SH)));
  say("both shared %ld", E(flock(other, LOCK_SH | LOCK_NB)));
  say("up %ld", E(flock(file, LOCK_EX | LOCK_NB)));
  flock(other, LOCK_UN);
  pid_t pid = fork();
  if (pid == 0) {
    close(other);
    say("inherited, unlock %ld", E(flock(file, LOCK_UN)));
    _exit(0);
  }
  reaped(pid, 0);
  say("free %ld", E(flock(other, LOCK_EX | LOCK_NB)));
  pid = fork();
  if (pid == 0) {
    close(file);
    close(other);
    int third = open("fresh", O_RDWR);
    say("child waited %ld", E(flock(third, LOCK_EX)));
    _exit(0);
  }
  close(file);
  sleep_ms(20);
  close(other);
  reaped(pid, 0);
  say("bad operation %ld", E(flock(0, 77)));
  say("closed %ld", E(flock(99, LOCK_SH)));
}

static void sizes(void) {
  fresh();
  struct rlimit limit = {100, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &limit);
  handle(SIGXFSZ, on_alarm, 0);
  char data[200] = {0};
  say("up to the limit %ld", E(write(file, data, 200)));
  say("at the limit %ld", E(write(file, data, 1)));
  say("signals %d", count);
  say("truncate %ld", E(ftruncate(file, 101)));
  say("signals %d", count);
  signal(SIGXFSZ, SIG_IGN);
  say("ignored %ld", E(pwrite(file, data, 1, 500)));
  signal(SIGXFSZ, SIG_DFL);
  write(file, data, 1);
  say("not reached");
}

static void limits(void) {
  struct rlimit limit;
  say("bad resource %ld", E(getrlimit(77, &limit)));
  limit = (struct rlimit){20, 10};
  say("soft above hard %ld", E(setrlimit(RLIMIT_NOFILE, &limit)));
  limit = (struct rlimit){10, 10};
  say("set %ld", E(setrlimit(RLIMIT_NOFILE, &limit)));
  int last = 0, next;
  while ((next = dup(1)) >= 0) last = next;
  say("last %d errno %d", last, errno);
  say("pipe %ld", E(pipe(&(int[2]){0})));
  say("dup2 above %ld", E(dup2(1, 10)));
  limit.rlim_cur = 5;
  say("lower %ld", E(setrlimit(RLIMIT_NOFILE, &limit)));
  say("open ones stay %ld", E(fcntl(9, F_GETFD)));
  pid_t pid = fork();
  if (pid == 0) {
    getrlimit(RLIMIT_NOFILE, &limit);
    say("inherited %ld %ld", (long)limit.rlim_cur, (long)limit.rlim_max);
    _exit(0);
  }
  reaped(pid, 0);
  getrlimit(RLIMIT_CORE, &limit);
  say("core %ld", (long)limit.rlim_cur);
}

static void cpu_limit(void) {
  handle(SIGXCPU, on_alarm, 0);
  setrlimit(RLIMIT_CPU, &(struct rlimit){1, 2});
  while (!count);
  say("soft limit");
  for (;;);
}

static void directories(void) {
  mkdir("dir", 0700);
  for (int i = 0; i < 200; i++) {
    char name[32];
    sprintf(name, "dir/entry-%d", i);
    close(open(name, O_CREAT | O_WRONLY, 0600));
  }
  int directory = open("dir", O_RDONLY | O_DIRECTORY), seen = 0, dots = 0, calls = 0;
  char buffer[512];
  long got;
  while ((got = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
    calls++;
    for (long at = 0; at < got;) {
      struct dirent64 *entry = (void *)(buffer + at);
      if (entry->d_name[0] == '.') dots++;
      else seen += entry->d_type == DT_REG;
      at += entry->d_reclen;
    }
  }
  say("seen %d dots %d several calls %d", seen, dots, calls > 1);
  say("at the end %ld", E(syscall(SYS_getdents64, directory, buffer, sizeof buffer)));
  lseek(directory, 0, SEEK_SET);
  say("rewound %d", syscall(SYS_getdents64, directory, buffer, sizeof buffer) > 0);
  say("small %ld", E(syscall(SYS_getdents64, directory, buffer, 10)));
  say("read %ld", E(read(directory, buffer, 10)));
  say("write %ld", E(write(directory, buffer, 10)));
  fresh();
  say("not a directory %ld", E(syscall(SYS_getdents64, file, buffer, sizeof buffer)));
  DIR *stream = opendir("dir");
  readdir(stream);
  readdir(stream);
  long place = telldir(stream);
  char name[256];
  strcpy(name, readdir(stream)->d_name);
  readdir(stream);
  seekdir(stream, place);
  say("seekdir %d", strcmp(readdir(stream)->d_name, name));
}

static void opening(void) {
  struct open_how how = {.flags = O_RDWR | O_CREAT, .mode = 0600};
  say("openat2 %d", syscall(SYS_openat2, AT_FDCWD, "how", &how, sizeof how) >= 0);
  how.flags |= 1ULL << 40;
  say("unknown flag %ld", E(syscall(SYS_openat2, AT_FDCWD, "how", &how, sizeof how)));
  how = (struct open_how){.flags = O_RDONLY, .mode = 0600};
  say("mode without create %ld", E(syscall(SYS_openat2, AT_FDCWD, "how", &how, sizeof how)));
  say("short %ld", E(syscall(SYS_openat2, AT_FDCWD, "how", &how, 8)));
  say("exclusive %ld", E(open("how", O_CREAT | O_EXCL, 0600)));
  say("directory %ld", E(open("how", O_DIRECTORY)));
  say("slash %ld", E(open("how/", O_RDONLY)));
  say("write a directory %ld", E(open(".", O_WRONLY)));
  say("empty %ld", E(open("", O_RDONLY)));
  symlink("how", "link");
  say("nofollow %ld", E(open("link", O_NOFOLLOW)));
  int path = open("how", O_PATH);
  say("path read %ld", E(read(path, &(char){0}, 1)));
  say("path flags %x", fcntl(path, F_GETFL));
  int nameless = open(".", O_TMPFILE | O_RDWR, 0600);
  say("tmpfile %d", nameless >= 0);
}

int main(void) {
  RUN(duplicates);
  RUN(positions);
  RUN(record_locks);
  RUN(waiting_locks);
  RUN(description_locks);
  RUN(whole_file_locks);
  RUN(sizes);
  RUN(limits);
  RUN(cpu_limit);
  RUN(directories);
  RUN(opening);
}
