/*
 * Answers that were given before, and given again after something happened that changes them: whoever remembers answers must
 * notice. Each step first makes a habit of a question (so that it may be answered in advance), then changes the answer.
 */
#include "conformance.h"

static int fd_of(const char *path) { return open(path, O_RDONLY); }

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  write(fd, text, strlen(text));
  close(fd);
}

static void habit(int count) {
  char name[32], text[64];
  struct stat st;
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "habit/%d", i);
    stat(name, &st);
    int fd = fd_of(name);
    fstat(fd, &st);
    while (read(fd, text, sizeof text) > 0)
      ;
    close(fd);
  }
}

static void make_files(void) {
  mkdir("habit", 0755);
  char name[32];
  for (int i = 0; i < 40; i++) {
    snprintf(name, sizeof name, "habit/%d", i);
    write_file(name, "some text\n");
  }
}

static void size_and_content_change(void) {
  char text[64];
  struct stat st;
  habit(40);
  write_file("habit/7", "longer text than before\n");
  stat("habit/7", &st);
  say("size after a write %ld", (long)st.st_size);
  int fd = fd_of("habit/7");
  long got = read(fd, text, sizeof text);
  say("read %ld %.*s", got, (int)got, text);
  int writer = open("habit/7", O_WRONLY | O_APPEND);
  say("at the end %zd", read(fd, text, sizeof text));
  write(writer, "more\n", 5);
  got = read(fd, text, sizeof text);
  say("behind it %ld %.*s", got, (int)got, text);
  fstat(fd, &st);
  say("fstat %ld", (long)st.st_size);
  ftruncate(writer, 3);
  say("cut %zd", read(fd, text, sizeof text));
  say("from the start %ld", (long)lseek(fd, 0, SEEK_SET));
  got = read(fd, text, sizeof text);
  say("read %ld %.*s", got, (int)got, text);
  close(writer);
  close(fd);
}

static void names_change(void) {
  struct stat st;
  habit(40);
  unlink("habit/3");
  say("gone %ld", E(stat("habit/3", &st)));
  rename("habit/4", "habit/3");
  say("back %ld", E(stat("habit/3", &st)));
  say("away %ld", E(stat("habit/4", &st)));
  chmod("habit/5", 0600);
  stat("habit/5", &st);
  say("mode %o", st.st_mode);
  habit(3);
  link("habit/6", "habit/six");
  stat("habit/6", &st);
  say("links %d", (int)st.st_nlink);
  habit(3);
  symlink("5", "habit/link");
  lstat("habit/link", &st);
  say("link %o", st.st_mode & S_IFMT);
  stat("habit/link", &st);
  say("through it %o", st.st_mode);
  habit(3);
  mkdir("other", 0755);
  write_file("other/5", "x");
  rename("habit", "away");
  rename("other", "habit");
  stat("habit/5", &st);
  say("another directory %ld", (long)st.st_size);
  rename("habit", "other");
  rename("away", "habit");
}

static void the_start_of_names_changes(void) {
  struct stat st;
  mkdir("habit/habit", 0755);
  write_file("habit/habit/9", "123");
  habit(20);
  chdir("habit");
  stat("habit/9", &st);
  say("from inside %ld", (long)st.st_size);
  chdir("..");
  stat("habit/9", &st);
  say("from outside %ld", (long)st.st_size);
  int one = open("habit", O_RDONLY | O_DIRECTORY), two = open("habit/habit", O_RDONLY | O_DIRECTORY);
  for (int i = 10; i < 16; i++) {
    char name[8];
    snprintf(name, sizeof name, "%d", i);
    fstatat(one, name, &st, AT_SYMLINK_NOFOLLOW);
  }
  fstatat(one, "9", &st, 0);
  say("by descriptor %ld", (long)st.st_size);
  dup2(two, one);
  fstatat(one, "9", &st, 0);
  say("another by the same %ld", (long)st.st_size);
  close(one);
  say("closed %ld", E(fstatat(one, "9", &st, 0)));
  int again = open("habit", O_RDONLY | O_DIRECTORY);
  say("reused %d", again == one);
  fstatat(again, "9", &st, 0);
  say("a third %ld", (long)st.st_size);
  close(again);
  close(two);
}

static void descriptors(void) {
  habit(10);
  int directory = open("habit", O_RDONLY | O_DIRECTORY), file = fd_of("habit/1");
  int a = fcntl(directory, F_DUPFD_CLOEXEC, 20), b = fcntl(directory, F_DUPFD, 20), c = fcntl(file, F_DUPFD, 20);
  say("numbers %d %d %d", a, b, c);
  say("flags %d %d %d %d", fcntl(a, F_GETFD), fcntl(b, F_GETFD), fcntl(c, F_GETFD), fcntl(directory, F_GETFD));
  fcntl(directory, F_SETFD, FD_CLOEXEC);
  say("set %d", fcntl(directory, F_GETFD));
  say("same file %x %x", fcntl(file, F_GETFL), fcntl(c, F_GETFL));
  close(a);
  say("next %d", fcntl(directory, F_DUPFD, 20));
  say("closed %ld", E(close(b)));
  say("closed twice %ld", E(close(b)));
  char text[8];
  read(file, text, 4);
  say("shared position %ld", (long)lseek(c, 0, SEEK_CUR));
  lseek(c, 6, SEEK_SET);
  say("moved %zd", read(file, text, sizeof text));
  close(directory);
  say("lowest %d", fd_of("habit/2") == directory);
}

/* Sizes of names in a directory, as a program asks for them that goes through all of it; nothing else happens in between. */
struct sizes {
  long of[8];
};
static struct sizes sizes_in(int directory, const char *prefix, int first, int count) {
  struct sizes sizes = {0};
  for (int i = 0; i < count; i++) {
    char name[4300];
    struct stat st;
    snprintf(name, sizeof name, "%s%d", prefix, first + i);
    long failed = E(fstatat(directory, name, &st, 0));
    sizes.of[i % 8] += failed ? failed : (long)st.st_size;
  }
  return sizes;
}

static void say_sizes(const char *what, struct sizes sizes) {
  say("%s %ld %ld %ld %ld %ld %ld %ld %ld", what, sizes.of[0], sizes.of[1], sizes.of[2], sizes.of[3], sizes.of[4],
      sizes.of[5], sizes.of[6], sizes.of[7]);
}

static void make_sized(const char *directory, int bytes) {
  char name[32], text[256];
  mkdir(directory, 0755);
  for (int i = 0; i < 60; i++) {
    snprintf(name, sizeof name, "%s/%d", directory, i);
    snprintf(text, sizeof text, "%0*d", bytes + i, i);
    write_file(name, text);
  }
}

/* A number that was one directory's becomes another's: whichever call gives it, and whoever has seen the first one closed. */
static void numbers_change_directory(int command) {
  int small = open("small", O_RDONLY | O_DIRECTORY);
  sizes_in(small, "", 0, 40);
  int large = open("large", O_RDONLY | O_DIRECTORY);
  sizes_in(small, "", 0, 3);
  close(small);
  int copy = fcntl(large, command, 0);
  struct sizes first = sizes_in(copy, "", 20, 8);
  say("the same number %d", copy == small);
  say_sizes("of the second", first);
  sizes_in(copy, "", 20, 8);
  close(copy);
  say("closed twice %ld", E(close(copy)));
  copy = fcntl(large, command, 0);
  say_sizes("given again", sizes_in(copy, "", 24, 8));
  /* What was duplicated is closed first, and its number given to a third. */
  int third = open("small", O_RDONLY | O_DIRECTORY);
  sizes_in(large, "", 24, 8);
  close(large);
  int last = fcntl(third, command, large);
  first = sizes_in(last, "", 24, 8);
  say_sizes("of the third", first);
  say_sizes("of the copy", sizes_in(copy, "", 24, 8));
  close(copy);
  copy = dup(last);
  say_sizes("by dup", sizes_in(copy, "", 24, 8));
  close(copy);
  close(third);
  copy = open("large", O_RDONLY | O_DIRECTORY);
  say_sizes("by open", sizes_in(copy, "", 24, 8));
  close(copy);
  close(last);
}

/* Paths through what is a process's own: its descriptors and directories, by any name, and the process itself. */
static void paths_through_a_descriptor(const char *format, pid_t pid) {
  char prefix[64];
  int small = open("small", O_RDONLY | O_DIRECTORY);
  snprintf(prefix, sizeof prefix, format, pid, small);
  sizes_in(AT_FDCWD, prefix, 0, 40);
  close(small);
  int large = open("large", O_RDONLY | O_DIRECTORY);
  struct sizes of_large = sizes_in(AT_FDCWD, prefix, 20, 8);
  close(large);
  struct sizes closed = sizes_in(AT_FDCWD, prefix, 20, 8);
  say("%s the same number %d", format, small == large);
  say_sizes("of the second", of_large);
  say_sizes("of none", closed);
}

static void paths_through_a_child(const char *format) {
  char prefix[96], byte;
  int go[2], done[2];
  pipe(go);
  pipe(done);
  int small = open("small", O_RDONLY | O_DIRECTORY);
  pid_t child = fork();
  if (child == 0) {
    read(go[0], &byte, 1);
    close(small);
    open("large", O_RDONLY | O_DIRECTORY);
    write(done[1], "x", 1);
    read(go[0], &byte, 1);
    chdir("large");
    write(done[1], "x", 1);
    read(go[0], &byte, 1);
    _exit(0);
  }
  snprintf(prefix, sizeof prefix, format, child, small);
  sizes_in(AT_FDCWD, prefix, 0, 40);
  for (int i = 0; i < 2; i++) {
    write(go[1], "x", 1);
    read(done[0], &byte, 1);
    say_sizes(format, sizes_in(AT_FDCWD, prefix, 20, 8));
    sizes_in(AT_FDCWD, prefix, 0, 40);
  }
  write(go[1], "x", 1);
  /* Between these questions and the last ones nothing happens but that the process is taken away. */
  siginfo_t info;
  waitid(P_PID, child, &info, WEXITED | WNOWAIT);
  sizes_in(AT_FDCWD, prefix, 0, 40);
  waitpid(child, NULL, 0);
  say_sizes("ended", sizes_in(AT_FDCWD, prefix, 20, 8));
  for (int i = 0; i < 2; i++) close(go[i]), close(done[i]);
  close(small);
}

static void paths_through_processes(void) {
  char cwd[4096], around[4200];
  getcwd(cwd, sizeof cwd);
  snprintf(around, sizeof around, "/proc/%%d/../..%s/small/", cwd);
  symlink("/proc/self/fd", "descriptors");
  paths_through_a_descriptor("/proc/self/fd/%2$d/", 0);
  paths_through_a_descriptor("/dev/fd/%2$d/", 0);
  paths_through_a_descriptor("descriptors/%2$d/", 0);
  paths_through_a_descriptor("/proc/%d/fd/%d/", getpid());
  paths_through_a_descriptor("/proc/%d/cwd/descriptors/%d/../small/", getpid());
  paths_through_a_child("/proc/%d/fd/%d/");
  paths_through_a_child("/proc/%d/cwd/");
  paths_through_a_child("/proc/%d/cwd/../small/");
  chdir("small");
  paths_through_a_child("/proc/%d/cwd/");
  chdir("..");
  struct sizes before, after;
  char prefix[4200];
  pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info;
  waitid(P_PID, child, &info, WEXITED | WNOWAIT);
  snprintf(prefix, sizeof prefix, around, child);
  before = sizes_in(AT_FDCWD, prefix, 0, 40);
  waitpid(child, NULL, 0);
  after = sizes_in(AT_FDCWD, prefix, 20, 8);
  say_sizes("around a child", before);
  say_sizes("that ended", after);
}

static void reading_in_parts(void) {
  char text[16];
  habit(10);
  int fd = fd_of("habit/2");
  say("part %zd", read(fd, text, 4));
  say("part %zd", read(fd, text, 4));
  say("at %ld", (long)lseek(fd, 0, SEEK_CUR));
  say("pread %zd", pread(fd, text, 3, 8));
  say("still at %ld", (long)lseek(fd, 0, SEEK_CUR));
  say("back %ld", (long)lseek(fd, -3, SEEK_CUR));
  say("before the start %ld", E(lseek(fd, -30, SEEK_CUR)));
  say("far %ld", E(lseek(fd, 1L << 41, SEEK_SET)));
  say("there %zd", read(fd, text, 4));
  say("end %ld", (long)lseek(fd, -2, SEEK_END));
  say("rest %zd", read(fd, text, sizeof text));
  say("nothing %zd", read(fd, text, 0));
  if (fork() == 0) {
    lseek(fd, 2, SEEK_SET);
    _exit(0);
  }
  wait(NULL);
  say("moved by the child %ld", (long)lseek(fd, 0, SEEK_CUR));
  say("to write %ld", E(write(fd, "x", 1)));
  close(fd);
  say("closed %ld", E(read(fd, text, 4)));
}

static void unreachable_memory(void) {
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  struct stat st;
  habit(20);
  int fd = fd_of("habit/8");
  say("nowhere %ld", E(read(fd, (void *)16, 4)));
  say("kernel %ld", E(read(fd, (void *)0x800000000000, 4)));
  say("across the end %zd", read(fd, page + 4092, 8));
  say("position %ld", (long)lseek(fd, 0, SEEK_CUR));
  say("fstat %ld", E(fstat(fd, (struct stat *)(page + 4000))));
  say("stat %ld", E(stat("habit/9", (struct stat *)8)));
  strcpy(page + 4088, "habit/9");
  say("a path at the end of a page %d", stat(page + 4088, &st));
  memcpy(page + 4089, "habit/9", 7);
  say("that does not end %ld", E(stat(page + 4089, &st)));
  say("no path %ld", E(stat((char *)8, &st)));
  mprotect(page, 4096, PROT_READ);
  say("read only %ld", E(pread(fd, page, 4, 0)));
  mprotect(page, 4096, PROT_NONE);
  say("no rights %ld", E(pread(fd, page, 4, 0)));
  /* Memory that was never touched, and memory that a fork shares. */
  char *fresh = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pread(fd, fresh + 500000, 4, 0);
  say("fresh %.4s", fresh + 500000);
  strcpy(fresh, "mine");
  if (fork() == 0) {
    pread(fd, fresh, 4, 0);
    say("child's %.4s", fresh);
    _exit(0);
  }
  wait(NULL);
  say("parent's %.4s", fresh);
  close(fd);
}

static void directories_to_their_end(void) {
  char buffer[4096];
  int fd = open("habit/habit", O_RDONLY | O_DIRECTORY);
  long first = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
  say("end %ld", (long)syscall(SYS_getdents64, fd, buffer, sizeof buffer));
  lseek(fd, 0, SEEK_SET);
  say("again %d", syscall(SYS_getdents64, fd, buffer, sizeof buffer) == first);
  int copy = fcntl(fd, F_DUPFD, 10);
  say("end %ld", (long)syscall(SYS_getdents64, fd, buffer, sizeof buffer));
  lseek(copy, 0, SEEK_SET);
  say("through the other %d", syscall(SYS_getdents64, fd, buffer, sizeof buffer) == first);
  say("end %ld", (long)syscall(SYS_getdents64, copy, buffer, sizeof buffer));
  unlink("habit/habit/9");
  rmdir("habit/habit");
  say("removed %ld", E(syscall(SYS_getdents64, fd, buffer, sizeof buffer)));
  close(copy);
  close(fd);
}

static void *reader(void *unused) {
  for (int i = 0; i < 30; i++) habit(20);
  return unused;
}

static void threads_and_processes(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, reader, NULL);
  for (int i = 0; i < 30; i++) {
    char text[32];
    struct stat st;
    snprintf(text, sizeof text, "%0*d\n", 1 + i % 9, i);
    write_file("changing", text);
    int fd = fd_of("changing");
    if (stat("changing", &st) || st.st_size != (long)strlen(text)) say("wrong size");
    char back[32] = "";
    if (read(fd, back, sizeof back) != st.st_size || strcmp(back, text)) say("wrong content");
    close(fd);
  }
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  int ends[2];
  pipe(ends);
  pid_t child = fork();
  if (child == 0) {
    char go;
    for (int i = 0; i < 10; i++) {
      read(ends[0], &go, 1);
      habit(10);
    }
    _exit(0);
  }
  for (int i = 0; i < 10; i++) {
    habit(10);
    write(ends[1], "x", 1);
    if (getpid() == child) say("wrong pid");
  }
  int status;
  waitpid(child, &status, 0);
  say("child ended %d", status);
  say("ids %d %d", getpid() == syscall(SYS_gettid), getuid() == geteuid());
}

/* Long enough to be interrupted in between, again and again. */
static void many_short_reads(void) {
  static char text[60000], back[60000];
  for (int i = 0; i < (int)sizeof text; i++) text[i] = i * 7 % 251;
  int fd = open("long", O_RDWR | O_CREAT, 0644);
  write(fd, text, sizeof text);
  close(fd);
  int wrong = 0;
  for (int round = 0; round < 30; round++) {
    habit(3);
    fd = fd_of("long");
    int got = 0, part;
    while ((part = read(fd, back + got, 7)) > 0) got += part;
    if (got != sizeof text || memcmp(text, back, got)) wrong++;
    int directory = open("habit", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 2000; i++) {
      int copy = fcntl(directory, F_DUPFD, 30);
      if (copy != 30 || close(copy) || fcntl(copy, F_GETFD) != -1) wrong++;
    }
    close(directory);
    close(fd);
  }
  say("wrong rounds %d", wrong);
}

static void mapped(void) {
  habit(10);
  int fd = open("habit/1", O_RDWR);
  char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int reading = fd_of("habit/1");
  char text[16] = "";
  pread(reading, text, 10, 0);
  memcpy(map, "SOME", 4);
  pread(reading, text, 10, 0);
  say("through the mapping %s", text);
  munmap(map, 4096);
  pread(reading, text, 10, 0);
  say("after it %s", text);
  close(reading);
  close(fd);
}

int main(void) {
  make_files();
  size_and_content_change();
  names_change();
  the_start_of_names_changes();
  descriptors();
  make_sized("small", 10);
  make_sized("large", 110);
  numbers_change_directory(F_DUPFD);
  numbers_change_directory(F_DUPFD_CLOEXEC);
  paths_through_processes();
  reading_in_parts();
  unreachable_memory();
  directories_to_their_end();
  threads_and_processes();
  many_short_reads();
  mapped();
  return 0;
}
